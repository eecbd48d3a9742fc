//! What a request says of who sends it (RFC 7617, RFC 6750).

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[derive(PartialEq, Eq)]
pub(super) enum Credentials<'a> {
    Basic { name: String, password: Vec<u8> },
    Bearer(&'a str),
}

impl<'a> Credentials<'a> {
    /// `None` where there are none, more than one, or none that can be read.
    pub(super) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(AUTHORIZATION);
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let (scheme, given) = value.to_str().ok()?.split_once(' ')?;
        let given = given.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Self::Bearer(given));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let bytes = STANDARD.decode(given).ok()?;
        let colon = bytes.iter().position(|byte| *byte == b':')?;
        let (name, password) = bytes.split_at_checked(colon)?;
        Some(Self::Basic {
            name: String::from_utf8(name.to_vec()).ok()?,
            password: password.get(1..)?.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn basic(text: &str) -> Option<(String, String)> {
        let value = format!("bAsIc {}", STANDARD.encode(text));
        match Credentials::of(&headers(&[value.as_bytes()])) {
            Some(Credentials::Basic { name, password }) => {
                Some((name, String::from_utf8(password).unwrap()))
            }
            _ => None,
        }
    }

    #[test]
    fn a_name_ends_at_the_first_colon() {
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(basic("ann:word"), pair("ann", "word"));
        assert_eq!(basic("ann:a:b"), pair("ann", "a:b"));
        assert_eq!(basic(":"), pair("", ""));
        assert_eq!(basic("änn:wörd"), pair("änn", "wörd"));
        assert_eq!(basic("ann"), None);
    }

    #[test]
    fn what_cannot_be_read_names_nobody() {
        for values in [
            &[][..],
            &[b"Basic".as_slice()],
            &[b"Basic "],
            &[b"Basic %%%"],
            &[b"Basic YW5u"],
            &[b"Basic \xff"],
            // A name that is no UTF-8.
            &[b"Basic /zph"],
            &[b"Digest YW5uOndvcmQ="],
            &[b"Basic YW5uOndvcmQ=", b"Basic YW5uOndvcmQ="],
        ] {
            assert!(Credentials::of(&headers(values)).is_none(), "{values:?}");
        }
        let bearer = headers(&[b"bearer  token-of-programs "]);
        assert!(matches!(Credentials::of(&bearer), Some(Credentials::Bearer("token-of-programs"))));
    }
}
