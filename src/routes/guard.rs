//! What happens to every request: its host is checked, its answer gets the security headers and a
//! line in the log.

use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use tracing::{debug, info};

use super::client::UnderWay;
use super::{Site, encoding, respond};
use crate::assets;

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
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = Instant::now();
    let _under_way = UnderWay::begin(&request);
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let of_open_page = super::is_live(request.query_string());
    let takes_gzip = encoding::takes_gzip(&request);
    let response = match refuse(&request) {
        Some(refusal) => request.into_response(refusal),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    let (request, response) = response.into_parts();
    let mut response = ServiceResponse::new(request, encoding::compress(response, takes_gzip));
    encoding::vary(response.headers_mut());
    secure(response.headers_mut());

    let status = response.status().as_u16();
    let bytes = match response.response().body().size() {
        BodySize::Sized(bytes) => bytes,
        BodySize::None | BodySize::Stream => 0,
    };
    let duration = start.elapsed();
    // A client's fault is no news, nor is a page that stays open; the path is escaped, as it is the
    // client's text.
    if response.status().is_client_error() {
        debug!(%method, ?path, status, bytes, ?duration, "refused");
    } else if of_open_page {
        debug!(%method, ?path, status, bytes, ?duration, "updated");
    } else {
        info!(%method, ?path, status, bytes, ?duration, "served");
    }
    Ok(response)
}

/// The answer to a request that names another host. The static files, which hold nothing of this
/// machine, are given all the same: the page that refuses is made with them.
fn refuse(request: &ServiceRequest) -> Option<actix_web::HttpResponse> {
    if assets::at(request.path()).is_some() {
        return None;
    }
    let site = request.app_data::<web::Data<Site>>()?;
    let target = request.uri().authority().map(|authority| authority.as_str());
    let error = site.hosts.check(request.headers(), target).err()?;
    Some(respond::error(request.request(), site, &error))
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}
