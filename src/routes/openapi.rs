//! The description of the data for programs (OpenAPI 3.1), embedded in the binary.

use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, ContentType, ETAG, EntityTag, IfNoneMatch, TryIntoHeaderValue,
};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use super::{Site, encoding};
use crate::document::Document;

/// What stands in the file in place of the version.
const VERSION: &str = "0.0.0";

/// And in place of where the site is shown.
const SERVER: &str = "\"servers\": [{\"url\": \"/\"";

/// The document and a hash of it, which names it as long as binary and base path are the same.
#[derive(Debug)]
pub(crate) struct Description {
    document: Document,
    hash: String,
}

impl Description {
    pub(crate) fn new(base: &str) -> Self {
        let url = if base.is_empty() { "/" } else { base };
        let text = include_str!("openapi.json")
            .replacen(VERSION, env!("CARGO_PKG_VERSION"), 1)
            .replacen(SERVER, &format!("\"servers\": [{{\"url\": \"{url}\""), 1);
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = format!("{:016x}", hasher.finish());
        Self { document: Document::new(text), hash }
    }
}

/// The document; who has it already is told that it is the same.
pub(super) async fn document(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    let Description { document, hash } = &site.description;
    // Each form has a name of its own (RFC 9110, 8.8.3.3).
    let forms =
        [EntityTag::new_strong(hash.clone()), EntityTag::new_strong(format!("{hash}-gzip"))];
    let known = match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => {
            tags.iter().any(|tag| forms.iter().any(|form| form.weak_eq(tag)))
        }
        None => false,
    };
    let [plain, packed] = forms;
    let tag = if encoding::takes_gzip(&request) { packed } else { plain };
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-cache"));
    if let Ok(tag) = tag.try_into_value() {
        response.insert_header((ETAG, tag));
    }
    if known {
        return response.finish();
    }
    response.content_type(ContentType::json());
    encoding::document(&request, response, document)
}
