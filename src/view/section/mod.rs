//! Reports as sections for a terminal: the words of the page, without its explanations.

mod figures;
mod tables;

use libchrony::{Clients, Error, ErrorKind, ReportName, Snapshot, Transport};

use crate::view::access::tells;
use crate::view::figure::Health;
use crate::view::summary::in_line;
use crate::view::{clients, format, rtcdata, smoothing, why};

/// A report.
#[derive(Debug)]
pub(crate) struct Section {
    /// As chronyc names it.
    pub(crate) name: &'static str,
    /// What it tells, in a few words.
    pub(crate) tells: &'static str,
    /// What is to be known of all values at once, in sentences.
    pub(crate) remarks: Vec<String>,
    pub(crate) content: Content,
}

/// What a section shows.
#[derive(Debug)]
pub(crate) enum Content {
    /// Single values.
    Lines(Vec<Line>),
    /// A record for each source or client.
    Table(Table),
}

/// One value.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) label: &'static str,
    pub(crate) value: Cell,
    /// What stands beside it; never empty where its health is worth a look.
    pub(crate) note: String,
}

/// Records, one a row.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) heads: Vec<Head>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// The column that says what a row is about.
    pub(crate) key: usize,
}

/// The head of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) label: &'static str,
    /// Whether its values stand at the right, as numbers do.
    pub(crate) is_number: bool,
}

/// A text and how it stands, which the text says too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) health: Health,
    /// Whether it belongs to what the clock follows.
    pub(crate) is_chosen: bool,
}

/// A report that is not given.
#[derive(Debug)]
pub(crate) struct Absent<'a> {
    pub(crate) name: &'static str,
    /// Why, and what to do.
    pub(crate) why: String,
    /// The error, for programs.
    pub(crate) error: Option<&'a Error>,
}

impl Absent<'_> {
    /// Whether that is an ordinary answer: chronyd does not measure the real-time clock unless it is told to.
    pub(crate) fn is_ordinary(&self) -> bool {
        self.name == ReportName::RtcData.as_str()
            && self.error.is_some_and(|error| error.kind() == ErrorKind::Disabled)
    }
}

impl Cell {
    fn new(text: impl Into<String>) -> Self {
        Self::standing(text, Health::Plain)
    }

    fn standing(text: impl Into<String>, health: Health) -> Self {
        Self { text: text.into(), health, is_chosen: false }
    }
}

/// Who was asked, how and when, in a line.
pub(crate) fn heading(snapshot: &Snapshot) -> String {
    let transport = match snapshot.chronyd.transport {
        Transport::Unix => "Unix socket",
        _ => "UDP",
    };
    let address = format::plain(&snapshot.chronyd.address.to_string());
    format!("chronyd at {address} ({transport}), {}", format::moment(snapshot.fetched_at).text)
}

/// A report of a reading, or why it is not given.
pub(crate) fn section<'a>(
    snapshot: &'a Snapshot,
    clients: Option<Result<&Clients, &'a Error>>,
    report: ReportName,
) -> Result<Section, Absent<'a>> {
    let made = match report {
        ReportName::Clients => tables::clients(clients),
        ReportName::Sources => tables::sources(snapshot),
        ReportName::SourceStats => tables::sourcestats(snapshot),
        ReportName::SelectData => tables::selectdata(snapshot),
        ReportName::AuthData => tables::authdata(snapshot),
        ReportName::NtpData => tables::ntpdata(snapshot),
        report => figures::section(snapshot, report),
    };
    made.map(|(remarks, content)| Section {
        name: report.as_str(),
        tells: tells(report),
        remarks,
        content,
    })
    .ok_or_else(|| absent(snapshot, clients, report))
}

fn absent<'a>(
    snapshot: &'a Snapshot,
    clients: Option<Result<&Clients, &'a Error>>,
    report: ReportName,
) -> Absent<'a> {
    let error = match report {
        ReportName::Clients => clients.and_then(Result::err),
        report => snapshot.unavailable.get(&report),
    };
    let kind = error.map(Error::kind);
    let over_udp = snapshot.chronyd.transport != Transport::Unix;
    let (missing, steps) = match report {
        ReportName::Clients => {
            let view = clients::clients(clients);
            (view.missing, view.steps)
        }
        ReportName::RtcData if kind == Some(ErrorKind::Disabled) => {
            let missing = rtcdata::rtcdata(Some(snapshot)).missing.unwrap_or_default();
            let then = "rtcfile in chrony.conf enables it, where rtcsync is taken out.";
            (Some(format!("{missing} {then}")), Vec::new())
        }
        ReportName::Smoothing if kind == Some(ErrorKind::Disabled) => {
            (smoothing::smoothing(Some(snapshot)).missing, Vec::new())
        }
        report if kind == Some(ErrorKind::NotAuthorized) && over_udp => {
            let text = "chronyd does not give it over UDP. Ask through its Unix socket as root or chrony's own user, or, from chronyd 4.7, name";
            let text = format!(
                "{text} {report} in opencommands in chrony.conf, beside the reports that are open already."
            );
            (Some(text), Vec::new())
        }
        report => (Some(why(snapshot, report)), Vec::new()),
    };
    let parts: Vec<_> = missing.into_iter().chain(steps.first().map(in_line)).collect();
    let text = parts.join(" ");
    let why = text.strip_prefix("No data: ").unwrap_or(&text).to_owned();
    Absent { name: report.as_str(), why, error }
}

/// What a report consists of; none where it is not given.
type Made = Option<(Vec<String>, Content)>;

/// Only sections whose view gives a reason against it are left out.
fn made(missing: Option<&String>, remarks: Vec<String>, content: Content) -> Made {
    missing.is_none().then_some((remarks, content))
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Address, Fault, Scenario, Source};

    use super::*;
    use crate::view::samples::{denied, read, read_udp, read_with};

    fn table(scenario: Scenario, report: ReportName) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let section = section(&read(scenario), None, report).map_err(|it| it.why).unwrap();
        let Content::Table(table) = section.content else { panic!("no table") };
        let texts = |row: Vec<Cell>| row.into_iter().map(|cell| cell.text).collect();
        let rows = table.rows.into_iter().map(texts).collect();
        (table.heads.iter().map(|head| head.label).collect(), rows)
    }

    fn lines(scenario: Scenario, report: ReportName) -> Vec<Line> {
        match section(&read(scenario), None, report).map_err(|it| it.why).unwrap().content {
            Content::Lines(lines) => lines,
            Content::Table(table) => panic!("{table:?}"),
        }
    }

    #[test]
    fn tracking_has_the_boxes_of_the_page_and_the_rest_of_the_report() {
        let lines = lines(Scenario::synchronized(), ReportName::Tracking);
        let labels: Vec<_> = lines.iter().map(|line| line.label).collect();
        assert_eq!(labels[..3], ["Status", "Offset", "Maximum error"]);
        assert!(labels.contains(&"Skew") && labels.contains(&"Reference ID"), "{labels:?}");
        assert_eq!(lines[0].value, Cell::standing("synchronized", Health::Good));
    }

    #[test]
    fn nothing_that_is_worth_a_look_is_told_by_its_colour_alone() {
        for scenario in [
            Scenario::synchronized(),
            Scenario::unsynchronized(),
            Scenario::local(),
            Scenario::falseticker(),
            Scenario::only_unreachable(),
        ] {
            for line in lines(scenario, ReportName::Tracking) {
                let is_judged = matches!(line.value.health, Health::Warning | Health::Bad);
                let word = line.value.health.word().unwrap_or_default();
                assert!(!is_judged || line.note.contains(word), "{line:?}");
            }
        }
    }

    #[test]
    fn sources_have_a_row_each_the_selected_one_first() {
        let (heads, rows) = table(Scenario::falseticker(), ReportName::Sources);
        assert_eq!((heads[0], heads[1], rows.len()), ("State", "Source", 4));
        assert_eq!((&*rows[0][0], &*rows[0][1]), ("* selected", "a.time.example.net"));
        assert!(rows.iter().any(|row| row[0] == "x falseticker"), "{rows:?}");
        assert!(rows.iter().all(|row| row.len() == heads.len()), "{rows:?}");
    }

    #[test]
    fn a_column_that_has_nothing_to_say_is_left_out() {
        let bare = [1, 2].map(|last| {
            let address = Address::V4([192, 0, 2, last].into());
            let mut source = Source::server(address).with_state(Source::SELECTED);
            source.name = format!("192.0.2.{last}");
            source
        });
        let (heads, _) = table(Scenario::with_sources(bare.into()), ReportName::Sources);
        assert!(!heads.contains(&"Address") && !heads.contains(&"Note"), "{heads:?}");
        let (heads, rows) = table(Scenario::only_unreachable(), ReportName::Sources);
        assert_eq!(heads.last(), Some(&"Note"));
        assert_eq!(rows[0].last().map(String::as_str), Some("has not answered yet"));
    }

    #[test]
    fn sources_of_one_name_are_told_apart_by_their_addresses() {
        let mut scenario = Scenario::synchronized();
        for source in &mut scenario.sources {
            source.name = "pool.example.org".to_owned();
        }
        scenario.sources[2].name = "c.example.org".to_owned();
        let (_, rows) = table(scenario, ReportName::SourceStats);
        let names: Vec<_> = rows.iter().map(|row| &*row[0]).collect();
        assert_eq!(names[..2], ["pool.example.org (192.0.2.11)", "pool.example.org (192.0.2.12)"]);
        assert_eq!(names[2], "c.example.org");
    }

    #[test]
    fn every_row_has_as_many_cells_as_there_are_heads() {
        for scenario in [
            Scenario::synchronized(),
            Scenario::falseticker(),
            Scenario::nts(),
            Scenario::gps_and_pps(),
            Scenario::only_unreachable(),
            Scenario::no_sources(),
        ] {
            let snapshot = read(scenario);
            for report in ReportName::ALL {
                let Ok(section) = section(&snapshot, None, *report) else { continue };
                let Content::Table(table) = section.content else { continue };
                assert!(table.key < table.heads.len(), "{report}");
                let heads = table.heads.len();
                assert!(table.rows.iter().all(|row| row.len() == heads), "{report}");
            }
        }
    }

    #[test]
    fn no_sources_and_nothing_authenticated_are_sentences() {
        let remarks = |scenario, report| section(&read(scenario), None, report).unwrap().remarks;
        let none = remarks(Scenario::no_sources(), ReportName::Sources);
        assert_eq!(none, ["No sources are configured."]);
        let open = remarks(Scenario::synchronized(), ReportName::AuthData);
        assert!(open[0].starts_with("Not one of the 3 NTP sources is authenticated"), "{open:?}");
    }

    #[test]
    fn what_is_not_given_says_why_and_what_to_do() {
        let why = |snapshot: &Snapshot, report| section(snapshot, None, report).unwrap_err().why;
        let udp = read_udp(Scenario::synchronized());
        let text = why(&udp, ReportName::NtpData);
        assert!(text.contains("Unix socket") && text.contains("name ntpdata in opencommands"));
        let refused = read_with(Scenario::synchronized(), [Fault::always().status(2)]);
        assert!(why(&refused, ReportName::Sources).ends_with("chrony's own user or as root."));
        let all = read(Scenario::synchronized());
        assert!(why(&all, ReportName::Smoothing).contains("smoothtime"));
        let rtc = section(&all, None, ReportName::RtcData).unwrap_err();
        assert!(rtc.is_ordinary() && rtc.why.contains("rtcfile"), "{}", rtc.why);
        let error = denied();
        let clients = section(&all, Some(Err(&error)), ReportName::Clients).unwrap_err();
        assert!(!clients.is_ordinary() && !clients.why.starts_with("No data"), "{}", clients.why);
    }

    #[test]
    fn the_heading_names_address_transport_and_time() {
        let heading = heading(&read_udp(Scenario::synchronized()));
        assert!(heading.starts_with("chronyd at 127.0.0.1:"), "{heading}");
        assert!(heading.contains(" (UDP), 20") && heading.ends_with(" UTC"), "{heading}");
    }
}
