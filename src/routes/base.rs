//! The path below which a proxy shows the site.
//!
//! Links carry it. Requests come with it from a proxy that passes paths as they are, and without it
//! from one that takes it off; both are answered, and below this the site knows nothing of it.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::http::uri::{PathAndQuery, Uri};

/// Takes the base path off a request; `true` where the path was the base itself, without its slash.
pub(super) fn take_off(request: &mut ServiceRequest, base: &str) -> bool {
    if base.is_empty() {
        return false;
    }
    let Some(rest) = request.path().strip_prefix(base) else { return false };
    if !rest.starts_with('/') {
        return rest.is_empty();
    }
    if let Some(uri) = with_path(request.uri(), rest) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    false
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

/// Leads to the dashboard, whose path ends with a slash.
pub(super) fn lead_in(base: &str, query: &str) -> HttpResponse {
    let mark = if query.is_empty() { "" } else { "?" };
    HttpResponse::build(StatusCode::PERMANENT_REDIRECT)
        .insert_header((LOCATION, format!("{base}/{mark}{query}")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn taken_off(base: &str, path: &str) -> (bool, String) {
        let mut request = TestRequest::with_uri(path).to_srv_request();
        let is_base = take_off(&mut request, base);
        assert_eq!(request.match_info().as_str(), request.path());
        (is_base, request.uri().to_string())
    }

    #[test]
    fn the_base_path_is_taken_off_once_and_only_where_it_stands() {
        for (base, path, left) in [
            ("", "/", "/"),
            ("", "/clock/", "/clock/"),
            ("/clock", "/clock/", "/"),
            ("/clock", "/clock/?range=day", "/?range=day"),
            ("/clock", "/clock/sources/a%2Fb?x", "/sources/a%2Fb?x"),
            ("/clock", "/clock/clock/", "/clock/"),
            ("/clock", "/clock//health", "//health"),
            ("/clock", "/health", "/health"),
            ("/clock", "/clocks/", "/clocks/"),
            ("/clock", "/Clock/", "/Clock/"),
            ("/ops/clock", "/ops/clock/health", "/health"),
            ("/ops/clock", "/ops/", "/ops/"),
        ] {
            let given = if path.contains('%') {
                // Only the router decodes.
                let mut request = TestRequest::with_uri(path).to_srv_request();
                (take_off(&mut request, base), request.uri().to_string())
            } else {
                taken_off(base, path)
            };
            assert_eq!(given, (false, left.to_owned()), "{base} {path}");
        }
        assert!(taken_off("/clock", "/clock").0 && taken_off("/clock", "/clock?a").0);
        assert!(!taken_off("/clock", "/").0);
    }

    #[test]
    fn an_address_in_absolute_form_keeps_its_host() {
        let (_, uri) = taken_off("/clock", "http://localhost:8000/clock/health");
        assert_eq!(uri, "http://localhost:8000/health");
    }
}
