//! What upstream's libchrony 0.2 gets wrong in requests and records, and this library does not.
//! The ids are of the list of upstream's defects; those about sockets are in defects_socket.rs, and
//! U13 (exported symbols) in abi.rs.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::layouts::{self, COUNT};
use support::process::{self, in_child};
use support::session::Session;
use support::wire::{Address, Value};
use support::{answer, connected, refuse, request, request_about, sourcestats_of};

const SOURCE: Address = Address::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// U1
#[test]
fn the_name_of_a_report_may_change_as_soon_as_the_request_is_made() {
    let (session, server) = connected();
    let mut name = *b"authdata\0";
    let text = std::ffi::CStr::from_bytes_with_nul(&name).unwrap();
    assert_eq!(session.request_record_in_place(text, 0), chrony_err::CHRONY_OK);
    name.copy_from_slice(b"ntpdata\0\0");
    assert_eq!(answer(&session, &server, 6, &sourcestats_of(SOURCE)), chrony_err::CHRONY_OK);
    assert_eq!(server.take().command(), 67, "{name:?}");
}

/// U2
#[test]
fn strings_of_two_sessions_do_not_share_a_place() {
    let layout = layouts::of("tracking");
    let [(first, _one), (second, _two)] = [1, 2].map(|last| {
        let (session, server) = connected();
        let address = Address::V4([192, 0, 2, last].into());
        request(&session, &server, &layout);
        let body = layout.body(&[("address", Value::Address(address))]);
        assert_eq!(answer(&session, &server, 5, &body), chrony_err::CHRONY_OK);
        (session, server)
    });
    let address = layout.index("address");
    let strings = first.string_across(address, || {
        assert_eq!(second.string(address).as_deref(), Some("192.0.2.2"));
    });
    assert_eq!(strings.map(Option::unwrap), ["192.0.2.1", "192.0.2.1"]);
}

/// U2
#[test]
fn asking_for_the_content_of_an_address_keeps_strings() {
    let layout = layouts::of("ntpdata");
    let (session, server) = connected();
    let local = Address::V4([198, 51, 100, 7].into());
    let values = [("remote address", SOURCE), ("local address", local)];
    let body = layout.body(&values.map(|(name, address)| (name, Value::Address(address))));
    request_about(&session, &server, &layout, SOURCE);
    assert_eq!(answer(&session, &server, 26, &body), chrony_err::CHRONY_OK);
    let strings = session.string_across(0, || {
        assert_eq!(session.content(1), 15);
        assert_eq!(session.name(1).as_deref(), Some("local address"));
    });
    assert_eq!(strings.map(Option::unwrap), ["192.0.2.1", "192.0.2.1"]);
}

/// U3
#[test]
fn a_negative_poll_of_sources_is_negative() {
    let layout = layouts::of("sources");
    let (session, server) = connected();
    request(&session, &server, &layout);
    let body = layout.body(&[("poll", Value::I16(-2))]);
    assert_eq!(answer(&session, &server, 3, &body), chrony_err::CHRONY_OK);
    assert_eq!(session.integer(layout.index("poll")), -2);
}

/// U4
#[test]
fn what_is_no_float_is_nan() {
    let layout = layouts::of("tracking");
    let (session, server) = connected();
    assert!(session.float(0).is_nan());
    request(&session, &server, &layout);
    assert_eq!(answer(&session, &server, 5, &layout.body(&[])), chrony_err::CHRONY_OK);
    for field in [-1, 14, layout.index("stratum"), layout.index("reference time")] {
        assert!(session.float(field).is_nan(), "{field}");
    }
    assert_eq!(session.float(layout.index("skew")).to_bits(), 0f64.to_bits());
}

/// U5
#[test]
fn the_flags_of_tests_b_and_c_are_named_as_chronyd_means_them() {
    let layout = layouts::of("ntpdata");
    let (session, server) = connected();
    request_about(&session, &server, &layout, SOURCE);
    assert_eq!(answer(&session, &server, 26, &layout.body_about(SOURCE)), chrony_err::CHRONY_OK);
    let flags = layout.index("flags");
    assert_eq!(session.constant(flags, 0x4).as_deref(), Some("testB"));
    assert_eq!(session.constant(flags, 0x2).as_deref(), Some("testC"));
}

/// U6
#[test]
fn a_count_after_a_failed_record_is_only_a_count() {
    for status in [1, 4, 6] {
        let (session, server) = connected();
        assert_eq!(session.request_record("authdata", 3), chrony_err::CHRONY_OK);
        assert_ne!(refuse(&session, &server, status), chrony_err::CHRONY_OK);
        for report in ["ntpdata", "sources"] {
            assert_eq!(session.request_count(report), chrony_err::CHRONY_OK);
            assert_eq!(answer(&session, &server, 2, &[0, 0, 0, 5]), chrony_err::CHRONY_OK);
            assert_eq!((session.needs_response(), session.count()), (false, 5));
            assert_eq!(session.name(0).as_deref(), Some("sources"));
        }
        server.expect_silence();
    }
}

/// U6
#[test]
fn a_count_after_an_abandoned_record_is_only_a_count() {
    let (session, server) = connected();
    assert_eq!(session.request_record("ntpdata", 3), chrony_err::CHRONY_OK);
    server.take();
    assert_eq!(session.request_count("ntpdata"), chrony_err::CHRONY_OK);
    assert_eq!(answer(&session, &server, 2, &[0, 0, 0, 5]), chrony_err::CHRONY_OK);
    assert_eq!((session.needs_response(), session.count()), (false, 5));
    assert_eq!(session.name(0).as_deref(), Some("sources"));
    server.expect_silence();
}

/// U7
#[test]
fn a_request_that_is_refused_at_once_leaves_the_pending_one_whole() {
    let refused = [
        ("nonsense", 0, chrony_err::CHRONY_UNKNOWN_REPORT),
        ("tracking", 1, chrony_err::CHRONY_INVALID_ARGUMENT),
        ("sources", -1, chrony_err::CHRONY_INVALID_ARGUMENT),
    ];
    for (report, record, err) in refused {
        let (session, server) = connected();
        assert_eq!(session.request_record("authdata", 3), chrony_err::CHRONY_OK);
        assert_eq!(session.request_record(report, record), err);
        assert_eq!(session.request_count("nonsense"), chrony_err::CHRONY_UNKNOWN_REPORT);
        assert_eq!(answer(&session, &server, 6, &sourcestats_of(SOURCE)), chrony_err::CHRONY_OK);
        assert!(session.needs_response());
        let body = layouts::of("authdata").body(&[]);
        assert_eq!(answer(&session, &server, 20, &body), chrony_err::CHRONY_OK);
        assert_eq!(session.index("key ID"), 2);
    }
}

/// U9
#[test]
fn a_count_that_no_int_holds_is_an_invalid_response() {
    for (count, err) in [
        (0x8000_0000, chrony_err::CHRONY_INVALID_RESPONSE),
        (u32::MAX, chrony_err::CHRONY_INVALID_RESPONSE),
        (0x7fff_ffff, chrony_err::CHRONY_OK),
    ] {
        let (session, server) = connected();
        request(&session, &server, &layouts::of(COUNT));
        assert_eq!(answer(&session, &server, 2, &count.to_be_bytes()), err);
        let ok = err == chrony_err::CHRONY_OK;
        assert_eq!(session.count(), if ok { i32::MAX } else { 0 });
        assert_eq!(session.fields(), i32::from(ok));
    }
}

/// U10: the child is a process of one thread, where nothing else opens descriptors.
#[test]
fn a_session_opens_no_descriptor() {
    fn descriptors() -> usize {
        std::fs::read_dir("/proc/self/fd").map_or(usize::MAX, Iterator::count)
    }
    let (client, _server) = support::server::pair();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&client);
    let opened = in_child(|| {
        let before = descriptors();
        let session = Session::on(fd);
        let err = session.request_record_in_place(c"tracking", 0);
        u8::from(descriptors() != before || err != chrony_err::CHRONY_OK)
    });
    assert_eq!(opened, 0);
}

/// U10
#[test]
fn parent_and_child_send_different_sequences() {
    let (session, server) = connected();
    assert_eq!(session.request_record("tracking", 0), chrony_err::CHRONY_OK);
    let before = server.take().sequence();
    let request = || session.request_record_in_place(c"tracking", 0) == chrony_err::CHRONY_OK;
    assert_eq!(in_child(|| request().into()), 1);
    let child = server.take().sequence();
    assert!(request());
    let parent = server.take().sequence();
    assert!(before != child && child != parent && parent != before);
}

/// U12
#[test]
fn a_server_of_another_version_is_heard() {
    for (version, err) in [
        (1, chrony_err::CHRONY_OLD_SERVER),
        (5, chrony_err::CHRONY_OLD_SERVER),
        (7, chrony_err::CHRONY_NEW_SERVER),
        (255, chrony_err::CHRONY_NEW_SERVER),
    ] {
        let (session, server) = connected();
        assert_eq!(session.request_record("tracking", 0), chrony_err::CHRONY_OK);
        server.send(&server.take().reply(1).status(18).version(version));
        assert_eq!(session.process(), err);
        assert_eq!((session.needs_response(), session.fields()), (false, 0));
    }
}

/// U12
#[test]
fn only_the_complaint_about_the_version_is_heard_from_another_version() {
    let layout = layouts::of("tracking");
    for status in [0, 2, 3, 6, 13, 19] {
        let (session, server) = connected();
        request(&session, &server, &layout);
        let request = server.take();
        let reply = request.reply(5).status(status).body(&layout.body(&[]));
        server.send(&reply.version(7));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        assert_eq!((session.needs_response(), session.fields()), (true, 0));
        // One that answers something else.
        server.send(&request.reply(1).status(18).version(5).flip(16, 1));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
        assert!(session.needs_response());
    }
}

/// U15
#[test]
fn times_of_servers_with_32_bits_and_wild_nanoseconds_are_tamed() {
    let layout = layouts::of("tracking");
    for (value, expected) in [
        (Value::Time(0x7fff_ffff, 1_700_000_000, 5), (1_700_000_000, 5)),
        (Value::Time(0x7fff_ffff, u32::MAX, 5), (0xffff_ffff, 5)),
        (Value::Time(0, 1, 1_000_000_000), (1, 999_999_999)),
        (Value::Time(0, 1, u32::MAX), (1, 999_999_999)),
    ] {
        let (session, server) = connected();
        request(&session, &server, &layout);
        let body = layout.body(&[("reference time", value)]);
        assert_eq!(answer(&session, &server, 5, &body), chrony_err::CHRONY_OK);
        assert_eq!(session.time(layout.index("reference time")), expected);
    }
}

/// U18
#[test]
fn a_negative_record_is_refused_without_a_request() {
    for report in ["tracking", "sources", "sourcestats", "selectdata", "authdata", "ntpdata"] {
        let (session, server) = connected();
        for record in [-1, i32::MIN] {
            let err = session.request_record(report, record);
            assert_eq!(err, chrony_err::CHRONY_INVALID_ARGUMENT);
        }
        assert!(!session.needs_response());
        server.expect_silence();
    }
}

/// U18
#[test]
fn a_source_that_is_gone_is_an_unexpected_status() {
    for report in ["sources", "sourcestats", "selectdata", "authdata", "ntpdata"] {
        let (session, server) = connected();
        assert_eq!(session.request_record(report, 7), chrony_err::CHRONY_OK);
        assert_eq!(refuse(&session, &server, 4), chrony_err::CHRONY_UNEXPECTED_STATUS);
        server.expect_silence();
    }
}

/// U20: a socket that only waits would make the caller's loop spin.
#[test]
fn the_end_of_a_connection_is_a_failure_to_receive() {
    let [client, server] = support::socket::connection();
    let session = Session::new(client);
    assert_eq!(session.request_record("tracking", 0), chrony_err::CHRONY_OK);
    drop(server);
    for _ in 0..2 {
        assert_eq!(session.process(), chrony_err::CHRONY_RECV_FAILED);
        assert!(session.needs_response());
    }
}

/// U20
#[test]
fn a_signal_does_not_end_the_wait_for_an_answer() {
    process::count_signals();
    let (session, server) = connected();
    assert_eq!(session.request_record("smoothing", 0), chrony_err::CHRONY_OK);
    let (sender, receiver) = std::sync::mpsc::channel();
    let worker = std::thread::spawn(move || {
        sender.send(process::thread_id()).unwrap();
        (session.process(), session)
    });
    let thread = receiver.recv().unwrap();
    for _ in 0..20 {
        while !worker.is_finished() && !process::is_waiting(thread) {
            std::thread::yield_now();
        }
        assert!(!worker.is_finished(), "{:?}", worker.join().unwrap().0);
        let before = process::signals_handled();
        process::interrupt(thread);
        while process::signals_handled() == before {
            std::thread::yield_now();
        }
    }
    server.send(&server.take().reply(13).body(&[0; 24]));
    let (err, session) = worker.join().unwrap();
    assert_eq!((err, session.fields()), (chrony_err::CHRONY_OK, 6));
}

/// U25
#[test]
fn values_that_newer_servers_send_have_names() {
    let (session, server) = connected();
    let layout = layouts::of("selectdata");
    request(&session, &server, &layout);
    assert_eq!(answer(&session, &server, 23, &layout.body(&[])), chrony_err::CHRONY_OK);
    let state = layout.index("state");
    for letter in [b'L', b'r'] {
        assert!(session.constant(state, letter.into()).is_some(), "{letter}");
    }
    let layout = layouts::of("authdata");
    request(&session, &server, &layout);
    assert_eq!(answer(&session, &server, 20, &layout.body(&[])), chrony_err::CHRONY_OK);
    for algorithm in [15, 16, 17, 30, 31] {
        let name = session.constant(layout.index("key type"), algorithm).unwrap();
        assert!(name.starts_with("AEAD-AES-"), "{name}");
    }
}
