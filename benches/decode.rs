//! From a record as it came to the typed one, for each report: found by name and checked, with what libchrony's
//! getters need for it. The answers are those of the simulated chronyd.

#![expect(clippy::unwrap_used, reason = "a measurement ends at its first failure")]

mod support;

use std::time::Instant;

use libchrony::ReportName;
use libchrony::testing::{Address, Held, Scenario, Simulator, Source, Tracking};
use support::{least, median, most};

const ROUNDS: usize = 15;
/// Records decoded in a round.
const RECORDS: u32 = 100_000;

fn main() {
    println!("| decode of a record | fields | median | least | most |");
    println!("|---|---|---|---|---|");
    for report in ReportName::ALL.iter().chain(ReportName::EXTENSIONS) {
        let scenario = match report {
            ReportName::AuthData => Scenario::nts(),
            ReportName::RtcData => Scenario::rtc(),
            ReportName::Smoothing => Scenario::smoothing(),
            _ => Scenario::synchronized(),
        };
        row(report.as_str(), *report, scenario);
    }
    // As long as an address can be.
    let address = [0x2001, 0xdb8, 0x1234, 0x5678, 0x9abc, 0xdef0, 0x1234, 0x5678];
    let source = Source::server(Address::V6(address.into()));
    for report in [ReportName::Tracking, ReportName::Sources, ReportName::NtpData] {
        let tracking = Tracking::following(&source);
        let scenario =
            Scenario { tracking, sources: vec![source.clone()], ..Scenario::synchronized() };
        row(&format!("{report} of IPv6"), report, scenario);
    }
}

/// Of the first record of a report.
fn row(what: &str, report: ReportName, scenario: Scenario) {
    let chronyd = Simulator::start_unix(scenario).unwrap();
    let held = Held::ask(&chronyd.address().parse().unwrap(), report, 0).unwrap();
    let times: Vec<_> = (0..ROUNDS).map(|_| decode(&held)).collect();
    let (fields, least, most) = (held.number_fields(), least(&times), most(&times));
    println!("| {what} | {fields} | {:.0} ns | {least:.0} | {most:.0} |", median(&times));
}

/// Nanoseconds for one.
fn decode(held: &Held) -> f64 {
    let start = Instant::now();
    for _ in 0..RECORDS {
        held.decode().unwrap();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(RECORDS)
}
