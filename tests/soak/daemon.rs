//! The chronyd that is read, and the hard life it has.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::common::chronyd::Chronyd;
use crate::common::{eventually, need};
use crate::truth::{COME_AND_GO, STAY, STRATUM};

/// What is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Restart,
    Kill,
    Stop,
    /// A source comes or goes.
    Sources,
}

/// When what was done; the end of the last may be open.
#[derive(Debug, Default)]
pub(crate) struct Diary(Mutex<Vec<(Trouble, Instant, Option<Instant>)>>);

impl Diary {
    fn begin(&self, trouble: Trouble) {
        self.0.lock().unwrap().push((trouble, Instant::now(), None));
    }

    fn end(&self) {
        if let Some((_, _, end)) = self.0.lock().unwrap().last_mut() {
            *end = Some(Instant::now());
        }
    }

    /// Whether any of these was on at some time since then.
    pub(crate) fn was_on(&self, since: Instant, troubles: &[Trouble]) -> bool {
        let diary = self.0.lock().unwrap();
        let late = |end: &Option<Instant>| end.is_none_or(|end| end >= since);
        diary.iter().rev().any(|(trouble, _, end)| troubles.contains(trouble) && late(end))
    }

    pub(crate) fn count(&self, wanted: Trouble) -> usize {
        self.0.lock().unwrap().iter().filter(|(trouble, ..)| *trouble == wanted).count()
    }
}

/// A server, and the chronyd that follows it under several addresses.
pub(crate) struct Pair {
    _server: Chronyd,
    pub(crate) client: Chronyd,
    port: u16,
    turn: usize,
    added: Vec<u8>,
}

impl Pair {
    pub(crate) fn start() -> Self {
        let server = Chronyd::server(STRATUM);
        let port = server.ntp_port;
        let lines: String =
            STAY.map(|last| format!("server 127.0.0.{last} {}\n", options(port))).collect();
        let client = Chronyd::client(&lines);
        client.wait_until("it is synchronized", |snapshot| {
            snapshot.tracking.as_ref().is_some_and(libchrony::Tracking::is_synchronized)
        });
        Self { _server: server, client, port, turn: 0, added: Vec::new() }
    }

    /// One more trouble, from begin to end.
    pub(crate) fn trouble(&mut self, diary: &Diary) {
        let turn = self.turn;
        self.turn += 1;
        match turn % 8 {
            3 => {
                diary.begin(Trouble::Stop);
                self.client.stop();
                // Longer and shorter than a reader waits for one answer, in turns.
                pass(if turn % 16 == 3 { 1_500 } else { 100 });
                self.client.go_on();
            }
            5 => {
                diary.begin(Trouble::Restart);
                self.client.restart();
                self.added.clear();
            }
            7 => {
                diary.begin(Trouble::Kill);
                self.client.kill();
                pass(300);
                self.client.restart();
                self.added.clear();
            }
            _ => {
                diary.begin(Trouble::Sources);
                self.change_sources(turn);
            }
        }
        self.settle();
        diary.end();
    }

    /// Adds a source that is not there, or deletes one of those that were added.
    fn change_sources(&mut self, turn: usize) {
        let number = COME_AND_GO.len();
        let last = COME_AND_GO.clone().nth(turn * 3 % number).unwrap_or(5);
        let command = match self.added.iter().position(|added| *added == last) {
            Some(place) => {
                self.added.swap_remove(place);
                format!("delete 127.0.0.{last}")
            }
            None => {
                self.added.push(last);
                format!("add server 127.0.0.{last} {}", options(self.port))
            }
        };
        // Those who read without a pause may fill chronyd's queue between them; chronyc does not wait then.
        let done = eventually("chronyd's queue has room", || {
            let done = need::program("chronyc")
                .args(["-n", "-h", &self.client.unix()])
                .args(command.split(' '))
                .output()
                .expect("chronyc runs");
            (!done.stdout.starts_with(b"506 ")).then_some(done)
        });
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stdout));
    }

    /// Waits until it answers both ways.
    fn settle(&self) {
        for address in [self.client.unix(), self.client.udp()] {
            let address: libchrony::Address = address.parse().unwrap();
            let connection = libchrony::Connection::builder().address(address);
            eventually("chronyd answers after the trouble", || {
                connection.clone().open().ok()?.tracking().ok()
            });
        }
    }
}

fn options(port: u16) -> String {
    format!("port {port} minpoll -2 maxpoll -1 iburst")
}

/// Lets time go by for chronyd, while the readers read.
fn pass(milliseconds: u64) {
    std::thread::park_timeout(Duration::from_millis(milliseconds));
}
