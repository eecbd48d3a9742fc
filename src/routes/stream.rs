//! Server-sent events: word of each sample to those who watch, however many, from one reading.
//! `viewer.rs` is one of them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::client::Client;
use super::viewer::{Kind, Viewer};
use super::{Site, respond};
use crate::error::RequestError;

/// First on each stream: how long clients that open it anew by themselves wait before, milliseconds.
const OPENING: Bytes = Bytes::from_static(b"retry: 2000\n\n");

/// The places for streams.
#[derive(Debug)]
pub(crate) struct Streams {
    free: Arc<Semaphore>,
    all: u32,
}

impl Streams {
    pub(crate) fn new(all: u32) -> Self {
        Self { free: Arc::new(Semaphore::new(all as usize)), all }
    }

    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        (self.all as usize).saturating_sub(self.free.available_permits())
    }

    /// Waits until nobody watches any longer, at most so long.
    pub(crate) async fn emptied(&self, longest: Duration) {
        let _ = timeout(longest, self.free.acquire_many(self.all)).await;
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
        return unframed(response.body(Opening(None)));
    }
    let Some(place) = site.streams.place() else {
        let mut busy = respond::error(request, site, &RequestError::TooManyStreams);
        busy.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
        return busy;
    };
    // Without a server, as the fuzz targets are, there is no connection and the stream is empty.
    let client = request.conn_data::<Arc<Client>>().cloned();
    let viewer = Viewer::new(site, kind, place);
    unframed(response.body(Opening(client.map(|client| Beginning::Opening(client, viewer)))))
}

/// A response that lasts as long as its connection, so that what is sent needs no frame.
fn unframed(mut response: HttpResponse) -> HttpResponse {
    let head = response.head_mut();
    head.no_chunking(true);
    head.set_connection_type(ConnectionType::Close);
    response
}

/// The beginning of the body of a stream; what follows is told by a [`Viewer`].
struct Opening(Option<Beginning>);

enum Beginning {
    Opening(Arc<Client>, Viewer),
    Leaving(Arc<Client>, Viewer),
    Left,
}

impl MessageBody for Opening {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let this = self.get_mut();
        match this.0.take() {
            None => Poll::Ready(None),
            Some(Beginning::Opening(client, viewer)) => {
                this.0 = Some(Beginning::Leaving(client, viewer));
                Poll::Ready(Some(Ok(OPENING)))
            }
            Some(Beginning::Leaving(client, viewer)) => {
                client.leave_to(Box::new(move |stream| {
                    actix_web::rt::spawn(viewer.watch(stream));
                }));
                this.0 = Some(Beginning::Left);
                Poll::Pending
            }
            Some(Beginning::Left) => {
                this.0 = Some(Beginning::Left);
                Poll::Pending
            }
        }
    }
}
