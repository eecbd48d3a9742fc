//! Replies of any content do no harm: thousands of random ones, and every getter after each. What it
//! would do to memory shows under AddressSanitizer and valgrind.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::connected;
use support::layouts::{self, Layout};
use support::session::Session;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    /// A number below the limit (xorshift).
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn byte(&mut self) -> u8 {
        // Zeros and ones are where the edges are.
        match self.below(4) {
            0 => 0,
            1 => u8::MAX,
            2 => u8::try_from(self.below(4)).expect("small"),
            _ => u8::try_from(self.below(256)).expect("a byte"),
        }
    }
}

#[test]
fn random_replies_do_no_harm() {
    let layouts = layouts::all();
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut accepted = 0;
    let (session, server) = connected();
    for round in 0..20_000 {
        let layout = &layouts[numbers.below(layouts.len())];
        let err = match numbers.below(4) {
            0 => session.request_count(layout.report),
            _ => session.request_record(layout.report, i32::from(numbers.byte() % 2)),
        };
        let is_known = layout.report != layouts::COUNT;
        assert_eq!(err == chrony_err::CHRONY_UNKNOWN_REPORT, !is_known, "{round}");
        // More steps than any request takes, unless replies are ignored.
        for _ in 0..4 {
            if !session.needs_response() {
                break;
            }
            let request = server.take();
            let reply = random_reply(&mut numbers, &layouts, request.command());
            server.send(&request.reply(reply.0).status(reply.1).body(&reply.2));
            let err = session.process();
            accepted += u32::from(err == chrony_err::CHRONY_OK);
            assert!(err == chrony_err::CHRONY_OK || session.fields() == 0, "{round}");
            read_everything(&session);
        }
        assert!(!session.needs_response(), "{round}");
    }
    assert!(accepted > 5_000, "{accepted}");
}

/// Reply code, status and body: mostly what the request may get.
fn random_reply(numbers: &mut Numbers, layouts: &[Layout], command: u16) -> (u16, u16, Vec<u8>) {
    let fitting: Vec<&Layout> = layouts.iter().filter(|it| it.command == command).collect();
    let layout = fitting[numbers.below(fitting.len())];
    let status = if numbers.below(8) == 0 { numbers.byte().into() } else { 0 };
    let code = if numbers.below(16) == 0 { numbers.byte().into() } else { layout.reply };
    let length = match numbers.below(8) {
        0 => numbers.below(1200),
        _ => layout.total - 28,
    };
    (code, status, (0..length).map(|_| numbers.byte()).collect())
}

fn read_everything(session: &Session) {
    for field in -1..=session.fields() {
        let name = session.name(field);
        assert_eq!(name.is_some(), (0..session.fields()).contains(&field));
        assert_eq!(name.as_deref().map_or(field, |name| session.index(name)), field);
        let is_float = session.kind(field) == 3;
        assert_eq!(session.float(field).is_finite(), is_float);
        assert!((0..1_000_000_000).contains(&session.time(field).1));
        assert!(session.bytes(field).is_none_or(|text| text.len() <= 256));
        assert!(session.content(field) <= 20);
        let value = session.uinteger(field);
        session.integer(field);
        session.constant(field, value);
    }
}
