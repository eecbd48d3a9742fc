//! Server-sent events: word of each sample to those who watch, however many, from one reading.
//!
//! A stream holds no queue. When the client has taken what it was sent, it gets the sample that is the
//! latest then; a slow one misses those in between and holds up nobody. One that takes nothing more is
//! closed as any connection is (see `client.rs`).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::client::Client;
use super::{Site, respond};
use crate::error::RequestError;
use crate::sampler::Sample;

/// The most streams at a time.
const MOST_STREAMS: usize = 1_000;
/// After so long without an event the stream shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// First on each stream: how long clients that open it anew by themselves wait before, milliseconds.
const OPENING: Bytes = Bytes::from_static(b"retry: 2000\n\n");
const END_OF_EVENT: Bytes = Bytes::from_static(b"\n\n");

/// The places for streams.
#[derive(Debug)]
pub(crate) struct Streams {
    free: Arc<Semaphore>,
    all: usize,
}

impl Streams {
    /// Of so many connections at most half are streams, so that others are served, too.
    pub(crate) fn new(connections: usize) -> Self {
        let all = MOST_STREAMS.min(connections / 2);
        Self { free: Arc::new(Semaphore::new(all)), all }
    }

    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.all.saturating_sub(self.free.available_permits())
    }
}

/// The data of each sample.
pub(super) async fn snapshots(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    stream(&request, &site, Kind::Snapshots)
}

/// The number of each sample, for the page's script, which asks for its page then.
pub(super) async fn readings(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    stream(&request, &site, Kind::Readings)
}

fn stream(request: &HttpRequest, site: &web::Data<Site>, kind: Kind) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::OK);
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        // Without this nginx would hold the events back.
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .content_type("text/event-stream");
    if request.method() == Method::HEAD {
        return response.body(Events { state: State::Over, ..Events::new(site, kind, None, None) });
    }
    let Some(place) = site.streams.place() else {
        let mut busy = respond::error(request, site, &RequestError::TooManyStreams);
        busy.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
        return busy;
    };
    let client = request.conn_data::<Arc<Client>>().cloned();
    response.body(Events::new(site, kind, client, Some(place)))
}

/// What a stream tells.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Snapshots,
    Readings,
}

impl Kind {
    /// The event of a sample, in the parts it is sent in: what is long is shared.
    fn event(self, sample: &Sample) -> [Bytes; 3] {
        let number = sample.number;
        let head = |event: &str| Bytes::from(format!("id: {number}\nevent: {event}\ndata: "));
        match self {
            Self::Snapshots => {
                let event = match sample.reading.data() {
                    Ok(_) => "snapshot",
                    Err(_) => "unavailable",
                };
                [head(event), respond::snapshot(&sample.reading).plain(), END_OF_EVENT]
            }
            Self::Readings => {
                let age = sample.reading.age().as_secs_f64();
                let data = format!("{{\"number\": {number}, \"age\": {age:.3}}}");
                [head("reading"), Bytes::from(data), END_OF_EVENT]
            }
        }
    }

    /// What shows that the stream lives. A browser tells a script nothing of comments.
    fn heartbeat(self) -> Bytes {
        match self {
            Self::Snapshots => Bytes::from_static(b": still here\n\n"),
            Self::Readings => Bytes::from_static(b"event: beat\ndata: {}\n\n"),
        }
    }
}

type Watched = watch::Receiver<Option<Sample>>;
/// Waits for the next sample; `false` after a [`HEARTBEAT`] without one.
type Wait = Pin<Box<dyn Future<Output = (Watched, bool)>>>;

enum State {
    /// There may be a sample that was not told yet.
    Look(Watched),
    Wait(Wait),
    Over,
}

/// The body of a stream.
struct Events {
    site: web::Data<Site>,
    kind: Kind,
    client: Option<Arc<Client>>,
    parts: VecDeque<Bytes>,
    state: State,
    /// Held while the stream lasts.
    _place: Option<OwnedSemaphorePermit>,
}

impl Events {
    fn new(
        site: &web::Data<Site>,
        kind: Kind,
        client: Option<Arc<Client>>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let mut watched = site.sampler.watch();
        // The latest is told at once.
        watched.mark_changed();
        Self {
            site: site.clone(),
            kind,
            client,
            parts: VecDeque::from([OPENING]),
            state: State::Look(watched),
            _place: place,
        }
    }
}

async fn wait(mut watched: Watched) -> (Watched, bool) {
    let came = timeout(HEARTBEAT, watched.changed()).await.is_ok();
    (watched, came)
}

impl MessageBody for Events {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    /// Asked whenever the client has taken what went before.
    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let this = self.get_mut();
        loop {
            if this.site.sampler.has_ended() {
                this.state = State::Over;
            }
            if let Some(client) = &this.client {
                client.answered();
            }
            if matches!(this.state, State::Over) {
                return Poll::Ready(None);
            }
            if let Some(part) = this.parts.pop_front() {
                return Poll::Ready(Some(Ok(part)));
            }
            this.state = match std::mem::replace(&mut this.state, State::Over) {
                State::Over => return Poll::Ready(None),
                State::Look(mut watched) => {
                    let is_new = watched.has_changed().unwrap_or_default();
                    let sample = watched.borrow_and_update().clone().filter(|_| is_new);
                    match sample {
                        Some(sample) => {
                            this.parts.extend(this.kind.event(&sample));
                            State::Look(watched)
                        }
                        None => State::Wait(Box::pin(wait(watched))),
                    }
                }
                State::Wait(mut wait) => match wait.as_mut().poll(context) {
                    Poll::Pending => {
                        this.state = State::Wait(wait);
                        return Poll::Pending;
                    }
                    Poll::Ready((mut watched, came)) => {
                        if came {
                            watched.mark_changed();
                        } else {
                            this.parts.push_back(this.kind.heartbeat());
                        }
                        State::Look(watched)
                    }
                },
            }
        }
    }
}
