//! The page of one source.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use libchrony::{ReportName, Snapshot};

use super::{Site, document, read_for, respond};
use crate::document::Draft;
use crate::error::RequestError;
use crate::reading::Reading;
use crate::view::{Range, STEPS, SourcePage, may_be_id};

/// One source in depth, of a reading made for this request; with `?live=N` of the last sample.
pub(super) async fn source(
    request: HttpRequest,
    site: web::Data<Site>,
    id: web::Path<String>,
) -> HttpResponse {
    // What can be no id is not worth a question to chronyd.
    if !may_be_id(&id) {
        return respond::error(&request, &site, &RequestError::NoSuchSource);
    }
    let (reading, turn) = match read_for(&request, &site).await {
        Ok(reading) => reading,
        Err(error) => return respond::error(&request, &site, &error),
    };
    if let Err(error) = check(&reading, &id) {
        return respond::error(&request, &site, &error);
    }
    let range = Range::from_query(request.query_string());
    let name = range.path(&format!("/sources/{id}"));
    let made = document(&request, &site, &reading, name, move |site, reading, draft| {
        page(site, reading, &id, range, draft)
    })
    .await;
    drop(turn);
    match made {
        Ok(page) => respond::page(&request, StatusCode::OK, &reading, &page),
        Err(error) => respond::error(&request, &site, &error),
    }
}

/// Whether there is such a source, before a place is made for its page.
fn check<'a>(reading: &'a Reading, id: &str) -> Result<(), RequestError<'a>> {
    let snapshot: &Snapshot = reading.data().map_err(RequestError::Chronyd)?;
    if let Some(error) = snapshot.unavailable.get(&ReportName::Sources) {
        return Err(RequestError::Chronyd(error));
    }
    if !snapshot.sources.iter().flatten().any(|source| source.id == id) {
        return Err(RequestError::NoSuchSource);
    }
    Ok(())
}

fn page(
    site: &Site,
    reading: &Reading,
    id: &str,
    range: Range,
    draft: &mut Draft,
) -> Result<(), RequestError<'static>> {
    let snapshot = reading.data().map_err(|_| RequestError::NoSuchSource)?;
    let about = site.about(reading, range);
    let country = |ip| site.countries.as_ref().map(|countries| countries.of(ip));
    let page = SourcePage::new(snapshot, id, &about, country).ok_or(RequestError::NoSuchSource)?;
    let begin = range.begin(reading.at(), site.history.source_since(id));
    let window = site.history.source_window(id, begin, reading.at(), STEPS);
    let page = page.with_history(snapshot, &about, window.as_ref(), site.history.notice());
    Ok(site.renderer.source(&page, draft)?)
}
