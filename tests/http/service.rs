//! What a service manager is told, as systemd's `sd_notify(3)` describes it.

use std::time::{Duration, Instant};

use libchrony::testing::{Scenario, Simulator};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::manager::Manager;

#[test]
fn it_is_ready_when_chronyd_has_answered_and_says_what() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    for mut manager in [Manager::new(), Manager::abstracted()] {
        let dashboard = manager.start(&chronyd.address(), &["--refresh", "1h"], None);
        let says = manager.ready(&dashboard);
        let expected =
            format!("chronyd answers at {}: the clock is synchronized", chronyd.address());
        assert_eq!(says, expected);
    }
}

#[test]
fn it_is_not_ready_while_chronyd_may_yet_answer() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    chronyd.hang();
    let mut manager = Manager::new();
    let begun = Instant::now();
    let dashboard = manager.start(&chronyd.address(), &[], None);
    let says = manager.ready(&dashboard);
    // Three attempts of 200 ms each.
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
    assert!(says.starts_with("chronyd gives no data: ") && says.contains("answer"), "{says}");
    chronyd.resume();
    assert_eq!(dashboard.get("/health").status, 200);
}

#[test]
fn it_is_ready_without_chronyd_and_tells_when_that_changes() {
    let mut chronyd =
        Simulator::start_unix(Scenario::unsynchronized()).expect("the simulator starts");
    let socket = chronyd.address();
    chronyd.stop();
    let mut manager = Manager::new();
    let dashboard = manager.start(&socket, &["--refresh", "1s"], None);
    let says = manager.ready(&dashboard);
    assert!(says.starts_with("chronyd gives no data: ") && says.contains(&socket), "{says}");
    let mut next = |words: &str| {
        let status = manager.line();
        let expected = format!("chronyd answers at {socket}: {words}");
        assert!(status.starts_with("STATUS=") && status.ends_with(&expected), "{status}");
    };
    chronyd.restart().expect("it starts again");
    next("the clock is not synchronized");
    chronyd.set(Scenario::synchronized());
    next("the clock is synchronized");
}

#[test]
fn an_end_is_told_at_its_beginning() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    for signal in [Signal::TERM, Signal::INT] {
        let mut manager = Manager::new();
        let dashboard = manager.start(&chronyd.address(), &["--refresh", "1h"], None);
        manager.ready(&dashboard);
        assert_eq!(dashboard.end(signal).code(), Some(0));
        assert_eq!(manager.line(), "STOPPING=1");
    }
}

#[test]
fn a_watchdog_gets_its_signs_of_life_also_while_chronyd_hangs() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    chronyd.hang();
    let mut manager = Manager::new();
    let watchdog = Duration::from_millis(400);
    let dashboard = manager.start(&chronyd.address(), &["--refresh", "1s"], Some(watchdog));
    let (begun, mut signs) = (Instant::now(), 0);
    while signs < 10 {
        signs += u32::from(manager.line() == "WATCHDOG=1");
    }
    // Twice in its time, and not more often.
    assert!(begun.elapsed() >= watchdog / 2 * 8, "{:?}", begun.elapsed());
    // A process that does not run gives none.
    let pid = i32::try_from(dashboard.pid()).ok().and_then(Pid::from_raw).expect("it runs");
    kill_process(pid, Signal::STOP).expect("it is stopped");
    manager.silence(watchdog * 3);
    kill_process(pid, Signal::CONT).expect("it goes on");
    while manager.line() != "WATCHDOG=1" {}
}

#[test]
fn nobody_is_given_signs_of_life_who_asked_for_none() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let mut manager = Manager::new();
    let dashboard = manager.start(&chronyd.address(), &["--refresh", "1h"], None);
    manager.ready(&dashboard);
    assert_eq!(manager.line_within(Duration::from_millis(1500)), None);
}

#[test]
fn a_manager_that_cannot_be_told_is_no_reason_not_to_serve() {
    let place = tempfile::tempdir_in("/tmp").expect("a directory");
    let nowhere = place.path().join("nobody").display().to_string();
    for socket in [nowhere.as_str(), "vsock:2:1234"] {
        let mut command = second_hand();
        command.args(["--port", "0", "--chronyd", "/nowhere/chronyd.sock"]);
        let dashboard = Dashboard::start(command.env("NOTIFY_SOCKET", socket));
        assert_eq!(dashboard.get("/health").status, 200);
        assert_eq!(dashboard.end(Signal::TERM).code(), Some(0));
    }
}
