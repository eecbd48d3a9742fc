//! Responses: HTML for people, JSON under /api.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, ContentType, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use tracing::error;

use super::{Site, encoding};
use crate::document::{Document, Draft};
use crate::error::RequestError;
use crate::reading::Reading;
use crate::view::Problem;

pub(super) fn html(status: StatusCode, body: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(ContentType::html())
        .body(body)
}

/// How old the reading of a page is, seconds: its ages count on from there.
const READING_AGE: HeaderName = HeaderName::from_static("reading-age");

/// A page of a reading.
pub(super) fn page(
    request: &HttpRequest,
    status: StatusCode,
    reading: &Reading,
    page: &Document,
) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((READING_AGE, format!("{:.3}", reading.age().as_secs_f64())))
        .content_type(ContentType::html());
    encoding::document(request, response, page)
}

/// All reports of a reading as JSON, or the error in their place; made once for all who take it.
pub(super) fn snapshot(reading: &Reading) -> Arc<Document> {
    let write = |draft: &mut Draft| match reading.data() {
        Ok(snapshot) => serde_json::to_writer(draft, snapshot),
        Err(error) => {
            serde_json::to_writer(draft, &Failure::new(&RequestError::Chronyd(error), ""))
        }
    };
    // Events of a stream take it as it is.
    let draft = Draft::new(false);
    // Their keys are text, and writing to memory does not fail.
    reading
        .document("/api/v1/snapshot", draft, write)
        .unwrap_or_else(|_| Arc::new(Document::new("null")))
}

#[derive(Serialize)]
struct Failure<'a> {
    error: Words<'a>,
}

#[derive(Serialize)]
struct Words<'a> {
    kind: &'a str,
    message: String,
    hint: String,
}

impl<'a> Failure<'a> {
    fn new(problem: &'a RequestError<'_>, base: &str) -> Self {
        let (kind, message) = (problem.kind(), problem.to_string());
        Self { error: Words { kind, message, hint: hint(problem, base) } }
    }
}

/// What a request gets in place of what it asked for.
pub(super) fn error(
    request: &HttpRequest,
    site: &Site,
    problem: &RequestError<'_>,
) -> HttpResponse {
    let status = problem.status();
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        error!(?problem, "a request failed");
    }
    let mut response = if is_for_programs(request.path()) {
        let body = Failure::new(problem, &site.base);
        HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
    } else {
        let page = Problem {
            status: status.as_u16(),
            title: problem.title().to_owned(),
            text: sentence(&problem.to_string()),
            hint: hint(problem, &site.base),
        };
        match site.renderer.problem(&page) {
            Ok(body) => html(status, body),
            // Where even this page cannot be made, its words are still worth sending.
            Err(_) => HttpResponse::build(status)
                .insert_header((CACHE_CONTROL, "no-store"))
                .content_type(ContentType::plaintext())
                .body(format!("{} {}\n", page.text, page.hint)),
        }
    };
    if matches!(problem, RequestError::TooManyLogins) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    if status == StatusCode::UNAUTHORIZED {
        for challenge in site.logins.iter().flat_map(|logins| logins.challenges()) {
            response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if matches!(problem, RequestError::Busy | RequestError::TooManyProbes) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

fn is_for_programs(path: &str) -> bool {
    path == "/live"
        || path == "/probe"
        || path == "/metrics"
        || path == "/api"
        || path.starts_with("/api/")
        || path.starts_with("/health")
}

/// What to do next, with the paths of this site.
fn hint(problem: &RequestError<'_>, base: &str) -> String {
    match problem {
        // Nothing of ours stands in chronyd's words.
        RequestError::Chronyd(_) => problem.hint().to_owned(),
        _ => problem.hint().replace("{base}", base),
    }
}

/// An error's line as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).chain(['.']).collect()
}
