//! The static files.

use crate::{assert_page, assert_secured, without_chronyd};

#[test]
fn every_file_that_a_page_names_is_there_for_ever() {
    let (_directory, dashboard) = without_chronyd();
    let page = dashboard.get("/").body;
    let paths: Vec<_> = page.split('"').filter(|part| part.starts_with("/static/")).collect();
    assert!(!paths.is_empty(), "{page}");
    for path in paths {
        let file = dashboard.get(path);
        assert_eq!(file.status, 200, "{path}");
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        let expected = match path.rsplit('.').next() {
            Some("css") => "text/css",
            Some("js") => "text/javascript",
            Some("svg") => "image/svg+xml",
            other => panic!("no type for {other:?}"),
        };
        assert!(file.header("content-type").starts_with(expected), "{path}");
        assert_secured(&file);
        let head = dashboard.head(path);
        assert_eq!(head.header("content-length"), file.body.len().to_string(), "{path}");
    }
}

#[test]
fn no_path_leads_out_of_the_static_files() {
    let (_directory, dashboard) = without_chronyd();
    for path in [
        "/static/",
        "/static",
        "/static/page.css",
        "/static/../Cargo.toml",
        "/static/%2e%2e/Cargo.toml",
        "/static/..%2fCargo.toml",
        "/static/..%5cCargo.toml",
        "/static/%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/%00",
        "/static/%ff",
    ] {
        assert_page(&dashboard.get(path), 404);
    }
}
