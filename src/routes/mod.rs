//! The table of URLs. A handler gets, converts, responds.

mod api;
mod base;
mod client;
mod connection;
mod encoding;
mod forwarded;
mod guard;
mod history;
mod host;
mod metrics;
mod openapi;
mod page;
mod probe;
mod respond;
mod source;
mod stream;
mod viewer;

use std::sync::Arc;
use std::time::SystemTime;

use actix_web::{HttpRequest, HttpResponse, guard as method, web};

use crate::country::Countries;
use crate::document::{Document, Draft};
use crate::error::RequestError;
use crate::history::History;
use crate::login::Logins;
use crate::monitor::{Given, Monitor, NoReading};
use crate::press::Press;
use crate::probe::Prober;
use crate::reading::Reading;
use crate::render::Renderer;
use crate::reports::Reports;
use crate::sampler::Sampler;
use crate::tally::Tally;
use crate::view::{About, Limits, Range};

pub(crate) use client::Clients;
pub(crate) use connection::Connection;
pub(crate) use encoding::PIECE;
pub(crate) use forwarded::Proxies;
pub(crate) use guard::guard;
pub(crate) use host::Hosts;
pub(crate) use openapi::Description;
pub(crate) use stream::Streams;

/// What the handlers share.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) monitor: Monitor<Reading>,
    /// What reads other machines; `None` where none may be asked.
    pub(crate) prober: Option<Prober>,
    /// What was read lately, for those who watch live.
    pub(crate) sampler: Sampler,
    /// What was read before.
    pub(crate) history: History,
    /// The places for those who watch live.
    pub(crate) streams: Streams,
    /// How often chronyd was read.
    pub(crate) tally: Tally,
    /// When the process was started.
    pub(crate) started: SystemTime,
    pub(crate) renderer: Renderer,
    /// The description of the data for programs.
    pub(crate) description: Description,
    /// The path below which a proxy shows the site, without a slash at its end.
    pub(crate) base: String,
    /// Where pages are made.
    pub(crate) press: Press,
    pub(crate) hosts: Hosts,
    /// Whose forwarded headers are believed.
    pub(crate) proxies: Proxies,
    /// Who may ask; `None` = anybody.
    pub(crate) logins: Option<web::Data<Logins>>,
    /// What `/health/sync` holds the clock against.
    pub(crate) limits: Limits,
    /// Where the countries of sources are looked up.
    pub(crate) countries: Option<Countries>,
    /// The name of this machine.
    pub(crate) machine: String,
    /// Where chronyd is asked.
    pub(crate) chronyd: String,
}

impl Site {
    /// What a page of this reading says besides chronyd's data.
    fn about(&self, reading: &Reading, range: Range) -> About {
        About {
            host: self.machine.clone(),
            address: self.chronyd.clone(),
            version: env!("CARGO_PKG_VERSION"),
            read_at: reading.at(),
            range,
        }
    }
}

/// The URLs.
pub(crate) fn table(config: &mut web::ServiceConfig) {
    config
        .service(get("/", web::to(page::dashboard)))
        .service(get("/sources/{id}", web::to(source::source)))
        .service(get("/health", web::to(api::health)))
        .service(get("/health/sync", web::to(api::sync)))
        .service(get("/metrics", web::to(metrics::metrics)))
        .service(get("/live", web::to(stream::readings)))
        .service(get("/probe", web::to(probe::probe)))
        .service(get("/static/{file}", web::to(page::asset)))
        .service(get("/api/v1/snapshot", web::to(api::snapshot)))
        .service(get("/api/v1/openapi.json", web::to(openapi::document)))
        .service(get("/api/v1/stream", web::to(stream::snapshots)))
        .service(get("/api/v1/history", web::to(history::history)))
        .service(get("/api/v1/clients", web::to(api::clients)))
        .service(get("/api/v1/{report}", web::to(api::report)))
        .default_service(web::to(nothing));
}

/// A resource for GET and HEAD that refuses other methods.
fn get(path: &str, route: actix_web::Route) -> actix_web::Resource {
    web::resource(path)
        .route(route.guard(method::Any(method::Get()).or(method::Head())))
        .default_service(web::to(other_method))
}

async fn nothing(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    let error = match *request.method() {
        actix_web::http::Method::GET | actix_web::http::Method::HEAD => RequestError::NotFound,
        _ => RequestError::MethodNotAllowed,
    };
    respond::error(&request, &site, &error)
}

async fn other_method(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    respond::error(&request, &site, &RequestError::MethodNotAllowed)
}

/// A reading of everything that begins now.
async fn read(site: &Site) -> Result<Arc<Reading>, RequestError<'static>> {
    read_of(site, Reports::ALL).await
}

/// A reading of these reports, and perhaps others, that begins now.
async fn read_of(site: &Site, reports: Reports) -> Result<Arc<Reading>, RequestError<'static>> {
    site.monitor.read(reports).await.map_err(nothing_read)
}

fn nothing_read(none: NoReading) -> RequestError<'static> {
    match none {
        NoReading::Busy => RequestError::Busy,
        NoReading::Interrupted => RequestError::Interrupted,
    }
}

/// A page of a reading in the form that the request takes: as it is there, or made where pages are.
async fn document(
    request: &HttpRequest,
    site: &web::Data<Site>,
    reading: &Arc<Reading>,
    name: String,
    write: impl FnOnce(&Site, &Reading, &mut Draft) -> Result<(), RequestError<'static>>
    + Send
    + 'static,
) -> Result<Arc<Document>, RequestError<'static>> {
    if let Some(made) = reading.made(&name) {
        return Ok(made);
    }
    let packed = encoding::takes_gzip(request);
    let (site_of_it, read) = (site.clone(), Arc::clone(reading));
    let made = site.press.make(move || {
        let write = |draft: &mut Draft| write(&site_of_it, &read, draft);
        let document = read.document(&name, Draft::new(packed), write)?;
        if packed {
            // Whoever had it made before may have wanted it plain.
            document.gzip();
        }
        Ok(document)
    });
    made.await.map_err(nothing_read)?
}

/// The reading that a page is made of: one that begins now, or the last sample where the script of an
/// open page asks, so that any number of open pages cost chronyd no more than one. The turn is kept
/// until the page is made.
async fn read_for(
    request: &HttpRequest,
    site: &Site,
) -> Result<Given<Reading>, RequestError<'static>> {
    match site.sampler.latest().filter(|_| is_live(request.query_string())) {
        Some(sample) => Ok((sample.reading, None)),
        None => site.monitor.read_in_turn().await.map_err(nothing_read),
    }
}

/// Whether the script of an open page asks, to show a later reading in place.
fn is_live(query: &str) -> bool {
    query.split('&').any(|pair| pair == "live" || pair.starts_with("live="))
}
