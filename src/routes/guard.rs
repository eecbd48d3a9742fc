//! What happens to every request: the base path is taken off, its host is checked, and who sends it;
//! its answer gets the security headers and a line in the log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};
use tracing::{debug, info};

use super::client::{Client, UnderWay};
use super::{Site, base, encoding, respond};
use crate::assets;
use crate::error::RequestError;
use crate::login::Refusal;

/// Nothing inline, nothing from elsewhere, no frames, no forms.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY_HEADERS: [(&str, &str); 5] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Wraps every request of the server.
pub(crate) async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = Instant::now();
    let _under_way = UnderWay::begin(&request);
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let of_open_page = super::is_live(request.query_string());
    let takes_gzip = encoding::takes_gzip(&request);
    let site = request.app_data::<web::Data<Site>>().cloned();
    let client = site.as_ref().and_then(|site| client(&request, site));
    let answer = match &site {
        Some(site) => answer_early(&mut request, site, client).await,
        None => None,
    };
    let response = match answer {
        Some(answer) => request.into_response(answer),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    let (request, response) = response.into_parts();
    let mut response = ServiceResponse::new(request, encoding::compress(response, takes_gzip));
    encoding::vary(response.headers_mut());
    secure(response.headers_mut());
    let connection = response.request().conn_data::<Arc<Client>>();
    if connection.is_some_and(|client| client.is_one_of_a_crowd()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }

    let status = response.status().as_u16();
    let bytes = match response.response().body().size() {
        BodySize::Sized(bytes) => bytes,
        BodySize::None | BodySize::Stream => 0,
    };
    let duration = start.elapsed();
    let client = client.map(tracing::field::display);
    // A client's fault is no news, nor is a page that stays open; the path is escaped, as it is the
    // client's text.
    if response.status().is_client_error() {
        debug!(%method, ?path, client, status, bytes, ?duration, "refused");
    } else if of_open_page {
        debug!(%method, ?path, client, status, bytes, ?duration, "updated");
    } else {
        info!(%method, ?path, client, status, bytes, ?duration, "served");
    }
    Ok(response)
}

fn client(request: &ServiceRequest, site: &Site) -> Option<IpAddr> {
    site.proxies.client(request.head().peer_addr, request.headers())
}

/// The answer to a request that goes no further.
async fn answer_early(
    request: &mut ServiceRequest,
    site: &web::Data<Site>,
    client: Option<IpAddr>,
) -> Option<HttpResponse> {
    let is_base = base::take_off(request, &site.base);
    let refused = match check_host(request, site) {
        Ok(()) => check_login(request, site, client).await,
        Err(error) => Err(error),
    };
    match refused {
        Err(error) => Some(respond::error(request.request(), site, &error)),
        Ok(()) if is_base => Some(base::lead_in(&site.base, request.query_string())),
        Ok(()) => None,
    }
}

/// The static files hold nothing of this machine, and the pages that refuse are made with them.
fn is_for_everybody(request: &ServiceRequest) -> bool {
    assets::at(request.path()).is_some()
}

fn check_host(request: &ServiceRequest, site: &Site) -> Result<(), RequestError<'static>> {
    if is_for_everybody(request) {
        return Ok(());
    }
    let target = request.uri().authority().map(|authority| authority.as_str());
    let forwarded = site.proxies.hosts(request.head().peer_addr, request.headers())?;
    site.hosts.check(request.headers(), target.into_iter().chain(forwarded))
}

/// Whether the process serves is for everybody, too.
async fn check_login(
    request: &ServiceRequest,
    site: &Site,
    client: Option<IpAddr>,
) -> Result<(), RequestError<'static>> {
    let Some(logins) = &site.logins else { return Ok(()) };
    if is_for_everybody(request) || request.path() == "/health" {
        return Ok(());
    }
    logins.check(request.headers(), client).await.map_err(|refusal| match refusal {
        Refusal::Nobody => RequestError::NotLoggedIn,
        Refusal::Wrong => RequestError::WrongLogin,
        Refusal::Busy => RequestError::TooManyLogins,
    })
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}
