//! The bytes of the command protocol: numbers, floats, times and addresses in wire form.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An address as chronyd sends it, 20 bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Address {
    /// No address: a reference clock, or nothing to tell.
    #[default]
    Unspecified,
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// chronyd's number for a source whose name is not resolved yet (chronyd 4.0 and later).
    Id(u32),
}

impl Address {
    /// The NTP reference ID of a source at this address.
    ///
    /// An IPv4 address itself, a hash of an IPv6 address, else 0. The hash is not chronyd's.
    #[must_use]
    pub fn reference_id(self) -> u32 {
        match self {
            Self::Unspecified | Self::Id(_) => 0,
            Self::V4(ip) => ip.to_bits(),
            // FNV-1a
            Self::V6(ip) => ip.octets().iter().fold(0x811c_9dc5, |hash: u32, byte| {
                (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
            }),
        }
    }

    fn to_bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        let family = match self {
            Self::Unspecified => 0,
            Self::V4(ip) => {
                bytes[..4].copy_from_slice(&ip.octets());
                1
            }
            Self::V6(ip) => {
                bytes[..16].copy_from_slice(&ip.octets());
                2
            }
            Self::Id(id) => {
                bytes[..4].copy_from_slice(&id.to_be_bytes());
                3
            }
        };
        bytes[17] = family;
        bytes
    }

    /// Reads the address of a request; `None` when it is short or of an unknown family.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (address, family) = (bytes.first_chunk::<16>()?, bytes.get(16..18)?);
        let [a, b, c, d, ..] = *address;
        match family {
            [0, 0] => Some(Self::Unspecified),
            [0, 1] => Some(Self::V4(Ipv4Addr::new(a, b, c, d))),
            [0, 2] => Some(Self::V6(Ipv6Addr::from(*address))),
            [0, 3] => Some(Self::Id(u32::from_be_bytes([a, b, c, d]))),
            _ => None,
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6(ip),
        }
    }
}

impl From<Ipv4Addr> for Address {
    fn from(ip: Ipv4Addr) -> Self {
        Self::V4(ip)
    }
}

impl From<Ipv6Addr> for Address {
    fn from(ip: Ipv6Addr) -> Self {
        Self::V6(ip)
    }
}

/// A point in time as chronyd sends it (UTC), 12 bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Time {
    /// So long before the reply is made, so that a reading looks alive.
    Ago(Duration),
    /// Exactly these words, for times that do not move or are not in order.
    Raw {
        /// The upper half of the seconds since 1970; 0x7fffffff where chronyd's time has 32 bits.
        high: u32,
        /// The lower half of the seconds since 1970.
        low: u32,
        /// Nanoseconds; in order up to 999999999.
        nanoseconds: u32,
    },
}

impl Time {
    /// The beginning of 1970, chronyd's "never".
    pub const EPOCH: Self = Self::Raw { high: 0, low: 0, nanoseconds: 0 };

    /// So many seconds before the reply is made.
    #[must_use]
    pub fn seconds_ago(seconds: u64) -> Self {
        Self::Ago(Duration::from_secs(seconds))
    }
}

/// The body of a reply, in network byte order.
#[derive(Debug, Default)]
pub(super) struct Body(Vec<u8>);

impl Body {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn u8s<const N: usize>(&mut self, values: [u8; N]) {
        self.bytes(&values);
    }

    pub(super) fn i8s<const N: usize>(&mut self, values: [i8; N]) {
        for value in values {
            self.bytes(&value.to_be_bytes());
        }
    }

    pub(super) fn u16s<const N: usize>(&mut self, values: [u16; N]) {
        for value in values {
            self.bytes(&value.to_be_bytes());
        }
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn u32s<const N: usize>(&mut self, values: [u32; N]) {
        for value in values {
            self.bytes(&value.to_be_bytes());
        }
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn floats<const N: usize>(&mut self, values: [f64; N]) {
        for value in values {
            self.bytes(&float(value).to_be_bytes());
        }
    }

    pub(super) fn address(&mut self, address: Address) {
        self.bytes(&address.to_bytes());
    }

    pub(super) fn time(&mut self, time: Time, now: SystemTime) {
        let words = match time {
            Time::Raw { high, low, nanoseconds } => [high, low, nanoseconds],
            Time::Ago(age) => {
                let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(age);
                let [a, b, c, d, rest @ ..] = since.as_secs().to_be_bytes();
                let high = u32::from_be_bytes([a, b, c, d]);
                [high, u32::from_be_bytes(rest), since.subsec_nanos()]
            }
        };
        self.u32s(words);
    }

    /// Fills with zero bytes up to `length`.
    pub(super) fn pad_to(&mut self, length: usize) {
        self.0.resize(length.max(self.0.len()), 0);
    }
}

/// The last four bytes of a number.
pub(super) fn low_word(value: u64) -> u32 {
    let [.., a, b, c, d] = value.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

const LARGEST_EXPONENT: i64 = 63;
const SMALLEST_EXPONENT: i64 = -64;
const COEFFICIENT_BITS: i64 = 24;

/// Encodes c * 2^(e-25), e in the top 7 bits and c in the low 25, both two's complement.
///
/// As chronyd does: NaN becomes 0, what is too large saturates, the rest is normalised.
fn float(value: f64) -> u32 {
    if value.is_nan() {
        return 0;
    }
    let bits = value.abs().to_bits();
    let (biased, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    // A double is m * 2^(biased - 1075) with m of 53 bits; the coefficient keeps the upper 24.
    let mut exponent = i64::try_from(biased).unwrap_or(0) - 1021;
    let mantissa = fraction | (1 << 52);
    let shift = 29 + (SMALLEST_EXPONENT - exponent).max(0);
    exponent = exponent.max(SMALLEST_EXPONENT);
    let mut magnitude = match shift {
        ..=54 => i64::try_from((mantissa + (1 << (shift - 1))) >> shift).unwrap_or(0),
        _ => 0,
    };
    let limit = 1 << COEFFICIENT_BITS;
    if magnitude == limit {
        magnitude /= 2;
        exponent += 1;
    }
    let negative = value.is_sign_negative();
    if negative && magnitude == limit / 2 && exponent > SMALLEST_EXPONENT {
        magnitude = limit;
        exponent -= 1;
    }
    if exponent > LARGEST_EXPONENT {
        exponent = LARGEST_EXPONENT;
        magnitude = if negative { limit } else { limit - 1 };
    }
    let coefficient = if negative { -magnitude } else { magnitude };
    if coefficient == 0 {
        return 0;
    }
    let word = ((exponent & 0x7f) << 25) | (coefficient & 0x1ff_ffff);
    let [.., a, b, c, d] = word.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of an encoded float, by the definition alone.
    fn decoded(word: u32) -> f64 {
        let signed = |value: u32, bits: u32| {
            let value = i32::try_from(value).unwrap();
            if value >= 1 << (bits - 1) { value - (1 << bits) } else { value }
        };
        let exponent = signed(word >> 25, 7);
        f64::from(signed(word & 0x1ff_ffff, 25)) * 2f64.powi(exponent - 25)
    }

    #[test]
    fn floats_are_those_of_a_real_chronyd() {
        for (value, word) in [
            (1.0, 0x0480_0000),
            (4.0, 0x0880_0000),
            (2000.0, 0x18fa_0000),
            (-1.5, 0x0540_0000),
            (-0.5, 0x0100_0000),
            (4.611_685_743_549_481e18, 0x7eff_ffff),
            (-(2f64.powi(62)), 0x7f00_0000),
            (2f64.powi(-89), 0x8000_0001),
            (0.0, 0x0000_0000),
        ] {
            assert_eq!(float(value), word, "{value}: {:08x} is not {word:08x}", float(value));
            assert_eq!(decoded(word), value);
        }
    }

    #[test]
    fn floats_out_of_range_saturate_or_vanish() {
        for (value, word) in [
            (f64::NAN, 0),
            (-0.0, 0),
            (f64::INFINITY, 0x7eff_ffff),
            (f64::NEG_INFINITY, 0x7f00_0000),
            (1e300, 0x7eff_ffff),
            (-1e300, 0x7f00_0000),
            (2f64.powi(62), 0x7eff_ffff),
            (1e-101, 0),
            (-1e-101, 0),
            (2f64.powi(-91), 0),
            (f64::MIN_POSITIVE / 2.0, 0),
        ] {
            assert_eq!(float(value), word, "{value}: {:08x} is not {word:08x}", float(value));
        }
    }

    #[test]
    fn floats_keep_24_bits_and_the_sign() {
        let mut value = 2f64.powi(-64);
        while value < 4e18 {
            for value in [value, -value] {
                let error = (decoded(float(value)) - value).abs() / value.abs();
                assert!(error <= 2f64.powi(-24), "{value}: {error}");
            }
            value *= 1.37;
        }
    }

    #[test]
    fn floats_are_normalised_where_they_can_be() {
        for value in [0.1, -0.1, 1e-9, -12.75, 3e9, -2f64.powi(-40), 0.999_999_99] {
            let coefficient = float(value) & 0x1ff_ffff;
            let magnitude =
                if coefficient >> 24 == 1 { 0x200_0000 - coefficient } else { coefficient };
            assert!((1 << 23..=1 << 24).contains(&magnitude), "{value}: {magnitude:x}");
        }
    }

    #[test]
    fn addresses_come_back_as_they_were() {
        for address in [
            Address::Unspecified,
            Address::from(Ipv4Addr::new(192, 0, 2, 1)),
            Address::from(IpAddr::from(Ipv6Addr::LOCALHOST)),
            Address::Id(7),
        ] {
            assert_eq!(Address::from_bytes(&address.to_bytes()), Some(address));
        }
        assert_eq!(Address::from_bytes(&[0; 17]), None);
        assert_eq!(Address::from_bytes(&[4; 20]), None);
    }

    #[test]
    fn an_ipv4_address_is_followed_by_zeros_and_its_family() {
        let bytes = Address::V4(Ipv4Addr::new(1, 2, 3, 4)).to_bytes();
        assert_eq!(bytes, [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn times_are_relative_to_the_reply_or_exact() {
        let now = UNIX_EPOCH + Duration::new(0x1_0000_0005, 42);
        let mut body = Body::default();
        body.time(Time::seconds_ago(3), now);
        body.time(Time::Raw { high: 0x7fff_ffff, low: 9, nanoseconds: 1_000_000_000 }, now);
        body.time(Time::Ago(Duration::MAX), now);
        let expected = [1, 2, 42, 0x7fff_ffff, 9, 1_000_000_000, 0, 0, 0].map(u32::to_be_bytes);
        assert_eq!(body.into_bytes(), expected.concat());
    }
}
