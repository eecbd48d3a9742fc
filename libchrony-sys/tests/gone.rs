//! A server that ends, returns or loses its socket, seen through sockets of the library, and what
//! thousands of them leave.
//!
//! One test alone, because it counts the descriptors of its process.
#![cfg(bundled)]

mod support;

use std::os::unix::net::UnixDatagram;
use std::path::Path;

use libchrony_sys::chrony_err;
use support::layouts;
use support::session::Session;
use support::socket::{Place, Socket, entries};

const OK: chrony_err = chrony_err::CHRONY_OK;

fn descriptors() -> usize {
    entries(Path::new("/proc/self/fd")).len()
}

/// Answers the request that waits, as chronyd does: to the client's path.
#[track_caller]
fn answer(server: &UnixDatagram, body: &[u8]) {
    let mut request = [0; 1024];
    let (length, client) = server.recv_from(&mut request).expect("a request");
    assert!(length >= 20);
    let mut reply = vec![6, 2, 0, 0];
    reply.extend(&request[4..6]);
    reply.extend([0, 12]);
    reply.resize(16, 0);
    reply.extend(&request[8..12]);
    reply.resize(28, 0);
    reply.extend(body);
    let client = client.as_pathname().expect("the client has a path");
    server.send_to(&reply, client).expect("the reply is sent");
}

#[track_caller]
fn is_answered(session: &Session, server: &UnixDatagram) {
    assert_eq!(session.request_record("activity", 0), OK);
    answer(server, &[0; 20]);
    assert_eq!(session.process(), OK);
    assert_eq!((session.needs_response(), session.fields()), (false, 5));
}

fn errno() -> Option<i32> {
    std::io::Error::last_os_error().raw_os_error()
}

/// A server that restarts refuses the old sockets and answers new ones.
fn restart() {
    let mut place = Place::new();
    let old = Socket::open(place.address().as_str()).expect("a socket");
    let session = old.session();
    is_answered(&session, &place.server);
    std::fs::remove_file(place.address()).expect("the socket is removed");
    let (other, _) = UnixDatagram::pair().expect("a pair");
    drop(std::mem::replace(&mut place.server, other));
    // The system ends the connection when it first refuses.
    let refusals = [libc::ECONNREFUSED, libc::ENOTCONN, libc::ENOTCONN];
    for (report, refusal) in ["activity", "sources", "authdata"].into_iter().zip(refusals) {
        assert_eq!(session.request_record(report, 0), chrony_err::CHRONY_SEND_FAILED);
        assert_eq!(errno(), Some(refusal));
        assert!(!session.needs_response());
    }
    assert_eq!(Socket::error(&place.address()), libc::ENOENT);

    place.server = UnixDatagram::bind(place.address()).expect("a server");
    assert_eq!(session.request_record("activity", 0), chrony_err::CHRONY_SEND_FAILED);
    let new = Socket::open(place.address().as_str()).expect("a socket");
    is_answered(&new.session(), &place.server);
    drop((session, old, new));
    assert!(place.others().is_empty());
}

/// A server that ends while it is asked ends the wait over UDP, and is found again when it returns.
fn end_over_udp() {
    let server = std::net::UdpSocket::bind("127.0.0.1:0").expect("a server");
    let address = server.local_addr().expect("an address");
    let socket = Socket::open(address.to_string().as_str()).expect("a socket");
    let session = socket.session();
    drop(server);
    // The kernel tells of the closed port at the next call.
    assert_eq!(session.request_record("activity", 0), OK);
    assert_eq!(session.process(), chrony_err::CHRONY_RECV_FAILED);
    assert_eq!(errno(), Some(libc::ECONNREFUSED));
    assert!(session.needs_response());
}

/// A removed socket file hinders new sockets, not those that are connected.
fn removal() {
    let place = Place::new();
    let socket = Socket::open(place.address().as_str()).expect("a socket");
    std::fs::remove_file(place.address()).expect("the socket is removed");
    is_answered(&socket.session(), &place.server);
    assert_eq!(Socket::error(&place.address()), libc::ENOENT);
    drop(socket);
    assert!(place.others().is_empty());
}

/// Opens, asks and closes, each time in another state.
fn many(place: &Place, number: usize) {
    let layout = layouts::of("tracking");
    for round in 0..number {
        let socket = Socket::open(place.address().as_str()).expect("a socket");
        let session = socket.session();
        match round % 4 {
            0 => is_answered(&session, &place.server),
            // Asked and never answered.
            1 => {
                assert_eq!(session.request_record(layout.report, 0), OK);
                place.server.recv(&mut [0; 1024]).expect("a request");
                assert!(session.needs_response());
            }
            // The answer is an error.
            2 => {
                assert_eq!(session.request_record("activity", 0), OK);
                answer(&place.server, &[0; 19]);
                assert_eq!(session.process(), chrony_err::CHRONY_INVALID_RESPONSE);
            }
            // The session goes after its socket.
            _ => {
                drop(socket);
                assert_eq!(session.request_record("activity", 0), chrony_err::CHRONY_SEND_FAILED);
            }
        }
        assert!(Socket::open(format!("{}.not", place.address()).as_str()).is_err());
    }
}

#[test]
fn whatever_becomes_of_the_server_nothing_is_left() {
    let before = descriptors();
    restart();
    end_over_udp();
    removal();
    assert_eq!(descriptors(), before);

    let place = Place::new();
    let before = descriptors();
    many(&place, 2_000);
    assert_eq!(descriptors(), before);
    assert!(place.others().is_empty());
}
