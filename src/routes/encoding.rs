//! gzip for who takes it (RFC 9110, 12.5.3). Streams of events go as they are: compressed, an event
//! would wait in the compressor.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{
    self, AcceptEncoding, CONTENT_ENCODING, CONTENT_TYPE, Encoding, HeaderMap, HeaderValue, VARY,
};

use actix_web::web::Bytes;

use crate::document::{Document, gzip};

/// Below this a text fits in one packet anyway, bytes.
const SMALL: u64 = 1_024;

/// Whether a request takes gzip, and no worse than a plain text.
pub(super) fn takes_gzip(message: &impl actix_web::HttpMessage) -> bool {
    let offered = [Encoding::identity(), Encoding::gzip()];
    message
        .get_header::<AcceptEncoding>()
        .is_some_and(|accepted| accepted.negotiate(offered.iter()) == Some(Encoding::gzip()))
}

/// A document in the form that the request takes; `response` has its status and type.
pub(super) fn document(
    request: &actix_web::HttpRequest,
    mut response: actix_web::HttpResponseBuilder,
    document: &Document,
) -> HttpResponse {
    if takes_gzip(request) {
        response.insert_header((CONTENT_ENCODING, "gzip")).body(Pieces(document.gzip()))
    } else {
        response.body(Pieces(document.plain()))
    }
}

/// What the server copies of a body at a time, and about what it holds for a connection, bytes; a usual
/// page, compressed, goes in one.
pub(crate) const PIECE: usize = 16_384;

/// A body that many share. The server copies what it sends, and keeps the room for it as long as the
/// connection, so it gets a piece at a time.
struct Pieces(Bytes);

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = &mut self.get_mut().0;
        let piece = rest.split_to(rest.len().min(PIECE));
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }

    /// A long one not: the server would take it whole.
    fn try_into_bytes(self) -> Result<Bytes, Self> {
        if self.0.len() > PIECE { Err(self) } else { Ok(self.0) }
    }
}

/// Compresses what was made for one request alone, where that is worth it.
pub(super) fn compress(response: HttpResponse, takes_gzip: bool) -> HttpResponse {
    if !takes_gzip || !is_worth_it(response.headers(), response.body().size()) {
        return response;
    }
    response.map_body(|head, body| match body.try_into_bytes() {
        Ok(bytes) => {
            head.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            BoxBody::new(gzip(&bytes))
        }
        Err(body) => body,
    })
}

fn is_worth_it(headers: &HeaderMap, size: BodySize) -> bool {
    let is_text =
        headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
            kind.starts_with("text/")
                || kind.starts_with("application/json")
                || kind == "image/svg+xml"
        });
    matches!(size, BodySize::Sized(SMALL..)) && is_text && !headers.contains_key(CONTENT_ENCODING)
}

/// Says that other requests may get another form.
pub(super) fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static(header::ACCEPT_ENCODING.as_str()));
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT_ENCODING;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it_no_less_gladly_than_plain_text() {
        for (accepted, expected) in [
            ("gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, gzip;q=0.8, *;q=0.1", true),
            ("identity;q=0, gzip", true),
            ("gzip;q=0", false),
            ("*;q=0", false),
            ("br", false),
            ("identity", false),
            ("identity;q=1, gzip;q=0.5", false),
            ("", false),
            ("gzip;q=2", false),
        ] {
            let request = TestRequest::get().insert_header((ACCEPT_ENCODING, accepted.as_bytes()));
            assert_eq!(takes_gzip(&request.to_http_request()), expected, "{accepted:?}");
        }
        assert!(!takes_gzip(&TestRequest::get().to_http_request()));
    }

    #[test]
    fn a_long_body_goes_piece_by_piece_and_whole() {
        for length in [0, 1, PIECE, PIECE + 1, 3 * PIECE - 1] {
            let all: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
            // As the server has it.
            let response = HttpResponse::Ok().body(Pieces(all.clone().into()));
            let mut body = response.into_body();
            assert_eq!(body.size(), BodySize::Sized(length as u64));
            let mut context = Context::from_waker(std::task::Waker::noop());
            let mut sent = Vec::new();
            while let Poll::Ready(Some(Ok(piece))) = Pin::new(&mut body).poll_next(&mut context) {
                assert!(piece.len() <= PIECE);
                sent.extend_from_slice(&piece);
            }
            assert!(sent == all, "{length}");
        }
    }

    #[test]
    fn small_answers_pictures_and_what_is_compressed_already_stay_as_they_are() {
        let answer = |kind: &'static str, length: usize| {
            HttpResponse::Ok().content_type(kind).body("x".repeat(length))
        };
        let packed = |response: HttpResponse| {
            compress(response, true).headers().get_all(CONTENT_ENCODING).count()
        };
        assert_eq!(packed(answer("application/json", 2_000)), 1);
        assert_eq!(packed(answer("application/json", 1_000)), 0);
        assert_eq!(packed(answer("image/png", 2_000)), 0);
        let mut already = answer("text/html", 2_000);
        already.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(compress(already, true).body().size(), BodySize::Sized(2_000));
        let plain = compress(answer("text/html", 2_000), false);
        assert_eq!(plain.body().size(), BodySize::Sized(2_000));
    }
}
