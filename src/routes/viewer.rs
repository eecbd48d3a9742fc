//! One who watches live. A stream of events leaves the HTTP server once its head is sent, so that it
//! costs no more than its socket and what is here. Its end is the end of the connection.
//!
//! A viewer holds no queue. When the client has taken what it was sent, it gets the sample that is the
//! latest then; a slow one misses those in between and holds up nobody. One that takes nothing for
//! [`STAY`] is closed. What is long in an event is shared by all who are sent it.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::{ErrorKind, IoSlice};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::task::yield_now;
use actix_web::rt::time::{sleep, timeout};
use actix_web::web::{self, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::client::STAY;
use super::connection::close_hard;
use super::{Site, respond};
use crate::sampler::Sample;

/// After so long without an event the stream shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How many are told at a time on each thread, so that other requests come between.
const TURNS: usize = 32;
/// What a client may send while it watches, in all, bytes.
const MOST_HEARD: usize = 8_192;

thread_local! {
    static TURN: RefCell<Arc<Semaphore>> = RefCell::new(Arc::new(Semaphore::new(TURNS)));
}

/// What a stream tells.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// The data of each sample.
    Snapshots,
    /// The number of each sample.
    Readings,
}

impl Kind {
    /// The event of a sample, in the parts it is sent in.
    fn event(self, sample: &Sample) -> [Bytes; 3] {
        let number = sample.number;
        let (name, data) = match self {
            Self::Snapshots => {
                let name = match sample.reading.data() {
                    Ok(_) => "snapshot",
                    Err(_) => "unavailable",
                };
                (name, respond::snapshot(&sample.reading).plain())
            }
            Self::Readings => {
                let age = sample.reading.age().as_secs_f64();
                let data = format!("{{\"number\": {number}, \"age\": {age:.3}}}");
                ("reading", data.into())
            }
        };
        let head = format!("id: {number}\nevent: {name}\ndata: ");
        [head.into(), data, Bytes::from_static(b"\n\n")]
    }

    /// What shows that the stream lives. A browser tells a script nothing of comments.
    fn heartbeat(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Snapshots => b": still here\n\n",
            Self::Readings => b"event: beat\ndata: {}\n\n",
        })
    }
}

/// One who watches, with its place.
pub(super) struct Viewer {
    site: web::Data<Site>,
    kind: Kind,
    watched: watch::Receiver<Option<Sample>>,
    heard: usize,
    /// Who may watch when it begins may not when the files of logins have changed.
    logins: u64,
    _place: OwnedSemaphorePermit,
}

/// Why one who watches is looked at.
enum Why {
    Sample,
    Silence,
    Gone,
}

impl Viewer {
    pub(super) fn new(site: &web::Data<Site>, kind: Kind, place: OwnedSemaphorePermit) -> Self {
        let mut watched = site.sampler.watch();
        // The latest is told at once.
        watched.mark_changed();
        let logins = edition(site);
        Self { site: site.clone(), kind, watched, heard: 0, logins, _place: place }
    }

    fn is_over(&self) -> bool {
        self.site.sampler.has_ended() || self.logins != edition(&self.site)
    }

    /// Tells each sample on a stream whose head is sent, until the client leaves or the server ends.
    pub(super) async fn watch(mut self, stream: TcpStream) {
        let mut in_turn = false;
        while !self.is_over() {
            let sample = self.watched.borrow_and_update().clone();
            if let Some(sample) = sample {
                let turn = if in_turn { turn().await } else { None };
                let mut parts = self.kind.event(&sample);
                drop(sample);
                let mut took = take(&stream, &mut parts);
                drop(turn);
                if took.is_pending() {
                    took = Poll::Ready(take_slowly(&stream, &mut parts).await);
                }
                if took != Poll::Ready(true) {
                    return close_hard(&stream);
                }
            }
            in_turn = true;
            loop {
                match self.wait(&stream).await {
                    Why::Sample => break,
                    Why::Silence if self.is_over() => return,
                    Why::Silence => {
                        let mut beat = [self.kind.heartbeat(), Bytes::new(), Bytes::new()];
                        if !take_slowly(&stream, &mut beat).await {
                            return close_hard(&stream);
                        }
                    }
                    Why::Gone => return,
                }
            }
        }
    }

    /// Waits for the next sample, at most a [`HEARTBEAT`], while the client is there.
    async fn wait(&mut self, stream: &TcpStream) -> Why {
        let heard = &mut self.heard;
        let mut changed = pin!(self.watched.changed());
        let mut silence = pin!(sleep(HEARTBEAT));
        poll_fn(|context| {
            if changed.as_mut().poll(context).is_ready() {
                return Poll::Ready(Why::Sample);
            }
            if is_gone(stream, heard, context) {
                return Poll::Ready(Why::Gone);
            }
            silence.as_mut().poll(context).map(|()| Why::Silence)
        })
        .await
    }
}

/// The edition of the files of logins.
fn edition(site: &Site) -> u64 {
    site.logins.as_ref().map_or(0, |logins| logins.edition())
}

/// Waits until it is one's turn; others of this thread get theirs between.
async fn turn() -> Option<OwnedSemaphorePermit> {
    let turns = TURN.with_borrow(Arc::clone);
    let turn = turns.acquire_owned().await.ok();
    yield_now().await;
    turn
}

/// Whether the client has closed, or sends what nobody asked it for; else `context` is woken by what it
/// does.
fn is_gone(stream: &TcpStream, heard: &mut usize, context: &mut Context<'_>) -> bool {
    let mut bytes = [0; 256];
    while stream.poll_read_ready(context).is_ready() {
        match stream.try_read(&mut bytes) {
            Ok(0) => return true,
            Ok(more) => *heard += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return true,
        }
        if *heard > MOST_HEARD {
            close_hard(stream);
            return true;
        }
    }
    false
}

/// Sends what the client takes at once; ready when that is all, `false` where it is not there any more.
fn take(stream: &TcpStream, parts: &mut [Bytes; 3]) -> Poll<bool> {
    while parts.iter().any(|part| !part.is_empty()) {
        let slices = [&parts[0], &parts[1], &parts[2]].map(|part| IoSlice::new(part));
        match stream.try_write_vectored(&slices) {
            Ok(mut taken) => {
                for part in &mut *parts {
                    let of_it = taken.min(part.len());
                    drop(part.split_to(of_it));
                    taken -= of_it;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Poll::Pending,
            Err(_) => return Poll::Ready(false),
        }
    }
    Poll::Ready(true)
}

/// Sends all, as fast as the client takes it; `false` where it takes nothing more.
async fn take_slowly(stream: &TcpStream, parts: &mut [Bytes; 3]) -> bool {
    loop {
        if let Poll::Ready(taken) = take(stream, parts) {
            return taken;
        }
        if !timeout(STAY, stream.writable()).await.is_ok_and(|waited| waited.is_ok()) {
            return false;
        }
    }
}
