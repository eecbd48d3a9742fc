//! The pages for people, and their static files.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::{HttpRequest, HttpResponse, web};

use libchrony::Snapshot;

use super::{Site, document, encoding, read_for, respond};
use crate::assets;
use crate::document::Draft;
use crate::error::RequestError;
use crate::history::Lines;
use crate::reading::Reading;
use crate::view::{MOST_LINES, Page, Range, STEPS};

/// The dashboard, of a reading made for this request; with `?live=N` of the last sample.
pub(super) async fn dashboard(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    let (reading, turn) = match read_for(&request, &site).await {
        Ok(reading) => reading,
        Err(error) => return respond::error(&request, &site, &error),
    };
    let status = match reading.data() {
        Ok(_) => StatusCode::OK,
        Err(error) => RequestError::Chronyd(error).status(),
    };
    let range = Range::from_query(request.query_string());
    let write = move |site: &Site, reading: &Reading, draft: &mut Draft| {
        let begin = range.begin(reading.at(), site.history.since());
        let lines = Lines { first: reading.given().ok().and_then(selected), most: MOST_LINES };
        let window = site.history.window((begin, reading.at()), STEPS, lines);
        let about = site.about(reading, range);
        let page = Page::new(reading.given(), &about, &window);
        let page = page
            .with_clients(reading.clients())
            .with_rates(reading.given().ok(), site.history.rates().as_ref())
            .with_notice(site.history.notice());
        site.renderer.dashboard(&page, draft).map_err(RequestError::Render)
    };
    let made = document(&request, &site, &reading, range.path("/"), write).await;
    drop(turn);
    match made {
        Ok(page) => respond::page(&request, status, &reading, &page),
        Err(error) => respond::error(&request, &site, &error),
    }
}

/// The id of the source that the clock follows.
fn selected(snapshot: &Snapshot) -> Option<&str> {
    let mut sources = snapshot.sources.iter().flatten();
    sources.find(|source| source.is_selected()).map(|source| source.id.as_str())
}

/// A static file; its name changes with its content, so it may be kept for ever.
pub(super) async fn asset(
    request: HttpRequest,
    site: web::Data<Site>,
    file: web::Path<String>,
) -> HttpResponse {
    match assets::find(&file) {
        Some(asset) => {
            let mut response = HttpResponse::Ok();
            response
                .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
                .content_type(asset.content_type);
            if encoding::takes_gzip(&request) {
                response.insert_header((CONTENT_ENCODING, "gzip")).body(asset.gzip)
            } else {
                response.body(asset.body)
            }
        }
        None => respond::error(&request, &site, &RequestError::NotFound),
    }
}
