//! What the event log says of a real chronyd.

use serde_json::Value;

use crate::common::chronyc::chronyc;
use crate::common::chronyd::Chronyd;
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::eventually;

fn often(address: &str) -> Dashboard {
    Dashboard::start(second_hand().args(["--port", "0", "--refresh", "1s", "--chronyd", address]))
}

/// The kinds of the events, once this one is among them.
fn kinds(dashboard: &Dashboard, awaited: &str) -> Vec<String> {
    eventually(awaited, || {
        let history = dashboard.get("/api/v1/history?series=offset").json();
        let read = history["since"].is_string();
        let events = history["events"].as_array().expect("events").iter();
        let kinds: Vec<_> =
            events.filter_map(|event| event["kind"].as_str().map(str::to_owned)).collect();
        (read && kinds.iter().any(|kind| kind == awaited)).then_some(kinds)
    })
}

fn count(kinds: &[String], kind: &str) -> usize {
    kinds.iter().filter(|one| *one == kind).count()
}

pub(crate) fn a_restart_is_an_event_over_either_transport_and_new_sources_are_none() {
    let server = Chronyd::server(3);
    let line = format!("server 127.0.0.2 port {} minpoll 0 maxpoll 0 iburst", server.ntp_port);
    let mut client = Chronyd::client(&line);
    client.wait_until("a source is selected", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(libchrony::Tracking::is_synchronized)
    });
    let dashboards = [client.unix(), client.udp()].map(|address| often(&address));
    for dashboard in &dashboards {
        kinds(dashboard, "began");
    }
    // That the clock lost its source is no restart.
    chronyc(&client, "delete 127.0.0.2");
    for dashboard in &dashboards {
        let kinds = kinds(dashboard, "removed");
        assert_eq!(count(&kinds, "restarted"), 0, "{kinds:?}");
    }
    drop(server);
    client.restart();
    for dashboard in &dashboards {
        let kinds = kinds(dashboard, "restarted");
        assert_eq!(count(&kinds, "restarted"), 1, "{kinds:?}");
        assert_eq!(count(&kinds, "unreachable"), 0, "{kinds:?}");
        let history = dashboard.get("/api/v1/history?series=offset").json();
        assert_ne!(history["since"], Value::Null);
    }
}
