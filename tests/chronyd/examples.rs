//! The examples of the wrapper, and a crate outside the workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

use libchrony::ReportName;

use super::common::chronyd::Chronyd;
use super::common::need;

const EXAMPLES: [&str; 5] =
    ["quick_start", "error_handling", "monitor_loop", "health_check", "print_all"];

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Where cargo builds: beside the binary under test.
fn target() -> PathBuf {
    let profile = Path::new(env!("CARGO_BIN_EXE_second-hand")).parent().expect("a folder");
    profile.parent().expect("a target folder").to_owned()
}

fn succeeds(command: &mut Command) -> Output {
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
    output
}

/// The path of an example, built.
pub(crate) fn built(name: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    BUILD.call_once(|| {
        if !need::has_cargo() {
            return; // In a container of the tests alone they were built before.
        }
        let arguments = ["build", "--offline", "-p", "libchrony", "--features", "testing,tokio"];
        succeeds(cargo().args(arguments).args(["--examples", "--target-dir"]).arg(target()));
    });
    target().join("debug/examples").join(name)
}

fn printed(program: &Path, arguments: &[&str]) -> String {
    let output = succeeds(Command::new(program).args(arguments));
    String::from_utf8(output.stdout).expect("it writes UTF-8")
}

/// Runs an example: its exit code and what it prints.
pub(crate) fn run(name: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(built(name)).args(arguments).output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("it writes UTF-8"))
}

pub(crate) fn every_example_runs() {
    let chronyd = Chronyd::client("local stratum 10\nserver 127.0.0.9 port 9");
    chronyd.wait_until("local is in force", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(|tracking| tracking.is_local())
    });
    let socket = chronyd.unix();
    for name in EXAMPLES.iter().filter(|name| !["monitor_loop", "health_check"].contains(name)) {
        assert!(!printed(&built(name), &[&socket]).is_empty(), "{name} prints nothing");
    }
    assert_eq!(printed(&built("monitor_loop"), &[&socket, "3", "10ms"]).lines().count(), 3);
    let watched = printed(&built("tokio_monitor"), &["2", &socket, &socket]);
    assert_eq!(watched.matches("offset").count(), 4, "{watched}");
    let all = printed(&built("print_all"), &[&socket]);
    for report in ReportName::ALL.iter().chain(ReportName::EXTENSIONS) {
        assert!(all.contains(report.as_str()), "{report} is missing");
    }
    assert!(all.contains("current correction: 0 s"), "no field with its unit: {all}");

    // This one brings its own chronyd.
    assert!(printed(&built("own_tests"), &[]).contains("ended: as expected"));

    // A clock that follows only itself is a warning; no chronyd is critical.
    let status = |address: &str| run("health_check", &[address]).0;
    assert_eq!((status(&socket), status("/tmp/no-such-place/sock")), (Some(1), Some(2)));
    // Every example says what to do where there is no chronyd, and then ends.
    for name in EXAMPLES {
        let (status, text) = run(name, &["/tmp/no-such-place/sock", "1"]);
        assert!(text.contains("no such socket"), "{name}: {text}");
        assert!(status.is_some_and(|status| status <= 2), "{name}: {status:?}");
    }
}

pub(crate) fn a_crate_outside_the_workspace_links_the_wrapper_alone() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/Cargo.toml");
    let tree = succeeds(
        cargo().args(["tree", "--offline", "--prefix", "none", "--manifest-path"]).arg(&manifest),
    );
    let tree = String::from_utf8(tree.stdout).expect("cargo writes UTF-8");
    assert!(tree.contains("libchrony-sys"), "{tree}");
    for heavy in ["actix", "tera", "tokio", "bindgen"] {
        assert!(!tree.lines().any(|line| line.starts_with(heavy)), "{heavy} is in:\n{tree}");
    }

    let outside = target().join("outside");
    succeeds(
        cargo()
            .args(["build", "--offline", "--manifest-path"])
            .arg(&manifest)
            .arg("--target-dir")
            .arg(&outside),
    );
    let chronyd = Chronyd::client("local stratum 10");
    let text = printed(&outside.join("debug/outside"), &[&chronyd.unix()]);
    assert!(text.contains("synchronized"), "{text}");
}
