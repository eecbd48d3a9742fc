//! Replies of any bytes to a request for each report, read by every getter.
//!
//! Input: the report (1 byte; the last number stands for the count), how the replies are mended
//! (1 byte), then each reply as its length (2 bytes, little endian) and its bytes.

use std::ffi::CStr;

use crate::session::Session;

/// The reports, in the order of their numbers.
pub const REPORTS: [&CStr; 10] = [
    c"tracking",
    c"sources",
    c"sourcestats",
    c"selectdata",
    c"activity",
    c"authdata",
    c"ntpdata",
    c"serverstats",
    c"rtcdata",
    c"smoothing",
];

/// The sequence number is left as it is in the input.
pub const OWN_SEQUENCE: u8 = 1;
/// The command is left, too.
pub const OWN_COMMAND: u8 = 2;
/// Where a request held an address (authdata, ntpdata), the reply begins with it.
pub const SAME_ADDRESS: u8 = 4;

/// More replies than any report asks for.
const MOST: usize = 8;

/// See the module.
pub fn run(data: &[u8]) {
    let [selector, mending, rest @ ..] = data else { return };
    let session = Session::new();
    let asked = match REPORTS.get(usize::from(*selector) % (REPORTS.len() + 1)) {
        Some(report) => session.request_record(report, 0),
        None => session.request_count(c"sources"),
    };
    assert_eq!(asked, 0);
    assert!(session.needs_response());
    let mut request = Vec::new();
    for reply in split(rest).take(MOST) {
        if !session.needs_response() {
            break;
        }
        take_request(&session, &mut request);
        let mut reply = reply.to_vec();
        mend(&mut reply, &request, *mending);
        session.server.send(&reply).expect("the client's socket takes a datagram");
        session.process();
        session.visit();
    }
    session.visit();
}

/// The last request that was sent, if any since.
pub(crate) fn take_request(session: &Session, request: &mut Vec<u8>) {
    let mut buffer = [0; 1024];
    while let Ok(length) = session.server.recv(&mut buffer) {
        request.clear();
        request.extend_from_slice(&buffer[..length]);
    }
}

/// Makes a reply one that the session looks at: right sequence and command, unless left out.
pub(crate) fn mend(reply: &mut [u8], request: &[u8], mending: u8) {
    let mut copy = |to: usize, from: usize, length: usize| {
        if let (Some(to), Some(from)) =
            (reply.get_mut(to..to + length), request.get(from..from + length))
        {
            to.copy_from_slice(from);
        }
    };
    if mending & OWN_SEQUENCE == 0 {
        copy(16, 8, 4);
    }
    if mending & OWN_COMMAND == 0 {
        copy(4, 4, 2);
    }
    if mending & SAME_ADDRESS != 0 {
        copy(28, 20, 20);
    }
}

/// The replies of an input; the last may be shorter than it says.
fn split(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_le_bytes(*length)).min(after.len());
        let (reply, after) = after.split_at(length);
        rest = after;
        Some(reply)
    })
}
