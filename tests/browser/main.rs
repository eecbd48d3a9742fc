//! The pages as people have them: in a real browser, of a real chronyd and of the simulated one.
//!
//! A test that cannot run on this machine is listed as ignored, with the reason in its name.
//!
//! With SCREENSHOTS=docs it takes the pictures of the documentation instead:
//! `SCREENSHOTS=docs cargo test --test browser`.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

#[path = "../common/mod.rs"]
mod common;

mod axe;
mod browser;
mod daemon;
mod keyboard;
mod layout;
mod live;
mod pictures;
mod proxy;
mod quiet;
mod state;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// What a test needs of the machine.
#[derive(Debug, Clone, Copy)]
enum Need {
    /// Chromium and chromedriver; each other needs them too.
    Browser,
    /// axe-core, which is fetched.
    Axe,
    /// chronyd, and root.
    Chronyd,
    /// nginx, as packaging/proxy sets it up.
    Nginx,
    /// Caddy, likewise.
    Caddy,
}

impl Need {
    /// Why this machine cannot run the test; `None` where it can.
    fn missing(self) -> Option<&'static str> {
        if browser::installed().is_none() {
            return Some("Chromium is not installed");
        }
        if !browser::has_driver() {
            return Some("chromedriver is not installed");
        }
        match self {
            Self::Browser => None,
            Self::Axe => axe::source().is_none().then_some("axe-core could not be fetched"),
            Self::Chronyd => common::need::Need::Chronyd.missing(),
            Self::Nginx => common::proxy::Kind::Nginx.missing(),
            Self::Caddy => common::proxy::Kind::Caddy.missing(),
        }
    }
}

/// A test, by the sentence it proves, and what it needs.
type Test = (&'static str, Need, fn());

/// Names each test after its function.
macro_rules! tests {
    ($need:ident: $($module:ident::$name:ident),* $(,)?) => {
        [$((concat!(stringify!($module), "::", stringify!($name)), Need::$need, $module::$name as fn())),*]
    };
}

fn tests() -> Vec<Test> {
    let axe = tests![Axe:
        // The longest first.
        axe::good_states_have_no_violation,
        axe::bad_states_have_no_violation,
        axe::pages_beside_the_dashboard_have_no_violation,
        axe::error_pages_have_no_violation,
        live::a_lost_connection_is_shown_and_healed,
    ];
    let chronyd = tests![Chronyd:
        daemon::the_page_of_a_real_chronyd_has_its_boxes_above_the_fold_and_its_selected_row_apart,
        daemon::an_open_page_shows_what_a_real_chronyd_does,
    ];
    let nginx = tests![Nginx:
        proxy::below_a_path_of_nginx_the_page_loads_leads_on_and_keeps_itself_up_to_date,
    ];
    let caddy = tests![Caddy:
        proxy::below_a_path_of_caddy_the_page_loads_leads_on_and_keeps_itself_up_to_date,
    ];
    let browser = tests![Browser:
        keyboard::tab_leads_through_the_page_in_its_order_and_out_of_it,
        keyboard::the_skip_link_leads_to_the_content,
        keyboard::details_open_and_close_by_enter_and_space,
        keyboard::a_wide_table_scrolls_by_key_in_its_box,
        layout::the_boxes_lie_above_the_fold,
        layout::no_page_scrolls_sideways,
        layout::text_of_twice_the_size_is_not_cut,
        layout::the_selected_row_stands_out_by_more_than_colour,
        layout::falsetickers_and_unreachable_sources_are_told_apart_by_mark_and_word,
        layout::who_wants_no_motion_gets_none,
        layout::dark_and_light_follow_the_reader_s_setting,
        live::the_page_changes_in_place_when_chronyd_changes,
        live::a_chart_grows_and_tells_its_values_by_key,
        live::ages_count_on_between_readings,
        live::a_page_that_is_paused_stays_as_it_is,
        live::a_page_left_open_holds_no_more_after_many_updates,
        quiet::every_state_renders,
        quiet::without_script_every_page_says_the_same,
        quiet::no_page_complains_or_asks_another_server,
        quiet::other_methods_are_answered_with_a_page,
        quiet::the_time_on_hover_is_the_reader_s,
    ];
    [&axe[..], &chronyd, &nginx, &caddy, &browser].concat()
}

/// Ends the browsers, also where the pictures cannot be taken.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        browser::end();
    }
}

fn main() -> ExitCode {
    let _end = End;
    if let Some(folder) = std::env::var_os("SCREENSHOTS") {
        pictures::take(folder.as_ref());
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    // Each has a browser of its own, which keeps more than a processor busy.
    arguments.test_threads.get_or_insert(3);
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
    conclusion.exit_code()
}
