//! Another machine's metrics, as programs that ask many targets want them: `/probe?target=ADDRESS`.

use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::warn;

use super::{Site, metrics, respond};
use crate::error::{RequestError, shown};
use crate::exposition;
use crate::probe::{NoProbe, Target};

/// How long Prometheus says that it waits, seconds.
const SCRAPE_TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";
/// How long it waits where it does not say so.
const USUAL: Duration = Duration::from_secs(10);
/// The longest that a probe waits, whatever is asked for.
const LONGEST: Duration = Duration::from_secs(30);
/// The answer has to travel, so it is given so much before the other side gives up, or a fifth of the time.
const MARGIN: Duration = Duration::from_millis(500);

const TARGET_HINT: &str = "Name one machine, as /probe?target=192.0.2.1, [2001:db8::1] or a host name, with :PORT where its chronyd has another than 323.";

pub(super) async fn probe(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    let Some(prober) = &site.prober else {
        return respond::error(&request, &site, &RequestError::NoProbes);
    };
    let target = match target(request.query_string()) {
        Ok(target) => target,
        Err(error) => return respond::error(&request, &site, &error),
    };
    match prober.probe(&target, limit(request.headers())).await {
        Ok(reading) => {
            let form = metrics::form(&request);
            metrics::page(&request, &site, form, move |text| {
                let (given, clients) = (reading.given(), reading.clients());
                exposition::of_snapshot(given, clients, reading.duration(), form, text);
            })
            .await
        }
        Err(NoProbe::NotAllowed) => {
            let target = target.to_string();
            let peer = request.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
            warn!(%target, %peer, "a probe of a machine that may not be asked");
            respond::error(&request, &site, &RequestError::NotProbed(target))
        }
        Err(NoProbe::Busy) => respond::error(&request, &site, &RequestError::TooManyProbes),
        Err(NoProbe::Interrupted) => respond::error(&request, &site, &RequestError::Interrupted),
    }
}

/// The one target of a query; parameters of other names say nothing to this server.
fn target(query: &str) -> Result<Target, RequestError<'static>> {
    let bad = |message| RequestError::Query { message, hint: TARGET_HINT };
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| bad("the query cannot be read".to_owned()))?;
    let mut targets = pairs.iter().filter(|(name, _)| name == "target").map(|(_, text)| text);
    match (targets.next(), targets.next()) {
        (Some(text), None) => Target::parse(text).map_err(|why| {
            // A long text says no more than its beginning.
            let text: String = text.chars().take(100).collect();
            bad(format!("the target \"{}\" cannot be asked: {why}", shown(&text)))
        }),
        (None, _) => Err(bad("the query names no target".to_owned())),
        (Some(_), Some(_)) => Err(bad("the query names more than one target".to_owned())),
    }
}

/// How long a probe may take, so that its answer comes while it is waited for.
fn limit(headers: &HeaderMap) -> Duration {
    let told = headers
        .get(SCRAPE_TIMEOUT)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|told| !told.is_zero());
    let waits = told.unwrap_or(USUAL).min(LONGEST);
    waits.saturating_sub(MARGIN.min(waits / 5))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn waits(told: Option<&str>) -> f64 {
        let mut headers = HeaderMap::new();
        if let Some(told) = told {
            let value = HeaderValue::from_str(told).unwrap();
            headers.insert(HeaderName::from_static(SCRAPE_TIMEOUT), value);
        }
        limit(&headers).as_secs_f64()
    }

    #[test]
    fn a_probe_ends_a_little_before_prometheus_gives_up() {
        assert!((waits(Some("15")) - 14.5).abs() < 1e-9);
        assert!((waits(Some("5.000000")) - 4.5).abs() < 1e-9);
        assert!((waits(Some("0.5")) - 0.4).abs() < 1e-9);
        assert!((waits(None) - 9.5).abs() < 1e-9);
    }

    #[test]
    fn what_prometheus_says_is_capped_and_nonsense_counts_as_nothing() {
        assert!((waits(Some("86400")) - 29.5).abs() < 1e-9);
        for nonsense in ["", "0", "-1", "NaN", "inf", "1e400", "ten", "1s"] {
            assert!((waits(Some(nonsense)) - 9.5).abs() < 1e-9, "{nonsense}");
        }
    }

    #[test]
    fn the_query_names_one_target_beside_whatever_else() {
        let named = |query| target(query).map(|target| target.to_string()).ok();
        assert_eq!(named("target=192.0.2.1").as_deref(), Some("192.0.2.1:323"));
        assert_eq!(named("module=x&target=%5B::1%5D%3A11323").as_deref(), Some("[::1]:11323"));
        for query in ["", "target", "target=", "targets=a", "target=a&target=a", "target=%00"] {
            assert_eq!(named(query), None, "{query}");
        }
    }

    #[test]
    fn a_refusal_shows_no_more_of_a_target_than_its_beginning_escaped() {
        let error = target(&format!("target=%1b{}", "x".repeat(100_000))).unwrap_err();
        let text = error.to_string();
        assert!(text.len() < 250 && text.contains(r"\u{1b}xxx"), "{text}");
    }
}
