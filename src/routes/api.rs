//! The data for programs: typed reports as JSON, as they are.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use libchrony::{ErrorKind, ReportName, Snapshot, Tracking};
use serde::Serialize;

use super::{Site, encoding, read, read_of, respond};
use crate::error::RequestError;
use crate::reports::Reports;
use crate::view::{Standing, Summary};

#[derive(Serialize)]
struct Health {
    status: &'static str,
    /// `None` where others log in: strangers are told no more than that it serves.
    version: Option<&'static str>,
}

/// Whether the process serves; chronyd is not asked.
pub(super) async fn health(site: web::Data<Site>) -> HttpResponse {
    let version = site.logins.is_none().then_some(env!("CARGO_PKG_VERSION"));
    json(&Health { status: "healthy", version })
}

/// What `second-hand check` says with the same limits, for those who ask over HTTP.
#[derive(Serialize)]
struct Sync {
    status: &'static str,
    reason: String,
    /// Whether the clock follows anything; `None` where chronyd does not say.
    synchronized: Option<bool>,
    /// The bound of the clock's error, seconds; `None` while it follows nothing.
    max_error: Option<f64>,
    stratum: Option<u8>,
}

/// Whether the clock is synchronized and within the limits of `second-hand check`.
pub(super) async fn sync(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    let reading = match read_of(&site, Reports::of_verdict()).await {
        Ok(reading) => reading,
        Err(error) => return respond::error(&request, &site, &error),
    };
    let summary = Summary::new(reading.given(), reading.at(), &site.limits);
    let (code, status) = match summary.standing {
        Standing::Ok => (StatusCode::OK, "ok"),
        Standing::Warning => (StatusCode::OK, "warning"),
        Standing::Critical => (StatusCode::SERVICE_UNAVAILABLE, "critical"),
        Standing::Unknown => (StatusCode::SERVICE_UNAVAILABLE, "unknown"),
    };
    let tracking = reading.given().ok().and_then(|snapshot| snapshot.tracking.as_ref());
    let synchronized = tracking.map(Tracking::is_synchronized);
    let followed = tracking.filter(|tracking| tracking.is_synchronized());
    let body = Sync {
        status,
        reason: summary.reason,
        synchronized,
        max_error: followed.map(Tracking::max_error),
        stratum: followed.and_then(|tracking| tracking.stratum),
    };
    HttpResponse::build(code).insert_header((CACHE_CONTROL, "no-store")).json(body)
}

/// All reports.
pub(super) async fn snapshot(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    match read(&site).await {
        Ok(reading) => match reading.data() {
            Ok(_) => {
                let mut response = HttpResponse::build(StatusCode::OK);
                response
                    .insert_header((CACHE_CONTROL, "no-store"))
                    .content_type(ContentType::json());
                encoding::document(&request, response, &respond::snapshot(&reading))
            }
            Err(error) => respond::error(&request, &site, &RequestError::Chronyd(error)),
        },
        Err(error) => respond::error(&request, &site, &error),
    }
}

/// One report.
pub(super) async fn report(
    request: HttpRequest,
    site: web::Data<Site>,
    name: web::Path<String>,
) -> HttpResponse {
    let report = ReportName::from_name(&name).filter(|report| ReportName::ALL.contains(report));
    let Some(report) = report else {
        return respond::error(&request, &site, &RequestError::NoSuchReport);
    };
    let reading = match read_of(&site, Reports::of(report)).await {
        Ok(reading) => reading,
        Err(error) => return respond::error(&request, &site, &error),
    };
    let given = reading.given().map_err(RequestError::Chronyd);
    match given.and_then(|snapshot| one(snapshot, report)) {
        Ok(response) => response,
        Err(error) => respond::error(&request, &site, &error),
    }
}

/// Who asks chronyd for time, as far as its table was read.
pub(super) async fn clients(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    let reading = match read_of(&site, Reports::of_clients()).await {
        Ok(reading) => reading,
        Err(error) => return respond::error(&request, &site, &error),
    };
    match reading.given().and_then(|_| reading.clients().transpose()) {
        Ok(Some(clients)) => json(clients),
        Ok(None) => respond::error(&request, &site, &RequestError::NoSuchReport),
        Err(error) => respond::error(&request, &site, &RequestError::Chronyd(error)),
    }
}

/// The part of a snapshot that is this report.
fn one(snapshot: &Snapshot, report: ReportName) -> Result<HttpResponse, RequestError<'_>> {
    let part = match report {
        ReportName::Tracking => snapshot.tracking.as_ref().map(json),
        ReportName::Sources => snapshot.sources.as_ref().map(json),
        ReportName::SourceStats => snapshot.sourcestats.as_ref().map(json),
        ReportName::SelectData => snapshot.selectdata.as_ref().map(json),
        ReportName::Activity => snapshot.activity.as_ref().map(json),
        ReportName::AuthData => snapshot.authdata.as_ref().map(json),
        ReportName::NtpData => snapshot.ntpdata.as_ref().map(json),
        ReportName::ServerStats => snapshot.serverstats.as_ref().map(json),
        ReportName::RtcData => snapshot.rtcdata.as_ref().map(json),
        ReportName::Smoothing => snapshot.smoothing.as_ref().map(json),
        _ => None,
    };
    match (part, snapshot.unavailable.get(&report)) {
        (Some(part), _) => Ok(part),
        // No RTC tracking is an ordinary state.
        (None, Some(error))
            if report == ReportName::RtcData && error.kind() == ErrorKind::Disabled =>
        {
            Ok(json(&None::<()>))
        }
        (None, Some(error)) => Err(RequestError::Chronyd(error)),
        (None, None) => Err(RequestError::NoSuchReport),
    }
}

fn json(data: &impl Serialize) -> HttpResponse {
    HttpResponse::build(StatusCode::OK).insert_header((CACHE_CONTROL, "no-store")).json(data)
}
