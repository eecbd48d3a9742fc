//! Who was asked, how and when, and what that way does not show.

use libchrony::{Error, ErrorKind, ReportName, Snapshot, Transport};
use serde::Serialize;

use crate::view::About;
use crate::view::format::{self, Moment};
use crate::view::step::Step;

/// The note on access.
#[derive(Debug, Serialize)]
pub(crate) struct Access {
    pub(crate) host: String,
    pub(crate) address: String,
    /// `Unix socket` or `UDP`.
    pub(crate) transport: Option<&'static str>,
    pub(crate) read_at: Moment,
    /// How much is missing, in a few words.
    pub(crate) summary: Option<String>,
    /// Every report, and whether this connection gives it; none without a reading.
    pub(crate) reports: Vec<ReportRow>,
    pub(crate) gaps: Vec<Gap>,
    /// Why addresses earlier in the search were not taken.
    pub(crate) passed_over: Vec<String>,
    /// Records that could not be read.
    pub(crate) odd_records: Vec<String>,
}

/// One report.
#[derive(Debug, Serialize)]
pub(crate) struct ReportRow {
    /// As chronyc names it.
    pub(crate) name: &'static str,
    /// What it tells, in a few words.
    pub(crate) tells: &'static str,
    pub(crate) given: Given,
    /// Why it is not given and how to have it; nothing where it is given.
    pub(crate) remedy: Option<String>,
}

/// Whether a report is given: a class in CSS, a mark and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Given {
    pub(crate) class: &'static str,
    pub(crate) mark: &'static str,
    pub(crate) word: &'static str,
}

const GIVEN: Given = Given { class: "good", mark: "\u{2713}", word: "given" };
const REFUSED: Given = Given { class: "warning", mark: "!", word: "refused" };
const DISABLED: Given = Given { class: "plain", mark: "\u{2013}", word: "not enabled" };
const BROKEN: Given = Given { class: "bad", mark: "\u{2715}", word: "failed" };

/// Reports that are missing for one reason.
#[derive(Debug, Serialize)]
pub(crate) struct Gap {
    pub(crate) text: String,
    pub(crate) steps: Vec<Step>,
}

/// Every report this page may read, in the words of chrony.conf's opencommands.
const OPEN_COMMANDS: &str = "opencommands activity authdata clients ntpdata rtcdata selectdata serverstats smoothing sourcename sources sourcestats tracking";

pub(crate) fn access(snapshot: Option<&Snapshot>, about: &About) -> Access {
    let mut access = Access {
        host: format::plain(&about.host),
        address: format::plain(&about.address),
        transport: None,
        read_at: format::moment(about.read_at),
        summary: None,
        reports: Vec::new(),
        gaps: Vec::new(),
        passed_over: Vec::new(),
        odd_records: Vec::new(),
    };
    if let Some(snapshot) = snapshot {
        access.fill(snapshot);
    }
    access
}

impl Access {
    fn fill(&mut self, snapshot: &Snapshot) {
        self.address = format::plain(&snapshot.chronyd.address.to_string());
        self.transport = Some(match snapshot.chronyd.transport {
            Transport::Unix => "Unix socket",
            _ => "UDP",
        });
        let of = |kind| snapshot.unavailable.iter().filter(move |(_, error)| error.kind() == kind);
        let names = |kind| of(kind).map(|(report, _)| report.as_str()).collect::<Vec<_>>();
        self.reports = ReportName::ALL.iter().map(|report| row(*report, snapshot)).collect();
        let refused = names(ErrorKind::NotAuthorized);
        if !refused.is_empty() {
            self.gaps.push(not_authorized(&refused, snapshot.chronyd.transport));
        }
        self.gaps.extend(
            snapshot
                .unavailable
                .iter()
                .filter(|(_, error)| {
                    !matches!(error.kind(), ErrorKind::NotAuthorized | ErrorKind::Disabled)
                })
                .map(|(report, error)| other(*report, error)),
        );
        self.passed_over = snapshot.passed_over.iter().map(|line| format::plain(line)).collect();
        // A record that two reports are read by is odd in both.
        self.odd_records = snapshot
            .odd_records
            .iter()
            .map(|error| format!("{}. {}", format::error(error), error.hint()))
            .collect();
        self.odd_records.sort_unstable();
        self.odd_records.dedup();
        let missing = snapshot.unavailable.len() - of(ErrorKind::Disabled).count();
        self.summary = match (missing, self.odd_records.len()) {
            (0, 0) => None,
            (0, odd) => {
                Some(format!("{} could not be read", format::counted(odd, "record", "records")))
            }
            (missing, _) => {
                Some(format!("{} not shown", format::counted(missing, "report", "reports")))
            }
        };
    }
}

fn row(report: ReportName, snapshot: &Snapshot) -> ReportRow {
    let over_udp = snapshot.chronyd.transport != Transport::Unix;
    let (given, remedy) = match snapshot.unavailable.get(&report) {
        None => (GIVEN, None),
        Some(error) => match error.kind() {
            ErrorKind::NotAuthorized if over_udp => (
                REFUSED,
                Some(format!(
                    "Use the Unix socket, or the word {report} in opencommands: see below."
                )),
            ),
            ErrorKind::NotAuthorized => {
                (REFUSED, Some("Not given to this user: see below who may.".to_owned()))
            }
            ErrorKind::Disabled => (DISABLED, Some(disabled(report).to_owned())),
            _ => (BROKEN, Some("See below why.".to_owned())),
        },
    };
    ReportRow { name: report.as_str(), tells: tells(report), given, remedy }
}

/// What a report tells, in a few words.
pub(crate) fn tells(report: ReportName) -> &'static str {
    match report.as_str() {
        "tracking" => "the state of the clock",
        "sources" => "the sources and their last samples",
        "sourcestats" => "what the samples of each source say together",
        "selectdata" => "why each source is or is not chosen",
        "activity" => "how many sources are asked",
        "authdata" => "how each source is authenticated",
        "ntpdata" => "the last measurement of each NTP source",
        "serverstats" => "what this machine served to others",
        "rtcdata" => "the real-time clock",
        "smoothing" => "the smoothing of served time",
        "sourcename" => "the names that the sources were configured with",
        "clients" => "who asks this machine for the time",
        _ => "",
    }
}

/// How what a report is about is enabled.
fn disabled(report: ReportName) -> &'static str {
    match report {
        ReportName::RtcData => "Usual. The directive rtcfile in chrony.conf enables it.",
        ReportName::Smoothing => "Usual. The directive smoothtime in chrony.conf enables it.",
        _ => "It is switched off in chrony.conf.",
    }
}

fn not_authorized(reports: &[&str], transport: Transport) -> Gap {
    let reports = reports.join(", ");
    if transport == Transport::Unix {
        return Gap {
            text: format!("chronyd does not give these reports to this user: {reports}."),
            steps: vec![as_chronys_user("Run as chrony's own user or as root.")],
        };
    }
    Gap {
        text: format!("chronyd does not give these reports over UDP: {reports}."),
        steps: vec![
            as_chronys_user("Ask through chronyd's Unix socket, as chrony's own user or root; joining the chrony group does not help."),
            Step::new("Or, from chronyd 4.7, open the reports to UDP in chrony.conf, then restart chronyd. The line replaces chronyd's own list, so it names the reports that are open already too:")
                .line(OPEN_COMMANDS),
        ],
    }
}

fn as_chronys_user(text: &str) -> Step {
    Step::new(format!("{text} That user may also control chronyd, so do it knowingly:")).lines(
        "sudo -u _chrony second-hand --chronyd /run/chrony/chronyd.sock",
        "sudo -u chrony second-hand --chronyd /run/chrony/chronyd.sock",
    )
}

fn other(report: ReportName, error: &Error) -> Gap {
    Gap {
        text: format!("{report}: {}.", format::error(error)),
        steps: vec![Step::new(error.hint())],
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Command, Fault, Scenario};

    use super::*;
    use crate::view::samples::{about, read, read_udp, read_with};

    /// The names of the reports that are given, refused and so on.
    fn named(access: &Access, given: Given) -> Vec<&'static str> {
        access.reports.iter().filter(|row| row.given == given).map(|row| row.name).collect()
    }

    #[test]
    fn the_unix_socket_shows_everything_and_has_nothing_to_explain() {
        let access = access(Some(&read(Scenario::synchronized())), &about());
        assert_eq!(access.transport, Some("Unix socket"));
        assert!(access.address.starts_with('/') && access.gaps.is_empty());
        assert!(access.summary.is_none());
        assert_eq!(access.reports.len(), ReportName::ALL.len());
        assert_eq!(named(&access, DISABLED), ["rtcdata", "smoothing"]);
        assert_eq!(named(&access, GIVEN).len(), ReportName::ALL.len() - 2);
        assert_eq!(access.host, "clock.example.net");
    }

    #[test]
    fn udp_names_what_it_hides_in_one_group_with_two_ways_to_get_it() {
        let access = access(Some(&read_udp(Scenario::synchronized())), &about());
        assert_eq!(access.transport, Some("UDP"));
        assert_eq!(access.summary.as_deref(), Some("4 reports not shown"));
        assert_eq!(
            access.gaps[0].text,
            "chronyd does not give these reports over UDP: selectdata, authdata, ntpdata, serverstats."
        );
        let refused = ["selectdata", "authdata", "ntpdata", "serverstats"];
        assert_eq!(named(&access, REFUSED), refused);
        for row in &access.reports {
            let remedy = row.remedy.as_deref().unwrap_or_default();
            match refused.contains(&row.name) {
                true => assert!(remedy.contains(&format!("word {} in opencommands", row.name))),
                false => assert_eq!(row.given == GIVEN, remedy.is_empty(), "{}", row.name),
            }
        }
        for report in refused.iter().chain(&named(&access, GIVEN)) {
            assert!(OPEN_COMMANDS.split(' ').any(|word| word == *report), "{report}");
        }
        let steps = &access.gaps[0].steps;
        assert!(steps[0].text.contains("joining the chrony group does not help"));
        assert!(steps[0].lines[0].code.contains("sudo -u _chrony second-hand --chronyd"));
        assert!(steps[1].lines[0].code.starts_with("opencommands "));
        assert_eq!(access.gaps.len(), 1);
    }

    #[test]
    fn a_report_that_the_socket_refuses_asks_for_another_user_and_never_for_udp() {
        let refuse = Fault::on(Command::SERVERSTATS).status(2);
        let access = access(Some(&read_with(Scenario::synchronized(), [refuse])), &about());
        assert_eq!(named(&access, REFUSED), ["serverstats"]);
        let steps = &access.gaps[0].steps;
        assert!(steps[0].text.starts_with("Run as chrony's own user") && steps.len() == 1);
        assert!(access.reports.iter().all(|row| {
            row.remedy.as_deref().is_none_or(|remedy| !remedy.contains("opencommands"))
        }));
    }

    #[test]
    fn a_report_that_failed_is_told_apart_from_a_refused_one() {
        let odd = Fault::on(Command::ACTIVITY).truncate(30);
        let access = access(Some(&read_with(Scenario::synchronized(), [odd])), &about());
        assert_eq!(named(&access, BROKEN), ["activity"]);
        assert!(access.gaps[0].text.starts_with("activity: "), "{}", access.gaps[0].text);
        assert!(!access.gaps[0].steps[0].text.is_empty());
    }

    #[test]
    fn every_report_says_what_it_tells() {
        assert!(ReportName::ALL.iter().all(|report| !tells(*report).is_empty()));
    }

    #[test]
    fn an_odd_record_is_named_and_counted() {
        let mut scenario = Scenario::synchronized();
        scenario.sources[1].stats.skew = -1.0;
        let access = access(Some(&read(scenario)), &about());
        assert_eq!(access.summary.as_deref(), Some("1 record could not be read"));
        assert!(access.odd_records[0].starts_with("sourcestats record 1: the field \"skew\""));
    }

    #[test]
    fn what_was_tried_before_is_told() {
        let mut snapshot = read_udp(Scenario::synchronized());
        snapshot.passed_over = vec!["/run/chrony/chronyd.sock: permission denied".to_owned()];
        let access = access(Some(&snapshot), &about());
        assert_eq!(access.passed_over.len(), 1);
    }

    #[test]
    fn without_a_reading_only_the_address_is_known() {
        let access = access(None, &about());
        assert_eq!((access.address.as_str(), access.transport), ("/run/chrony/chronyd.sock", None));
        assert!(access.reports.is_empty());
    }
}
