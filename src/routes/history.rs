//! The recorded series, for programs.

use std::time::{Duration, SystemTime};

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use libchrony::LeapStatus;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{Site, respond};
use crate::error::{RequestError, shown};
use crate::history::{Change, Chosen, Event, Point, Series};

const MOST_POINTS: usize = 5000;
const MOST_SERIES: usize = 50;
const HOUR: Duration = Duration::from_secs(3600);

const SERIES_HINT: &str = "The series are offset, max_error, frequency, skew, rms_offset, root_delay, root_dispersion and stratum, and of a source sources/ID/offset, error, reach and delay, with its id as in /api/v1/sources; at most 50, separated by commas.";
const TIME_HINT: &str = "Times are in UTC as 2026-11-22T05:00:00Z, a while before now as -1h or -2days, or now; from comes before to.";
const POINTS_HINT: &str = "points is a number from 1 to 5000.";
const QUERY_HINT: &str = "The parameters are series, from, to and points, each at most once.";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    series: Option<String>,
    from: Option<String>,
    to: Option<String>,
    points: Option<String>,
}

/// What is asked for, checked.
struct Asked {
    series: Vec<(String, Series)>,
    from: SystemTime,
    to: SystemTime,
    points: usize,
}

/// The recorded series of a while.
pub(super) async fn history(request: HttpRequest, site: web::Data<Site>) -> HttpResponse {
    match answer(request.query_string(), &site) {
        Ok(answer) => HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer),
        Err(error) => respond::error(&request, &site, &error),
    }
}

fn answer(query: &str, site: &Site) -> Result<Answer, RequestError<'static>> {
    let asked = Asked::new(query, SystemTime::now())?;
    let series: Vec<_> = asked.series.iter().map(|(_, series)| series.clone()).collect();
    let chosen = site.history.chosen(&series, asked.from, asked.to, asked.points);
    let chosen = chosen.map_err(|place| {
        let name = asked.series.get(place).map_or("", |(name, _)| name.as_str());
        bad(format!("the source of the series {name:?} is not known"), SERIES_HINT)
    })?;
    Ok(Answer::new(asked.series, chosen))
}

fn bad(message: String, hint: &'static str) -> RequestError<'static> {
    RequestError::Query { message, hint }
}

impl Asked {
    fn new(query: &str, now: SystemTime) -> Result<Self, RequestError<'static>> {
        let query = web::Query::<Query>::from_query(query)
            .map_err(|error| {
                let why = shown(&error.to_string());
                bad(format!("the query cannot be read: {why}"), QUERY_HINT)
            })?
            .into_inner();
        let time = |name: &str, text: Option<String>| {
            let parse = |text: String| {
                moment(&text, now)
                    .ok_or_else(|| bad(format!("{name} {text:?} is no time"), TIME_HINT))
            };
            text.map(parse).transpose()
        };
        let to = time("to", query.to)?.unwrap_or(now);
        let from = time("from", query.from)?;
        let from = from.unwrap_or_else(|| to.checked_sub(HOUR).unwrap_or(to));
        if from > to {
            return Err(bad("from is later than to".to_owned(), TIME_HINT));
        }
        let points = match query.points {
            None => 300,
            Some(text) => {
                let number = text.parse().ok().filter(|n| (1..=MOST_POINTS).contains(n));
                number.ok_or_else(|| {
                    bad(format!("points {text:?} is no number of points"), POINTS_HINT)
                })?
            }
        };
        Ok(Self { series: named(query.series.as_deref())?, from, to, points })
    }
}

/// The series of a list of names, each once; those of the clock where there is no list.
fn named(names: Option<&str>) -> Result<Vec<(String, Series)>, RequestError<'static>> {
    let Some(names) = names else {
        return Ok(Series::of_clock().map(|(name, series)| (name.to_owned(), series)).collect());
    };
    let mut series: Vec<(String, Series)> = Vec::new();
    for name in names.split(',') {
        let one = Series::from_name(name)
            .ok_or_else(|| bad(format!("there is no series {name:?}"), SERIES_HINT))?;
        if series.iter().all(|(_, other)| *other != one) {
            series.push((name.to_owned(), one));
        }
    }
    if series.len() > MOST_SERIES {
        return Err(bad(format!("{} series are too many", series.len()), SERIES_HINT));
    }
    Ok(series)
}

/// `now`, `-1h`, or a time in UTC.
fn moment(text: &str, now: SystemTime) -> Option<SystemTime> {
    match text.strip_prefix('-') {
        Some(back) => now.checked_sub(humantime::parse_duration(back).ok()?),
        None if text == "now" => Some(now),
        None => humantime::parse_rfc3339(text).ok(),
    }
}

#[derive(Serialize)]
struct Answer {
    from: String,
    to: String,
    /// Seconds.
    step: u32,
    since: Option<String>,
    series: Table,
    events: Vec<Row>,
}

/// The series by their names.
struct Table(Vec<(String, Columns)>);

#[derive(Serialize)]
struct Columns {
    unit: &'static str,
    min: Vec<Option<f32>>,
    mean: Vec<Option<f32>>,
    max: Vec<Option<f32>>,
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, columns) in &self.0 {
            map.serialize_entry(name, columns)?;
        }
        map.end()
    }
}

impl Answer {
    fn new(names: Vec<(String, Series)>, chosen: Chosen) -> Self {
        let columns = |((name, series), points): ((String, Series), Vec<Option<Point>>)| {
            let column = |value: fn(Point) -> f64| {
                #[expect(clippy::cast_possible_truncation, reason = "that many digits are kept")]
                points.iter().map(|point| point.map(|point| value(point) as f32)).collect()
            };
            let min = column(|point| point.min);
            let (mean, max) = (column(|point| point.mean), column(|point| point.max));
            (name, Columns { unit: series.unit(), min, mean, max })
        };
        Self {
            from: text(chosen.from),
            to: text(chosen.to),
            step: chosen.step,
            since: chosen.since.map(text),
            series: Table(names.into_iter().zip(chosen.series).map(columns).collect()),
            events: chosen.events.into_iter().map(Row::new).collect(),
        }
    }
}

fn text(time: SystemTime) -> String {
    humantime::format_rfc3339_nanos(time.max(SystemTime::UNIX_EPOCH)).to_string()
}

#[derive(Serialize)]
struct Row {
    at: String,
    #[serde(flatten)]
    what: What,
}

/// A change, with a word for its kind.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum What {
    Began,
    Selected { before: Option<String>, now: Option<String> },
    Synchronized { now: bool },
    Leap { before: LeapStatus, now: LeapStatus },
    Unreachable { source: String },
    Reachable { source: String },
    Falseticker { source: String, now: bool },
    Added { source: String },
    Removed { source: String },
    Stepped { seconds: f64 },
    Restarted,
    Lost { reason: String },
    Back,
}

impl Row {
    fn new(event: Event) -> Self {
        let what = match event.change {
            Change::Began => What::Began,
            Change::Selected { before, now } => What::Selected { before, now },
            Change::Synchronized(now) => What::Synchronized { now },
            Change::Leap { before, now } => What::Leap { before, now },
            Change::Unreachable { source } => What::Unreachable { source },
            Change::Reachable { source } => What::Reachable { source },
            Change::Falseticker { source, is } => What::Falseticker { source, now: is },
            Change::Added { source } => What::Added { source },
            Change::Removed { source } => What::Removed { source },
            Change::Stepped { seconds } => What::Stepped { seconds },
            Change::Restarted => What::Restarted,
            Change::Lost { reason } => What::Lost { reason },
            Change::Back => What::Back,
        };
        Self { at: text(event.at), what }
    }
}
