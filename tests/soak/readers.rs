//! Those who read while chronyd has its life, and judge each answer.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libchrony::{Address, Connection, Error, ErrorKind, ReportName};
use serde_json::Value;

use crate::common::page::Page;
use crate::daemon::{Diary, Trouble};
use crate::truth;

/// A single answer that takes longer has hung: the wrapper's own limit is 5 s, and a page may wait for
/// the reading before its own.
const HANG: Duration = Duration::from_secs(60);
/// How long chronyd is not asked for its clients after it gave no answer.
const PAUSE: Duration = Duration::from_secs(60);
/// How long the readers wait for one answer.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(300);

/// What was read and found.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) diary: Diary,
    ended: AtomicBool,
    pub(crate) right: AtomicU64,
    pub(crate) failed_rightly: AtomicU64,
    /// Time-outs without a trouble, on a machine that is busy otherwise.
    pub(crate) late: AtomicU64,
    wrong: Mutex<Vec<String>>,
    longest: Mutex<Duration>,
    pub(crate) hangs: AtomicU64,
}

impl Findings {
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    pub(crate) fn longest(&self) -> Duration {
        *self.longest.lock().unwrap()
    }

    /// What ends the readers when it is dropped, whatever happens to chronyd.
    pub(crate) fn end_at_drop(&self) -> End<'_> {
        End(self)
    }

    /// Reads until the end; `read` gives the judgement of one answer, told when it was asked.
    pub(crate) fn until_the_end(&self, who: &str, mut read: impl FnMut(Instant) -> Judgement) {
        while !self.ended.load(Ordering::Relaxed) {
            let asked = Instant::now();
            let judgement = read(asked);
            let took = asked.elapsed();
            {
                let mut longest = self.longest.lock().unwrap();
                *longest = took.max(*longest);
            }
            if took > HANG {
                self.hangs.fetch_add(1, Ordering::Relaxed);
            }
            match judgement {
                Judgement::Right => self.right.fetch_add(1, Ordering::Relaxed),
                Judgement::Failed(kind) if self.explains(&kind, asked) => {
                    self.failed_rightly.fetch_add(1, Ordering::Relaxed)
                }
                Judgement::LeftAlone if self.explains("timed_out", asked - PAUSE) => {
                    self.failed_rightly.fetch_add(1, Ordering::Relaxed)
                }
                Judgement::LeftAlone => self.late.fetch_add(1, Ordering::Relaxed),
                // On a busy machine chronyd may be slower than the readers are patient. They said so.
                Judgement::Failed(kind) if kind == "timed_out" => {
                    self.late.fetch_add(1, Ordering::Relaxed)
                }
                Judgement::Failed(kind) => {
                    self.note(format!("{who}: {kind} without a trouble that explains it"))
                }
                Judgement::Wrong(what) => self.note(format!("{who}: {what}")),
            };
        }
    }

    fn note(&self, what: String) -> u64 {
        let mut wrong = self.wrong.lock().unwrap();
        wrong.push(what);
        wrong.len() as u64
    }

    /// Whether what was done to chronyd since then explains a failure of this kind.
    fn explains(&self, kind: &str, since: Instant) -> bool {
        use Trouble::{Kill, Restart, Sources, Stop};
        let troubles: &[Trouble] = match kind {
            "timed_out" => &[Stop, Restart, Kill],
            "not_running" | "nobody_listens" => &[Restart, Kill],
            // Between two passes over the list, or while one source is asked about.
            "sources_changing" | "no_such_source" => &[Sources, Restart, Kill],
            _ => &[],
        };
        self.diary.was_on(since, troubles)
    }
}

/// Ends the readers when it is dropped.
pub(crate) struct End<'a>(&'a Findings);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}

/// What one answer was.
pub(crate) enum Judgement {
    Right,
    /// No data, for this kind of reason.
    Failed(String),
    /// No data, as chronyd is not asked again for a while after it was silent.
    LeftAlone,
    Wrong(String),
}

impl From<Result<(), String>> for Judgement {
    fn from(held: Result<(), String>) -> Self {
        held.map_or_else(Self::Wrong, |()| Self::Right)
    }
}

impl From<Error> for Judgement {
    fn from(error: Error) -> Self {
        Self::Failed(error.kind().as_str().to_owned())
    }
}

/// Snapshots on one connection that stays open.
pub(crate) fn snapshots(findings: &Findings, address: &Address) {
    let mut connection = builder(address).build();
    findings.until_the_end(&format!("snapshot of {address}"), |_| snapshot(&mut connection));
}

/// A new connection for every snapshot.
pub(crate) fn connections(findings: &Findings, address: &Address) {
    findings.until_the_end(&format!("connection to {address}"), |_| {
        match builder(address).open() {
            Ok(mut connection) => snapshot(&mut connection),
            Err(error) => error.into(),
        }
    });
}

/// Any report field by field, the ten in turns.
pub(crate) fn reports(findings: &Findings, address: &Address) {
    let mut connection = builder(address).build();
    let mut names = ReportName::ALL.iter().cycle();
    findings.until_the_end(&format!("report of {address}"), |_| {
        let name = names.next().map_or("tracking", |name| name.as_str());
        match connection.report(name) {
            Ok(_) => Judgement::Right,
            Err(error) if error.kind() == ErrorKind::Disabled => Judgement::Right,
            Err(error) if error.kind() == ErrorKind::NotAuthorized && is_closed(address, name) => {
                Judgement::Right
            }
            Err(error) => error.into(),
        }
    });
}

/// Whether chronyd refuses the report there.
fn is_closed(address: &Address, report: &str) -> bool {
    !matches!(address, Address::Unix(_)) && truth::CLOSED_OVER_UDP.contains(&report)
}

fn builder(address: &Address) -> libchrony::Builder {
    Connection::builder().address(address.clone()).timeout(TIMEOUT).limit(Duration::from_secs(5))
}

fn snapshot(connection: &mut Connection) -> Judgement {
    match connection.snapshot() {
        Ok(snapshot) => match snapshot.unavailable.values().find(|error| is_outage(error)) {
            // chronyd went away in the middle.
            Some(error) => Judgement::Failed(error.kind().as_str().to_owned()),
            None => truth::snapshot(&serde_json::to_value(&snapshot).unwrap()).into(),
        },
        Err(error) => error.into(),
    }
}

fn is_outage(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Disabled | ErrorKind::NotAuthorized)
}

/// What a dashboard answers to a path, judged.
pub(crate) fn pages(findings: &Findings, url: &str, paths: &[String]) {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(HANG * 2))
        .build()
        .new_agent();
    let mut turn = paths.iter().cycle();
    findings.until_the_end(url, |_| {
        let path = turn.next().map_or("/", String::as_str);
        let mut response = match agent.get(format!("{url}{path}")).call() {
            Ok(response) => response,
            Err(error) => return Judgement::Wrong(format!("{path}: {error}")),
        };
        let status = response.status().as_u16();
        let body = response.body_mut().read_to_string().unwrap_or_default();
        if path.starts_with("/api/") {
            json(status, path, &body)
        } else {
            page(status, path, &body)
        }
    });
}

fn page(status: u16, path: &str, body: &str) -> Judgement {
    let page = Page::new(body);
    match status {
        200 if page.text("main").contains("127.0.0.2") => Judgement::Right,
        // A part is missing; the page says which, the JSON why, and that is judged there.
        200 if page.text("main").contains("No data") => Judgement::Failed("timed_out".to_owned()),
        503 => {
            // Not all of the page: its events tell of what was before, in the same words.
            let text = page.text(if path == "/" { "section.verdict" } else { "main" });
            let kinds = [
                ("may not be running", "not_running"),
                ("does not answer", "timed_out"),
                ("no answer within", "timed_out"),
                ("sources changed", "sources_changing"),
            ];
            let kind = kinds.into_iter().find(|(words, _)| text.contains(words));
            match kind {
                Some((_, kind)) => Judgement::Failed(kind.to_owned()),
                None => Judgement::Wrong(format!("{path}: 503 without a reason: {text}")),
            }
        }
        _ => Judgement::Wrong(format!("{path}: {status}: {}", page.text("main"))),
    }
}

fn json(status: u16, path: &str, body: &str) -> Judgement {
    let Ok(json) = serde_json::from_str::<Value>(body) else {
        return Judgement::Wrong(format!("{path}: {status}: no JSON: {body}"));
    };
    let report = path.rsplit('/').next().unwrap_or_default();
    match (status, report) {
        (200, "snapshot") => {
            let unavailable = json["unavailable"].as_object();
            let kinds = unavailable.into_iter().flatten().filter_map(|(_, u)| u["kind"].as_str());
            match kinds.into_iter().find(|kind| !matches!(*kind, "disabled" | "not_authorized")) {
                Some(kind) => Judgement::Failed(kind.to_owned()),
                None => truth::snapshot(&json).into(),
            }
        }
        (503, "clients") if json["error"]["kind"] == "timed_out" => Judgement::LeftAlone,
        (200, report) => truth::report(report, &json).into(),
        (503, report) => match json["error"]["kind"].as_str() {
            Some("disabled") if report == "smoothing" => Judgement::Right,
            Some("not_authorized") if truth::CLOSED_OVER_UDP.contains(&report) => Judgement::Right,
            Some(kind) => Judgement::Failed(kind.to_owned()),
            None => Judgement::Wrong(format!("{path}: 503 without a kind: {json}")),
        },
        _ => Judgement::Wrong(format!("{path}: {status}: {json}")),
    }
}
