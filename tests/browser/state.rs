//! The states that a page can be in, and a dashboard in each.

use std::any::Any;
use std::path::Path;

use libchrony::testing::{Scenario, Simulator};

use crate::browser::{Browser, FOREIGN};
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::nobody::Reachable;

/// A page, and what makes it.
pub(crate) struct Shown {
    pub(crate) name: &'static str,
    _dashboard: Dashboard,
    pub(crate) url: String,
    pub(crate) status: u16,
    /// What its heading begins with.
    pub(crate) heading: &'static str,
    /// Its simulated chronyd, a directory, a copy of the program: gone when the page is.
    _held: Vec<Box<dyn Any>>,
}

impl Shown {
    fn new(name: &'static str, dashboard: Dashboard, heading: &'static str) -> Self {
        let url = format!("{}/", dashboard.url);
        Self { name, _dashboard: dashboard, url, status: 200, heading, _held: Vec::new() }
    }

    fn holding(mut self, held: impl Any) -> Self {
        self._held.push(Box::new(held));
        self
    }

    fn failing(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Opens it.
    pub(crate) fn in_browser(&self, browser: &Browser) {
        browser.open(&self.url);
        let status = "performance.getEntriesByType('navigation')[0].responseStatus";
        assert_eq!(browser.value(status), self.status, "{}", self.name);
    }
}

/// A state, made when it is looked at.
pub(crate) type State = fn() -> Shown;

fn simulated(name: &'static str, scenario: Scenario, heading: &'static str) -> Shown {
    let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
    let dashboard = Dashboard::impatient(&chronyd.address());
    Shown::new(name, dashboard, heading).holding(chronyd)
}

pub(crate) fn synchronized() -> Shown {
    simulated("synchronized", Scenario::synchronized(), "This clock is right to within")
}

pub(crate) fn falseticker() -> Shown {
    simulated("falseticker", Scenario::falseticker(), "This clock is right to within")
}

pub(crate) fn everything() -> Shown {
    let scenario = Scenario {
        rtc: Scenario::rtc().rtc,
        smoothing: Scenario::smoothing().smoothing,
        ..Scenario::nts()
    };
    simulated("everything", scenario, "This clock is right to within")
}

pub(crate) fn demo() -> Shown {
    let dashboard = Dashboard::start(second_hand().args(["--port", "0", "--demo"]));
    Shown::new("demo", dashboard, "This clock is right to within")
}

pub(crate) fn udp() -> Shown {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).expect("the simulator starts");
    let dashboard = Dashboard::impatient(&chronyd.address());
    Shown::new("udp", dashboard, "This clock is right to within").holding(chronyd)
}

pub(crate) fn leap() -> Shown {
    simulated("leap", Scenario::leap_insert(), "This clock is right to within")
}

pub(crate) fn local() -> Shown {
    simulated("local", Scenario::local(), "This clock follows only itself")
}

pub(crate) fn refclocks() -> Shown {
    simulated("refclocks", Scenario::gps_and_pps(), "This clock is right to within")
}

pub(crate) fn unresolved() -> Shown {
    simulated("unresolved", Scenario::unresolved(), "This clock is right to within")
}

pub(crate) fn unsynchronized() -> Shown {
    simulated("unsynchronized", Scenario::unsynchronized(), "This clock is not synchronized")
}

pub(crate) fn no_sources() -> Shown {
    simulated("no sources", Scenario::no_sources(), "This clock is not synchronized")
}

pub(crate) fn unreachable() -> Shown {
    simulated("unreachable", Scenario::only_unreachable(), "This clock is not synchronized")
}

/// A dashboard for a chronyd that is not there.
pub(crate) fn no_chronyd() -> Shown {
    let directory = tempfile::tempdir_in("/tmp").expect("a directory");
    let socket = directory.path().join("chronyd.sock");
    let dashboard = Dashboard::impatient(&socket.display().to_string());
    Shown::new("no chronyd", dashboard, "Connection failed: chronyd may not be running")
        .failing(503)
        .holding(directory)
}

/// A chronyd whose socket this user may not use; for root as nobody.
pub(crate) fn denied() -> Shown {
    use std::os::unix::fs::PermissionsExt;
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let address = chronyd.address();
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&address, closed).expect("the socket is closed");
    let arguments = ["--port", "0", "--chronyd", &address];
    let (dashboard, program) = if rustix::process::geteuid().is_root() {
        let parent = Path::new(&address).parent().expect("a socket stands in a directory");
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(parent, open).expect("the directory is open");
        let program = Reachable::new(Path::new(second_hand().get_program()));
        (Dashboard::start(program.as_nobody().args(arguments)), Some(program))
    } else {
        (Dashboard::start(second_hand().args(arguments)), None)
    };
    Shown::new("denied", dashboard, "Connection failed: permission denied")
        .failing(503)
        .holding((chronyd, program))
}

pub(crate) fn silent() -> Shown {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    chronyd.stop_answering();
    let dashboard = Dashboard::impatient(&chronyd.address());
    Shown::new("silent", dashboard, "Connection failed: chronyd does not answer")
        .failing(503)
        .holding(chronyd)
}

/// The page of a source that is selected.
pub(crate) fn source() -> Shown {
    let mut shown = everything();
    (shown.name, shown.heading) = ("source", "");
    shown.url.push_str("sources/192.0.2.11");
    shown
}

/// The page of a source that never answered.
pub(crate) fn silent_source() -> Shown {
    let mut shown = unreachable();
    (shown.name, shown.heading) = ("silent source", "192.0.2.21");
    shown.url.push_str("sources/192.0.2.21");
    shown
}

/// The page of a source that disagrees.
pub(crate) fn lying_source() -> Shown {
    let mut shown = falseticker();
    (shown.name, shown.heading) = ("lying source", "");
    shown.url.push_str("sources/192.0.2.66");
    shown
}

/// The page of a source that is no more.
pub(crate) fn no_source() -> Shown {
    let mut shown = synchronized().failing(404);
    (shown.name, shown.heading) = ("no source", "");
    shown.url.push_str("sources/192.0.2.99");
    shown
}

/// The history of everything.
pub(crate) fn history() -> Shown {
    let mut shown = demo();
    shown.name = "history";
    shown.url.push_str("?range=all");
    shown
}

pub(crate) fn not_found() -> Shown {
    let mut shown = no_chronyd().failing(404);
    (shown.name, shown.heading) = ("not found", "Nothing here");
    shown.url.push_str("nothing");
    shown
}

pub(crate) fn foreign() -> Shown {
    let mut shown = no_chronyd().failing(421);
    (shown.name, shown.heading) = ("foreign host", "Not the right host");
    shown.url = shown.url.replace("127.0.0.1", FOREIGN);
    shown
}

/// The clock is well.
pub(crate) const GOOD: &[State] =
    &[synchronized, falseticker, everything, demo, udp, leap, refclocks, unresolved];

/// The clock is not, or nobody knows.
pub(crate) const BAD: &[State] =
    &[local, unsynchronized, no_sources, unreachable, no_chronyd, denied, silent];

/// Pages beside the dashboard.
pub(crate) const MORE: &[State] = &[source, silent_source, lying_source, history];

/// There is nothing at the address.
pub(crate) const ERRORS: &[State] = &[not_found, no_source, foreign];

/// All of them, one after the other.
pub(crate) fn all() -> impl Iterator<Item = Shown> {
    [GOOD, BAD, MORE, ERRORS].into_iter().flatten().map(|state| state())
}
