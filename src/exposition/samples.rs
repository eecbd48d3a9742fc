//! Readings of the simulated chronyd for tests, and their text as numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use libchrony::testing::{AuthData, Scenario, Simulator, Source};
use libchrony::{Clients, Connection, Error, Snapshot};

use super::{Form, Own, Process, of_site, of_snapshot};

/// How long each took.
const DURATION: Duration = Duration::from_millis(250);

/// What a reading gave.
pub(super) struct Read {
    pub(super) given: Result<Snapshot, Error>,
    pub(super) clients: Option<Result<Clients, Error>>,
}

/// A reading of a simulated chronyd.
pub(super) fn read(chronyd: &Simulator) -> Read {
    let address: libchrony::Address = chronyd.address().parse().unwrap();
    let builder = Connection::builder().address(address).timeout(Duration::from_millis(300));
    let mut connection = builder.attempts(1).build();
    let given = connection.snapshot();
    let clients = given.as_ref().ok().map(|_| connection.clients());
    Read { given, clients }
}

/// A reading of everything that this scenario gives, over the Unix socket.
pub(super) fn shown(scenario: Scenario) -> Read {
    read(&Simulator::start_unix(scenario).unwrap())
}

impl Read {
    pub(super) fn text(&self, form: Form) -> String {
        let mut text = Vec::new();
        let clients = self.clients.as_ref().map(Result::as_ref);
        of_snapshot(self.given.as_ref(), clients, DURATION, form, &mut text);
        String::from_utf8(text).unwrap()
    }

    pub(super) fn site_text(&self, own: &Own, form: Form) -> String {
        let mut text = Vec::new();
        let clients = self.clients.as_ref().map(Result::as_ref);
        of_site(self.given.as_ref(), clients, DURATION, own, form, &mut text);
        String::from_utf8(text).unwrap()
    }

    /// The series by name and labels.
    pub(super) fn series(&self) -> BTreeMap<String, f64> {
        series(&self.text(Form::Classic))
    }
}

/// The series of a text by name and labels; each stands once.
pub(super) fn series(text: &str) -> BTreeMap<String, f64> {
    let mut series = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a value");
        let before = series.insert(name.to_owned(), value.parse().expect("a number"));
        assert_eq!(before, None, "{name} stands twice");
    }
    series
}

/// The name before the labels.
pub(super) fn name(series: &str) -> &str {
    series.split('{').next().unwrap_or_default()
}

/// A scenario that has every report, each kind of source, and values that are not 0.
pub(super) fn everything() -> Scenario {
    let mut scenario = Scenario {
        rtc: Scenario::rtc().rtc,
        smoothing: Scenario::smoothing().smoothing,
        serverstats: Scenario::synchronized().serverstats,
        clients: Scenario::synchronized().clients,
        ..Scenario::nts()
    };
    scenario.sources.extend(Scenario::gps_and_pps().sources.into_iter().take(2));
    scenario.sources.extend(Scenario::only_unreachable().sources);
    scenario.sources.push(Source::unresolved(1, "lost.example.net"));
    let first = &mut scenario.sources[0];
    first.auth = AuthData { attempts: 2, nak: true, ..first.auth.clone() };
    scenario
}

/// A process that says all of itself.
pub(super) fn own() -> Own {
    Own {
        reads: 7,
        failures: 1,
        steps: 2,
        restarts: 3,
        viewers: 4,
        process: Process {
            cpu: Some(1.25),
            resident: Some(10_000_000),
            virtual_: Some(200_000_000),
            open_files: Some(12),
            most_files: Some(1024),
            started: Some(1_795_000_000.5),
        },
    }
}
