//! A text as it is sent: plain, and compressed once for all who take it so.

use std::io::{self, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::web::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Little more than the fastest costs, and nearly as small as the smallest.
const LEVEL: u32 = 3;

/// Above this a text that is sent compressed is not kept beside that, bytes: nearly everybody takes it so.
const LARGE: usize = 65_536;

/// Room that a draft begins with, bytes: that of a usual page.
const ROOM: usize = 49_152;

/// A text while it is written. One that will be sent compressed is compressed as it comes where it is
/// large, so that the whole of it is nowhere.
#[derive(Debug)]
pub(crate) struct Draft {
    /// All of it, or what was not compressed yet.
    text: Vec<u8>,
    /// Whether it will be sent compressed.
    packs: bool,
    packer: Option<Packer>,
}

type Packer = GzEncoder<Vec<u8>>;

/// A text that many are sent.
#[derive(Debug)]
pub(crate) struct Document(Mutex<Kept>);

#[derive(Debug)]
enum Kept {
    Plain(Bytes),
    Packed(Bytes),
    Both { plain: Bytes, packed: Bytes },
}

impl Draft {
    pub(crate) fn new(packs: bool) -> Self {
        Self { text: Vec::with_capacity(ROOM), packs, packer: None }
    }

    /// What was written; where it will be sent compressed, it is so already.
    pub(crate) fn finish(self) -> Document {
        let Self { text, packs, packer } = self;
        match packer {
            Some(packer) => Document(Mutex::new(Kept::Packed(finish(packer, &text)))),
            None => {
                let document = Document::new(text);
                if packs {
                    document.gzip();
                }
                document
            }
        }
    }
}

impl Write for Draft {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(text);
        if self.packs && self.text.len() > LARGE {
            self.packer.get_or_insert_with(|| packer(LARGE)).write_all(&self.text)?;
            self.text.clear();
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Document {
    pub(crate) fn new(text: impl Into<Bytes>) -> Self {
        Self(Mutex::new(Kept::Plain(text.into())))
    }

    /// Where it is kept compressed only, it is unpacked by whoever asks first.
    pub(crate) fn plain(&self) -> Bytes {
        let mut kept = self.kept();
        match &*kept {
            Kept::Plain(plain) | Kept::Both { plain, .. } => plain.clone(),
            Kept::Packed(packed) => {
                let packed = packed.clone();
                let plain = unpacked(&packed);
                *kept = Kept::Both { plain: plain.clone(), packed };
                plain
            }
        }
    }

    /// Compressed by whoever asks first.
    pub(crate) fn gzip(&self) -> Bytes {
        let mut kept = self.kept();
        match &*kept {
            Kept::Packed(packed) | Kept::Both { packed, .. } => packed.clone(),
            Kept::Plain(plain) => {
                let packed = gzip(plain);
                *kept = match plain.len() > LARGE {
                    true => Kept::Packed(packed.clone()),
                    false => Kept::Both { plain: plain.clone(), packed: packed.clone() },
                };
                packed
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What is kept changes only when all of it is made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What [`gzip`] made, as it was.
fn unpacked(packed: &[u8]) -> Bytes {
    let mut plain = Vec::new();
    // Nobody else writes what is kept.
    let _ = GzDecoder::new(packed).read_to_end(&mut plain);
    plain.into()
}

/// Compressed with gzip (RFC 1952).
pub(crate) fn gzip(bytes: &[u8]) -> Bytes {
    finish(packer(bytes.len() / 4), bytes)
}

fn packer(room: usize) -> Packer {
    GzEncoder::new(Vec::with_capacity(room), Compression::new(LEVEL))
}

/// The end of what is compressed.
fn finish(mut packer: Packer, rest: &[u8]) -> Bytes {
    // Writing to memory does not fail.
    let _ = packer.write_all(rest);
    packer.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn of_a_large_text_that_is_sent_compressed_nothing_else_is_kept_until_it_is_asked_for() {
        let text = "This clock is right to within 1.4 ms. ".repeat(2_000);
        let document = Document::new(text.clone());
        let packed = document.gzip();
        assert!(matches!(&*document.kept(), Kept::Packed(_)));
        let plain = document.plain();
        assert!(plain == text.as_bytes());
        // For many, it is unpacked once.
        assert_eq!(document.plain().as_ptr(), plain.as_ptr());
        assert_eq!(document.gzip().as_ptr(), packed.as_ptr());
        let small = Document::new(text[..LARGE].to_owned());
        let plain = small.plain();
        small.gzip();
        assert_eq!(small.plain().as_ptr(), plain.as_ptr());
    }

    #[test]
    fn a_draft_becomes_what_was_written_whatever_its_length() {
        for length in [0, 10, LARGE, LARGE + 1, 5 * LARGE + 7] {
            let text: Vec<u8> =
                (0..).flat_map(|n: u32| n.to_string().into_bytes()).take(length).collect();
            for packs in [false, true] {
                let mut draft = Draft::new(packs);
                for part in text.chunks(1_000) {
                    draft.write_all(part).unwrap();
                    assert!(!packs || draft.text.len() <= LARGE);
                }
                let document = draft.finish();
                let is_packed = matches!(&*document.kept(), Kept::Packed(_));
                assert_eq!(is_packed, packs && length > LARGE, "{length}");
                assert!(packs != matches!(&*document.kept(), Kept::Plain(_)), "{length}");
                assert!(unpacked(&document.gzip()) == text, "{length}");
                assert!(document.plain() == text, "{length}");
            }
        }
    }
}
