//! The table of clients, in parts.

use std::net::Ipv4Addr;

use libchrony::ErrorKind;
use libchrony::testing::{Address, Client, Command, Fault, Generation, Scenario, Simulator};

use crate::{Connection, connect};

/// A table whose every third place is empty.
fn table(places: u16) -> Vec<Client> {
    let client = |place: u16| match place % 3 {
        2 => Client::default(),
        _ => {
            let [high, low] = place.to_be_bytes();
            let address = Address::V4(Ipv4Addr::new(10, 0, high, low));
            let hits = [u32::from(place) + 1, 0, 2];
            Client { address, hits, intervals: [6, 127, -2], ..Client::default() }
        }
    };
    (0..places).map(client).collect()
}

fn serving(clients: Vec<Client>) -> Simulator {
    let scenario = Scenario { clients: Some(clients), ..Scenario::synchronized() };
    Simulator::start_unix(scenario).expect("the simulator starts")
}

fn asked(chronyd: &Simulator) -> usize {
    chronyd.requests().iter().filter(|it| it.command() == Command::CLIENTS).count()
}

#[test]
fn each_client_is_read_once_and_eight_take_one_request() {
    let chronyd = serving(table(598));
    let read = connect(&chronyd).clients().unwrap();
    assert!(!read.cut && read.odd.is_empty());
    assert_eq!(read.clients.len(), 399);
    let mut addresses: Vec<_> = read.clients.iter().map(|client| client.address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 399);
    assert_eq!(asked(&chronyd), 50);
    let client = &read.clients[0];
    assert_eq!(client.address.to_string(), "10.0.0.0");
    assert_eq!((client.ntp_hits, client.nts_ke_hits, client.command_hits), (1, 0, 2));
    assert_eq!((client.ntp_interval, client.nts_ke_interval), (Some(64.0), None));
    assert_eq!((client.command_interval, client.last_ntp_hit_ago), (Some(0.25), None));
}

#[test]
fn a_small_table_takes_one_request_and_is_fresh_each_time() {
    let chronyd = serving(table(8));
    let mut connection = connect(&chronyd);
    for round in 1..4 {
        assert_eq!(connection.clients().unwrap().clients.len(), 6);
        assert_eq!(asked(&chronyd), round);
    }
    chronyd.set(Scenario { clients: Some(Vec::new()), ..Scenario::synchronized() });
    assert!(connection.clients().unwrap().clients.is_empty());
}

#[test]
fn no_more_places_are_read_than_wanted_and_the_cut_is_told() {
    let chronyd = serving(table(600));
    let mut connection = connect(&chronyd);
    let read = connection.clients_within(256).unwrap();
    assert!(read.cut && read.clients.len() >= 170, "{}", read.clients.len());
    assert!(asked(&chronyd) <= 32, "{}", asked(&chronyd));
    assert!(!connection.clients_within(600).unwrap().cut);
    assert!(connection.clients_within(0).unwrap().clients.is_empty());
}

#[test]
fn a_client_seen_at_two_places_is_one() {
    let mut clients = table(2);
    clients[1].address = clients[0].address;
    let read = connect(&serving(clients)).clients().unwrap();
    assert_eq!(read.clients.iter().map(|it| it.ntp_hits).collect::<Vec<_>>(), [2]);
}

#[test]
fn what_is_refused_off_or_unknown_is_its_own_error() {
    let kind = |mut connection: Connection| connection.clients().unwrap_err().kind();
    let off = Scenario { clients: None, ..Scenario::synchronized() };
    let off = Simulator::start_unix(off).unwrap();
    assert_eq!(kind(connect(&off)), ErrorKind::Disabled);
    let scenario = Scenario { clients: Some(table(8)), ..Scenario::synchronized() };
    let udp = Simulator::start_udp(scenario.clone()).unwrap();
    assert_eq!(kind(connect(&udp)), ErrorKind::NotAuthorized);
    let opencommands = Some(vec![Command::TRACKING, Command::CLIENTS]);
    let opened = Simulator::start_udp(Scenario { opencommands, ..scenario.clone() }).unwrap();
    assert_eq!(connect(&opened).clients().unwrap().clients.len(), 6);
    let old = Scenario { generation: Generation::V3_5, ..scenario };
    let old = Simulator::start_unix(old).unwrap();
    assert_eq!(kind(connect(&old)), ErrorKind::ServerTooOld);
}

#[test]
fn an_odd_client_leaves_the_others_and_many_end_the_reading() {
    let mut clients = table(4);
    clients[1].intervals = [100; 3];
    let read = connect(&serving(clients)).clients().unwrap();
    assert_eq!((read.clients.len(), read.odd.len()), (2, 1));
    assert!(read.odd[0].to_string().starts_with("clients record 1: the field \"NTP interval\""));

    let mut clients = table(600);
    clients.iter_mut().for_each(|client| client.intervals = [100; 3]);
    let chronyd = serving(clients);
    assert_eq!(connect(&chronyd).clients().unwrap_err().kind(), ErrorKind::OutOfRange);
    assert!(asked(&chronyd) < 8);
}

#[test]
fn a_table_without_end_is_invalid() {
    let chronyd = serving(table(16));
    // The next index stays where it was.
    chronyd.script([Fault::on(Command::CLIENTS).edit(|reply| reply[32..36].fill(0))]);
    assert_eq!(connect(&chronyd).clients().unwrap_err().kind(), ErrorKind::InvalidReply);
}

#[test]
fn any_client_is_given_field_by_field() {
    let chronyd = serving(table(8));
    let records = connect(&chronyd).report("clients").unwrap();
    assert_eq!(records.len(), 6);
    assert_eq!(records[0].field("address").unwrap().value.to_string(), "10.0.0.0");
    assert_eq!(records[0].field("NTP interval").unwrap().to_string(), "NTP interval: 6 log2 s");
}

#[test]
fn the_counters_of_clients_are_never_reset() {
    let chronyd = serving(table(64));
    let mut connection = connect(&chronyd);
    connection.clients().unwrap();
    connection.report("clients").unwrap();
    let requests = chronyd.requests();
    let clients = requests.iter().filter(|it| it.command() == Command::CLIENTS);
    assert!(clients.clone().count() > 0);
    for request in clients {
        assert_eq!(request.bytes()[32..36], [0; 4]);
    }
}
