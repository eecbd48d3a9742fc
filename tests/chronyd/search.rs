//! The default search, in a network and a file system of the test's own, as its places are fixed.

use super::common::need;
use super::examples;

/// What a program says after `prepare` ran, with an empty /run/chrony and a loopback of its own.
///
/// chronyd is started with `-x` on the default places, and ended by its pid.
fn said(prepare: &str) -> (String, bool) {
    let example = examples::built("error_handling");
    let script = format!(
        r#"set -eu
ip link set lo up 2>/dev/null || ifconfig lo up
mkdir -p /run/chrony
mount -t tmpfs -o mode=0750 tmpfs /run/chrony
chown "$1" /run/chrony
work=/run/chrony
chronyd_here() {{ # LINES: start chronyd on the default places and wait until it answers
  printf 'port 0\npidfile %s/pid\n%s\n' "$work" "$1" >"$work/conf"
  chronyd -x -f "$work/conf"
  tries=0
  until chronyc -n -h "$2" tracking >/dev/null 2>&1; do
    tries=$((tries + 1)); [ "$tries" -lt 500 ]; read -r -t 0.02 _ <>"$work/never" || true
  done
}}
mkfifo "$work/never"
{prepare}
status=0
"$2" || status=$?
[ ! -f "$work/pid" ] || kill "$(cat "$work/pid")"
exit "$status"
"#
    );
    let (user, group) = need::user().expect("chrony's user");
    let output = need::program("unshare")
        .args(["--mount", "--net", "bash", "-c", &script, "search"])
        .arg(format!("{user}:{group}"))
        .arg(example)
        .output()
        .expect("unshare runs");
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).expect("it writes UTF-8"), output.status.success())
}

/// The places of the search, in order.
const PLACES: [&str; 3] = ["/var/run/chrony/chronyd.sock", "127.0.0.1:323", "[::1]:323"];

pub(crate) fn without_chronyd_all_places_are_named() {
    let (text, found) = said("");
    assert!(!found, "{text}");
    for place in PLACES {
        assert!(text.contains(place), "{place} is missing in: {text}");
    }
    assert!(text.contains("not_running") && text.contains("systemctl start chrony"), "{text}");
}

pub(crate) fn the_socket_is_taken_first() {
    let (text, found) = said("chronyd_here '' 127.0.0.1");
    assert!(found && text.contains(PLACES[0]) && !text.contains(PLACES[1]), "{text}");
}

pub(crate) fn udp_is_taken_where_there_is_no_socket() {
    let (text, found) = said("chronyd_here 'bindcmdaddress /' 127.0.0.1");
    assert!(found && text.contains(PLACES[1]), "{text}");
}

pub(crate) fn a_dead_socket_is_passed_over_and_named() {
    // The socket file of a killed chronyd, beside a living one that has none.
    let (text, found) = said(
        "chronyd_here '' 127.0.0.1
         kill -9 \"$(cat /run/chrony/pid)\"; rm /run/chrony/pid
         chronyd_here 'bindcmdaddress /' 127.0.0.1",
    );
    assert!(found && text.contains(PLACES[1]), "{text}");
    let passed_over = format!("passed over: {}: nobody listens there", PLACES[0]);
    assert!(text.contains(&passed_over), "{text}");
}
