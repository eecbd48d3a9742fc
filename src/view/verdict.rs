//! Can this clock be trusted? One sentence, its reason, and what to do.

use std::time::SystemTime;

use libchrony::{Error, LeapStatus, ReportName, Snapshot, SourceState, Tracking};
use serde::Serialize;

use crate::view::cause::cause;
use crate::view::doctor::{self, Check};
use crate::view::figure::{Figure, Health};
use crate::view::format::{self, Age};
use crate::view::quorum::Quorum;
use crate::view::reference::{self, Following, Reference};
use crate::view::step::Step;
use crate::view::threshold::{self, Limits};
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
    /// The same in parts, where it tells an age.
    pub(crate) counting: Option<Counting>,
    /// What else a reader should know.
    pub(crate) notes: Vec<Note>,
    /// What to do next.
    pub(crate) steps: Vec<Step>,
}

/// A sentence that tells an age, which counts on while the page is open.
#[derive(Debug, Serialize)]
pub(crate) struct Counting {
    before: String,
    age: Age,
    after: &'static str,
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

/// The verdict on a reading made at `now`; `judged` are the figures whose health counts too.
pub(crate) fn verdict<'a>(
    reading: Result<&Snapshot, &Error>,
    now: SystemTime,
    limits: &Limits,
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
        Following::Source => synchronized(snapshot, tracking, now, limits, judged),
        Following::Itself => itself(snapshot, tracking, now, limits),
        Following::Nothing => unsynchronized(snapshot),
    }
    .held_against(snapshot, limits)
}

impl Verdict {
    /// The same where as many sources answer as must; else bad, and the number in a note.
    fn held_against(mut self, snapshot: &Snapshot, limits: &Limits) -> Self {
        let Some(quorum) = Quorum::of(snapshot, limits) else { return self };
        let health = quorum.health();
        if health != Health::Good {
            self.tone = self.tone.max(tone(health));
            self.notes.push(Note::new(health, quorum.reason()));
        }
        self
    }
}

fn no_data(error: &Error) -> Verdict {
    let trouble = trouble(error);
    Verdict {
        tone: Tone::Unknown,
        sentence: trouble.sentence.to_owned(),
        short: trouble.short.to_owned(),
        reason: trouble.reason,
        counting: None,
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
        counting: None,
        notes: Vec::new(),
        steps: Vec::new(),
    }
}

fn synchronized<'a>(
    snapshot: &Snapshot,
    tracking: &Tracking,
    now: SystemTime,
    limits: &Limits,
    judged: impl IntoIterator<Item = &'a Figure>,
) -> Verdict {
    let error = tracking.max_error();
    let bound = format::bound(error);
    let health = limits.max_error.judge(error);
    let mut tone = tone(health);
    let mut notes: Vec<Note> = Vec::new();
    if let Some(passed) = limits.max_error.passed(health) {
        notes.push(Note::new(health, format!("The error bound is large: {passed}.")));
    }
    let age = tracking.ref_time.map(|then| format::age(now, then));
    let freshness = threshold::last_update(reference::poll(snapshot, tracking));
    let stale = age.map_or(Health::Plain, |age| freshness.judge(age));
    tone = tone.max(self::tone(stale));
    if let (Some(passed), Some(age)) = (freshness.passed(stale), age) {
        notes.push(Note::new(stale, stale_text(age, &passed)));
    }
    if let Some(note) = high_stratum(tracking, limits) {
        tone = Tone::Bad;
        notes.push(note);
    }
    let mut steps = Vec::new();
    if reference::is_lost(snapshot) {
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
    let bad: Vec<_> = judged
        .into_iter()
        .filter(|figure| figure.health == Health::Bad)
        .filter(|figure| !matches!(figure.name, "max_error" | "last_update" | "status"))
        .collect();
    if !bad.is_empty() {
        let is_offset = bad.iter().any(|figure| figure.name == "offset");
        tone = tone.max(if is_offset { Tone::Bad } else { Tone::Warning });
        notes.push(bad_figures(&bad));
    }
    // A check that failed and a verdict that is good would contradict each other.
    if doctor::checks(Ok(snapshot), now, limits).iter().any(Check::has_failed) {
        tone = tone.max(Tone::Warning);
    }
    notes.extend(leap(tracking, now));
    notes.extend(outvoted(snapshot));
    let counting = following(&Reference::of(snapshot, tracking), age);
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
        reason: counting.text(),
        counting: Some(counting),
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

/// `Far from normal: offset −250.0 ms, skew 9.000 ppm.`
fn bad_figures(bad: &[&Figure]) -> Note {
    let named = |figure: &&Figure| {
        let label = match figure.label {
            "RMS offset" => figure.label.to_owned(),
            label => label.to_lowercase(),
        };
        format!("{label} {}", figure.value)
    };
    let list: Vec<_> = bad.iter().map(named).collect();
    Note::new(Health::Bad, format!("Far from normal: {}.", list.join(", ")))
}

/// `Following time.example.net (stratum 2), checked 12 s ago.`
fn following(reference: &Reference, age: Option<f64>) -> Counting {
    let name = match reference.detail.as_deref() {
        Some("reference clock") => format!("the reference clock {}", reference.name),
        _ => reference.name.clone(),
    };
    let stratum = reference
        .stratum
        .map_or_else(String::new, |stratum| format!(" (stratum {})", format::count(stratum)));
    let (checked, after) = if age.is_some() { ("checked ", ".") } else { ("", " checked.") };
    let before = format!("Following {name}{stratum}, {checked}");
    Counting { before, age: format::aged(age), after }
}

impl Counting {
    fn text(&self) -> String {
        format!("{}{}{}", self.before, self.age.text, self.after)
    }
}

fn itself(snapshot: &Snapshot, tracking: &Tracking, now: SystemTime, limits: &Limits) -> Verdict {
    let cause = cause(snapshot);
    let stratum = tracking
        .stratum
        .map_or_else(String::new, |stratum| format!(" as stratum {}", format::count(stratum)));
    let mut notes = vec![Note::new(Health::Warning, cause.reason)];
    let high = high_stratum(tracking, limits);
    let tone = if high.is_some() { Tone::Bad } else { Tone::Warning };
    notes.extend(high);
    notes.extend(leap(tracking, now));
    Verdict {
        tone,
        sentence: "This clock follows only itself".to_owned(),
        short: "follows only itself".to_owned(),
        reason: format!(
            "chronyd gives out this machine's own time{stratum} (local): that is no agreement with the world, and the true error is not known."
        ),
        counting: None,
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
        counting: None,
        notes: Vec::new(),
        steps: cause.steps,
    }
}

/// A stratum above the limit.
fn high_stratum(tracking: &Tracking, limits: &Limits) -> Option<Note> {
    let (stratum, most) = (tracking.stratum?, limits.max_stratum?);
    (stratum > most).then(|| {
        Note::new(Health::Bad, format!("The stratum, {stratum}, is above the limit, {most}."))
    })
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
        let are = if falsetickers == 1 {
            "is a falseticker (outvoted as wrong)"
        } else {
            "are falsetickers (outvoted as wrong)"
        };
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use libchrony::testing::{
        Address, Scenario, Source as Simulated, Time, Tracking as Simulation,
    };

    use super::*;
    use crate::view::samples::{about, denied, not_running, read};
    use crate::view::{boxes, tracking};

    fn of(snapshot: &Snapshot) -> Verdict {
        let now = about().read_at;
        let boxes = boxes::boxes(Some(snapshot), now);
        let tracking = tracking::tracking(Some(snapshot));
        verdict(Ok(snapshot), now, &Limits::PAGE, boxes.iter().chain(&tracking.figures))
    }

    fn changed(change: impl FnOnce(&mut Simulation)) -> Verdict {
        let mut scenario = Scenario::synchronized();
        change(&mut scenario.tracking);
        of(&read(scenario))
    }

    fn notes(verdict: &Verdict) -> String {
        verdict.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn synchronized_says_how_right_by_whom_and_when() {
        let verdict = changed(|tracking| {
            tracking.current_correction = 0.000_2;
            tracking.root_dispersion = 0.000_7;
            tracking.root_delay = 0.001;
            tracking.reference_time = Time::seconds_ago(12);
        });
        assert_eq!(verdict.tone, Tone::Good);
        assert_eq!(verdict.sentence, "This clock is right to within 1.4 ms");
        assert_eq!(verdict.short, "right to within 1.4 ms");
        assert_eq!(verdict.reason, "Following a.time.example.net (stratum 2), checked 12 s ago.");
        assert!(verdict.notes.is_empty() && verdict.steps.is_empty());
    }

    #[test]
    fn the_source_is_called_by_its_name() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sources.as_mut().unwrap()[0].name = Some("time.example.net".to_owned());
        assert!(
            of(&snapshot).reason.starts_with("Following time.example.net (stratum 2), checked")
        );
        let clock = of(&read(Scenario::gps_and_pps()));
        assert!(clock.reason.starts_with("Following the reference clock PPS (stratum 0)"));
    }

    #[test]
    fn a_large_error_bound_changes_sentence_and_tone() {
        let verdict = changed(|tracking| tracking.root_dispersion = 0.060);
        assert_eq!(verdict.tone, Tone::Warning);
        assert!(verdict.sentence.starts_with("This clock may be wrong by as much as"));
        assert!(notes(&verdict).contains("The error bound is large: above 45 ms."));
        let verdict = changed(|tracking| tracking.root_dispersion = 0.300);
        assert_eq!(verdict.tone, Tone::Bad);
        assert!(verdict.short.starts_with("check: "));
    }

    #[test]
    fn a_stale_reference_is_a_warning_in_words() {
        let verdict = changed(|tracking| tracking.reference_time = Time::seconds_ago(600));
        assert_eq!(verdict.tone, Tone::Warning);
        assert!(notes(&verdict).contains("The last update was 10 m ago, above 8 m 32 s"));
        let verdict = changed(|tracking| tracking.reference_time = Time::seconds_ago(7_200));
        assert_eq!(verdict.tone, Tone::Bad);
    }

    #[test]
    fn a_bad_value_shows_in_the_verdict() {
        let verdict = changed(|tracking| tracking.skew = 9.0);
        assert_eq!(verdict.tone, Tone::Warning);
        assert_eq!(notes(&verdict), "Far from normal: skew 9.000 ppm.");
        let verdict = changed(|tracking| tracking.current_correction = -0.12);
        assert_eq!(verdict.tone, Tone::Bad);
        assert!(notes(&verdict).contains("offset \u{2212}120.0 ms"));
        let verdict = changed(|tracking| tracking.skew = 2.0);
        assert_eq!((verdict.tone, notes(&verdict)), (Tone::Good, String::new()));
    }

    #[test]
    fn a_clock_that_lost_its_sources_says_why() {
        let mut scenario = Scenario::synchronized();
        for source in &mut scenario.sources {
            source.state = Simulated::NONSELECTABLE;
            source.reachability = 0;
        }
        let verdict = of(&read(scenario));
        assert_eq!(verdict.tone, Tone::Warning);
        assert!(notes(&verdict).contains("No source is selected now"));
        assert!(notes(&verdict).contains("No source is reachable"));
        assert!(!verdict.steps.is_empty());
    }

    #[test]
    fn outvoted_and_silent_sources_are_named_without_alarm() {
        let mut scenario = Scenario::falseticker();
        scenario.sources.push(Simulated::unreachable(Address::V4([192, 0, 2, 99].into())));
        let verdict = of(&read(scenario));
        assert_eq!(verdict.tone, Tone::Good);
        assert_eq!(
            notes(&verdict),
            "Of 5 sources, 1 is a falseticker (outvoted as wrong) and 1 does not answer."
        );
    }

    #[test]
    fn local_says_that_it_is_no_agreement_with_the_world() {
        let verdict = of(&read(Scenario::local()));
        assert_eq!(verdict.tone, Tone::Warning);
        assert_eq!(verdict.sentence, "This clock follows only itself");
        assert!(verdict.reason.contains("stratum 10") && verdict.reason.contains("no agreement"));
        assert!(notes(&verdict).contains("No sources are configured"));
    }

    #[test]
    fn not_synchronized_gives_cause_and_next_step() {
        let verdict = of(&read(Scenario::no_sources()));
        assert_eq!(verdict.tone, Tone::Bad);
        assert_eq!(verdict.sentence, "This clock is not synchronized");
        assert!(verdict.reason.contains("No sources are configured"));
        assert!(!verdict.steps.is_empty());
    }

    #[test]
    fn a_leap_second_says_which_way_and_when() {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_235_456);
        let leap = |scenario| {
            let snapshot = read(scenario);
            leap(snapshot.tracking.as_ref().unwrap(), now).unwrap().text
        };
        let insert = leap(Scenario::leap_insert());
        assert!(
            insert.contains("inserted") && insert.contains("2026-11-30 ends with 23:59:60 UTC")
        );
        let delete = leap(Scenario::leap_delete());
        assert!(delete.contains("deleted") && delete.contains("2026-11-30 ends with 23:59:58 UTC"));
        assert!(notes(&of(&read(Scenario::leap_insert()))).contains("leap second"));
        assert_eq!(of(&read(Scenario::leap_insert())).tone, Tone::Good);
    }

    #[test]
    fn no_data_is_neither_right_nor_wrong() {
        for error in [not_running(), denied()] {
            let verdict = verdict(Err(&error), SystemTime::now(), &Limits::PAGE, []);
            assert_eq!(verdict.tone, Tone::Unknown);
            assert!(verdict.sentence.starts_with("Connection failed"));
            assert!(!verdict.steps.is_empty());
        }
    }

    #[test]
    fn a_reading_without_tracking_does_not_guess() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.tracking = None;
        assert_eq!(of(&snapshot).tone, Tone::Unknown);
    }
}
