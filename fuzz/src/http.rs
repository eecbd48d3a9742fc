//! Requests of any method, path, query and headers to the application in process.
//!
//! Input, in lines: METHOD TARGET, then each header as NAME: VALUE.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use actix_web::test::TestRequest;

use crate::site;

/// Whether an answer may wait for chronyd, or for a place among those who watch.
fn waits(path: &str) -> bool {
    ["/", "/live", "/health/sync"].contains(&path)
        || ["/api/v1/", "/sources/"].iter().any(|folder| path.starts_with(folder))
}

/// See the module.
pub fn run(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let Some(first) = lines.next() else { return };
    let Some(space) = first.iter().position(|byte| *byte == b' ') else { return };
    let (method, target) = (&first[..space], &first[space + 1..]);
    let (Ok(method), Ok(target)) = (Method::from_bytes(method), std::str::from_utf8(target)) else {
        return;
    };
    // What is no URI does not pass actix's parser.
    let Ok(uri) = target.parse::<Uri>() else { return };
    let path = uri.path().to_owned();
    let mut request = TestRequest::with_uri(target).method(method.clone());
    let mut hosts = 0;
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            hosts += usize::from(name == "host");
            request = request.append_header((name, value));
        }
    }

    let for_programs = path == "/live"
        || path == "/api"
        || path.starts_with("/api/")
        || path.starts_with("/health");
    site::with(|site| {
        let answer = site.ask(request, for_programs);
        let reads = method == Method::GET || method == Method::HEAD;
        match answer.status {
            200 => assert!(reads && hosts == 1, "{method} {path}"),
            400 => {}
            404 => assert!(reads && hosts == 1, "{method} {path}"),
            405 => {
                assert!(!reads && hosts == 1, "{method} {path}");
                assert_eq!(
                    answer.headers.get("allow").map(|v| v.as_bytes()),
                    Some(&b"GET, HEAD"[..])
                );
            }
            421 => assert_eq!(hosts, 1, "{method} {path}"),
            // A busy machine's simulated chronyd may answer late.
            503 => assert!(reads && hosts == 1 && waits(&path), "{path}"),
            other => panic!("{method} {path}: {other}: {}", answer.body),
        }
        if for_programs && answer.status != 200 {
            assert!(answer.body.contains("\"error\":{\"kind\":"), "{}", answer.body);
        }
    });
}
