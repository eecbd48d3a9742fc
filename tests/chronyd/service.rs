//! What a service manager hears of a dashboard while chronyd, or the dashboard itself, hangs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::common::chronyd::Chronyd;
use super::common::eventually;
use super::common::manager::Manager;
use super::common::need;

pub(crate) fn a_stopped_chronyd_is_an_error_after_its_time_and_then_it_is_ready() {
    let chronyd = Chronyd::client("");
    chronyd.stop();
    let mut manager = Manager::new();
    let begun = Instant::now();
    let dashboard = manager.start(&chronyd.unix(), &["--refresh", "1s"], None);
    let says = manager.ready(&dashboard);
    // Three attempts of 200 ms each.
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
    assert!(says.starts_with("chronyd gives no data: "), "{says}");
    chronyd.go_on();
    let status = manager.line();
    let words = format!("chronyd answers at {}: the clock is not synchronized", chronyd.unix());
    assert!(status.ends_with(&words), "{status}");
}

/// What holds one thread of a process still, as a debugger does; killed on drop.
struct Debugger(Child);

/// Says that the thread stands still, and holds it until its input ends.
const HOLD: &str = "
import ctypes, os, sys
thread = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, thread, None, None):
    sys.exit('not permitted: %s' % os.strerror(ctypes.get_errno()))
os.waitpid(thread, 0x40000000)
print('held', flush=True)
sys.stdin.read()
";

impl Debugger {
    fn hold(thread: &str) -> Self {
        let mut child = need::program("python3")
            .args(["-c", HOLD, thread])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("it says that the thread is held");
        assert_eq!(line, "held\n");
        Self(child)
    }
}

impl Drop for Debugger {
    fn drop(&mut self) {
        // With it goes its hold.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The threads of a process that have a name which begins so.
fn threads(pid: u32, name: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let tasks = tasks.map(|task| task.expect("a thread").path());
    let named = tasks.filter(|task| {
        fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.starts_with(name))
    });
    named.filter_map(|task| Some(task.file_name()?.to_str()?.to_owned())).collect()
}

pub(crate) fn a_thread_that_serves_and_hangs_ends_the_signs_of_life() {
    let chronyd = Chronyd::client("");
    let mut manager = Manager::new();
    let watchdog = Duration::from_millis(400);
    let dashboard = manager.start(&chronyd.unix(), &["--refresh", "1h"], Some(watchdog));
    manager.ready(&dashboard);
    let serving = eventually("a thread serves", || threads(dashboard.pid(), "actix-rt").pop());
    let debugger = Debugger::hold(&serving);
    // What was said before it was held may lie in the queue.
    manager.silence(watchdog * 4);
    drop(debugger);
    assert_eq!(manager.line(), "WATCHDOG=1");
}
