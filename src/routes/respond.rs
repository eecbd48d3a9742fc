//! Responses: HTML for people, JSON under /api.

use actix_web::body::MessageBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, ContentType};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use tracing::error;

use super::Site;
use crate::error::RequestError;
use crate::view::Problem;

pub(super) fn html(status: StatusCode, body: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(ContentType::html())
        .body(body)
}

#[derive(Serialize)]
struct Failure<'a> {
    error: Words<'a>,
}

#[derive(Serialize)]
struct Words<'a> {
    kind: &'a str,
    message: String,
    hint: &'a str,
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
        let (kind, message, hint) = (problem.kind(), problem.to_string(), problem.hint());
        let body = Failure { error: Words { kind, message, hint } };
        HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
    } else {
        let page = Problem {
            status: status.as_u16(),
            title: problem.title().to_owned(),
            text: sentence(&problem.to_string()),
            hint: problem.hint().to_owned(),
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
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let methods = actix_web::http::header::HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

fn is_for_programs(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || path.starts_with("/health")
}

/// An error's line as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).chain(['.']).collect()
}
