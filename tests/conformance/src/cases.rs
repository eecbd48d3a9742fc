//! The list of cases, and those about sessions.

use std::error::Error;
use std::ffi::{CString, c_int};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::ptr;

use crate::api::{Library, Session};
use crate::case::{Case, Expected, Run};
use crate::null;
use crate::sockets;
use crate::tally::Row;

type Outcome = Result<String, Box<dyn Error>>;

const fn same(name: &'static str, argument: &'static str, run: Run) -> Case {
    Case { name, argument, run, expected: Expected::Same }
}

const fn differ(
    name: &'static str,
    argument: &'static str,
    run: Run,
    row: Row,
    upstream: &'static str,
    ours: &'static str,
) -> Case {
    Case { name, argument, run, expected: Expected::Differ(row, upstream, ours) }
}

const fn null(what: &'static str, ours: &'static str) -> Case {
    differ("NULL for", what, null::call, Row::U19, "crashes", ours)
}

const fn port(address: &'static str, upstream: &'static str, ours: &'static str) -> Case {
    differ("address", address, sockets::address, Row::U14, upstream, ours)
}

const fn address(address: &'static str) -> Case {
    same("address", address, sockets::address)
}

pub(crate) const CASES: &[Case] = &[
    same("texts", "", texts),
    differ("number of reports", "", number_reports, Row::More, "10", "12"),
    differ("asked for", "sourcename", extension, Row::More, "3, waits false", "0, waits true"),
    differ("asked for", "clients", extension, Row::More, "3, waits false", "0, waits true"),
    same("a descriptor that is none", "-1", no_descriptor),
    same("a descriptor that is none", "1000", no_descriptor),
    differ("the name changes", "", name_changes, Row::U1, "asks 57", "asks 67"),
    differ("two sessions' texts", "", two_texts, Row::U2, "192.0.2.2", "192.0.2.1"),
    differ("descriptors of a session", "", descriptors, Row::U10, "1", "0"),
    differ("sequence after fork", "", fork, Row::U10, "the same", "another"),
    differ("end of a connection", "", end, Row::U20, "0, waits true", "6, waits true"),
    differ("exports", "process_response", exports, Row::U13, "true", "false"),
    differ("exports", "get_report", exports, Row::U13, "true", "false"),
    differ("exports", "format_request", exports, Row::U13, "true", "false"),
    null("init_session", "7"),
    null("deinit_session", "nothing"),
    null("get_fd", "-1"),
    null("needs_response", "false"),
    null("process_response", "7"),
    null("request_report_number_records", "7"),
    null("request_record", "7"),
    null("get_report_number_records", "0"),
    null("get_record_number_fields", "0"),
    null("get_field_name", "None"),
    null("get_field_index", "-1"),
    null("get_field_type", "0"),
    null("get_field_content", "0"),
    null("get_field_uinteger", "0"),
    null("get_field_integer", "0"),
    null("get_field_float", "NaN"),
    null("get_field_timespec", "0 0"),
    null("get_field_string", "None"),
    null("get_field_constant_name", "None"),
    null("the report to count", "3"),
    null("the report of a record", "3"),
    null("the name of a field", "-1"),
    same("NULL for", "the name of a field of none", null::call),
    differ("close-on-exec", "127.0.0.1:9", sockets::close_on_exec, Row::U11, "false", "true"),
    differ("close-on-exec", "unix", sockets::close_on_exec, Row::U11, "false", "true"),
    differ(
        "closing a socket of another's",
        "",
        sockets::foreign,
        Row::U8,
        "nothing is left",
        "p/q/mine is left",
    ),
    differ("closing in a child", "", sockets::child, Row::U8, "false", "true"),
    same("a Unix socket's life", "", sockets::life),
    same("umask", "0777", sockets::umask),
    same("umask", "0077", sockets::umask),
    port("192.0.2.1:abc", "no peer", "errno 22"),
    port("192.0.2.1:0", "no peer", "errno 22"),
    port("192.0.2.1:99999", "192.0.2.1:34463", "errno 22"),
    port("192.0.2.1:-1", "192.0.2.1:65535", "errno 22"),
    port("[::1]:abc", "no peer", "errno 22"),
    port("127.0.0.1: 9", "127.0.0.1:9", "errno 22"),
    port("127.0.0.1:9x", "127.0.0.1:9", "errno 22"),
    port("[::1]", "errno 22", "[::1]:323"),
    port("::1%lo", "errno 22", "[::1]:323"),
    address("127.0.0.1"),
    address("127.0.0.1:9"),
    address("127.0.0.1:65535"),
    address("::1"),
    address("[::1]:9"),
    address("127.0.0.1:"),
    address(":323"),
    address("[::1]:"),
    address("[127.0.0.1]:323"),
    address("[127.0.0.1]"),
    address("localhost"),
    address("01.2.3.4"),
    address("127.1"),
    address("::1:323"),
    address("[::1"),
    address("::1]"),
    address("[::1]x:9"),
    address(" 127.0.0.1"),
    address("127.0.0.1 "),
    address("fe80::1%nosuchlink"),
    address("/"),
    address("/nosuchsocket"),
    address("/nosuchdirectory/socket"),
    address("relative/socket"),
    address("/dev/null"),
];

/// How many reports upstream has; those that ours adds come after them.
const UPSTREAMS: c_int = 10;

fn number_reports(library: &'static Library, _: &str) -> Outcome {
    Ok(library.number_reports().to_string())
}

/// A report that upstream does not know.
fn extension(library: &'static Library, report: &str) -> Outcome {
    let (session, _server) = connected(library)?;
    let code = session.request_record(&CString::new(report)?, 0);
    Ok(format!("{code}, waits {}", session.needs_response()))
}

/// Codes' texts and reports' names, of numbers in and out of range.
fn texts(library: &'static Library, _: &str) -> Outcome {
    let numbers = (-20..40).chain([255, 256, c_int::MIN, c_int::MAX]);
    let texts: Vec<_> = numbers
        .map(|n| {
            let name = library.report_name(n).filter(|_| n < UPSTREAMS);
            format!("{n} {:?} {name:?}", library.error_string(n))
        })
        .collect();
    Ok(texts.join(", "))
}

fn no_descriptor(library: &'static Library, fd: &str) -> Outcome {
    let session = Session::on(library, fd.parse()?);
    let codes = [
        session.request_count(c"tracking"),
        session.request_count(c"sources"),
        session.request_record(c"tracking", 0),
        session.process(),
    ];
    Ok(format!("{codes:?} {} {}", session.fd(), session.needs_response()))
}

/// A session and the other end of its socket.
fn connected(library: &'static Library) -> std::io::Result<(Session, UnixDatagram)> {
    let (client, server) = UnixDatagram::pair()?;
    Ok((Session::new(library, client.into()), server))
}

/// Answers the request that came, with this data.
fn answer(
    session: &Session,
    server: &UnixDatagram,
    code: u8,
    data: &[u8],
) -> Result<c_int, Box<dyn Error>> {
    let mut request = [0; 2048];
    server.recv(&mut request)?;
    let mut reply = vec![6, 2, 0, 0, request[4], request[5], 0, code];
    reply.resize(16, 0);
    reply.extend(&request[8..12]);
    reply.resize(28, 0);
    reply.extend(data);
    server.send(&reply)?;
    Ok(session.process())
}

fn v4(last: u8) -> [u8; 20] {
    [192, 0, 2, last, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
}

fn name_changes(library: &'static Library, _: &str) -> Outcome {
    let (session, server) = connected(library)?;
    let mut name = *b"authdata\0";
    session.request_record_at(name.as_ptr().cast(), 0);
    let other = c"ntpdata".to_bytes_with_nul();
    let place = name.as_mut_ptr();
    // SAFETY: the other name is shorter; upstream still holds the pointer.
    unsafe { ptr::copy_nonoverlapping(other.as_ptr(), place, other.len()) };
    let mut data = [0; 56];
    data[4..24].copy_from_slice(&v4(1));
    answer(&session, &server, 6, &data)?;
    let mut request = [0; 2048];
    server.recv(&mut request)?;
    std::hint::black_box(&name);
    Ok(format!("asks {}", request[5]))
}

fn two_texts(library: &'static Library, _: &str) -> Outcome {
    let mut sessions = Vec::new();
    for last in [1, 2] {
        let (session, server) = connected(library)?;
        session.request_record(c"tracking", 0);
        let mut data = [0; 76];
        data[4..24].copy_from_slice(&v4(last));
        answer(&session, &server, 5, &data)?;
        sessions.push(session);
    }
    let first = sessions[0].string(1);
    let second = sessions[1].string(1);
    assert_eq!(second, Some(c"192.0.2.2"), "the second text");
    Ok(first.ok_or("no text")?.to_str()?.to_owned())
}

fn descriptors(library: &'static Library, _: &str) -> Outcome {
    let open = || std::fs::read_dir("/proc/self/fd").map(Iterator::count);
    let (first, _server) = connected(library)?;
    first.request_record(c"tracking", 0);
    drop(first);
    let (client, _server) = UnixDatagram::pair()?;
    let before = open()?;
    let session = Session::new(library, client.into());
    session.request_record(c"tracking", 0);
    Ok(format!("{}", open()? - before))
}

fn fork(library: &'static Library, _: &str) -> Outcome {
    let (session, server) = connected(library)?;
    let mut request = [0; 2048];
    session.request_record(c"tracking", 0);
    server.recv(&mut request)?;
    // SAFETY: this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        session.request_record(c"tracking", 0);
        std::process::exit(0);
    }
    // SAFETY: the child's status is not asked for.
    unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
    session.request_record(c"tracking", 0);
    let mut sequences = [[0; 4]; 2];
    for sequence in &mut sequences {
        server.recv(&mut request)?;
        sequence.copy_from_slice(&request[8..12]);
    }
    Ok(if sequences[0] == sequences[1] { "the same" } else { "another" }.to_owned())
}

fn end(library: &'static Library, _: &str) -> Outcome {
    let mut pair = [0; 2];
    // SAFETY: there is room for the two descriptors.
    let made =
        unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, pair.as_mut_ptr()) };
    assert_eq!(made, 0, "a pair of sockets");
    let [client, server] = pair.map(|fd| {
        // SAFETY: the system just gave this descriptor, and nobody else has it.
        unsafe { OwnedFd::from_raw_fd(fd) }
    });
    let session = Session::new(library, client);
    session.request_record(c"tracking", 0);
    // What was sent is read, so that the end is one in order.
    let mut request = [0; 2048];
    std::io::Read::read(&mut std::fs::File::from(server), &mut request)?;
    Ok(format!("{}, waits {}", session.process(), session.needs_response()))
}

fn exports(library: &'static Library, name: &str) -> Outcome {
    Ok(library.exports(name).to_string())
}

/// A session whose current record is one of tracking.
pub(crate) fn with_record(
    library: &'static Library,
) -> Result<(Session, UnixDatagram), Box<dyn Error>> {
    let (session, server) = connected(library)?;
    session.request_record(c"tracking", 0);
    let code = answer(&session, &server, 5, &[0; 76])?;
    assert_eq!((code, session.number_fields()), (0, 14), "a record");
    Ok((session, server))
}
