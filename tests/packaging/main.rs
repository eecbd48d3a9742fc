//! What is packaged beside the program: the unit and its drop-ins, the options' file, the lists of files.
//! docker/package-test installs the packages; here is what needs no container.
//!
//! A test that cannot run on this machine is listed as ignored, with the reason in its name.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Failed, Trial};

const UNIT: &str = "second-hand.service";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn analyze(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new("systemd-analyze").args(arguments).env("SYSTEMD_COLORS", "0").output()
}

/// Why systemd cannot look at the unit here. What `--offline` does came with systemd 250.
fn missing() -> Option<&'static str> {
    let version = analyze(&["--version"]).ok().filter(|output| output.status.success());
    let Some(output) = version else { return Some("there is no systemd-analyze") };
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = words.split_whitespace().nth(1).and_then(|word| word.parse::<u32>().ok());
    number.is_none_or(|number| number < 250).then_some("systemd is older than 250")
}

/// A root directory with the unit, the program under test in the place of the installed one, and a
/// drop-in where one is named.
fn machine(dropin: Option<&str>) -> tempfile::TempDir {
    let machine = tempfile::tempdir().unwrap();
    let units = machine.path().join("etc/systemd/system");
    let program = machine.path().join("usr/bin/second-hand");
    for folder in [&units.join(format!("{UNIT}.d")), program.parent().unwrap()] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::copy(env!("CARGO_BIN_EXE_second-hand"), program).unwrap();
    fs::write(units.join(UNIT), text("packaging/systemd/second-hand.service")).unwrap();
    // What every service needs.
    for target in ["sysinit.target", "basic.target", "shutdown.target"] {
        fs::write(units.join(target), "[Unit]\nDefaultDependencies=no\n").unwrap();
    }
    if let Some(dropin) = dropin {
        fs::write(units.join(format!("{UNIT}.d/all-reports.conf")), text(dropin)).unwrap();
    }
    machine
}

fn option(machine: &Path) -> String {
    format!("--root={}", machine.display())
}

/// Each variant of the service: the user and its drop-in.
const VARIANTS: [(&str, Option<&str>); 3] = [
    ("second-hand", None),
    ("_chrony", Some("packaging/systemd/all-reports.conf")),
    ("chrony", Some("packaging/rpm/all-reports.conf")),
];

fn the_exposure_of_each_variant_is_below_2() {
    for (user, dropin) in VARIANTS {
        let machine = machine(dropin);
        let root = option(machine.path());
        let output =
            analyze(&["security", "--offline=yes", "--threshold=19", &root, UNIT]).unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("exposure level"), "{user}: {said}");
    }
}

fn systemd_finds_nothing_wrong_with_any_variant() {
    for (user, dropin) in VARIANTS {
        let machine = machine(dropin);
        let output = analyze(&["verify", "--man=no", &option(machine.path()), UNIT]).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // Of a whole machine there is nothing but the unit.
        let ours = said.lines().filter(|line| line.contains("second-hand")).collect::<Vec<_>>();
        assert!(ours.is_empty(), "{user}: {ours:?}");
    }
}

fn each_option_of_serve_has_its_line_in_the_options_file() {
    let file = text("packaging/default/second-hand");
    let command = second_hand::command();
    let serve = command.find_subcommand("serve").unwrap();
    let mut options: Vec<_> =
        serve.get_arguments().filter_map(|option| option.get_long()).collect();
    options.retain(|option| !["help", "version"].contains(option));
    assert!(options.len() > 10, "{options:?}");
    for option in &options {
        let line = format!("\n#SECOND_HAND_{}=", option.to_uppercase().replace('-', "_"));
        assert!(file.contains(&line), "--{option}");
    }
    assert_eq!(file.matches("\n#SECOND_HAND_").count(), options.len(), "lines without an option");
    let set = file.lines().find(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(set, None, "as it is shipped it changes nothing");
}

fn the_drop_in_of_the_rpm_package_differs_in_the_user_alone() {
    let debian = text("packaging/systemd/all-reports.conf");
    assert_eq!(debian.replace("=_chrony", "=chrony"), text("packaging/rpm/all-reports.conf"));
}

fn the_debian_changelog_begins_with_the_version_of_the_program() {
    let begin = format!("second-hand ({}-1) ", env!("CARGO_PKG_VERSION"));
    assert!(text("packaging/debian/changelog").starts_with(&begin), "{begin}");
}

/// What a list of assets in Cargo.toml takes from packaging/, as far as both packages have it.
fn shared_assets(section: &str) -> Vec<String> {
    let manifest = text("Cargo.toml");
    let list = manifest.split(section).nth(1).unwrap().split("assets = [\n").nth(1).unwrap();
    let lines = list.split("\n]").next().unwrap().lines();
    let sources = lines.filter_map(|line| line.split('"').nth(1)).map(str::to_owned);
    let own = ["packaging/debian/", "packaging/rpm/", "packaging/systemd/"];
    let mut sources: Vec<_> = sources
        .filter(|source| source.starts_with("packaging/"))
        .filter(|source| !own.iter().any(|own| source.starts_with(own)))
        .collect();
    sources.sort();
    sources
}

fn both_packages_take_the_same_files() {
    let debian = shared_assets("[package.metadata.deb]");
    assert!(debian.len() >= 8, "{debian:?}");
    assert_eq!(debian, shared_assets("[package.metadata.generate-rpm]"));
}

fn main() -> ExitCode {
    let with_systemd: [(&str, fn()); 2] = [
        ("the_exposure_of_each_variant_is_below_2", the_exposure_of_each_variant_is_below_2),
        (
            "systemd_finds_nothing_wrong_with_any_variant",
            systemd_finds_nothing_wrong_with_any_variant,
        ),
    ];
    let with_nothing: [(&str, fn()); 4] = [
        (
            "each_option_of_serve_has_its_line_in_the_options_file",
            each_option_of_serve_has_its_line_in_the_options_file,
        ),
        (
            "the_drop_in_of_the_rpm_package_differs_in_the_user_alone",
            the_drop_in_of_the_rpm_package_differs_in_the_user_alone,
        ),
        (
            "the_debian_changelog_begins_with_the_version_of_the_program",
            the_debian_changelog_begins_with_the_version_of_the_program,
        ),
        ("both_packages_take_the_same_files", both_packages_take_the_same_files),
    ];
    let run = |test: fn()| {
        move || -> Result<(), Failed> {
            test();
            Ok(())
        }
    };
    let mut trials: Vec<_> =
        with_nothing.into_iter().map(|(name, test)| Trial::test(name, run(test))).collect();
    trials.extend(with_systemd.into_iter().map(|(name, test)| {
        match missing() {
            None => Trial::test(name, run(test)),
            // Asked for all the same (`--include-ignored`), it fails rather than seems to pass.
            Some(reason) => {
                Trial::test(format!("{name} (skipped: {reason})"), move || Err(reason.into()))
                    .with_ignored_flag(true)
            }
        }
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
