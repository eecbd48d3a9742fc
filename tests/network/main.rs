//! chronyd daemons in other containers, asked over their network and a shared socket.
//!
//! docker/compose.test.yml starts them and gives their addresses by environment variables; elsewhere
//! every test counts as ignored, with the reason in its name.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

#[path = "../common/mod.rs"]
mod common;

mod daemons;
mod pages;
mod refusals;
mod shape;
mod socket;
mod udp;
mod versions;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use common::need;

/// A test, by the sentence it proves, and the oldest chronyd that has what it is about.
type Test = (&'static str, (u32, u32), fn());

/// Names each test after its function.
macro_rules! tests {
    ($major:literal, $minor:literal: $($module:ident::$name:ident),* $(,)?) => {
        [$((
            concat!(stringify!($module), "::", stringify!($name)),
            ($major, $minor),
            $module::$name as fn(),
        )),*]
    };
}

fn tests() -> Vec<Test> {
    let every = tests![4, 0:
        socket::tracking_has_the_shape_of_a_synchronized_clock,
        socket::every_source_has_its_record_in_each_report,
        socket::the_states_of_four_sources_are_told_apart,
        socket::the_reports_without_sources_are_given,
        socket::raw_records_hold_finite_values_of_named_kinds,
        udp::the_open_reports_are_those_of_the_socket,
        udp::the_closed_reports_are_refused_each_by_name,
        udp::each_request_of_many_is_answered,
        refusals::without_cmdallow_no_answer_comes_and_the_wait_ends,
        refusals::a_port_where_nobody_listens_is_named,
        refusals::a_host_that_does_not_exist_is_named,
        versions::server_statistics_count_what_this_version_counts,
        versions::ntp_data_has_the_layout_of_this_version,
        pages::the_page_over_the_socket_shows_every_source,
        pages::the_json_holds_every_field_with_its_type,
        pages::over_udp_the_page_names_what_it_cannot_show,
        pages::a_chronyd_that_gives_no_answer_is_said_with_an_honest_status,
    ];
    let opencommands = tests![4, 7: versions::opencommands_opens_all_reports_over_udp];
    [&every[..], &opencommands].concat()
}

/// Why a test cannot run here.
fn missing(oldest: (u32, u32)) -> Option<String> {
    if let Some(variable) = daemons::missing() {
        return Some(format!("{variable} is not set, as docker/compose.test.yml does"));
    }
    let (major, minor) = oldest;
    (need::version() < oldest).then(|| format!("chronyd is older than {major}.{minor}"))
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share the daemons, so they take turns.
    arguments.test_threads = Some(1);
    let trial = |(name, oldest, test): Test| match missing(oldest) {
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
