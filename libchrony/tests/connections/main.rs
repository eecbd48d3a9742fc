//! Ten thousand connections, and some hundred to each broken chronyd: nothing is left of them.
//!
//! These tests look at their whole process, so each has it to itself.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libchrony::testing::{Fault, Scenario, Simulator};
use libchrony::{Builder, Connection, Error};

use process::Left;

const CONNECTIONS: u32 = 10_000;
const THREADS: u32 = 4;

/// A connection that kept 200 bytes would add 2 MB.
const MOST_MEMORY: u64 = 2 * 1024 * 1024;

/// Connections to each broken chronyd, and how many of them at the same time.
const BROKEN: u32 = 200;
const AT_ONCE: u32 = 8;

static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn builder(chronyd: &Simulator) -> Builder {
    Connection::builder().address(chronyd.address().parse().unwrap())
}

/// Opens, reads and closes `number` connections, on several threads.
fn connect(chronyd: &Simulator, number: u32, threads: u32, read: impl Fn() + Sync) {
    let left = AtomicU32::new(number);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let take = || {
                    let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(1)
                    });
                    taken.ok()
                };
                while let Some(left) = take() {
                    read();
                    if left % 200 == 0 {
                        // What the simulator remembers is not what a connection leaves.
                        chronyd.forget_requests();
                    }
                }
            });
        }
    });
}

fn nothing_is_left_of_ten_thousand(chronyd: &Simulator) {
    let read = || {
        let mut connection = builder(chronyd).timeout(Duration::from_secs(20)).open().unwrap();
        assert!(connection.tracking().unwrap().is_synchronized());
    };
    // Threads, heaps and buffers that stay once they are made.
    connect(chronyd, 500, THREADS, read);
    let before = Left::now(chronyd);
    let begin = Instant::now();
    connect(chronyd, CONNECTIONS, THREADS, read);
    let time = begin.elapsed();
    let after = Left::after(chronyd, &before);
    println!("{CONNECTIONS} connections to {} in {time:?}", chronyd.address());
    println!("before: {before:?}");
    println!("after:  {after:?}");
    after.assert_like(&before, MOST_MEMORY);
}

#[test]
fn nothing_is_left_of_ten_thousand_connections_over_the_unix_socket() {
    let _alone = alone();
    nothing_is_left_of_ten_thousand(&unix());
}

#[test]
fn nothing_is_left_of_ten_thousand_connections_over_udp() {
    let _alone = alone();
    nothing_is_left_of_ten_thousand(&Simulator::start_udp(Scenario::synchronized()).unwrap());
}

/// In memory where that is offered: each client makes and removes two directories.
fn unix() -> Simulator {
    let memory = Path::new("/dev/shm");
    let start = Simulator::start_unix_in(memory, Scenario::synchronized());
    start.or_else(|_| Simulator::start_unix(Scenario::synchronized())).unwrap()
}

type Broken = (&'static str, fn(&mut Simulator));

const STATES: [Broken; 16] = [
    ("silence", |chronyd| chronyd.script([Fault::always().silence()])),
    ("late replies", |chronyd| chronyd.script([Fault::always().delay(Duration::from_secs(3600))])),
    ("every second lost", |chronyd| chronyd.script([Fault::always().every(2).silence()])),
    ("noise", |chronyd| chronyd.script([Fault::always().noise(3, 1).silence()])),
    ("a wrong sequence", |chronyd| chronyd.script([Fault::always().wrong_sequence()])),
    ("another order", |chronyd| chronyd.script([Fault::always().every(2).reorder()])),
    ("duplicates", |chronyd| chronyd.script([Fault::always().duplicate().duplicate()])),
    ("a refusal", |chronyd| chronyd.script([Fault::always().status(2)])),
    ("a failure", |chronyd| chronyd.script([Fault::always().status(1)])),
    ("an older version", |chronyd| chronyd.script([Fault::always().status(18).version(5)])),
    ("an unknown layout", |chronyd| chronyd.script([Fault::always().reply_code(99)])),
    ("cut replies", |chronyd| chronyd.script([Fault::always().truncate(40)])),
    ("random content", |chronyd| chronyd.script([Fault::always().random_data(5)])),
    ("a hang", |chronyd| chronyd.hang()),
    ("its end", Simulator::stop),
    ("its end in order", |chronyd| {
        chronyd.stop();
        chronyd.remove_socket().unwrap();
    }),
];

/// Opens, fails and closes; what is read by chance is fine, too.
fn fail(chronyd: &Simulator) -> Result<(), Error> {
    let builder = builder(chronyd).timeout(Duration::from_millis(2)).attempts(1);
    let mut connection = builder.limit(Duration::from_millis(50)).build();
    let first = connection.tracking().map(drop);
    let second = connection.snapshot().map(drop);
    let third = connection.sources().map(drop);
    first.and(second).and(third)
}

fn nothing_is_left_of_failures(start: impl Fn() -> Simulator) {
    for (name, state) in STATES {
        let mut chronyd = start();
        connect(&chronyd, AT_ONCE, AT_ONCE, || drop(fail(&chronyd)));
        state(&mut chronyd);
        let before = Left::now(&chronyd);
        let begin = Instant::now();
        connect(&chronyd, BROKEN, AT_ONCE, || drop(fail(&chronyd)));
        let after = Left::after(&chronyd, &before);
        println!("{name}: {BROKEN} connections in {:?}", begin.elapsed());
        after.assert_like(&before, MOST_MEMORY);
        // And it is as good as new for the next.
        chronyd.script([]);
        chronyd.restart().unwrap();
        let connection = builder(&chronyd).timeout(Duration::from_secs(20)).open();
        assert!(connection.is_ok(), "{name}: {connection:?}");
    }
}

#[test]
fn nothing_is_left_of_connections_to_a_broken_chronyd_over_the_unix_socket() {
    let _alone = alone();
    nothing_is_left_of_failures(unix);
}

#[test]
fn nothing_is_left_of_connections_to_a_broken_chronyd_over_udp() {
    let _alone = alone();
    nothing_is_left_of_failures(|| Simulator::start_udp(Scenario::synchronized()).unwrap());
}
