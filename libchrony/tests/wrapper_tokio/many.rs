//! A thousand calls at once on one runtime.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use libchrony::ErrorKind;
use libchrony::testing::{Scenario, Simulator};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::cancelled::builder;
use crate::client_directories;
use crate::runtimes::{one_thread, several_threads};

const NUMBER: usize = 1000;

/// Room for the sockets of this test beside those of others.
fn raise_the_limit_of_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(16_384, |most| most.min(16_384));
    if current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).expect("more files");
    }
}

/// A thousand connections, each with a call under way at the same time, twice.
fn a_thousand(chronyd: &Simulator, runtime: &Runtime) {
    raise_the_limit_of_files();
    runtime.block_on(async {
        let mut calls = JoinSet::new();
        for _ in 0..NUMBER {
            let mut connection = builder(chronyd).build();
            calls.spawn(async move {
                let first = connection.tracking().await?;
                let second = connection.tracking().await?;
                assert_eq!(first.stratum, second.stratum);
                Ok::<_, libchrony::Error>(connection)
            });
        }
        let mut open = Vec::new();
        while let Some(call) = calls.join_next().await {
            open.push(call.expect("it ends").expect("it is answered"));
        }
        assert_eq!(open.len(), NUMBER);
        if chronyd.address().starts_with('/') {
            assert_eq!(client_directories(chronyd).len(), NUMBER);
        }
    });
    // None was lost for want of room, and asked again.
    assert_eq!(chronyd.request_count(), 2 * NUMBER as u64);
    if chronyd.address().starts_with('/') {
        assert!(client_directories(chronyd).is_empty());
    }
}

#[test]
fn a_thousand_calls_on_one_thread_are_each_answered() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    a_thousand(&chronyd, &one_thread());
}

#[test]
fn a_thousand_calls_on_several_threads_are_each_answered() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    a_thousand(&chronyd, &several_threads());
}

#[test]
fn a_thousand_calls_over_udp_are_each_answered() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    a_thousand(&chronyd, &several_threads());
}

#[test]
fn who_keeps_calls_under_way_without_going_on_holds_up_nobody_for_ever() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    one_thread().block_on(async {
        let mut idle: Vec<_> = (0..20).map(|_| builder(&chronyd).build()).collect();
        let mut idle: Vec<_> = idle.iter_mut().map(|it| Box::pin(it.tracking())).collect();
        for call in &mut idle {
            poll_fn(|context| {
                assert!(call.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        let timeout = Duration::from_millis(200);
        let mut connection = builder(&chronyd).timeout(timeout).attempts(100).build();
        connection.tracking().await.unwrap();
        for call in idle {
            call.await.unwrap();
        }
    });
}

#[test]
fn a_thousand_calls_to_a_hung_chronyd_end_together() {
    raise_the_limit_of_files();
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    chronyd.hang();
    let begin = Instant::now();
    one_thread().block_on(async {
        let mut calls = JoinSet::new();
        for _ in 0..NUMBER {
            let timeout = Duration::from_millis(500);
            let mut connection = builder(&chronyd).timeout(timeout).build();
            calls.spawn(async move { connection.tracking().await.unwrap_err().kind() });
        }
        let kinds = calls.join_all().await;
        assert!(kinds.iter().all(|kind| *kind == ErrorKind::TimedOut));
    });
    // One after the other they would take 500 s.
    assert!(begin.elapsed().as_secs() < 100, "{:?}", begin.elapsed());
    chronyd.resume();
}
