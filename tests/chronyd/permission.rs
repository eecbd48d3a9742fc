//! chronyd's socket and a user who may not use it: `nobody`, in a process of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::common::chronyd::Chronyd;
use super::common::dashboard::{Dashboard, Response, second_hand};
use super::common::nobody::Reachable;
use super::examples;

/// What the wrapper says to nobody, by way of an example.
fn wrapped(chronyd: &Chronyd) -> String {
    let example = Reachable::new(&examples::built("error_handling"));
    let output = example.as_nobody().arg(chronyd.unix()).output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).expect("it writes UTF-8")
}

/// What the dashboard says to nobody.
fn served(chronyd: &Chronyd) -> (Response, Response) {
    let binary = Reachable::new(Path::new(second_hand().get_program()));
    let mut command = binary.as_nobody();
    command.args(["--port", "0", "--chronyd", &chronyd.unix()]);
    let dashboard = Dashboard::start(&mut command);
    (dashboard.get("/"), dashboard.get("/api/v1/snapshot"))
}

fn check(chronyd: &Chronyd, denied: &str) {
    let text = wrapped(chronyd);
    assert!(text.contains("permission denied") && text.contains(denied), "{text}");
    assert!(text.contains("_chrony") && text.contains("group is not enough"), "{text}");

    let (page, api) = served(chronyd);
    assert_eq!((page.status, api.status), (503, 503));
    let error = &api.json()["error"];
    assert_eq!(error["kind"], "permission_denied");
    assert!(error["message"].as_str().unwrap().contains(denied), "{error}");
    let text = page.page().text("main");
    assert!(text.contains("permission") && text.contains("_chrony"), "{text}");
    assert!(text.contains("--chronyd 127.0.0.1"), "the way that needs no permission is not named");
}

pub(crate) fn a_closed_directory_denies_the_socket() {
    let chronyd = Chronyd::client("");
    check(&chronyd, "connect to the socket");
}

pub(crate) fn a_directory_that_cannot_be_written_denies_the_client_s_socket() {
    let chronyd = Chronyd::client("");
    chronyd.set_directory_mode(0o755);
    fs::set_permissions(chronyd.socket(), Permissions::from_mode(0o777)).expect("a mode");
    check(&chronyd, "create its own socket in the socket's directory");
}
