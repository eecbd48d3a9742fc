//! Many machines: what is shipped for Prometheus and Grafana, on a real Prometheus.
//!
//! A test that cannot run on this machine is listed as ignored, with the reason in its name.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

#[path = "../common/mod.rs"]
mod common;

mod boards;
mod configuration;
mod rules;

use std::path::PathBuf;
use std::process::ExitCode;

use common::dashboard::{Dashboard, second_hand};
use common::need::Need;
use libchrony::testing::{Scenario, Simulator, Smoothing};
use libtest_mimic::{Arguments, Failed, Trial};

/// A test, by the sentence it proves, and what it needs.
type Test = (&'static str, Option<Need>, fn());

/// Names each test after its function.
macro_rules! tests {
    ($need:expr => $($module:ident::$name:ident),* $(,)?) => {
        [$((concat!(stringify!($module), "::", stringify!($name)), $need, $module::$name as fn())),*]
    };
}

/// What is shipped for others.
pub(crate) fn packaging(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("packaging").join(path)
}

/// The files of a folder of it with this ending, in order.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = packaging(folder).read_dir().unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    files.sort();
    assert!(!files.is_empty(), "nothing is looked at in {folder}");
    files
}

/// Simulated chronyds that say all there is to say, and a dashboard that shows the first over its Unix
/// socket and probes the second.
pub(crate) struct Fleet {
    _shown: Simulator,
    pub(crate) probed: Simulator,
    pub(crate) dashboard: Dashboard,
}

impl Fleet {
    pub(crate) fn start() -> Self {
        let scenario = Scenario {
            smoothing: Some(Smoothing::default()),
            rtc: Scenario::rtc().rtc,
            clients: Scenario::synchronized().clients,
            serverstats: Scenario::synchronized().serverstats,
            ..Scenario::nts()
        };
        let shown = Simulator::start_unix(scenario).unwrap();
        let probed = Simulator::start_udp(Scenario::falseticker()).unwrap();
        let mut command = second_hand();
        command.args(["--port", "0", "--refresh", "1s", "--chronyd", &shown.address()]);
        let dashboard = Dashboard::start(command.args(["--probe-allow", &probed.address()]));
        Self { _shown: shown, probed, dashboard }
    }
}

fn tests() -> Vec<Test> {
    let plain = tests![None =>
        rules::every_alert_says_what_to_do_and_is_tested_both_ways,
        rules::rules_and_boards_use_only_what_second_hand_gives,
        boards::boards_can_be_imported,
    ];
    let prometheus = tests![Some(Need::PrometheusAlone) =>
        boards::every_query_of_a_board_has_an_answer,
        rules::rules_and_example_are_clean,
        rules::alerts_fire_when_they_must_and_not_otherwise,
        rules::what_a_probe_says_is_clean,
    ];
    let fleet = tests![Some(Need::Prometheus) =>
        configuration::the_example_reads_real_chronyds_through_probe_by_their_own_names,
    ];
    [&fleet[..], &prometheus, &plain].concat()
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(4);
    let trial = |(name, need, test): Test| match need.and_then(Need::missing) {
        None => Trial::test(name, move || -> Result<(), Failed> {
            test();
            Ok(())
        }),
        Some(reason) => {
            // Asked for all the same (`--include-ignored`), it fails rather than seems to pass.
            Trial::test(format!("{name} (skipped: {reason})"), move || Err(reason.into()))
                .with_ignored_flag(true)
        }
    };
    libtest_mimic::run(&arguments, tests().into_iter().map(trial).collect()).exit_code()
}
