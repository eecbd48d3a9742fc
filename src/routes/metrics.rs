//! `/metrics`: the numbers for Prometheus, of a reading made for this request.

use actix_web::http::header::{Accept, CACHE_CONTROL, VARY};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use super::{Site, encoding, nothing_read, read, respond};
use crate::document::Draft;
use crate::exposition::{self, Form, Own};
use crate::process;

/// What chronyd says, or that it says nothing, and what this process says of itself. Also without
/// chronyd this is an answer, or nobody would see why.
pub(super) async fn metrics(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    let reading = match read(&site).await {
        Ok(reading) => reading,
        Err(error) => return respond::error(&request, &site, &error),
    };
    let seen = site.history.seen();
    let own = Own {
        reads: site.tally.reads(),
        failures: site.tally.failures(),
        steps: seen.steps,
        restarts: seen.restarts,
        viewers: site.streams.taken(),
        process: process::now(site.started),
    };
    let form = form(&request);
    page(&request, &site, form, move |text| {
        let (given, clients) = (reading.given(), reading.clients());
        exposition::of_site(given, clients, reading.duration(), &own, form, text);
    })
    .await
}

/// A text for Prometheus, made where pages are.
pub(super) async fn page(
    request: &HttpRequest,
    site: &Site,
    form: Form,
    write: impl FnOnce(&mut Draft) + Send + 'static,
) -> HttpResponse {
    let packed = encoding::takes_gzip(request);
    let made = site.press.make(move || {
        let mut draft = Draft::new(packed);
        write(&mut draft);
        draft.finish()
    });
    let document = match made.await.map_err(nothing_read) {
        Ok(document) => document,
        Err(error) => return respond::error(request, site, &error),
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "accept"))
        .content_type(form.content_type());
    encoding::document(request, response, &document)
}

/// The form that a request takes: OpenMetrics where it is asked for by name, and no less gladly than
/// the classic form (RFC 9110, 12.5.1).
pub(super) fn form(request: &impl HttpMessage) -> Form {
    let Some(Accept(accepted)) = request.get_header::<Accept>() else { return Form::Classic };
    let best = |wanted: &str, version: &str| {
        let fits = accepted.iter().filter(|range| {
            let kind = &range.item;
            let any = kind.get_param("version").is_none_or(|given| given == version);
            kind.essence_str() == wanted && any
        });
        fits.map(|range| range.quality).max()
    };
    let none = actix_web::http::header::Quality::MIN;
    match best("application/openmetrics-text", "1.0.0") {
        Some(open) if open > none && best("text/plain", "0.0.4").is_none_or(|it| open >= it) => {
            Form::OpenMetrics
        }
        _ => Form::Classic,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn openmetrics_is_for_those_who_ask_for_it_by_name() {
        for (accepted, expected) in [
            // Prometheus 2.42, Prometheus 3, one without OpenMetrics.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Form::OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                Form::OpenMetrics,
            ),
            ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", Form::Classic),
            ("application/openmetrics-text", Form::OpenMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", Form::OpenMetrics),
            ("application/openmetrics-text;q=0.2, text/plain", Form::Classic),
            ("text/plain, application/openmetrics-text", Form::OpenMetrics),
            ("application/openmetrics-text;q=0", Form::Classic),
            ("application/openmetrics-text;version=0.0.1", Form::Classic),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Form::Classic),
            ("application/*", Form::Classic),
            ("*/*", Form::Classic),
            ("", Form::Classic),
            ("application/openmetrics-text;;;q=x", Form::Classic),
        ] {
            let request = TestRequest::get().insert_header((ACCEPT, accepted));
            assert_eq!(form(&request.to_http_request()), expected, "{accepted:?}");
        }
        assert_eq!(form(&TestRequest::get().to_http_request()), Form::Classic);
    }
}
