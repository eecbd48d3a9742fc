//! The wrapper and the dashboard against real chronyd daemons, held against what chronyc says.
//!
//! A test that cannot run on this machine is listed as ignored, with the reason in its name.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

#[path = "../common/mod.rs"]
mod common;

mod authentication;
mod examples;
mod faults;
mod history;
mod metrics;
mod names;
mod pages;
mod permission;
mod probe;
mod reports;
mod search;
mod service;
mod states;
mod terminal;
mod trio;

use std::process::ExitCode;

use common::need::Need;
use libtest_mimic::{Arguments, Failed, Trial};

/// A test, by the sentence it proves, and what it needs.
type Test = (&'static str, Need, fn());

/// Names each test after its function.
macro_rules! tests {
    ($need:ident: $($module:ident::$name:ident),* $(,)?) => {
        [$((concat!(stringify!($module), "::", stringify!($name)), Need::$need, $module::$name as fn())),*]
    };
}

fn tests() -> Vec<Test> {
    let chronyd = tests![Chronyd:
        // The longest first.
        pages::two_threads_never_see_each_other_s_addresses,
        faults::a_stopped_chronyd_costs_bounded_time_and_is_read_again_when_it_goes_on,
        examples::every_example_runs,
        states::a_reference_clock_shows_its_id,
        reports::tracking_is_what_chronyc_says,
        reports::sources_are_what_chronyc_says,
        reports::source_statistics_are_what_chronyc_says,
        reports::selection_data_is_what_chronyc_says,
        reports::activity_is_what_chronyc_says,
        reports::authentication_is_what_chronyc_says,
        reports::ntp_data_is_what_chronyc_says,
        reports::server_statistics_are_what_chronyc_says,
        reports::a_snapshot_joins_what_belongs_to_one_source,
        pages::the_table_of_sources_shows_what_chronyc_says,
        pages::the_table_of_statistics_shows_what_chronyc_says,
        pages::the_page_of_a_source_shows_what_chronyc_says,
        pages::the_figures_of_tracking_are_what_chronyc_says,
        pages::over_udp_the_closed_reports_are_named_and_the_open_ones_are_the_same,
        pages::the_examples_find_this_clock_healthy,
        terminal::the_table_of_sources_is_what_chronyc_says,
        terminal::the_table_of_statistics_is_what_chronyc_says,
        terminal::the_values_of_tracking_are_what_chronyc_says,
        terminal::the_check_holds_the_sources_of_a_real_chronyd_against_its_limit,
        states::falseticker_unreachable_noselect_and_prefer_are_told_apart,
        states::a_local_clock_is_no_agreement_with_the_world,
        states::no_sources_is_said_with_the_line_that_adds_one,
        states::only_unreachable_sources_are_the_cause_that_is_named,
        states::no_rtc_tracking_is_an_ordinary_answer,
        states::smoothing_is_what_chronyc_says,
        names::a_source_has_the_name_it_was_configured_with,
        names::a_restart_with_another_name_shows_it_at_once,
        names::clients_are_what_chronyc_says,
        names::clients_that_are_closed_or_off_say_so,
        authentication::a_symmetric_key_is_shown,
        faults::a_killed_chronyd_gives_guidance_and_an_honest_status,
        faults::a_missing_socket_gives_guidance_and_an_honest_status,
        faults::a_restart_between_two_reads_goes_unnoticed,
        faults::socket_directories_of_killed_dashboards_are_removed_at_the_next_start,
        faults::every_load_reads_anew,
        metrics::every_metric_is_what_chronyc_says,
        history::a_restart_is_an_event_over_either_transport_and_new_sources_are_none,
        faults::signals_end_the_dashboard_and_leave_nothing,
        probe::a_chronyd_on_another_address_says_by_probe_what_chronyc_says,
        probe::a_chronyd_that_hangs_or_does_not_listen_there_is_down_and_says_why,
        service::a_stopped_chronyd_is_an_error_after_its_time_and_then_it_is_ready,
        permission::a_closed_directory_denies_the_socket,
        permission::a_directory_that_cannot_be_written_denies_the_client_s_socket,
    ];
    let ipv6 = tests![Ipv6:
        states::an_ipv6_source_is_not_shown_by_its_hash,
        probe::a_chronyd_is_probed_by_ipv6_too,
    ];
    let namespaces = tests![Namespaces:
        search::without_chronyd_all_places_are_named,
        search::the_socket_is_taken_first,
        search::udp_is_taken_where_there_is_no_socket,
        search::a_dead_socket_is_passed_over_and_named,
        search::a_user_without_permission_is_led_to_udp,
        search::a_name_that_is_not_resolved_shows_its_number,
    ];
    let namespaces_ipv6 = tests![NamespacesIpv6: search::the_loopback_of_ipv6_is_taken_last];
    let debugger = tests![Debugger: service::a_thread_that_serves_and_hangs_ends_the_signs_of_life];
    let nts = tests![Nts: authentication::an_nts_source_shows_its_keys_and_cookies];
    let opencommands = tests![Opencommands: states::reports_opened_over_udp_are_given];
    let prometheus = tests![Prometheus:
        metrics::prometheus_has_what_chronyc_says_and_loses_what_vanished,
        metrics::promtool_finds_nothing_to_mend,
    ];
    let cargo = tests![Cargo: examples::a_crate_outside_the_workspace_links_the_wrapper_alone];
    // The longest first.
    let needy = [&ipv6[..], &namespaces, &namespaces_ipv6, &debugger, &nts, &opencommands].concat();
    [&cargo[..], &prometheus, &chronyd, &needy].concat()
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of them wait for daemons, so more than one a processor.
    arguments.test_threads.get_or_insert(6);
    let trial = |(name, need, test): Test| match need.missing() {
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
    let conclusion = libtest_mimic::run(&arguments, tests().into_iter().map(trial).collect());
    // Daemons shared by several tests end with the last of them.
    trio::end();
    conclusion.exit_code()
}
