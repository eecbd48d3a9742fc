//! Can this clock be trusted? One sentence, its reason, and what to do.

use std::time::SystemTime;

use libchrony::{Error, LeapStatus, ReportName, Snapshot, SourceState, Tracking};
use serde::Serialize;

use crate::view::cause::cause;
use crate::view::figure::{Figure, Health};
use crate::view::format;
use crate::view::reference::{self, Following, Reference};
use crate::view::step::Step;
use crate::view::threshold;
use crate::view::trouble::trouble;

/// The answer at the top of the page.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) tone: Tone,
    /// The answer in one sentence.
    pub(crate) sentence: String,
    /// The answer in a few words, for the title.
    pub(crate) short: String,
    /// What the answer rests on.
    pub(crate) reason: String,
    /// What else a reader should know.
    pub(crate) notes: Vec<Note>,
    /// What to do next.
    pub(crate) steps: Vec<Step>,
}

/// How the answer sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
    /// chronyd gives no data.
    Unknown,
}

/// One more thing to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Note {
    /// The class in CSS: `warning`, `bad` or `plain`.
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

impl Note {
    fn new(health: Health, text: impl Into<String>) -> Self {
        Self { class: health.class(), text: text.into() }
    }
}

/// The verdict on a reading made at `now`; `judged` are the figures with their health.
pub(crate) fn verdict<'a>(
    reading: Result<&Snapshot, &Error>,
    now: SystemTime,
    judged: impl IntoIterator<Item = &'a Figure>,
) -> Verdict {
    let snapshot = match reading {
        Ok(snapshot) => snapshot,
        Err(error) => return no_data(error),
    };
    let Some(tracking) = &snapshot.tracking else {
        return match snapshot.unavailable.get(&ReportName::Tracking) {
            Some(error) => no_data(error),
            None => unknown(),
        };
    };
    match Following::of(tracking) {
        Following::Source => synchronized(snapshot, tracking, now, judged),
        Following::Itself => itself(snapshot, tracking, now),
        Following::Nothing => unsynchronized(snapshot),
    }
}

fn no_data(error: &Error) -> Verdict {
    let trouble = trouble(error);
    Verdict {
        tone: Tone::Unknown,
        sentence: trouble.sentence.to_owned(),
        short: trouble.short.to_owned(),
        reason: trouble.reason,
        notes: vec![Note::new(
            Health::Plain,
            "Whether this clock is right is not known until chronyd answers.",
        )],
        steps: trouble.steps,
    }
}

fn unknown() -> Verdict {
    Verdict {
        tone: Tone::Unknown,
        sentence: "chronyd does not tell the state of the clock".to_owned(),
        short: "no data".to_owned(),
        reason: "The tracking report is missing.".to_owned(),
        notes: Vec::new(),
        steps: Vec::new(),
    }
}

fn synchronized<'a>(
    snapshot: &Snapshot,
    tracking: &Tracking,
    now: SystemTime,
    judged: impl IntoIterator<Item = &'a Figure>,
) -> Verdict {
    let error = tracking.max_error();
    let bound = format::bound(error);
    let health = threshold::MAX_ERROR.judge(error);
    let mut tone = tone(health);
    let mut notes: Vec<Note> = Vec::new();
    if let Some(passed) = threshold::MAX_ERROR.passed(health) {
        notes.push(Note::new(health, format!("The error bound is large: {passed}.")));
    }
    let age = tracking.ref_time.map(|then| format::age(now, then));
    let freshness = threshold::last_update(reference::poll(snapshot, tracking));
    let stale = age.map_or(Health::Plain, |age| freshness.judge(age));
    tone = tone.max(self::tone(stale));
    if let (Some(passed), Some(age)) = (freshness.passed(stale), age) {
        notes.push(Note::new(stale, stale_text(age, &passed)));
    }
    let no_source =
        snapshot.sources.as_ref().is_some_and(|list| !list.iter().any(|s| s.is_selected()));
    let mut steps = Vec::new();
    if no_source {
        tone = tone.max(Tone::Warning);
        let cause = cause(snapshot);
        notes.push(Note::new(
            Health::Warning,
            format!(
                "No source is selected now, so the clock runs on its last estimate. {}",
                cause.reason
            ),
        ));
        steps = cause.steps;
    }
    for figure in judged {
        let told = matches!(figure.name, "max_error" | "last_update" | "status");
        if figure.health == Health::Bad && !told {
            tone = tone.max(if figure.name == "offset" { Tone::Bad } else { Tone::Warning });
            notes.push(bad_figure(figure));
        }
    }
    notes.extend(leap(tracking, now));
    notes.extend(outvoted(snapshot));
    Verdict {
        tone,
        sentence: match health {
            Health::Good => format!("This clock is right to within {bound}"),
            _ => format!("This clock may be wrong by as much as {bound}"),
        },
        short: match tone {
            Tone::Good => format!("right to within {bound}"),
            _ => format!("check: may be wrong by {bound}"),
        },
        reason: following(&Reference::of(snapshot, tracking), age),
        notes,
        steps,
    }
}

fn tone(health: Health) -> Tone {
    match health {
        Health::Bad => Tone::Bad,
        Health::Warning => Tone::Warning,
        _ => Tone::Good,
    }
}

fn stale_text(age: f64, passed: &str) -> String {
    let age = format::ago(age);
    format!("The last update was {age}, {passed}: the real error may be larger than shown.")
}

fn bad_figure(figure: &Figure) -> Note {
    let normal = figure.normal.as_deref().unwrap_or_default();
    Note::new(Health::Bad, format!("{} is bad: {}. {normal}", figure.label, figure.value))
}

/// `Following time.example.net (stratum 2), checked 12 s ago.`
fn following(reference: &Reference, age: Option<f64>) -> String {
    let checked = age
        .map_or_else(|| "never checked".to_owned(), |age| format!("checked {}", format::ago(age)));
    let name = match reference.detail.as_deref() {
        Some("reference clock") => format!("the reference clock {}", reference.name),
        _ => reference.name.clone(),
    };
    match reference.stratum {
        Some(stratum) => {
            format!("Following {name} (stratum {}), {checked}.", format::count(stratum))
        }
        None => format!("Following {name}, {checked}."),
    }
}

fn itself(snapshot: &Snapshot, tracking: &Tracking, now: SystemTime) -> Verdict {
    let cause = cause(snapshot);
    let stratum = tracking
        .stratum
        .map_or_else(String::new, |stratum| format!(" as stratum {}", format::count(stratum)));
    let mut notes = vec![Note::new(Health::Warning, cause.reason)];
    notes.extend(leap(tracking, now));
    Verdict {
        tone: Tone::Warning,
        sentence: "This clock follows only itself".to_owned(),
        short: "follows only itself".to_owned(),
        reason: format!(
            "chronyd gives out this machine's own time{stratum} (local): that is no agreement with the world, and the true error is not known."
        ),
        notes,
        steps: cause.steps,
    }
}

fn unsynchronized(snapshot: &Snapshot) -> Verdict {
    let cause = cause(snapshot);
    Verdict {
        tone: Tone::Bad,
        sentence: "This clock is not synchronized".to_owned(),
        short: "not synchronized".to_owned(),
        reason: cause.reason,
        notes: Vec::new(),
        steps: cause.steps,
    }
}

/// A leap second that is pending: which way and when.
fn leap(tracking: &Tracking, now: SystemTime) -> Option<Note> {
    let end = format::month_end(now);
    let text = match tracking.leap_status {
        LeapStatus::Insert => format!(
            "A leap second will be inserted at the end of this month: {end} ends with 23:59:60 UTC."
        ),
        LeapStatus::Delete => format!(
            "A leap second will be deleted at the end of this month: {end} ends with 23:59:58 UTC."
        ),
        _ => return None,
    };
    Some(Note::new(Health::Plain, text))
}

/// Sources that were outvoted or do not answer, while others keep the clock right.
fn outvoted(snapshot: &Snapshot) -> Option<Note> {
    let sources = snapshot.sources.as_deref()?;
    let falsetickers =
        sources.iter().filter(|source| source.state == SourceState::Falseticker).count();
    let silent = sources
        .iter()
        .filter(|source| !source.is_reachable() && source.state != SourceState::Falseticker)
        .count();
    let mut parts = Vec::new();
    if falsetickers > 0 {
        let are = if falsetickers == 1 { "is a falseticker" } else { "are falsetickers" };
        parts.push(format!("{falsetickers} {are}"));
    }
    if silent > 0 {
        let does = if silent == 1 { "does not answer" } else { "do not answer" };
        parts.push(format!("{silent} {does}"));
    }
    let all = format::counted(sources.len(), "source", "sources");
    (!parts.is_empty())
        .then(|| Note::new(Health::Warning, format!("Of {all}, {}.", parts.join(" and "))))
}
