//! From a record as it came to the typed one, for each report: found by name and checked, with what libchrony's
//! getters need for it. The answers are those of the simulated chronyd.

#![expect(clippy::unwrap_used, reason = "a measurement ends at its first failure")]

use std::fmt::{self, Display, Formatter};

use divan::Bencher;
use libchrony::ReportName;
use libchrony::testing::{Address, Held, Scenario, Simulator, Source, Tracking};

fn main() {
    divan::main();
}

/// The first record of a report.
#[derive(Debug, Clone, Copy)]
struct Record {
    report: ReportName,
    /// Whether its addresses are as long as they can be.
    is_long: bool,
}

impl Record {
    fn all() -> impl Iterator<Item = Self> {
        let all = ReportName::ALL.iter().chain(ReportName::EXTENSIONS);
        let short = all.map(|report| Self { report: *report, is_long: false });
        let with_address = [ReportName::Tracking, ReportName::Sources, ReportName::NtpData];
        short.chain(with_address.map(|report| Self { report, is_long: true }))
    }

    fn scenario(self) -> Scenario {
        match self.report {
            _ if self.is_long => {
                let address = [0x2001, 0xdb8, 0x1234, 0x5678, 0x9abc, 0xdef0, 0x1234, 0x5678];
                let source = Source::server(Address::V6(address.into()));
                let tracking = Tracking::following(&source);
                Scenario { tracking, sources: vec![source], ..Scenario::synchronized() }
            }
            ReportName::AuthData => Scenario::nts(),
            ReportName::RtcData => Scenario::rtc(),
            ReportName::Smoothing => Scenario::smoothing(),
            _ => Scenario::synchronized(),
        }
    }

    fn held(self) -> Held {
        let chronyd = Simulator::start_unix(self.scenario()).unwrap();
        Held::ask(&chronyd.address().parse().unwrap(), self.report, 0).unwrap()
    }
}

impl Display for Record {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let long = if self.is_long { " of IPv6" } else { "" };
        write!(f, "{}{long}, {} fields", self.report, self.held().number_fields())
    }
}

#[divan::bench(args = Record::all(), sample_size = 1000)]
fn decode(bencher: Bencher<'_, '_>, record: &Record) {
    let held = record.held();
    bencher.bench_local(|| held.decode().unwrap());
}
