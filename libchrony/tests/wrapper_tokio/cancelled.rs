//! Calls that are dropped before their end: nothing of them reaches the next one.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use libchrony::testing::{Command, Fault, Scenario, Simulator};
use libchrony::tokio::{Builder, Connection};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::reading::PATIENCE;
use crate::runtimes::{one_thread, several_threads};
use crate::{client_directories, servers};

/// One attempt that never runs out.
pub(crate) fn builder(chronyd: &Simulator) -> Builder {
    let address = chronyd.address().parse().expect("the simulator's address is valid");
    Connection::builder().address(address).timeout(PATIENCE).attempts(1)
}

pub(crate) async fn open(chronyd: &Simulator) -> Connection {
    builder(chronyd).open().await.expect("the simulator answers")
}

/// When a call is dropped.
#[derive(Debug, Clone, Copy)]
enum Drop {
    /// As soon as it waits: what it waits for comes later.
    Waiting,
    /// When what it waits for has come, but was not taken.
    Woken,
}

/// Polls a call so often, and drops it; `None` where it had not come to its end.
async fn polled<T>(polls: u32, drop: Drop, call: impl Future<Output = T>) -> Option<T> {
    let (mut call, mut made) = (pin!(call), 0);
    poll_fn(|context| {
        if made == polls {
            return Poll::Ready(None);
        }
        made += 1;
        match (call.as_mut().poll(context), drop) {
            (Poll::Ready(result), _) => Poll::Ready(Some(result)),
            (Poll::Pending, Drop::Waiting) if made == polls => Poll::Ready(None),
            (Poll::Pending, _) => Poll::Pending,
        }
    })
    .await
}

/// Which of two lists of sources there is.
async fn list(connection: &mut Connection) -> Vec<String> {
    let sources = connection.sources().await.expect("sources");
    assert!(sources.odd().is_empty(), "{:?}", sources.odd());
    sources.iter().map(|source| source.id.clone()).collect()
}

/// Drops a call after each number of polls, until it comes to its end before: then other sources are read.
fn dropped_at_each_wait(
    runtime: &Runtime,
    chronyd: &Simulator,
    call: impl AsyncFn(&mut Connection),
) -> u32 {
    let (before, mut after) = (servers([1, 2, 3]), servers([7, 8, 9]));
    after.tracking = Scenario::synchronized().tracking;
    after.tracking.stratum = 9;
    // Long enough for each wait to be one.
    let slow = || Fault::always().delay(Duration::from_millis(2));
    let mut most = 0;
    for drop in [Drop::Waiting, Drop::Woken] {
        let mut connection = runtime.block_on(open(chronyd));
        for polls in 0.. {
            chronyd.set(before.clone());
            chronyd.script([slow()]);
            let ended = runtime.block_on(async {
                let ended = polled(polls, drop, call(&mut connection)).await.is_some();
                // What was asked for may be answered still, and late.
                chronyd.set(after.clone());
                let tracking = connection.tracking().await.expect("tracking");
                assert_eq!(tracking.stratum, Some(9), "{drop:?}, {polls}");
                let read = list(&mut connection).await;
                assert_eq!(read, ["192.0.2.7", "192.0.2.8", "192.0.2.9"], "{drop:?}, {polls}");
                ended
            });
            if chronyd.address().starts_with('/') {
                assert_eq!(client_directories(chronyd).len(), 1, "{drop:?}, {polls} polls");
            }
            if ended {
                most = most.max(polls);
                break;
            }
        }
    }
    most
}

#[test]
fn a_call_dropped_at_any_of_its_waits_leaves_the_next_one_right() {
    for start in [Simulator::start_unix, Simulator::start_udp] {
        for runtime in [one_thread(), several_threads()] {
            let chronyd = start(servers([1, 2, 3])).unwrap();
            let waits = dropped_at_each_wait(&runtime, &chronyd, async |it| {
                it.snapshot().await.unwrap();
            });
            assert!(waits > 5, "a snapshot of {waits} waits");
            let waits = dropped_at_each_wait(&runtime, &chronyd, async |it| {
                it.tracking().await.unwrap();
            });
            assert!(waits >= 1, "{waits} waits");
        }
    }
}

#[test]
fn an_opening_dropped_at_any_of_its_waits_leaves_nothing_behind() {
    let chronyd = Simulator::start_unix(servers([1])).unwrap();
    one_thread().block_on(async {
        for polls in 0..3 {
            let call = builder(&chronyd).open();
            let opened = polled(polls, Drop::Waiting, call).await;
            assert_eq!(client_directories(&chronyd).len(), usize::from(opened.is_some()));
        }
    });
}

#[test]
fn a_call_that_its_caller_gives_up_is_followed_by_a_right_one() {
    let chronyd = Simulator::start_unix(servers([1, 2])).unwrap();
    one_thread().block_on(async {
        let mut connection = open(&chronyd).await;
        for _ in 0..3 {
            chronyd.script([Fault::on(Command::SOURCES).silence()]);
            let given_up = timeout(Duration::from_millis(20), connection.sources()).await;
            assert!(given_up.is_err(), "silence has answered");
            tokio::select! {
                answer = connection.sources() => panic!("silence has answered {answer:?}"),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
            chronyd.script([]);
            assert_eq!(list(&mut connection).await, ["192.0.2.1", "192.0.2.2"]);
        }
    });
}

#[test]
fn a_late_answer_to_a_dropped_call_is_nobody_s() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    one_thread().block_on(async {
        let mut connection = open(&chronyd).await;
        for _ in 0..3 {
            // It is held back until the next request, and sent before that one's answer.
            chronyd.script([Fault::on(Command::TRACKING).nth(1).late()]);
            let given_up = timeout(Duration::from_millis(20), connection.tracking()).await;
            assert!(given_up.is_err());
            let mut other = Scenario::synchronized();
            other.tracking.stratum = 9;
            chronyd.set(other);
            assert_eq!(connection.tracking().await.unwrap().stratum, Some(9));
            chronyd.set(Scenario::synchronized());
        }
    });
}

#[test]
fn a_task_that_is_aborted_takes_its_socket_with_it() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    several_threads().block_on(async {
        let mut connection = open(&chronyd).await;
        chronyd.stop_answering();
        let asked = chronyd.request_count();
        let call = tokio::spawn(async move { connection.tracking().await.map(drop) });
        while chronyd.request_count() == asked {
            tokio::task::yield_now().await;
        }
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        assert!(client_directories(&chronyd).is_empty());
    });
}
