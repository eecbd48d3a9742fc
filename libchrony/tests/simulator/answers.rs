//! Layouts, refusals and permissions, as the protocol and each version of chronyd have them.

use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

use libchrony::testing::{
    Address, Client as Served, Command, Generation, Scenario, ServerStats, Simulator, Source,
    Tracking,
};

use crate::client::{Client, wire};

fn unix(scenario: Scenario) -> (Simulator, Client) {
    let chronyd = Simulator::start_unix(scenario).unwrap();
    let client = Client::new(&chronyd);
    (chronyd, client)
}

fn udp(scenario: Scenario) -> (Simulator, Client) {
    let chronyd = Simulator::start_udp(scenario).unwrap();
    let client = Client::new(&chronyd);
    (chronyd, client)
}

fn of(generation: Generation) -> Scenario {
    Scenario { generation, ..Scenario::synchronized() }
}

const FIRST: Address = Address::V4(Ipv4Addr::new(192, 0, 2, 11));

#[test]
fn the_unix_socket_gives_every_report_in_its_layout() {
    let smoothing = Scenario::smoothing().smoothing;
    let (_chronyd, mut client) = unix(Scenario { smoothing, ..Scenario::rtc() });
    client.get(Command::COUNT, &[]).assert_is(2, 32);
    client.get_index(Command::SOURCES, 0).assert_is(3, 76);
    client.get(Command::TRACKING, &[]).assert_is(5, 104);
    client.get_index(Command::SOURCESTATS, 1).assert_is(6, 84);
    client.get(Command::RTCDATA, &[]).assert_is(7, 56);
    client.get(Command::ACTIVITY, &[]).assert_is(12, 48);
    client.get(Command::SMOOTHING, &[]).assert_is(13, 52);
    client.get(Command::SERVERSTATS, &[]).assert_is(25, 196);
    client.get_address(Command::NTPDATA, FIRST).assert_is(26, 172);
    client.get_address(Command::SOURCENAME, FIRST).assert_is(19, 284);
    client.get_address(Command::AUTHDATA, FIRST).assert_is(20, 52);
    client.get(Command::MANUAL, &[]).assert_is(18, 416);
    client.get(Command::CLIENTS, &[]).assert_is(21, 520);
    client.get_index(Command::SELECTDATA, 2).assert_is(23, 76);
}

#[test]
fn a_reply_has_the_header_of_the_protocol() {
    let (_chronyd, mut client) = unix(Scenario::synchronized());
    let reply = client.get(Command::COUNT, &[]);
    let mut expected = vec![6, 2, 0, 0, 0, 14, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
    expected.extend(reply.sequence().to_be_bytes());
    expected.extend([0; 8]);
    expected.extend([0, 0, 0, 3]);
    assert_eq!(reply.0, expected);
}

#[test]
fn each_generation_sends_its_own_serverstats() {
    let (chronyd, mut client) = unix(Scenario::default());
    for (generation, code, length) in [
        (Generation::V2_3, 14, 48),
        (Generation::V3_5, 14, 48),
        (Generation::V4_0, 22, 60),
        (Generation::V4_2, 24, 72),
        (Generation::V4_3, 24, 72),
        (Generation::V4_4, 25, 196),
        (Generation::V4_8, 25, 196),
    ] {
        chronyd.set(Scenario {
            serverstats: ServerStats {
                ntp_received: 1 << 32 | 7,
                log_dropped: 8,
                ..Default::default()
            },
            ..of(generation)
        });
        let reply = client.get(Command::SERVERSTATS, &[]);
        reply.assert_is(code, length);
        let dropped = [(14, 28 + 16), (22, 28 + 24), (24, 28 + 24), (25, 28 + 52)];
        let (_, offset) = dropped.iter().find(|(layout, _)| *layout == code).unwrap();
        assert_eq!(reply.u32(*offset), 8);
        if code == 25 {
            assert_eq!((reply.u32(28), reply.u32(32)), (1, 7));
            assert!(reply.0[28 + 17 * 8..].iter().all(|byte| *byte == 0xff));
        } else {
            assert_eq!(reply.u32(28), 7);
        }
    }
}

#[test]
fn each_generation_sends_its_own_ntpdata() {
    let (chronyd, mut client) = unix(Scenario::default());
    for (generation, code, length, good) in [
        (Generation::V3_0, 16, 152, u32::MAX),
        (Generation::V4_2, 16, 152, u32::MAX),
        (Generation::V4_3, 16, 152, 838),
        (Generation::V4_4, 16, 152, 838),
        (Generation::V4_6, 26, 172, 838),
    ] {
        chronyd.set(of(generation));
        let reply = client.get_address(Command::NTPDATA, FIRST);
        reply.assert_is(code, length);
        assert_eq!(reply.0[28..48], wire(FIRST));
        assert_eq!(reply.u32(28 + 108), good);
        let kernel = if code == 26 { [842, 840] } else { [u32::MAX; 2] };
        assert_eq!([reply.u32(28 + 112), reply.u32(28 + 116)], kernel);
        assert_eq!(reply.u32(length - 4), u32::MAX);
    }
}

#[test]
fn each_generation_refuses_what_it_does_not_know() {
    let (chronyd, mut client) = unix(Scenario::default());
    for (command, since) in [
        (Command::SERVERSTATS, Generation::V2_3),
        (Command::NTPDATA, Generation::V3_0),
        (Command::SOURCENAME, Generation::V4_0),
        (Command::AUTHDATA, Generation::V4_0),
        (Command::CLIENTS, Generation::V4_0),
        (Command::SELECTDATA, Generation::V4_0),
    ] {
        for generation in Generation::ALL.into_iter().filter(|g| *g >= Generation::V2_3) {
            chronyd.set(of(generation));
            let known = client.get(command, &wire(FIRST)).status() != 3;
            assert_eq!(known, generation >= since, "{command:?} in {generation:?}");
        }
    }
    client.get(Command(72), &[]).assert_refused(3);
}

#[test]
fn before_2_3_unknown_commands_get_no_reply() {
    let (_chronyd, mut client) = udp(of(Generation::V2_2));
    let request = client.request(Command::SERVERSTATS, &[], 196);
    client.assert_ignored(&request);
    client.get(Command::SMOOTHING, &[]).assert_refused(6);
    let (_chronyd, mut client) = udp(of(Generation::V1_29));
    let request = client.request(Command::SMOOTHING, &[], 196);
    client.assert_ignored(&request);
    assert_ne!(client.get(Command::TRACKING, &[]).u32(20), 0, "a token");
}

#[test]
fn every_request_must_be_as_long_as_its_reply() {
    let smoothing = Scenario::smoothing().smoothing;
    let scenario = Scenario { smoothing, ..Scenario::rtc() };
    let (chronyd, mut client) = unix(Scenario::default());
    for command in (0..72).map(Command).filter(|command| command.name().is_some()) {
        for generation in [Generation::V4_0, Generation::V4_2, Generation::V4_8] {
            chronyd.set(Scenario { generation, ..scenario.clone() });
            let data = match command {
                Command::NTPDATA | Command::SOURCENAME | Command::AUTHDATA => wire(FIRST),
                _ => [0; 20],
            };
            let least = generation.required_length(command).unwrap();
            let data = &data[..20.min(least - 20)];
            let request = client.request(command, data, least);
            client.send(&request[..least - 1]);
            client.receive().assert_refused(19);
            client.send(&request);
            let reply = client.receive();
            assert_eq!((reply.status(), reply.0.len()), (0, least), "{command:?} {generation:?}");
        }
    }
}

#[test]
fn malformed_requests_get_no_reply() {
    let (chronyd, mut client) = unix(Scenario::synchronized());
    let request = client.request(Command::COUNT, &[], 32);
    client.assert_ignored(&request[..27]);
    client.assert_ignored(&[]);
    for (offset, value) in [(0, 4), (0, 0), (1, 2), (1, 0), (2, 1), (3, 1)] {
        let mut request = request.clone();
        request[offset] = value;
        client.assert_ignored(&request);
    }
    let longest = client.request(Command::COUNT, &[], 860);
    client.send(&longest);
    client.receive().assert_is(2, 32);
    let too_long = client.request(Command::COUNT, &[], 861);
    client.assert_ignored(&too_long);
    chronyd.set(of(Generation::V3_5));
    client.send(&too_long);
    client.receive().assert_is(2, 32);
}

#[test]
fn another_version_is_refused_before_anything_else() {
    let (_chronyd, mut client) = udp(Scenario::synchronized());
    for version in [5, 7, 255] {
        let mut request = client.request(Command(999), &[], 28);
        request[0] = version;
        client.send(&request);
        let reply = client.receive();
        reply.assert_refused(18);
        assert_eq!(reply.0[0], 6);
    }
}

#[test]
fn refusals_come_in_chronyd_s_order() {
    let (_chronyd, mut client) = udp(Scenario::synchronized());
    let unknown = client.request(Command(999), &[], 28);
    client.send(&unknown);
    client.receive().assert_refused(3);
    let short = client.request(Command::SELECTDATA, &[], 28);
    client.send(&short);
    client.receive().assert_refused(19);
    client.get_index(Command::SELECTDATA, 99).assert_refused(2);
}

#[test]
fn udp_opens_what_chronyd_opens() {
    let (chronyd, mut client) = udp(Scenario::rtc());
    let allowed = |client: &mut Client| {
        let names = (0..72).map(Command).filter_map(|command| {
            let status = client.get(command, &wire(FIRST)).status();
            command.name().filter(|_| status != 2)
        });
        names.collect::<Vec<_>>()
    };
    let default = [
        "count",
        "sources",
        "tracking",
        "sourcestats",
        "rtcdata",
        "manual",
        "activity",
        "smoothing",
        "sourcename",
    ];
    assert_eq!(allowed(&mut client), default);
    let list = Some(vec![Command::SERVERSTATS, Command::NTPDATA]);
    chronyd.set(Scenario { opencommands: list.clone(), ..Scenario::rtc() });
    assert_eq!(allowed(&mut client), ["count", "serverstats", "ntpdata"]);
    chronyd.set(Scenario { opencommands: list, ..of(Generation::V4_6) });
    assert_eq!(allowed(&mut client), default);
    client.get(Command(26), &[]).assert_refused(2);
}

#[test]
fn ipv6_answers_as_ipv4_does() {
    let Ok(chronyd) = Simulator::start_udp6(Scenario::synchronized()) else {
        eprintln!("skipped: this machine has no IPv6 loopback");
        return;
    };
    assert!(chronyd.address().starts_with("[::1]:"));
    Client::new(&chronyd).get(Command::TRACKING, &[]).assert_is(5, 104);
}

#[test]
fn what_is_not_there_has_its_own_status() {
    let (_chronyd, mut client) = unix(Scenario { clients: None, ..Scenario::synchronized() });
    for command in [Command::SOURCES, Command::SOURCESTATS, Command::SELECTDATA] {
        client.get_index(command, 3).assert_refused(4);
        client.get_index(command, u32::MAX).assert_refused(4);
    }
    for command in [Command::NTPDATA, Command::AUTHDATA, Command::SOURCENAME] {
        let nobody = Address::V4(Ipv4Addr::new(192, 0, 2, 250));
        client.get_address(command, nobody).assert_refused(4);
        client.get_address(command, Address::Unspecified).assert_refused(4);
    }
    client.get(Command::SMOOTHING, &[]).assert_refused(6);
    client.get(Command::RTCDATA, &[]).assert_refused(13);
    client.get(Command::CLIENTS, &[]).assert_refused(15);
    client.get(Command(26), &[]).assert_refused(1);
}

#[test]
fn tracking_tells_the_scenario_and_lives() {
    let (_chronyd, mut client) = unix(Scenario {
        tracking: Tracking {
            current_correction: -0.000_125,
            frequency: 12.5,
            ..Scenario::leap_insert().tracking
        },
        ..Scenario::default()
    });
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let reply = client.get(Command::TRACKING, &[]);
    assert_eq!(reply.u32(28), u32::from(Ipv4Addr::new(192, 0, 2, 11)));
    assert_eq!(reply.0[32..52], wire(FIRST));
    assert_eq!((reply.u16(52), reply.u16(54)), (3, 1));
    assert_eq!(reply.u32(56), 0);
    let age = before - u64::from(reply.u32(60));
    assert!((22..=24).contains(&age), "{age}");
    assert!((reply.float(68) + 0.000_125).abs() < 1e-11);
    assert_eq!(reply.float(80), 12.5);
}

#[test]
fn a_reference_clock_has_its_id_for_an_address_in_the_list_only() {
    let (_chronyd, mut client) = unix(Scenario::gps_and_pps());
    let reply = client.get_index(Command::SOURCES, 1);
    assert_eq!(reply.0[28..48], *b"PPS\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0");
    assert_eq!(reply.u16(48), 0xfffe, "poll -2");
    assert_eq!(reply.u16(54), Source::REFERENCE_CLOCK);
    let reply = client.get_index(Command::SOURCESTATS, 1);
    assert_eq!(reply.0[28..52], *b"PPS\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    client.get_address(Command::AUTHDATA, Address::V4(0x5050_5300.into())).assert_refused(4);
    assert_eq!(client.get(Command::ACTIVITY, &[]).u32(28), 1);
}

#[test]
fn a_source_never_heard_from_has_chronyd_s_placeholders() {
    let (_chronyd, mut client) = unix(Scenario::only_unreachable());
    let reply = client.get_index(Command::SOURCES, 0);
    assert_eq!((reply.u16(50), reply.u16(52), reply.u32(60)), (0, 1, u32::MAX));
    let reply = client.get_index(Command::SOURCESTATS, 0);
    assert_eq!((reply.u32(52), reply.float(64), reply.float(72)), (0, 4.0, 2000.0));
    let reply = client.get(Command::TRACKING, &[]);
    assert_eq!((reply.u32(28), reply.u16(52), reply.u16(54)), (0, 0, 3));
    let first = Address::V4(Ipv4Addr::new(192, 0, 2, 21));
    let reply = client.get_address(Command::AUTHDATA, first);
    assert_eq!(reply.u32(28 + 12), u32::MAX);
}

#[test]
fn options_of_a_source_are_its_flags_before_4_0() {
    let (chronyd, mut client) = unix(Scenario::gps_and_pps());
    assert_eq!(client.get_index(Command::SOURCES, 0).u16(56), 0);
    chronyd.set(Scenario { generation: Generation::V3_5, ..Scenario::gps_and_pps() });
    assert_eq!(client.get_index(Command::SOURCES, 0).u16(56), 1);
    assert_eq!(client.get_index(Command::SOURCES, 1).u16(56), 2);
}

#[test]
fn unresolved_sources_are_told_of_from_4_0_on() {
    let (chronyd, mut client) = unix(Scenario::unresolved());
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 5);
    let reply = client.get_index(Command::SOURCESTATS, 4);
    assert_eq!((reply.u32(28), &reply.0[32..52]), (0, &wire(Address::Id(2))[..]));
    client.get_address(Command::NTPDATA, Address::Id(2)).assert_is(26, 172);
    let activity = client.get(Command::ACTIVITY, &[]);
    assert_eq!((activity.u32(28), activity.u32(44)), (3, 2));
    chronyd.set(Scenario { generation: Generation::V3_5, ..Scenario::unresolved() });
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 3);
    client.get_index(Command::SOURCES, 3).assert_refused(4);
    chronyd.set(Scenario { count: Some(77), ..Scenario::unresolved() });
    assert_eq!(client.get(Command::COUNT, &[]).u32(28), 77);
}

#[test]
fn names_fill_256_bytes_at_most() {
    let mut scenario = Scenario::synchronized();
    scenario.sources[1].name = "x".repeat(300);
    let (_chronyd, mut client) = udp(scenario);
    let reply = client.get_address(Command::SOURCENAME, FIRST);
    assert_eq!(reply.0[28..47], *b"a.time.example.net\0");
    assert!(reply.0[47..].iter().all(|byte| *byte == 0));
    let second = Address::V4(Ipv4Addr::new(192, 0, 2, 12));
    assert_eq!(client.get_address(Command::SOURCENAME, second).0[28..], [b'x'; 256]);
}

#[test]
fn clients_are_told_eight_at_a_time() {
    let served = (0..20).map(|n| Served {
        address: if n == 3 {
            Address::Unspecified
        } else {
            Address::V4(Ipv4Addr::from(0x0a00_0000 + n))
        },
        hits: [n, 0, 0],
        last_hits_ago: [5, u32::MAX, u32::MAX],
        ..Served::default()
    });
    let clients = Some(served.collect());
    let (_chronyd, mut client) = unix(Scenario { clients, ..Scenario::synchronized() });
    let mut get = |words: [u32; 4]| {
        let data = words.map(u32::to_be_bytes).concat();
        let reply = client.get(Command::CLIENTS, &data);
        reply.assert_is(21, 520);
        reply
    };
    let head = |reply: &crate::client::Reply| [reply.u32(28), reply.u32(32), reply.u32(36)];
    let first = get([0, 100, 0, 0]);
    assert_eq!(head(&first), [20, 9, 8], "slot 3 is empty");
    assert_eq!(first.0[40 + 60..40 + 80], wire(Address::V4(Ipv4Addr::new(10, 0, 0, 1))));
    assert_eq!(first.u32(40 + 60 + 20), 1);
    assert_eq!(first.0[40 + 60 + 44..40 + 60 + 48], [127; 4]);
    assert_eq!(first.u32(40 + 60 + 48), 5);
    assert_eq!(head(&get([9, 3, 0, 0])), [20, 12, 3]);
    let last = get([17, 8, 0, 0]);
    assert_eq!(head(&last), [20, 20, 3]);
    assert_eq!(last.0[40 + 180..], [0; 300]);
    assert_eq!(head(&get([0, 8, 15, 0])), [20, 20, 5]);
    // As a real 4.3 does.
    assert_eq!(head(&get([5000, 8, 0, 0])), [20, 5000, 0]);
    assert_eq!(head(&get([0, 0, 0, 0])), [20, 0, 0]);
}
