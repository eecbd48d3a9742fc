//! The table of URLs. A handler gets, converts, responds.

mod api;
mod client;
mod guard;
mod host;
mod page;
mod respond;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, guard as method, web};

use crate::error::RequestError;
use crate::history::History;
use crate::monitor::{Monitor, NoReading};
use crate::reading::Reading;
use crate::render::Renderer;
use crate::sampler::Sampler;

pub(crate) use client::{Clients, FILES_EACH};
pub(crate) use guard::guard;
pub(crate) use host::Hosts;

/// What the handlers share.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) monitor: Monitor<Reading>,
    /// What was read lately, for those who watch live.
    pub(crate) sampler: Sampler,
    /// What was read before.
    pub(crate) history: History,
    pub(crate) renderer: Renderer,
    pub(crate) hosts: Hosts,
    /// The name of this machine.
    pub(crate) machine: String,
    /// Where chronyd is asked.
    pub(crate) chronyd: String,
}

/// The URLs.
pub(crate) fn table(config: &mut web::ServiceConfig) {
    config
        .service(get("/", web::to(page::dashboard)))
        .service(get("/health", web::to(api::health)))
        .service(get("/static/{file}", web::to(page::asset)))
        .service(get("/api/v1/snapshot", web::to(api::snapshot)))
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

/// A reading that begins now.
async fn read(site: &Site) -> Result<Arc<Reading>, RequestError<'static>> {
    site.monitor.read().await.map_err(|none| match none {
        NoReading::Busy => RequestError::Busy,
        NoReading::Interrupted => RequestError::Interrupted,
    })
}
