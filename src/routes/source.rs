//! The page of one source.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use libchrony::{ReportName, Snapshot};

use super::{Site, read, respond};
use crate::error::RequestError;
use crate::reading::Reading;
use crate::view::{About, SourcePage, may_be_id};

/// One source in depth, of a reading made for this request.
pub(super) async fn source(
    request: HttpRequest,
    site: web::Data<Site>,
    id: web::Path<String>,
) -> HttpResponse {
    // What can be no id is not worth a question to chronyd.
    if !may_be_id(&id) {
        return respond::error(&request, &site, &RequestError::NoSuchSource);
    }
    let reading = match read(&site).await {
        Ok(reading) => reading,
        Err(error) => return respond::error(&request, &site, &error),
    };
    match page(&site, &reading, &id) {
        Ok(html) => respond::html(StatusCode::OK, html),
        Err(error) => respond::error(&request, &site, &error),
    }
}

fn page<'a>(site: &Site, reading: &'a Reading, id: &str) -> Result<String, RequestError<'a>> {
    let snapshot: &Snapshot = reading.data().map_err(RequestError::Chronyd)?;
    if let Some(error) = snapshot.unavailable.get(&ReportName::Sources) {
        return Err(RequestError::Chronyd(error));
    }
    let about = About {
        host: site.machine.clone(),
        address: site.chronyd.clone(),
        version: env!("CARGO_PKG_VERSION"),
        read_at: reading.at(),
    };
    let country = |ip| site.countries.as_ref().map(|countries| countries.of(ip));
    let page = SourcePage::new(snapshot, id, &about, country).ok_or(RequestError::NoSuchSource)?;
    Ok(site.renderer.source(&page)?)
}
