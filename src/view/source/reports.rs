//! What sourcestats, selectdata and authdata say of one source.

use libchrony::{AuthData, AuthMode, Joined, LeapStatus, ReportName, Snapshot, SourceMode};

use super::ntp::measurement;
use super::{Plot, Section, maybe};
use crate::view::absence;
use crate::view::authdata;
use crate::view::figure::{Figure, Health};
use crate::view::format::{self, NEVER};
use crate::view::selectdata;
use crate::view::sources::{Who, is_unresolved};
use crate::view::threshold;

pub(crate) fn reports(snapshot: &Snapshot, joined: &Joined<'_>) -> Vec<Section> {
    vec![
        statistics(snapshot, joined),
        selection(snapshot, joined),
        measurement(snapshot, joined),
        authentication(snapshot, joined),
    ]
}

/// Why a report says nothing of this source: it has no record of such a one, or is not given.
pub(super) fn nothing(snapshot: &Snapshot, joined: &Joined<'_>, report: ReportName) -> String {
    let of_ntp = matches!(report, ReportName::NtpData | ReportName::AuthData);
    if of_ntp && joined.source.mode == SourceMode::Refclock {
        return "It has none: a reference clock is attached to this machine, not asked over the network."
            .to_owned();
    }
    if snapshot.unavailable.contains_key(&report) {
        return absence(Some(snapshot), report);
    }
    if is_unresolved(joined.source) {
        return "There is none before its name has an address.".to_owned();
    }
    "chronyd gives no record of this source.".to_owned()
}

fn statistics(snapshot: &Snapshot, joined: &Joined<'_>) -> Section {
    const NAME: (&str, &str) = ("sourcestats", "Statistics of its samples");
    let Some(stats) = joined.stats else {
        let why = nothing(snapshot, joined, ReportName::SourceStats);
        return Section::missing(NAME.0, NAME.1, why);
    };
    if stats.samples == 0 {
        return Section::missing(NAME.0, NAME.1, "There are no samples of this source yet.");
    }
    let measure = |value: Option<f64>| value.map(format::measure);
    let mut skew = maybe(
        "source_skew",
        "Skew",
        stats.skew.map(format::ppm_measure),
        "How far that frequency may be wrong, in ppm.",
    );
    if let Some(value) = stats.skew {
        skew = skew.judged(value, threshold::SKEW).health(Health::Plain);
    }
    let figures = vec![
        Figure::new(
            "source_samples",
            "Samples",
            format::count(stats.samples),
            "Measurements kept of it.",
        )
        .normal("Normal: 3 or more, which chronyd needs to use it."),
        Figure::new(
            "source_runs",
            "Runs",
            format::count(stats.runs),
            "Stretches of samples in a row on one side of the straight line through all. Few for many samples: the line fits badly.",
        ),
        Figure::new(
            "source_span",
            "Span",
            format::duration(f64::from(stats.span)),
            "Time between the oldest and the newest sample.",
        ),
        maybe(
            "source_frequency",
            "Frequency",
            stats.resid_freq.map(format::ppm),
            "What is left between the rates of the two clocks, in parts per million (ppm). + is this clock running fast.",
        )
        .normal("Normal: near 0."),
        skew,
        maybe(
            "source_estimate",
            "Estimated offset",
            stats.offset.map(format::offset),
            "What all samples together say of this clock. + is ahead of the source, \u{2212} is behind it.",
        ),
        maybe(
            "source_estimate_error",
            "Error",
            measure(stats.offset_err).map(|error| format!("\u{b1} {error}")),
            "The most that this estimate can be wrong by.",
        ),
        maybe(
            "source_std_dev",
            "Standard deviation",
            measure(stats.std_dev),
            "How much its samples scatter around the straight line through them.",
        ),
    ];
    Section::new(NAME.0, NAME.1, figures)
}

fn selection(snapshot: &Snapshot, joined: &Joined<'_>) -> Section {
    const NAME: (&str, &str) = ("selectdata", "Selection");
    let Some(data) = joined.select else {
        let why = nothing(snapshot, joined, ReportName::SelectData);
        return Section::missing(NAME.0, NAME.1, why);
    };
    let (axis, row) = selectdata::one(snapshot, Who::of(joined.source), data);
    let figures = vec![
        Figure::new(
            "source_options",
            "Options",
            row.options.unwrap_or_else(|| "none".to_owned()),
            "Options of its line in chrony.conf that bear on the selection.",
        ),
        Figure::new(
            "source_score",
            "Score",
            row.score,
            "How it did against the chosen source, which has 1.0: above 1 it was better. At 10 it takes its place.",
        ),
        Figure::new(
            "source_leap",
            "Leap second",
            leap(data.leap_status),
            "The leap second that it announces for the end of the month.",
        ),
        maybe(
            "source_interval",
            "Interval",
            row.interval.clone(),
            "Where this clock's offset lies if it is right (+ is ahead of it), as wide as the most it can be wrong by (root distance). Sources whose intervals overlap agree.",
        ),
    ];
    let plot = axis.zip(row.band).zip(row.interval).map(|((axis, band), text)| Plot {
        class: row.class,
        axis,
        band,
        text: format!(
            "{text}; the axis holds the intervals of all sources, the thin line is this clock"
        ),
    });
    let remark = Some(sentence(&row.verdict));
    Section { remark, plot, ..Section::new(NAME.0, NAME.1, figures) }
}

/// A phrase as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}{}", letters.as_str(), if text.ends_with('?') { "" } else { "." })
}

fn leap(status: LeapStatus) -> String {
    match status {
        LeapStatus::Normal => "none".to_owned(),
        LeapStatus::Insert => "insert a second".to_owned(),
        LeapStatus::Delete => "delete a second".to_owned(),
        LeapStatus::Unsynchronised => "not synchronized itself".to_owned(),
        other => format!("unknown ({})", other.code()),
    }
}

fn authentication(snapshot: &Snapshot, joined: &Joined<'_>) -> Section {
    const NAME: (&str, &str) = ("authdata", "Authentication");
    let Some(data) = joined.auth else {
        let why = nothing(snapshot, joined, ReportName::AuthData);
        return Section::missing(NAME.0, NAME.1, why);
    };
    if !data.is_authenticated() {
        return Section::missing(
            NAME.0,
            NAME.1,
            "It is not authenticated, which is usual: whoever controls the network in between could give a wrong time. A server that offers NTS is authenticated by the option nts in chrony.conf.",
        );
    }
    let remark = authdata::trouble(data).as_deref().map(sentence);
    Section { remark, ..Section::new(NAME.0, NAME.1, keys(data)) }
}

fn keys(data: &AuthData) -> Vec<Figure> {
    let row = authdata::row(Who::at(data.address), data);
    let is_nts = data.mode == AuthMode::Nts;
    let mut figures = vec![
        Figure::new("auth_mode", "Method", row.mode, "How its packets are authenticated."),
        Figure::new(
            "auth_key",
            "Key",
            if row.key.is_empty() { "none yet".to_owned() } else { row.key },
            "Kind, length and number of the key; with NTS the number counts the key exchanges.",
        ),
    ];
    if is_nts {
        figures.extend([
            Figure::new(
                "auth_established",
                "Keys established",
                row.established,
                "When keys were last agreed with the server (TCP port 4460).",
            ),
            Figure::new(
                "auth_attempts",
                "Attempts",
                format::count(data.key_establishment_attempts),
                "Attempts to agree on keys since the last success.",
            )
            .normal("Normal: 0."),
            Figure::new(
                "auth_cookies",
                "Cookies",
                row.cookies,
                "Tickets from the server: each request spends one, each answer brings one.",
            )
            .note(format!("{} bytes each", data.cookie_length))
            .normal("Normal: 8 of 8."),
            Figure::new(
                "auth_nak",
                "Refused",
                if data.nak { "yes" } else { NEVER },
                "Whether the server refused the cookies since the last good packet (NAK).",
            ),
        ]);
    }
    figures
}
