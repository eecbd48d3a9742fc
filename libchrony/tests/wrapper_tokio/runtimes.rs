//! The kinds of runtime, and that no call holds their threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use libchrony::testing::{Scenario, Simulator};
use libchrony::tokio::Connection;
use libchrony::{Error, ErrorKind, Snapshot};
use tokio::runtime::{self, Runtime};

use crate::cancelled::{builder, open};
use crate::reading::PATIENCE;
use crate::{client_directories, servers};

pub(crate) fn one_thread() -> Runtime {
    runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub(crate) fn several_threads() -> Runtime {
    runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime")
}

#[test]
fn a_task_of_its_own_reads_on_either_runtime() {
    async fn read(mut connection: Connection) -> Result<Snapshot, Error> {
        connection.snapshot().await
    }
    let chronyd = Simulator::start_unix(servers([1, 2, 3])).unwrap();
    for runtime in [one_thread(), several_threads()] {
        let snapshot = runtime.block_on(async {
            let connection = open(&chronyd).await;
            tokio::spawn(read(connection)).await.unwrap().unwrap()
        });
        assert_eq!(snapshot.joined().len(), 3);
    }
}

#[test]
fn every_call_can_move_to_another_thread() {
    fn is_send<T: Send>(_: T) {}
    let mut it = Connection::builder().build();
    is_send(Connection::open());
    is_send(Connection::builder().open());
    is_send(it.tracking());
    is_send(it.sources());
    is_send(it.source_stats());
    is_send(it.select_data());
    is_send(it.activity());
    is_send(it.auth_data());
    is_send(it.ntp_data());
    is_send(it.server_stats());
    is_send(it.rtc_data());
    is_send(it.smoothing());
    is_send(it.snapshot());
    is_send(it.report("tracking"));
    is_send(it.source_names());
    is_send(it.clients());
    is_send(it.clients_within(8));
}

#[test]
fn another_task_of_the_same_thread_goes_on_while_chronyd_hangs() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    one_thread().block_on(async {
        let timeout = Duration::from_millis(50);
        let mut connection = builder(&chronyd).timeout(timeout).build();
        while connection.tracking().await.is_err() {}
        chronyd.hang();
        let steps = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&steps);
        let other = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let end = Instant::now() + PATIENCE;
        // More calls than a Unix socket's queue holds: then it is sending that waits.
        for _ in 0..12 {
            let before = steps.load(Ordering::Relaxed);
            let error = connection.tracking().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
            let made = steps.load(Ordering::Relaxed) - before;
            assert!(made > 0, "the other task stood still");
            assert!(Instant::now() < end);
        }
        other.abort();
        chronyd.resume();
        while connection.tracking().await.is_err() {
            assert!(Instant::now() < end);
        }
    });
}

#[test]
fn a_chronyd_that_answers_without_pause_leaves_others_their_turn() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(1000)).unwrap();
    one_thread().block_on(async {
        let mut connection = open(&chronyd).await;
        let turns = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&turns);
        let other = tokio::spawn(async move {
            loop {
                tokio::task::yield_now().await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        assert_eq!(connection.sources().await.unwrap().len(), 1000);
        other.abort();
        let turns = turns.load(Ordering::Relaxed);
        assert!(turns >= 5, "{turns} turns");
    });
}

#[test]
fn a_name_is_looked_up_while_other_tasks_go_on() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let port = chronyd.address().rsplit(':').next().unwrap().to_owned();
    one_thread().block_on(async {
        let name = format!("localhost:{port}").parse().unwrap();
        let connection = Connection::builder().address(name).open().await.unwrap();
        assert_eq!(connection.address().unwrap().to_string(), chronyd.address());
    });
}

#[test]
fn a_connection_outlives_its_runtime() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let mut connection = one_thread().block_on(open(&chronyd));
    for _ in 0..3 {
        // Each runtime is gone when the next one begins.
        one_thread().block_on(connection.tracking()).unwrap();
    }
    assert_eq!(client_directories(&chronyd).len(), 1);
    drop(connection);
    assert!(client_directories(&chronyd).is_empty());
}

#[test]
fn a_port_that_nobody_listens_on_is_told_at_once() {
    let mut chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    one_thread().block_on(async {
        let mut connection = open(&chronyd).await;
        chronyd.stop();
        let begin = Instant::now();
        let error = connection.tracking().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NobodyListens, "{error}");
        // An attempt lasts as long as patience.
        assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
    });
}
