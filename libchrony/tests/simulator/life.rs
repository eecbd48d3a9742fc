//! A simulator from its start to its end: files, sockets, threads, requests seen.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libchrony::testing::{Command, Fault, Scenario, Simulator};

use crate::client::{Client, PATIENCE};

#[test]
fn nothing_is_left_when_it_is_dropped() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let socket = PathBuf::from(chronyd.address());
    let directory = socket.parent().unwrap().to_owned();
    assert!(directory.as_os_str().len() <= 62);
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o755);
    let mut client = Client::new(&chronyd);
    client.get(Command::TRACKING, &[]);
    fs::create_dir(directory.join("libchrony.left")).unwrap();
    drop(chronyd);
    assert!(!directory.exists());
    let request = client.request(Command::TRACKING, &[], 104);
    assert_eq!(client.try_send(&request).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn it_stands_where_it_is_wanted_if_a_client_can_stand_there_too() {
    let parent = tempfile::tempdir_in("/tmp").unwrap();
    let chronyd = Simulator::start_unix_in(parent.path(), Scenario::synchronized()).unwrap();
    assert!(Path::new(&chronyd.address()).starts_with(parent.path()));
    Client::new(&chronyd).get(Command::TRACKING, &[]);
    drop(chronyd);
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);

    let start = |parent: &Path| Simulator::start_unix_in(parent, Scenario::no_sources());
    for (length, expected) in [(37, ErrorKind::NotFound), (38, ErrorKind::InvalidInput)] {
        let parent = format!("/{}", "d".repeat(length - 1));
        assert_eq!(start(Path::new(&parent)).unwrap_err().kind(), expected, "{length} bytes");
    }
}

#[test]
fn what_it_says_can_change_while_it_runs() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let mut client = Client::new(&chronyd);
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 3);
    chronyd.set(Scenario::many_sources(500));
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 500);
    client.get_index(Command::SOURCES, 499).assert_is(3, 76);
    chronyd.set(|since: Duration| {
        assert!(since < PATIENCE);
        Scenario::no_sources()
    });
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 0);
    chronyd.set(Scenario::drifting);
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 4);
}

#[test]
fn requests_are_recorded_with_command_index_and_length() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let mut client = Client::new(&chronyd);
    let sequence = client.ask(Command::SOURCES, &[0, 0, 0, 2]);
    client.send(&[6, 1]);
    assert!(chronyd.wait_for_requests(2, PATIENCE));
    assert!(!chronyd.wait_for_requests(3, Duration::ZERO));
    let requests = chronyd.requests();
    let [request, short] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((request.command(), request.index()), (Command::SOURCES, 2));
    assert_eq!((request.sequence(), request.length()), (sequence, 600));
    assert_eq!((short.command(), short.length(), short.bytes()), (Command(0), 2, &[6, 1][..]));
}

#[test]
fn requests_that_were_looked_at_can_be_forgotten() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let mut client = Client::new(&chronyd);
    client.get(Command::TRACKING, &[]);
    chronyd.forget_requests();
    client.get(Command::COUNT, &[]);
    let commands: Vec<_> = chronyd.requests().iter().map(|request| request.command()).collect();
    assert_eq!((commands, chronyd.request_count()), (vec![Command::COUNT], 2));
}

#[test]
fn a_client_without_a_path_gets_no_reply() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut client = Client::new(&chronyd);
    let request = client.request(Command::TRACKING, &[], 104);
    let unbound = UnixDatagram::unbound().unwrap();
    unbound.connect(chronyd.address()).unwrap();
    unbound.send(&request).unwrap();
    client.get(Command::TRACKING, &[]).assert_is(5, 104);
    unbound.set_nonblocking(true).unwrap();
    assert_eq!(unbound.recv(&mut [0; 200]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(chronyd.request_count(), 2);
}

#[test]
fn it_can_stop_answering_and_forget_what_came() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let mut client = Client::new(&chronyd);
    chronyd.stop_answering();
    client.ask(Command::TRACKING, &[]);
    assert!(chronyd.wait_for_requests(1, PATIENCE));
    chronyd.resume();
    client.get(Command::COUNT, &[]);
}

#[test]
fn it_can_hang_and_answer_later_what_piled_up() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut client = Client::new(&chronyd);
    chronyd.hang();
    let first = client.ask(Command::TRACKING, &[]);
    let second = client.ask(Command::COUNT, &[]);
    assert_eq!(chronyd.request_count(), 0);
    chronyd.resume();
    assert_eq!(client.receive().sequence(), first);
    assert_eq!(client.receive().sequence(), second);
}

#[test]
fn the_socket_of_one_that_hangs_becomes_full() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut client = Client::new(&chronyd);
    client.set_nonblocking();
    chronyd.hang();
    let request = client.request(Command::TRACKING, &[], 104);
    let error = (0..100_000).find_map(|_| client.try_send(&request).err());
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::WouldBlock));
    assert_eq!(chronyd.request_count(), 0);
}

#[test]
fn a_restart_makes_a_new_socket_at_the_same_address() {
    let mut chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let address = chronyd.address();
    let mut old = Client::new(&chronyd);
    old.get(Command::TRACKING, &[]);
    chronyd.restart().unwrap();
    assert_eq!(chronyd.address(), address);
    let request = old.request(Command::TRACKING, &[], 104);
    assert_eq!(old.try_send(&request).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    Client::new(&chronyd).get(Command::TRACKING, &[]);
    assert_eq!(chronyd.request_count(), 2);
}

#[test]
fn over_udp_a_client_survives_a_restart() {
    let mut chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let address = chronyd.address();
    let mut client = Client::new(&chronyd);
    client.get(Command::TRACKING, &[]);
    chronyd.restart().unwrap();
    assert_eq!(chronyd.address(), address);
    client.get(Command::TRACKING, &[]);
}

#[test]
fn one_that_was_killed_leaves_its_socket_file() {
    let mut chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let address = chronyd.address();
    chronyd.stop();
    assert!(Path::new(&address).exists());
    let probe = UnixDatagram::unbound().unwrap();
    assert_eq!(probe.connect(&address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    chronyd.remove_socket().unwrap();
    assert_eq!(probe.connect(&address).unwrap_err().kind(), ErrorKind::NotFound);
    chronyd.remove_socket().unwrap();
    chronyd.restart().unwrap();
    Client::new(&chronyd).get(Command::TRACKING, &[]);
}

#[test]
fn without_its_socket_file_it_still_answers_those_who_are_connected() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut client = Client::new(&chronyd);
    chronyd.remove_socket().unwrap();
    assert!(!Path::new(&chronyd.address()).exists());
    client.get(Command::TRACKING, &[]);
}

#[test]
fn it_ends_at_once_with_a_reply_on_its_way() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    chronyd.script([Fault::always().delay(Duration::MAX)]);
    let mut client = Client::new(&chronyd);
    client.ask(Command::TRACKING, &[]);
    assert!(chronyd.wait_for_requests(1, PATIENCE));
    let begin = std::time::Instant::now();
    drop(chronyd);
    assert!(begin.elapsed() < PATIENCE);
}

#[test]
fn it_can_be_shared_between_threads() {
    fn is_shareable<T: Send + Sync>() {}
    is_shareable::<Simulator>();
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::new(&chronyd);
                for _ in 0..50 {
                    client.get(Command::TRACKING, &[]).assert_is(5, 104);
                }
            });
        }
    });
    assert_eq!(chronyd.request_count(), 200);
}
