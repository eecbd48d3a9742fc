//! sourcename, which libchrony 0.2 lacks: the one report whose text chronyd's configuration chose.
#![cfg(bundled)]

mod support;

use libchrony_sys::chrony_err;
use support::{answer, connected, layouts, request};

const OK: chrony_err = chrony_err::CHRONY_OK;

/// What the session gives for a name with these bytes on the wire.
#[track_caller]
fn given(name: &[u8]) -> Vec<u8> {
    let (session, server) = connected();
    request(&session, &server, &layouts::of("sourcename"));
    assert_eq!(answer(&session, &server, 19, name), OK);
    assert_eq!((session.fields(), session.kind(0), session.content(0)), (1, 5, 0));
    assert_eq!((session.uinteger(0), session.integer(0)), (0, 0));
    session.bytes(0).expect("a text")
}

#[test]
fn a_name_ends_at_its_first_nul_or_with_its_field() {
    let mut short = [0; 256];
    short[..9].copy_from_slice(b"localhost");
    assert_eq!(given(&short), b"localhost");
    short[11] = b'x';
    assert_eq!(given(&short), b"localhost");
    assert_eq!(given(&[0; 256]), b"");
    assert_eq!(given(&[b'a'; 256]), [b'a'; 256]);
    // What follows the field is not part of it.
    assert_eq!(given(&[b'a'; 400]), [b'a'; 256]);
}

#[test]
fn a_name_is_given_as_it_came() {
    let bytes: Vec<u8> = (1..=255).chain([0]).collect();
    assert_eq!(given(&bytes), bytes[..255]);
}
