//! A request as it came.

use super::command::Command;

/// One datagram that a [`super::Simulator`] received, whether it was answered or not.
///
/// What is missing at the end of a short one reads as 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request(Vec<u8>);

impl Request {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The whole datagram, at most its first 4096 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The length of the datagram in bytes, padding included.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// The command asked for.
    #[must_use]
    pub fn command(&self) -> Command {
        Command(u16::from_be_bytes(self.at(4)))
    }

    /// The number that the client will know its reply by.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        u32::from_be_bytes(self.at(8))
    }

    /// The first word of the request's data: the index in the requests that have one.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.word(0)
    }

    /// A word of the request's data, by its place.
    pub(super) fn word(&self, place: usize) -> u32 {
        u32::from_be_bytes(self.at(20 + 4 * place))
    }

    fn at<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut bytes = [0; N];
        for (byte, from) in bytes.iter_mut().zip(self.0.iter().skip(offset)) {
            *byte = *from;
        }
        bytes
    }
}
