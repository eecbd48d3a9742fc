//! The default search, in a network and a file system of the test's own, as its places are fixed.

use std::path::Path;

use serde_json::Value;

use super::common::dashboard::second_hand;
use super::common::need;
use super::common::nobody::Reachable;
use super::common::page::Page;
use super::examples;

/// Shell functions for the scripts below; chronyd runs with `-x` and is ended by its pid.
const FUNCTIONS: &str = r#"
ip link set lo up
mkdir -p /run/chrony
mount -t tmpfs -o mode=0750 tmpfs /run/chrony
chown "$user" /run/chrony
mkfifo /run/chrony/never
# Whatever happens, nothing is left behind.
trap 'jobs=$(jobs -p); [ -z "$jobs" ] || kill $jobs; wait' EXIT
# Runs a command until it succeeds; a pause is a read that gets nothing.
eventually() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1)); [ "$tries" -lt 500 ]
    read -r -t 0.02 _ <>/run/chrony/never || true
  done
}
# chronyd_here ADDRESS LINES [OPTION]: chronyd on the default places, answering at ADDRESS.
chronyd_here() {
  printf 'port 0\npidfile /run/chrony/pid\n%b\n' "$2" >/run/chrony/conf
  chronyd ${3:-} -x -d -f /run/chrony/conf >/run/chrony/log 2>&1 &
  daemon=$!
  eventually chronyc -n -h "$1" tracking
}
# Both programs on the default search: what the wrapper says, then the page and the API's answer.
ask() {
  as=("$@")
  "${as[@]}" "$example" 2>&1 || true
  "${as[@]}" "$binary" --port 0 >/run/chrony/out 2>/dev/null &
  dashboard=$!
  eventually grep -q listening /run/chrony/out
  url=$(sed 's/.*http:..//' /run/chrony/out)
  for path in / /api/v1/snapshot; do
    exec 3<>"/dev/tcp/${url%:*}/${url##*:}"
    printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$url" >&3
    printf '\n=== '
    cat <&3
  done
  kill "$dashboard"
  wait "$dashboard"
}
"#;

/// What both programs said.
struct Said {
    /// The example error_handling.
    wrapper: String,
    status: u16,
    page: Page,
    api: Value,
}

/// Runs a script that calls `ask` once.
fn said(script: &str) -> Said {
    // Every user of the machine must reach the programs.
    let example = Reachable::new(&examples::built("error_handling"));
    let binary = Reachable::new(Path::new(second_hand().get_program()));
    let (user, group) = need::user().expect("chrony's user");
    let script = format!("set -eu\nuser=$1 example=$2 binary=$3\n{FUNCTIONS}\n{script}");
    let output = need::program("unshare")
        .args(["--mount", "--net", "bash", "-c", &script, "search"])
        .arg(format!("{user}:{group}"))
        .args([example.program(), binary.program()])
        .output()
        .expect("unshare runs");
    let error = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout).expect("it writes UTF-8");
    assert!(output.status.success(), "the script failed: {error}\n{text}");
    let [wrapper, page, api] = text.split("\n=== ").collect::<Vec<_>>()[..] else {
        panic!("three answers: {text}")
    };
    let response = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), body.to_owned())
    };
    let (status, body) = response(page);
    let (api_status, api) = response(api);
    assert_eq!(status, api_status, "page and API differ: {body}\n{api}");
    Said {
        wrapper: wrapper.to_owned(),
        status,
        page: Page::new(&body),
        api: serde_json::from_str(&api).expect("JSON"),
    }
}

/// The places of the search, in order.
const PLACES: [&str; 3] = ["/var/run/chrony/chronyd.sock", "127.0.0.1:323", "[::1]:323"];

impl Said {
    /// Both programs read chronyd at this place, over this transport.
    fn reads(&self, place: &str, transport: &str) {
        assert!(self.wrapper.contains(&format!("reading {place}")), "{}", self.wrapper);
        assert_eq!(self.status, 200);
        let chronyd = &self.api["chronyd"];
        assert_eq!(
            (&chronyd["address"], &chronyd["transport"]),
            (&place.into(), &transport.into())
        );
        let facts = self.page.text(".facts");
        assert!(facts.contains(place), "{facts}");
    }

    /// Both programs say why a place was not taken.
    fn passed_over(&self, place: &str, reason: &str) {
        let line = format!("{place}: {reason}");
        assert!(self.wrapper.contains(&format!("passed over: {line}")), "{}", self.wrapper);
        let access = self.page.text(".access");
        assert!(access.contains(&line), "{line:?} is not in {access}");
    }
}

pub(crate) fn without_chronyd_all_places_are_named() {
    let said = said("ask");
    assert!(said.wrapper.contains("not_running"), "{}", said.wrapper);
    assert!(said.wrapper.contains("systemctl start chrony"), "{}", said.wrapper);
    assert_eq!((said.status, &said.api["error"]["kind"]), (503, &"not_running".into()));
    let message = said.api["error"]["message"].as_str().unwrap();
    let page = said.page.text("main");
    for place in PLACES {
        for text in [&said.wrapper, message, &page] {
            assert!(text.contains(place), "{place} is missing in: {text}");
        }
    }
}

pub(crate) fn the_socket_is_taken_first() {
    said("chronyd_here 127.0.0.1 ''; ask").reads(PLACES[0], "unix");
}

pub(crate) fn udp_is_taken_where_there_is_no_socket() {
    let said = said("chronyd_here 127.0.0.1 'bindcmdaddress /'; ask");
    said.reads(PLACES[1], "udp");
    said.passed_over(PLACES[0], "no such socket");
}

pub(crate) fn the_loopback_of_ipv6_is_taken_last() {
    let said = said("chronyd_here ::1 'bindcmdaddress /' -6; ask");
    said.reads(PLACES[2], "udp");
    said.passed_over(PLACES[1], "nobody listens there");
}

pub(crate) fn a_dead_socket_is_passed_over_and_named() {
    // The socket file of a killed chronyd, beside a living one that has none.
    let said = said(
        "chronyd_here 127.0.0.1 ''
         kill -9 $daemon; wait $daemon || true; rm /run/chrony/pid
         chronyd_here 127.0.0.1 'bindcmdaddress /'; ask",
    );
    said.reads(PLACES[1], "udp");
    said.passed_over(PLACES[0], "nobody listens there");
}

pub(crate) fn a_user_without_permission_is_led_to_udp() {
    let said = said(
        "chronyd_here 127.0.0.1 ''
         ask setpriv --reuid=65534 --regid=65534 --clear-groups --",
    );
    said.reads(PLACES[1], "udp");
    said.passed_over(PLACES[0], "permission denied");
    assert_eq!(said.api["unavailable"]["serverstats"]["kind"], "not_authorized");
}

pub(crate) fn a_name_that_is_not_resolved_shows_its_number() {
    // This network has no name server, so the name stays unresolved.
    let said = said("chronyd_here 127.0.0.1 'server clock.example.net'; ask");
    said.reads(PLACES[0], "unix");
    assert_eq!(said.api["sources"][0]["address"], "ID#0000000001");
    assert_eq!(said.api["activity"]["unresolved_sources"], 1);
    let row = &said.page.rows(".sources")[0];
    assert!(row[0].starts_with('?') && row[1].contains("ID#0000000001"), "{row:?}");
}
