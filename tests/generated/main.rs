//! Files that are made of the command line and of what it prints: man pages, completions, samples in the
//! documentation. `make generated` makes them anew; here they are compared.
//!
//! A test that cannot run on this machine is listed as ignored, with the reason in its name.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

#[path = "../common/mod.rs"]
mod common;

mod completions;
mod configure;
mod man;
mod samples;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use common::need;
use libtest_mimic::{Arguments, Failed, Trial};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether files are made in place of being compared.
fn is_making() -> bool {
    std::env::var_os("UPDATE_GENERATED").is_some()
}

/// Holds a committed file against what it would be made as today.
fn keep(path: &str, fresh: &str) {
    let file = root().join(path);
    if is_making() {
        fs::write(&file, fresh).unwrap();
    }
    let old = fs::read_to_string(&file).unwrap_or_default();
    assert!(old == fresh, "{path} is stale: run `make generated` and commit it");
}

/// A test by the sentence it proves, and the programs that it needs.
type Test = (&'static str, &'static [&'static str], fn());

const TESTS: [Test; 12] = [
    (
        "the_chapter_on_configuration_names_every_option_and_no_other",
        &[],
        configure::the_chapter_on_configuration_names_every_option_and_no_other,
    ),
    ("the_man_pages_are_up_to_date", &[], man::the_man_pages_are_up_to_date),
    ("the_completions_are_up_to_date", &[], completions::the_completions_are_up_to_date),
    ("the_samples_are_up_to_date", &[], samples::the_samples_are_up_to_date),
    (
        "what_moves_on_is_no_difference_and_anything_else_is",
        &[],
        samples::what_moves_on_is_no_difference_and_anything_else_is,
    ),
    (
        "a_man_page_names_every_option_and_its_variable",
        &[],
        man::a_man_page_names_every_option_and_its_variable,
    ),
    ("mandoc_finds_nothing_wrong_with_the_pages", &["mandoc"], man::mandoc_finds_nothing_wrong),
    ("man_finds_nothing_wrong_with_the_pages", &["man", "groff"], man::man_finds_nothing_wrong),
    (
        "bash_completes_commands_options_reports_and_files",
        &["bash"],
        completions::bash_completes_commands_options_reports_and_files,
    ),
    (
        "the_tabulator_completes_in_an_interactive_bash",
        &["bash", "python3"],
        completions::the_tabulator_completes_in_an_interactive_bash,
    ),
    ("fish_completes_the_same", &["fish"], completions::fish_completes_the_same),
    ("zsh_takes_its_file", &["zsh"], completions::zsh_takes_its_file),
];

/// Whether a program is there; mandoc has no option that only says so.
fn is_there(program: &&&str) -> bool {
    match **program {
        "mandoc" => need::program("mandoc").arg("/dev/null").output().is_ok(),
        program => need::runs(program, &["--version"]),
    }
}

fn main() -> ExitCode {
    let trial = |(name, needs, test): &Test| match needs.iter().find(|program| !is_there(program)) {
        None => {
            let test = *test;
            Trial::test(*name, move || -> Result<(), Failed> {
                test();
                Ok(())
            })
        }
        Some(missing) => {
            let reason = format!("{missing} is not installed");
            // Asked for all the same (`--include-ignored`), it fails rather than seems to pass.
            Trial::test(format!("{name} (skipped: {reason})"), move || Err(reason.into()))
                .with_ignored_flag(true)
        }
    };
    let trials = TESTS.iter().map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
