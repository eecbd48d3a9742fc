//! The two reports that libchrony 0.2 lacks, held against chronyc: names of sources, and clients.

use libchrony::{Connection, Error, ErrorKind, Snapshot};
use serde_json::Value;

use super::common::chronyc::{Witness, chronyc};
use super::common::chronyd::Chronyd;
use super::common::dashboard::Dashboard;
use super::reports::{number, text};

/// A source by a name that every machine's own file of hosts has, and one by an address.
fn named(server: &Chronyd) -> Chronyd {
    let line =
        |host: &str| format!("server {host} port {} minpoll 0 maxpoll 1 iburst\n", server.ntp_port);
    let client = Chronyd::client(&(line("localhost") + &line("127.0.0.2")));
    client.wait_until("the name is resolved and both sources are sampled", |snapshot| {
        let sources = snapshot.sources.as_deref().unwrap_or_default();
        sources.len() == 2 && sources.iter().all(|it| it.last_sample_ago.is_some())
    });
    client
}

fn names(snapshot: &Snapshot) -> Vec<(String, Option<String>)> {
    let sources = snapshot.sources.as_deref().expect("sources");
    sources.iter().map(|it| (it.address.to_string(), it.name.clone())).collect()
}

pub(crate) fn a_source_has_the_name_it_was_configured_with() {
    let server = Chronyd::server(3);
    let client = named(&server);
    let read = |address: &str| {
        let address = address.parse().expect("an address");
        let mut connection = Connection::builder().address(address).open().expect("it answers");
        (connection.snapshot().expect("a snapshot"), connection)
    };
    for address in [client.unix(), client.udp()] {
        let (snapshot, mut connection) = read(&address);
        let names = names(&snapshot);
        let other = names.iter().find(|(address, _)| address == "127.0.0.2");
        assert_eq!(other, Some(&("127.0.0.2".to_owned(), None)));
        let (local, _) = names
            .iter()
            .find(|(_, name)| name.as_deref() == Some("localhost"))
            .expect("a source called localhost");
        assert_eq!(chronyc(&client, &format!("sourcename {local}")), [["localhost"]]);
        // Also as a report of its own, with a record for each.
        let list = connection.source_names().expect("names");
        let told: Vec<_> = list.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(told, ["localhost", "127.0.0.2"]);
        assert_eq!(list[0].address.to_string(), *local);
    }
    let row = Dashboard::of(&client.unix()).get("/").page().source("localhost");
    assert!(row.contains("localhost"), "{row}");
}

pub(crate) fn a_restart_with_another_name_shows_it_at_once() {
    let server = Chronyd::server(3);
    let mut client = named(&server);
    let mut connection = client.connection().open().expect("it answers");
    let before = connection.snapshot().expect("a snapshot");
    assert!(names(&before).iter().any(|(_, name)| name.as_deref() == Some("localhost")));
    client.change_configuration(|text| text.replace("server localhost", "server 127.0.0.3"));
    client.restart();
    let after = connection.snapshot().expect("a snapshot");
    assert!(names(&after).iter().all(|(_, name)| name.is_none()), "{:?}", names(&after));
}

pub(crate) fn clients_are_what_chronyc_says() {
    let server = Chronyd::server(3);
    let _client = named(&server);
    let dashboard = Dashboard::of(&server.unix());
    let wrapper = || {
        let mut connection = server.connection().open().expect("it answers");
        serde_json::to_value(connection.clients().expect("clients")).expect("JSON")
    };
    let http = || dashboard.get("/api/v1/clients").json();
    // Ages move.
    let readings: [&dyn Fn() -> Value; 2] = [&wrapper, &http];
    for read in readings {
        let (value, witness) = Witness::around(&server, "clients", &[5, 9], read);
        let clients = value["clients"].as_array().expect("a list");
        assert_eq!(clients.len(), witness.lines());
        assert!(!clients.is_empty());
        for client in clients {
            let line = witness.line(0, text(client, "address"));
            for (field, key) in
                [(1, "ntp_hits"), (2, "ntp_drops"), (6, "command_hits"), (7, "command_drops")]
            {
                witness.agrees(line, field, number(client, key));
            }
            for (field, key) in
                [(3, "ntp_interval"), (4, "ntp_timeout_interval"), (8, "command_interval")]
            {
                let log = match witness.text(line, field) {
                    "127" => None,
                    log => Some(log.parse::<f64>().expect("a number").exp2()),
                };
                assert_eq!(client[key].as_f64(), log, "{key}");
            }
            witness.agrees(line, 5, number(client, "last_ntp_hit_ago"));
            assert!(client["last_command_hit_ago"].is_null());
        }
    }
    let page = dashboard.get("/").page();
    assert!(page.text(".clients tbody").contains("127.0.0.1"));
}

pub(crate) fn clients_that_are_closed_or_off_say_so() {
    let off = Chronyd::server_with(3, "noclientlog");
    let kind = |error: Error| error.kind();
    let given = off.connection().open().expect("it answers").clients();
    assert_eq!(given.map_err(kind).unwrap_err(), ErrorKind::Disabled);
    let udp = Connection::builder().address(off.udp().parse().expect("an address")).open();
    let given = udp.expect("it answers").clients();
    assert_eq!(given.map_err(kind).unwrap_err(), ErrorKind::NotAuthorized);
    let page = Dashboard::of(&off.unix()).get("/").page();
    assert!(page.text(".clients").contains("noclientlog"));
}
