//! Faults, each with the requests it meets and what it does to their replies.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::answer::NULL;
use super::command::Command;
use super::course::Course;
use super::request::Request;

/// Something that goes wrong with the replies to some requests.
///
/// First which requests it meets, then what happens, in order; every fault of a script that meets
/// a request acts on its reply, one after the other. A request that has no reply is counted, too.
///
/// ```
/// use libchrony::testing::{Command, Fault};
/// use std::time::Duration;
/// let script = [
///     // The first two requests of all are lost.
///     Fault::always().times(2).silence(),
///     // The second request for source 1 is answered twice, late and cut short.
///     Fault::on(Command::SOURCES).index(1).nth(2).truncate(50).duplicate().delay(Duration::from_millis(30)),
///     // All requests for tracking but the first are refused.
///     Fault::on(Command::TRACKING).after(1).status(2),
/// ];
/// ```
#[must_use = "a fault does nothing until it is part of a script"]
pub struct Fault {
    command: Option<Command>,
    index: Option<u32>,
    skip: u64,
    times: u64,
    every: u64,
    share: Option<Share>,
    met: u64,
    pub(super) effects: Vec<Effect>,
}

/// A change of a reply's bytes.
type Edit = Box<dyn FnMut(&mut Vec<u8>) + Send>;

/// A part of the requests, chosen as by dice.
struct Share {
    /// Of 256.
    part: u8,
    dice: Xorshift,
}

/// What happens to a reply.
pub(super) enum Effect {
    Silence,
    Delay(Duration),
    Duplicate,
    Order(Order),
    Edit(Edit),
    Noise(u32, Xorshift),
    Set(Arc<dyn Course>),
}

/// When a reply is sent, as against the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    #[default]
    AtOnce,
    BeforeNext,
    AfterNext,
}

impl Fault {
    /// Meets every request.
    pub fn always() -> Self {
        Self {
            command: None,
            index: None,
            skip: 0,
            times: u64::MAX,
            every: 1,
            share: None,
            met: 0,
            effects: Vec::new(),
        }
    }

    /// Meets the requests with a command.
    pub fn on(command: Command) -> Self {
        Self { command: Some(command), ..Self::always() }
    }

    /// Of these, only the requests for an index (the first word of their data).
    pub fn index(self, index: u32) -> Self {
        Self { index: Some(index), ..self }
    }

    /// Of these, all but the first `number`.
    pub fn after(self, number: u64) -> Self {
        Self { skip: number, ..self }
    }

    /// Of these, only so many, then no more.
    pub fn times(self, number: u64) -> Self {
        Self { times: number, ..self }
    }

    /// Of these, only the `number`th, from 1.
    pub fn nth(self, number: u64) -> Self {
        self.after(number.saturating_sub(1)).times(1)
    }

    /// Of these, every `number`th, the last of each `number`.
    pub fn every(self, number: u64) -> Self {
        Self { every: number.max(1), ..self }
    }

    /// Of these, about `percent` of 100, as by dice; the same seed chooses the same ones.
    ///
    /// With [`Self::silence`] that share of the datagrams is lost.
    pub fn share(self, percent: u8, seed: u64) -> Self {
        let part = u16::from(percent.min(100)) * 255 / 100;
        let part = u8::try_from(part).unwrap_or(u8::MAX);
        Self { share: Some(Share { part, dice: Xorshift::new(seed) }), ..self }
    }

    fn then(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// No reply.
    pub fn silence(self) -> Self {
        self.then(Effect::Silence)
    }

    /// The reply comes so much later; other replies are not held up.
    pub fn delay(self, time: Duration) -> Self {
        self.then(Effect::Delay(time))
    }

    /// The reply comes once more.
    pub fn duplicate(self) -> Self {
        self.then(Effect::Duplicate)
    }

    /// So many datagrams that answer nothing come before the reply, from the same socket.
    ///
    /// Every second one has the header of a reply to this command; all else is random in bytes and
    /// length, the same for the same seed. They come also where the reply does not.
    pub fn noise(self, number: u32, seed: u64) -> Self {
        self.then(Effect::Noise(number, Xorshift::new(seed)))
    }

    /// The reply comes right after the next one that is sent: two replies change places.
    pub fn reorder(self) -> Self {
        self.then(Effect::Order(Order::AfterNext))
    }

    /// The reply comes right before the next one that is sent: late, when a newer request waits.
    pub fn late(self) -> Self {
        self.then(Effect::Order(Order::BeforeNext))
    }

    /// The reply is edited, the header of 28 bytes included.
    pub fn edit(self, edit: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Self {
        self.then(Effect::Edit(Box::new(edit)))
    }

    fn overwrite(self, offset: usize, bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        self.edit(move |reply| {
            for (byte, new) in reply.iter_mut().skip(offset).zip(bytes.as_ref()) {
                *byte = *new;
            }
        })
    }

    /// The reply has a sequence number that was not asked with.
    pub fn wrong_sequence(self) -> Self {
        self.edit(|reply| reply.iter_mut().skip(16).take(4).for_each(|byte| *byte = !*byte))
    }

    /// The reply has this protocol version (right: 6).
    pub fn version(self, version: u8) -> Self {
        self.overwrite(0, [version])
    }

    /// The reply has this packet type (right: 2).
    pub fn packet_type(self, packet_type: u8) -> Self {
        self.overwrite(1, [packet_type])
    }

    /// The reply has these reserved bytes (right: 0).
    pub fn reserved(self, reserved: u16) -> Self {
        self.overwrite(2, reserved.to_be_bytes())
    }

    /// The reply says that it is one to this command.
    pub fn reply_command(self, command: Command) -> Self {
        self.overwrite(4, command.0.to_be_bytes())
    }

    /// The reply says that its data has this layout.
    pub fn reply_code(self, code: u16) -> Self {
        self.overwrite(6, code.to_be_bytes())
    }

    /// The reply has this status and no data (0: success, but the source is gone).
    pub fn status(self, status: u16) -> Self {
        self.reply_code(NULL).overwrite(8, status.to_be_bytes()).truncate(28)
    }

    /// The reply has at most so many bytes.
    pub fn truncate(self, length: usize) -> Self {
        self.edit(move |reply| reply.truncate(length))
    }

    /// The reply has at least so many bytes, zeros at the end.
    pub fn pad(self, length: usize) -> Self {
        self.edit(move |reply| reply.resize(length.max(reply.len()), 0))
    }

    /// All bytes of the reply are random; the same seed gives the same bytes.
    pub fn random(self, seed: u64) -> Self {
        self.random_from(0, seed)
    }

    /// All bytes behind the reply's header are random; the same seed gives the same bytes.
    pub fn random_data(self, seed: u64) -> Self {
        self.random_from(28, seed)
    }

    fn random_from(self, offset: usize, seed: u64) -> Self {
        let mut random = Xorshift::new(seed);
        self.edit(move |reply| reply.iter_mut().skip(offset).for_each(|byte| *byte = random.byte()))
    }

    /// What chronyd says changes after this reply.
    ///
    /// With [`Command::COUNT`] the list of sources changes between its count and its records.
    pub fn then_set(self, course: impl Course) -> Self {
        self.then(Effect::Set(Arc::new(course)))
    }

    /// Whether this fault acts on a request; counts it, so this is asked once for each.
    pub(super) fn meets(&mut self, request: &Request) -> bool {
        let fits = self.command.is_none_or(|command| command == request.command())
            && self.index.is_none_or(|index| index == request.index());
        if fits {
            self.met += 1;
        }
        let in_turn = self
            .met
            .checked_sub(self.skip)
            .is_some_and(|turn| turn > 0 && turn <= self.times && turn.is_multiple_of(self.every));
        fits && in_turn && self.share.as_mut().is_none_or(Share::takes)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("command", &self.command)
            .field("index", &self.index)
            .field("after", &self.skip)
            .field("times", &self.times)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

impl Share {
    fn takes(&mut self) -> bool {
        // 255 of 255 is all of them.
        self.part == u8::MAX || self.dice.byte() < self.part
    }
}

/// Marsaglia's xorshift with 64 bits: bytes that look random and need no dependency.
pub(super) struct Xorshift(u64);

impl Xorshift {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1))
    }

    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let [byte, ..] = self.0.to_be_bytes();
        byte
    }

    /// A datagram that answers no request, though it may look like a reply to `command`.
    pub(super) fn noise(&mut self, command: Command, looks_like_a_reply: bool) -> Vec<u8> {
        let length = usize::from(self.byte()) * 2;
        let mut bytes: Vec<u8> = (0..length).map(|_| self.byte()).collect();
        if looks_like_a_reply {
            let [high, low] = command.0.to_be_bytes();
            for (byte, new) in bytes.iter_mut().zip([6, 2, 0, 0, high, low]) {
                *byte = new;
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(command: u16, index: u32) -> Request {
        let mut bytes = vec![6, 1, 0, 0];
        bytes.extend(command.to_be_bytes());
        bytes.resize(20, 0);
        bytes.extend(index.to_be_bytes());
        Request::new(&bytes)
    }

    fn met<const N: usize>(mut fault: Fault, requests: [Request; N]) -> [bool; N] {
        requests.map(|request| fault.meets(&request))
    }

    #[test]
    fn a_fault_counts_only_the_requests_it_is_for() {
        let requests = || [request(33, 0), request(15, 1), request(15, 2), request(15, 1)];
        assert_eq!(met(Fault::always(), requests()), [true; 4]);
        assert_eq!(met(Fault::always().nth(3), requests()), [false, false, true, false]);
        let sources = || Fault::on(Command::SOURCES);
        assert_eq!(met(sources(), requests()), [false, true, true, true]);
        assert_eq!(met(sources().nth(2), requests()), [false, false, true, false]);
        assert_eq!(met(sources().after(1), requests()), [false, false, true, true]);
        assert_eq!(met(sources().times(2), requests()), [false, true, true, false]);
        assert_eq!(met(sources().index(1).nth(2), requests()), [false, false, false, true]);
        assert_eq!(met(Fault::always().every(2), requests()), [false, true, false, true]);
        assert_eq!(met(sources().after(1).every(2), requests()), [false, false, false, true]);
        assert_eq!(met(Fault::always().every(0), requests()), [true; 4]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many requests take Miri too long")]
    fn a_share_is_about_what_it_says_and_the_same_for_a_seed() {
        let met = |percent, seed| {
            let mut fault = Fault::always().share(percent, seed);
            (0..1000).map(|_| fault.meets(&request(33, 0))).collect::<Vec<_>>()
        };
        let number = |percent| met(percent, 7).iter().filter(|met| **met).count();
        assert_eq!((number(0), number(100), number(255)), (0, 1000, 1000));
        assert!((200..400).contains(&number(30)), "{}", number(30));
        assert_eq!(met(30, 7), met(30, 7));
        assert_ne!(met(30, 7), met(30, 8));
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_others() {
        let bytes = |seed| {
            let mut random = Xorshift::new(seed);
            (0..64).map(|_| random.byte()).collect::<Vec<_>>()
        };
        assert_eq!(bytes(7), bytes(7));
        assert_ne!(bytes(7), bytes(8));
        assert!(bytes(0).iter().any(|byte| *byte != 0));
    }
}
