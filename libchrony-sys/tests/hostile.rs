//! Every fault of a server, on every layout of every report, through one session that goes on.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::layouts::{self, Layout};
use support::server::{Reply, Request, Server};
use support::session::Session;
use support::wire::Address;
use support::{connected, request_about};

const SOURCE: Address = Address::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const OK: chrony_err = chrony_err::CHRONY_OK;
const INVALID: chrony_err = chrony_err::CHRONY_INVALID_RESPONSE;

/// What a datagram does to the request that waits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// It is no answer; the request still waits.
    Ignored,
    Accepted,
    /// The answer is an error.
    Refused(chrony_err),
}
use Outcome::{Accepted, Ignored, Refused};

/// Where a session stands: what a fault must leave.
#[track_caller]
fn check(session: &Session, layout: &Layout, err: chrony_err, outcome: Outcome, name: &str) {
    let at = format!("{name}, {} ({} bytes)", layout.report, layout.total);
    let fields = if outcome == Accepted { layout.fields.len() } else { 0 };
    let expected = if let Refused(err) = outcome { err } else { OK };
    assert_eq!(err, expected, "{at}");
    assert_eq!(session.needs_response(), outcome == Ignored, "{at}");
    assert_eq!(usize::try_from(session.fields()), Ok(fields), "{at}");
    if outcome != Ignored {
        assert_eq!(session.process(), chrony_err::CHRONY_UNEXPECTED_CALL, "{at}");
    }
}

fn whole(request: &Request, layout: &Layout) -> Reply {
    request.reply(layout.reply).body(&layout.body_about(SOURCE))
}

/// The next request on the same session gets its answer.
#[track_caller]
fn recovers(session: &Session, server: &Server, layout: &Layout, name: &str) {
    request_about(session, server, layout, SOURCE);
    server.send(&whole(&server.take(), layout));
    check(session, layout, session.process(), Accepted, &format!("after {name}"));
}

/// Sends each fault of each layout's reply, in one session for all.
fn each(faults: impl Fn(&Layout, &Request) -> Vec<(String, Reply, Outcome)>) {
    let (session, server) = connected();
    for layout in layouts::all() {
        request_about(&session, &server, &layout, SOURCE);
        let number = faults(&layout, &server.take()).len();
        for fault in 0..number {
            request_about(&session, &server, &layout, SOURCE);
            let request = server.take();
            let (name, reply, outcome) = faults(&layout, &request).swap_remove(fault);
            server.send(&reply);
            check(&session, &layout, session.process(), outcome, &name);
            if outcome == Ignored {
                // The answer may still come.
                server.send(&whole(&request, &layout));
                check(&session, &layout, session.process(), Accepted, &name);
            }
            recovers(&session, &server, &layout, &name);
        }
    }
}

#[test]
fn each_status_of_each_report_has_its_error() {
    each(|_, request| {
        let statuses = (0..=30).chain([255, 0x0100, 0x0600, u16::MAX]);
        let with = |status| {
            let err = match status {
                2 => chrony_err::CHRONY_UNAUTHORIZED,
                3 => chrony_err::CHRONY_OLD_SERVER,
                6 | 13 => chrony_err::CHRONY_DISABLED,
                0 | 18 | 19 => chrony_err::CHRONY_NEW_SERVER,
                _ => chrony_err::CHRONY_UNEXPECTED_STATUS,
            };
            (format!("status {status}"), request.reply(1).status(status), Refused(err))
        };
        statuses.map(with).collect()
    });
}

#[test]
fn each_length_of_each_report_is_ignored_invalid_or_whole() {
    each(|layout, request| {
        let lengths = (0..=layout.total).chain([layout.total + 1, 1024, 1500, 9000]);
        let with = |length: usize| {
            let outcome = match length {
                ..28 => Ignored,
                length if length < layout.total => Refused(INVALID),
                _ => Accepted,
            };
            let mut reply = whole(request, layout);
            reply.bytes.resize(length, 0xee);
            (format!("{length} bytes"), reply, outcome)
        };
        lengths.map(with).collect()
    });
}

#[test]
fn each_wrong_field_of_the_header_is_ignored() {
    each(|layout, request| {
        // Version, type, reserved, command and sequence, and bytes without a meaning.
        let bytes = (0..6).chain(10..28);
        let with = |byte: usize| {
            let outcome = match byte {
                0..6 | 16..20 => Ignored,
                _ => Accepted,
            };
            (format!("byte {byte}"), whole(request, layout).flip(byte, 0x81), outcome)
        };
        bytes.map(with).collect()
    });
}

#[test]
fn each_reply_code_but_its_own_is_of_a_newer_server() {
    each(|layout, request| {
        let own: Vec<u16> = layouts::all()
            .iter()
            .filter(|other| other.command == layout.command)
            .map(|other| other.reply)
            .collect();
        let codes = (0..40).chain([255, 256, u16::MAX]).filter(|code| !own.contains(code));
        let with = |code: u16| {
            let reply = request.reply(code).body(&[0xff; 400]);
            (format!("code {code}"), reply, Refused(chrony_err::CHRONY_NEW_SERVER))
        };
        codes.map(with).collect()
    });
}

#[test]
fn each_version_that_complains_of_ours_is_too_old_or_too_new() {
    each(|_, request| {
        let with = |version: u8| {
            let err = match version {
                ..6 => chrony_err::CHRONY_OLD_SERVER,
                _ => chrony_err::CHRONY_NEW_SERVER,
            };
            let reply = request.reply(1).status(18).version(version);
            (format!("version {version}"), reply, Refused(err))
        };
        [0, 1, 5, 6, 7, 255].map(with).into()
    });
}

#[test]
fn a_request_that_was_lost_is_asked_again_and_its_late_answer_ignored() {
    let (session, server) = connected();
    for layout in layouts::all() {
        request_about(&session, &server, &layout, SOURCE);
        let lost = server.take();
        request_about(&session, &server, &layout, SOURCE);
        let asked = server.take();
        // Late, and late again, and then the answer, twice.
        for reply in [&lost, &lost] {
            server.send(&whole(reply, &layout));
            check(&session, &layout, session.process(), Ignored, "a late answer");
        }
        server.send(&whole(&asked, &layout));
        server.send(&whole(&asked, &layout));
        check(&session, &layout, session.process(), Accepted, "the answer");
        // The second one waits for the next request, and is not taken for its answer.
        request_about_after_a_duplicate(&session, &server, &layout);
    }
}

/// As [`request_about`], with a stale datagram in the socket that each step may meet first.
#[track_caller]
fn request_about_after_a_duplicate(session: &Session, server: &Server, layout: &Layout) {
    let err = match layout.report {
        layouts::COUNT => session.request_count("sources"),
        report => session.request_record(report, 0),
    };
    assert_eq!(err, OK);
    check_ignored(session);
    if layout.by_address() {
        let lookup = server.take();
        server.send(&lookup.reply(6).body(&support::sourcestats_of(SOURCE)));
        assert_eq!(session.process(), OK);
    }
    server.send(&whole(&server.take(), layout));
    check(session, layout, session.process(), Accepted, "after a duplicate");
}

#[track_caller]
fn check_ignored(session: &Session) {
    assert_eq!((session.process(), session.needs_response(), session.fields()), (OK, true, 0));
}

#[test]
fn answers_in_another_order_go_to_their_own_requests() {
    for first in layouts::all() {
        for second in layouts::all() {
            // Anew, as sourcestats would spare the next report its lookup.
            let (session, server) = connected();
            request_about(&session, &server, &first, SOURCE);
            let one = server.take();
            request_about(&session, &server, &second, SOURCE);
            let other = server.take();
            server.send(&whole(&one, &first));
            check(&session, &second, session.process(), Ignored, "the answer before");
            server.send(&whole(&other, &second));
            check(&session, &second, session.process(), Accepted, "its own answer");
        }
    }
}

#[test]
fn a_list_that_changes_between_count_and_records_ends_in_a_refusal() {
    for report in ["sources", "sourcestats", "selectdata", "authdata", "ntpdata", "sourcename"] {
        let (session, server) = connected();
        assert_eq!(session.request_count(report), OK);
        assert_eq!(support::answer(&session, &server, 2, &[0, 0, 0, 3]), OK);
        assert_eq!(session.count(), 3);
        // The third is gone; the count stays what it was until it is asked for again.
        assert_eq!(session.request_record(report, 2), OK);
        let err = support::refuse(&session, &server, 4);
        assert_eq!(err, chrony_err::CHRONY_UNEXPECTED_STATUS);
        assert_eq!((session.count(), session.fields(), session.needs_response()), (3, 0, false));
        assert_eq!(session.request_count(report), OK);
        assert_eq!(support::answer(&session, &server, 2, &[0, 0, 0, 2]), OK);
        assert_eq!(session.count(), 2);
        recovers(&session, &server, &layouts::of(report), "a list that changed");
    }
}
