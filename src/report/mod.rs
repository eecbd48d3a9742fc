//! `second-hand report`: reports in the terminal, as tables for people or JSON for programs.

mod json;
mod layout;
mod terminal;

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use libchrony::{Clients, Error, ReportName, Snapshot};
use rustix::termios::tcgetwinsize;

use crate::chronyd;
use crate::clients::Reader;
use crate::config::Report;
use crate::error::shown;
use crate::view::{self, Absent, Section};
use terminal::Terminal;

/// What chronyd said: its reports and, where they were wanted, its clients.
struct Given<'a> {
    snapshot: &'a Snapshot,
    clients: Option<Result<&'a Clients, &'a Error>>,
}

/// What is printed, and what is said beside it on standard error.
struct Printed {
    text: String,
    /// Why what was asked for is not all there.
    complaints: Vec<String>,
}

/// Reads chronyd once and prints the reports that were asked for.
pub(crate) fn run(report: &Report) -> ExitCode {
    chronyd::remove_leftovers(&report.chronyd);
    let mut connection = chronyd::connection(&report.chronyd);
    let reading = connection.snapshot();
    let wanted = wanted(&report.names);
    let clients = match &reading {
        Ok(snapshot) if wanted.contains(&ReportName::Clients) => {
            Some(Reader::default().read(&mut connection, snapshot))
        }
        _ => None,
    };
    let given = reading
        .as_ref()
        .map(|snapshot| Given { snapshot, clients: clients.as_ref().map(Result::as_ref) });
    let printed = match given {
        Err(error) => nothing(error, report.json),
        Ok(given) if report.json => json(&given, &report.names, &wanted),
        Ok(given) => tables(&given, &report.names, &wanted, &terminal(report.no_color)),
    };
    let is_written = write(&printed.text);
    for complaint in &printed.complaints {
        complain(complaint);
    }
    if printed.complaints.is_empty() && is_written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The reports in the order in which they are printed, each once; all where none is named.
fn wanted(names: &[ReportName]) -> Vec<ReportName> {
    if names.is_empty() {
        return ReportName::ALL.iter().copied().chain([ReportName::Clients]).collect();
    }
    let mut wanted = Vec::new();
    for name in names {
        if !wanted.contains(name) {
            wanted.push(*name);
        }
    }
    wanted
}

/// chronyd gave nothing at all.
fn nothing(error: &Error, json: bool) -> Printed {
    let (reason, steps) = view::guidance(error);
    let lines: Vec<_> = [reason].into_iter().chain(steps).map(|line| shown(&line)).collect();
    let text = if json { json::failure(error) } else { String::new() };
    Printed { text, complaints: vec![lines.join("\n  ")] }
}

fn json(given: &Given<'_>, names: &[ReportName], wanted: &[ReportName]) -> Printed {
    let text = match wanted {
        [one] => json::one(given, *one),
        wanted => json::object(given, wanted),
    };
    let (_, absent) = sections(given, wanted);
    Printed { text, complaints: complaints(given, names, wanted, &absent) }
}

fn tables(
    given: &Given<'_>,
    names: &[ReportName],
    wanted: &[ReportName],
    terminal: &Terminal,
) -> Printed {
    let (sections, absent) = sections(given, wanted);
    let complaints = complaints(given, names, wanted, &absent);
    let is_told_below = |absent: &&Absent<'_>| names.is_empty() || absent.is_ordinary();
    let below: Vec<_> = absent.iter().filter(is_told_below).collect();
    let heading = names.is_empty().then(|| view::heading(given.snapshot));
    Printed { text: terminal.page(heading.as_deref(), &sections, &below), complaints }
}

fn sections<'a>(given: &Given<'a>, wanted: &[ReportName]) -> (Vec<Section>, Vec<Absent<'a>>) {
    let (mut sections, mut absent) = (Vec::new(), Vec::new());
    for report in wanted {
        match view::section(given.snapshot, given.clients, *report) {
            Ok(section) => sections.push(section),
            Err(missing) => absent.push(missing),
        }
    }
    (sections, absent)
}

/// What was asked for and cannot be printed. Whoever names no report asks for what there is.
fn complaints(
    given: &Given<'_>,
    names: &[ReportName],
    wanted: &[ReportName],
    absent: &[Absent<'_>],
) -> Vec<String> {
    let missing = absent.iter().filter(|absent| !names.is_empty() && !absent.is_ordinary());
    let missing = missing.map(|absent| format!("{}: {}", absent.name, absent.why));
    let odd = given.snapshot.odd_records.iter().filter(|error| is_of(error, wanted));
    let odd = odd.map(|error| format!("{error}. {}", error.hint()));
    missing.chain(odd).map(|text| shown(&text)).collect()
}

/// Whether a record that could not be read may belong to one of these reports.
fn is_of(error: &Error, wanted: &[ReportName]) -> bool {
    match error {
        Error::InvalidReply { report, .. }
        | Error::NoSuchSource { report, .. }
        | Error::MissingField { report, .. }
        | Error::WrongType { report, .. }
        | Error::OutOfRange { report, .. } => wanted.contains(report),
        _ => true,
    }
}

/// The terminal that standard output may be.
fn terminal(no_color: bool) -> Terminal {
    let out = io::stdout();
    if !out.is_terminal() {
        return Terminal { width: None, has_color: false };
    }
    let width = tcgetwinsize(&out).ok().map(|size| usize::from(size.ws_col));
    Terminal { width: width.filter(|width| *width > 0), has_color: !no_color }
}

/// Writes to standard output; false where that failed. A reader who has seen enough and closed the pipe
/// is no failure.
fn write(text: &str) -> bool {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to standard output: {error}"));
            false
        }
        _ => true,
    }
}

/// Says a line on standard error, where anybody reads it.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "second-hand: {line}");
}
