//! Sources in typical states; a literal or the fields give others.

use super::source::{AuthData, NtpData, Source, SourceStats};
use super::wire::{Address, Time};

/// NTP's tests, all passed.
const ALL_TESTS: u16 = 0x3ff;

impl Source {
    /// An NTP server that never answered.
    #[must_use]
    pub fn unreachable(address: impl Into<Address>) -> Self {
        let address = address.into();
        let name = match address {
            Address::V4(ip) => ip.to_string(),
            Address::V6(ip) => ip.to_string(),
            Address::Unspecified | Address::Id(_) => String::new(),
        };
        Self { address, reference_id: address.reference_id(), name, ..Self::default() }
    }

    /// An NTP server whose name is not resolved yet, by chronyd's number for it.
    #[must_use]
    pub fn unresolved(id: u32, name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::unreachable(Address::Id(id)) }
    }

    /// A good NTP server of stratum 2, 64 seconds between polls, that is not used.
    ///
    /// Its values differ a little from address to address.
    #[must_use]
    pub fn server(address: impl Into<Address>) -> Self {
        let unused = Self::unreachable(address);
        let local_address = match unused.address {
            Address::V6(_) => Address::V6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x64].into()),
            _ => Address::V4([192, 0, 2, 100].into()),
        };
        // -0.5 to 0.5
        let spread =
            f64::from(unused.reference_id.wrapping_mul(0x9e37_79b1) >> 16) / 65_536.0 - 0.5;
        let (offset, delay) = (spread * 180e-6, 0.008 + spread * 0.007);
        let ntp = NtpData {
            local_address,
            remote_port: 123,
            leap: 0,
            version: 4,
            mode: 4,
            stratum: 2,
            poll: 6,
            precision: -24,
            root_delay: 0.0011,
            root_dispersion: 0.0004,
            reference_id: 0xc633_6407,
            reference_time: Time::seconds_ago(91),
            offset: 0.0,
            peer_delay: delay,
            peer_dispersion: 31e-6,
            response_time: 45e-6,
            jitter_asymmetry: 0.0,
            flags: ALL_TESTS,
            tx_timestamping: b'K',
            rx_timestamping: b'K',
            transmitted: 842,
            received: 840,
            valid: 840,
            good: 838,
            kernel_tx: 842,
            kernel_rx: 840,
            hardware_tx: 0,
            hardware_rx: 0,
        };
        let source = Self { poll: 6, stratum: 2, last_sample_ago: 23, ntp, ..unused };
        source.measured(offset, 12e-6, delay / 2.0 + 0.001)
    }

    /// A good reference clock such as `*b"PPS\0"`, that is not used.
    #[must_use]
    pub fn reference_clock(id: [u8; 4]) -> Self {
        let source = Self {
            reference_id: u32::from_be_bytes(id),
            poll: 4,
            mode: Self::REFERENCE_CLOCK,
            last_sample_ago: 11,
            ..Self::default()
        };
        source.measured(310e-9, 150e-9, 200e-9)
    }

    /// The same source with samples: their offset, standard deviation and error bound in seconds.
    fn measured(mut self, offset: f64, deviation: f64, error: f64) -> Self {
        self.stats = SourceStats {
            samples: 18,
            runs: 9,
            span: 17 << u16::try_from(self.poll).unwrap_or(0),
            standard_deviation: deviation,
            residual_frequency: -0.002,
            skew: 0.031,
            offset: 0.0,
            offset_error: deviation * 0.6,
        };
        self.reachability = 0o377;
        self.sample_error = error;
        self.select.leap = 0;
        self.with_offset(offset).with_state(Self::NOT_USED)
    }

    /// The same source in another state, which selectdata agrees with.
    #[must_use]
    pub fn with_state(mut self, state: u16) -> Self {
        self.state = state;
        let noselect = self.select.configured_options & 1 == 1;
        self.select.state = match state {
            Self::SELECTED => b'*',
            Self::COMBINED => b'+',
            Self::FALSETICKER => b'x',
            Self::JITTERY => b'~',
            Self::NONSELECTABLE if noselect => b'N',
            Self::NONSELECTABLE => b'M',
            _ => b'D',
        };
        self
    }

    /// The same source with options (1 noselect, 2 prefer, 4 trust, 8 require), all in effect.
    #[must_use]
    pub fn with_options(mut self, options: u16) -> Self {
        self.select.configured_options = options;
        self.select.effective_options = options;
        if options & 1 == 1 { self.with_state(Self::NONSELECTABLE) } else { self }
    }

    /// The same source, so many seconds off; positive = this clock is ahead.
    #[must_use]
    pub fn with_offset(mut self, offset: f64) -> Self {
        (self.original_offset, self.adjusted_offset) = (offset, offset * 0.9);
        self.stats.offset = offset * 0.8;
        self.select.low_limit = offset - self.sample_error;
        self.select.high_limit = offset + self.sample_error;
        self.ntp.offset = -offset;
        self
    }

    /// The same source, announcing a leap second: 1 insert, 2 delete, 0 none.
    #[must_use]
    pub fn with_leap(mut self, leap: u8) -> Self {
        self.select.leap = leap;
        self.ntp.leap = leap;
        self
    }

    /// The same source, its packets authenticated with NTS (AEAD_AES_SIV_CMAC_256).
    #[must_use]
    pub fn with_nts(mut self) -> Self {
        self.auth = AuthData {
            mode: 2,
            key_type: 15,
            key_id: 4,
            key_length: 256,
            attempts: 0,
            last_establishment_ago: 5400,
            cookies: 8,
            cookie_length: 100,
            nak: false,
        };
        self.authenticated()
    }

    /// The same source, its packets authenticated with a symmetric key (SHA-256).
    #[must_use]
    pub fn with_symmetric_key(mut self, key_id: u32) -> Self {
        self.auth =
            AuthData { mode: 1, key_type: 3, key_id, key_length: 256, ..AuthData::default() };
        self.authenticated()
    }

    fn authenticated(mut self) -> Self {
        self.select.authenticated = true;
        self.ntp.flags |= 0x8000;
        self
    }
}
