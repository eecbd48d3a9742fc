//! One source in depth: what it is, how it stands, and everything that the reports know of it.

mod history;
mod ntp;
mod reach;
mod reports;
mod standing;

use std::net::IpAddr;

use libchrony::{Joined, Snapshot, SourceAddress, SourceMode};
use serde::Serialize;

use crate::country::Country;
use crate::history::SourceWindow;
use crate::view::About;
use crate::view::figure::{Figure, Health};
use crate::view::format::{self, Moment};
use crate::view::selectdata::{Axis, Band};
use crate::view::sources::{self, Ordered, Row, Who};

use history::SourceHistoryView;
use reach::Timeline;
use standing::Standing;

/// The page of one source.
#[derive(Debug, Serialize)]
pub(crate) struct SourcePage {
    title: String,
    version: &'static str,
    /// The query that keeps the range.
    query: String,
    host: String,
    /// Where chronyd answered.
    chronyd: String,
    read_at: Moment,
    row: Row,
    standing: Standing,
    /// The source before and after this one in the tables.
    previous: Option<Who>,
    next: Option<Who>,
    identity: Section,
    sample: Section,
    history: SourceHistoryView,
    reach: Timeline,
    /// What each further report says of it.
    reports: Vec<Section>,
}

/// What one report says of the source, or why it says nothing.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    /// The report, for anchors and classes.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) missing: Option<String>,
    /// What is to be known of all values at once.
    pub(crate) remark: Option<String>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) plot: Option<Plot>,
    pub(crate) tests: Vec<Test>,
}

/// An interval on the axis of all sources.
#[derive(Debug, Serialize)]
pub(crate) struct Plot {
    /// The class in CSS: `chosen`, `combined`, `falseticker` or `rest`.
    pub(crate) class: &'static str,
    pub(crate) axis: Axis,
    pub(crate) band: Band,
    /// The interval in words.
    pub(crate) text: String,
}

/// A test of the last packet.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Test {
    pub(crate) class: &'static str,
    pub(crate) mark: &'static str,
    /// As chronyc names it: a digit or a letter.
    pub(crate) name: &'static str,
    pub(crate) word: &'static str,
    /// What is tested, or what a failure means.
    pub(crate) meaning: &'static str,
}

impl Section {
    fn new(name: &'static str, title: &'static str, figures: Vec<Figure>) -> Self {
        Self { name, title, missing: None, remark: None, figures, plot: None, tests: Vec::new() }
    }

    fn missing(name: &'static str, title: &'static str, why: impl Into<String>) -> Self {
        Self { missing: Some(why.into()), ..Self::new(name, title, Vec::new()) }
    }
}

impl SourcePage {
    /// The page of the source with this id; `None` where there is none. `country` tells where an
    /// address is, where a database was given.
    pub(crate) fn new(
        snapshot: &Snapshot,
        id: &str,
        about: &About,
        country: impl Fn(IpAddr) -> Option<Country>,
    ) -> Option<Self> {
        let all = Ordered::of(snapshot).joined;
        let place = all.iter().position(|joined| joined.source.id == id)?;
        let joined = all.get(place)?;
        let who = |place: usize| all.get(place).map(|joined| Who::of(joined.source));
        let row = sources::row(joined);
        let host = format::plain(&about.host);
        Some(Self {
            title: format!("{}: {} \u{b7} {host}", row.name, row.state.word),
            version: about.version,
            query: about.range.query(),
            host,
            chronyd: format::plain(&snapshot.chronyd.address.to_string()),
            read_at: format::moment(about.read_at),
            standing: standing::standing(joined, snapshot),
            previous: place.checked_sub(1).and_then(who),
            next: who(place + 1),
            identity: identity(joined, &row, country),
            sample: sample(&row),
            history: history::history(snapshot, joined, about, None),
            reach: reach::timeline(joined.source),
            reports: reports::reports(snapshot, joined),
            row,
        })
    }

    /// The same with what was recorded of it, and what is wrong with the history file.
    pub(crate) fn with_history(
        mut self,
        snapshot: &Snapshot,
        about: &About,
        window: Option<&SourceWindow>,
        notice: Option<String>,
    ) -> Self {
        let all = snapshot.joined();
        if let Some(joined) = all.iter().find(|joined| joined.source.id == self.row.id) {
            self.history = history::history(snapshot, joined, about, window);
        }
        self.history.notice = notice.as_deref().map(format::plain);
        self
    }
}

/// Whether a text can be the id of a source at all: libchrony makes them of these characters.
pub(crate) fn may_be_id(text: &str) -> bool {
    let is_one = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-');
    text.len() <= 64 && text.chars().all(is_one) && text.contains(|c: char| c != '.')
}

fn identity(
    joined: &Joined<'_>,
    row: &Row,
    country: impl Fn(IpAddr) -> Option<Country>,
) -> Section {
    let source = joined.source;
    let name = Figure::new(
        "source_name",
        "Name",
        row.address.as_ref().map_or("not known", |_| &row.name),
        "The name that it was configured with, where it has one and chronyd tells it.",
    );
    let address = match source.address {
        SourceAddress::Ip(ip) => ip.to_string(),
        SourceAddress::Refclock(_) => "none".to_owned(),
        SourceAddress::Unresolved(_) => "not resolved yet".to_owned(),
        _ => "unknown".to_owned(),
    };
    let address = Figure::new(
        "source_address",
        "Address",
        address,
        match source.mode {
            SourceMode::Refclock => "A reference clock is attached to this machine.",
            _ => "Where it is asked for the time.",
        },
    );
    let mut figures = vec![name, address, reference_id(joined)];
    figures.push(
        Figure::new(
            "source_mode",
            "Mode",
            row.mode.word,
            "How time comes from it; the mark is chronyc's.",
        )
        .note(row.mode.mark),
    );
    figures.push(
        Figure::new(
            "source_stratum",
            "Stratum",
            row.stratum.clone(),
            "Steps from a reference clock: 0 is one itself, 1 a server that has one attached. Not known before the first answer.",
        )
        .normal("Normal: 0 to 4."),
    );
    figures.push(Figure::new(
        "source_poll",
        "Poll",
        row.poll.clone(),
        "Time between two polls, the requests to it; chronyd chooses it between minpoll and maxpoll.",
    ));
    if let SourceAddress::Ip(ip) = source.address {
        figures.push(country_figure(country(ip)));
    }
    Section::new("identity", "Identity", figures)
}

fn reference_id(joined: &Joined<'_>) -> Figure {
    let id = joined.stats.map(|stats| stats.reference_id);
    let id = id.or_else(|| joined.select.map(|select| select.reference_id));
    let figure = |value: String| {
        Figure::new(
            "source_reference_id",
            "Reference ID",
            value,
            "How NTP names it: a reference clock by letters, an IPv4 address in hexadecimal digits, an IPv6 address by a hash.",
        )
    };
    match (id, joined.source.address) {
        (Some(id), SourceAddress::Refclock(_)) => {
            figure(id.to_string()).note(format!("{:08X}", id.0))
        }
        (Some(id), SourceAddress::Ip(_)) => figure(format!("{:08X}", id.0)),
        _ => figure(String::new()).missing(),
    }
}

fn country_figure(country: Option<Country>) -> Figure {
    let figure = |value: String, meaning| Figure::new("source_country", "Country", value, meaning);
    let given = "Where its address is registered, by the database given with --geoip-db.";
    match country {
        Some(Country::Known { name, code }) => {
            let (name, code) =
                (name.as_deref().map(format::plain), code.as_deref().map(format::plain));
            match (name, code) {
                (Some(name), Some(code)) => figure(name, given).note(code),
                (name, code) => figure(name.or(code).unwrap_or_default(), given),
            }
        }
        Some(Country::Without(why)) => figure(why.to_owned(), given),
        None => figure(
            "not looked up".to_owned(),
            "Shown where second-hand is given a local database: --geoip-db FILE. Nothing is asked over the network.",
        ),
    }
}

/// What the last sample said.
fn sample(row: &Row) -> Section {
    const NAME: (&str, &str) = ("sample", "Last sample");
    let (Some(offset), Some(error), Some(measured)) = (&row.offset, &row.error, &row.measured)
    else {
        let why =
            "There is no sample of this source yet: a sample is an answer that could be used.";
        return Section::missing(NAME.0, NAME.1, why);
    };
    let figures = vec![
        Figure::new(
            "source_last_sample",
            "Last sample",
            row.last_sample.text.clone(),
            "When the last answer that could be used came.",
        )
        .aged(&row.last_sample)
        .normal("Normal: within a few polls."),
        Figure::new(
            "source_offset",
            "Offset",
            offset.clone(),
            "This clock against the source at that sample, less what chronyd has corrected since. + is ahead of the source (fast), \u{2212} is behind it (slow).",
        )
        .normal("Normal: within the error bound."),
        Figure::new(
            "source_error",
            "Error",
            format!("\u{b1} {error}"),
            "The most that this offset can be wrong by, as nobody knows how long each half of the way took.",
        ),
        Figure::new(
            "source_measured",
            "As measured",
            measured.clone(),
            "The same offset before chronyd's corrections since.",
        ),
    ];
    Section::new(NAME.0, NAME.1, figures)
}

/// A figure whose value may be missing.
fn maybe(
    name: &'static str,
    label: &'static str,
    value: Option<String>,
    meaning: &'static str,
) -> Figure {
    match value {
        Some(value) => Figure::new(name, label, value, meaning),
        None => Figure::new(name, label, "not given", meaning).health(Health::Missing),
    }
}

#[cfg(test)]
mod tests;
