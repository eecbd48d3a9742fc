//! Each fault, seen from the client.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libchrony::testing::{Command, Fault, Scenario, Simulator};

use crate::client::{Client, Reply};

fn with(faults: impl IntoIterator<Item = Fault>) -> (Simulator, Client) {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    chronyd.script(faults);
    let client = Client::new(&chronyd);
    (chronyd, client)
}

/// The reply to one request for tracking under a fault.
fn tracking(fault: Fault) -> (u32, Reply) {
    let (_chronyd, mut client) = with([fault]);
    let sequence = client.ask(Command::TRACKING, &[]);
    (sequence, client.receive())
}

#[test]
fn silence_loses_the_requests_it_meets_and_no_others() {
    let (chronyd, mut client) = with([Fault::on(Command::TRACKING).times(2).silence()]);
    client.ask(Command::TRACKING, &[]);
    client.ask(Command::TRACKING, &[]);
    client.get(Command::COUNT, &[]).assert_is(2, 32);
    client.get(Command::TRACKING, &[]).assert_is(5, 104);
    assert_eq!(chronyd.request_count(), 4);
}

#[test]
fn a_delayed_reply_comes_after_later_ones() {
    let (_chronyd, mut client) = with([Fault::always().nth(1).delay(Duration::from_millis(300))]);
    let begin = Instant::now();
    let first = client.ask(Command::TRACKING, &[]);
    client.get(Command::COUNT, &[]);
    assert_eq!(client.receive().sequence(), first);
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_duplicate_comes_twice_the_same() {
    let (_chronyd, mut client) = with([Fault::always().times(1).duplicate()]);
    let reply = client.get(Command::TRACKING, &[]);
    assert_eq!(client.receive(), reply);
    client.get(Command::COUNT, &[]);
}

#[test]
fn reordered_replies_change_places() {
    let (_chronyd, mut client) = with([Fault::always().nth(1).reorder()]);
    let first = client.ask(Command::TRACKING, &[]);
    let second = client.ask(Command::COUNT, &[]);
    assert_eq!(client.receive().sequence(), second);
    assert_eq!(client.receive().sequence(), first);
}

#[test]
fn a_late_reply_comes_when_a_newer_request_waits() {
    let (chronyd, mut client) = with([Fault::always().nth(1).late()]);
    let first = client.ask(Command::TRACKING, &[]);
    assert!(chronyd.wait_for_requests(1, crate::client::PATIENCE));
    let second = client.ask(Command::TRACKING, &[]);
    assert_eq!(client.receive().sequence(), first);
    assert_eq!(client.receive().sequence(), second);
}

#[test]
fn each_field_of_the_header_can_be_wrong() {
    let (sequence, reply) = tracking(Fault::always().wrong_sequence());
    assert_eq!(reply.sequence(), !sequence);
    assert_eq!(tracking(Fault::always().version(5)).1.0[..4], [5, 2, 0, 0]);
    assert_eq!(tracking(Fault::always().packet_type(1)).1.0[..4], [6, 1, 0, 0]);
    assert_eq!(tracking(Fault::always().reserved(0x0102)).1.0[..4], [6, 2, 1, 2]);
    assert_eq!(tracking(Fault::always().reply_command(Command::COUNT)).1.u16(4), 14);
    let (_, reply) = tracking(Fault::always().reply_code(99));
    assert_eq!((reply.code(), reply.status(), reply.0.len()), (99, 0, 104));
}

#[test]
fn every_status_comes_without_data() {
    for status in (0..=22).chain([0xffff]) {
        let (_, reply) = tracking(Fault::always().status(status));
        reply.assert_refused(status);
    }
}

#[test]
fn a_reply_can_have_any_length() {
    assert_eq!(tracking(Fault::always().truncate(103)).1.0.len(), 103);
    assert_eq!(tracking(Fault::always().truncate(0)).1.0.len(), 0);
    assert_eq!(tracking(Fault::always().truncate(500)).1.0.len(), 104);
    let (_, reply) = tracking(Fault::always().pad(1500));
    assert_eq!((reply.0.len(), reply.code()), (1500, 5));
    assert_eq!(reply.0[104..], [0; 1396]);
}

#[test]
fn random_bytes_are_the_same_for_a_seed() {
    let random = |seed| tracking(Fault::always().random(seed)).1;
    assert_eq!(random(3), random(3));
    assert_ne!(random(3), random(4));
    let (sequence, reply) = tracking(Fault::always().random_data(3));
    assert_eq!((reply.sequence(), reply.code(), reply.0.len()), (sequence, 5, 104));
    assert_ne!(reply.0[28..], tracking(Fault::always().random_data(4)).1.0[28..]);
}

#[test]
fn a_share_of_the_datagrams_can_be_lost() {
    let (_chronyd, mut client) = with([Fault::on(Command::TRACKING).every(3).silence()]);
    let mut answered = 0;
    for _ in 0..9 {
        let asked = client.ask(Command::TRACKING, &[]);
        let mark = client.ask(Command::COUNT, &[]);
        let first = client.receive().sequence();
        if first == asked {
            answered += 1;
            assert_eq!(client.receive().sequence(), mark);
        } else {
            assert_eq!(first, mark);
        }
    }
    assert_eq!(answered, 6);
}

#[test]
fn noise_comes_before_the_reply_and_answers_nothing() {
    let (_chronyd, mut client) = with([Fault::on(Command::TRACKING).noise(40, 5)]);
    let sequence = client.ask(Command::TRACKING, &[]);
    let mut like_replies = 0;
    for _ in 0..40 {
        let noise = client.receive().0;
        assert!(noise.len() < 20 || noise[16..20] != sequence.to_be_bytes());
        like_replies += usize::from(noise.starts_with(&[6, 2, 0, 0, 0, 33]));
    }
    assert!(like_replies > 10, "{like_replies}");
    assert_eq!(client.receive().sequence(), sequence);
}

#[test]
fn the_list_of_sources_can_change_after_its_count() {
    let changed = Fault::on(Command::COUNT).times(1).then_set(Scenario::many_sources(1));
    let (_chronyd, mut client) = with([changed]);
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 3);
    client.get_index(Command::SOURCES, 0).assert_is(3, 76);
    client.get_index(Command::SOURCES, 1).assert_refused(4);
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 1);
}

#[test]
fn effects_act_in_order_and_faults_one_after_the_other() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let (_chronyd, mut client) = with([
        Fault::on(Command::SOURCES).index(2).truncate(40).pad(50),
        Fault::always().edit(move |reply| log.lock().unwrap().push(reply.len())),
        Fault::always().nth(3).status(1),
    ]);
    assert_eq!(client.get_index(Command::SOURCES, 1).0.len(), 76);
    assert_eq!(client.get_index(Command::SOURCES, 2).0.len(), 50);
    client.get_index(Command::SOURCES, 2).assert_refused(1);
    assert_eq!(*seen.lock().unwrap(), [76, 50, 50]);
}

#[test]
fn an_empty_script_ends_the_faults() {
    let (chronyd, mut client) = with([Fault::always().status(1)]);
    client.get(Command::TRACKING, &[]).assert_refused(1);
    chronyd.script([]);
    client.get(Command::TRACKING, &[]).assert_is(5, 104);
}
