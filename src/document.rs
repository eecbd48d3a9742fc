//! A text as it is sent: plain, and compressed once for all who take it so.

use std::io::Write;
use std::sync::OnceLock;

use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Little more than the fastest costs, and nearly as small as the smallest.
const LEVEL: u32 = 3;

/// A text that many are sent.
#[derive(Debug)]
pub(crate) struct Document {
    plain: Bytes,
    gzip: OnceLock<Bytes>,
}

impl Document {
    pub(crate) fn new(text: impl Into<Bytes>) -> Self {
        Self { plain: text.into(), gzip: OnceLock::new() }
    }

    pub(crate) fn plain(&self) -> Bytes {
        self.plain.clone()
    }

    /// Compressed by whoever asks first.
    pub(crate) fn gzip(&self) -> Bytes {
        self.gzip.get_or_init(|| gzip(&self.plain)).clone()
    }
}

/// Compressed with gzip (RFC 1952).
pub(crate) fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(LEVEL));
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn it_is_compressed_once_and_loses_nothing() {
        let text = "This clock is right to within 1.4 ms. ".repeat(100);
        let document = Document::new(text.clone());
        let packed = document.gzip();
        assert!(packed.len() < text.len() / 10, "{} bytes", packed.len());
        let mut unpacked = String::new();
        GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(
            (unpacked.as_str(), document.plain()),
            (text.as_str(), Bytes::from(text.clone()))
        );
        assert_eq!(document.gzip().as_ptr(), packed.as_ptr());
    }
}
