//! What the tests share. All of their unsafe code is in here: a session with owned values, sockets
//! of the library, processes and signals. The other files know the wire format, written from its
//! description and not from the library's tables.
#![allow(dead_code, reason = "each file of tests uses a part")]

pub(crate) mod constants;
pub(crate) mod fields;
pub(crate) mod layouts;
pub(crate) mod library;
pub(crate) mod process;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod socket;
pub(crate) mod wire;

use libchrony_sys::chrony_err;
use server::Server;
use session::Session;

/// A session and the server's end of its socket.
pub(crate) fn connected() -> (Session, Server) {
    let (client, server) = server::pair();
    (Session::new(client), server)
}

/// Answers the pending request with this reply code and body, and processes the answer.
#[track_caller]
pub(crate) fn answer(session: &Session, server: &Server, code: u16, body: &[u8]) -> chrony_err {
    let reply = server.take().reply(code).body(body);
    server.send(&reply);
    session.process()
}

/// Answers the pending request with a status and no data, and processes the answer.
#[track_caller]
pub(crate) fn refuse(session: &Session, server: &Server, status: u16) -> chrony_err {
    let reply = server.take().reply(1).status(status);
    server.send(&reply);
    session.process()
}

/// The body of a sourcestats reply that says no more than the address.
pub(crate) fn sourcestats_of(address: wire::Address) -> Vec<u8> {
    let mut body = vec![0; 56];
    body[4..24].copy_from_slice(&address.encode());
    body
}

/// Requests a record of the layout's report, or the count, and answers all but the last request:
/// the answer that is wanted is yet to be sent.
#[track_caller]
pub(crate) fn request(session: &Session, server: &Server, layout: &layouts::Layout) {
    request_about(session, server, layout, wire::Address::V4([192, 0, 2, 1].into()));
}

/// As [`request`]; reports that are asked by address are asked about this one.
#[track_caller]
pub(crate) fn request_about(
    session: &Session,
    server: &Server,
    layout: &layouts::Layout,
    address: wire::Address,
) {
    if layout.report == layouts::COUNT {
        assert_eq!(session.request_count("sources"), chrony_err::CHRONY_OK);
        return;
    }
    if layout.by_address() {
        // One that is lost, after which no address is known from before.
        assert_eq!(session.request_record("sourcestats", 0), chrony_err::CHRONY_OK);
        server.take();
    }
    assert_eq!(session.request_record(layout.report, 0), chrony_err::CHRONY_OK);
    if layout.by_address() {
        let lookup = server.take();
        assert_eq!(lookup.command(), 34);
        server.send(&lookup.reply(6).body(&sourcestats_of(address)));
        assert_eq!(session.process(), chrony_err::CHRONY_OK);
    }
}
