//! Ready scenarios.

use super::report::{Client, LOCAL_REFERENCE, RtcData, ServerStats, Smoothing, Tracking};
use super::scenario::Scenario;
use super::source::{NEVER, Source};
use super::wire::{Address, Time};

/// An address of 192.0.2.0/24, which is kept for examples.
fn v4(last: u8) -> Address {
    Address::V4([192, 0, 2, last].into())
}

/// An address of 2001:db8::/32, which is kept for examples.
fn v6(last: u16) -> Address {
    Address::V6([0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into())
}

fn named(name: &str, source: Source) -> Source {
    Source { name: name.to_owned(), ..source }
}

/// Three good servers, the first of them followed.
fn good_servers() -> Vec<Source> {
    vec![
        named("a.time.example.net", Source::server(v4(11)).with_state(Source::SELECTED)),
        named("b.time.example.net", Source::server(v4(12)).with_state(Source::COMBINED)),
        named("c.time.example.net", Source::server(v6(0x13))),
    ]
}

impl Scenario {
    /// A healthy clock that follows 192.0.2.11, with 192.0.2.12 and 2001:db8::13 besides.
    ///
    /// It serves time to two clients.
    #[must_use]
    pub fn synchronized() -> Self {
        Self {
            serverstats: ServerStats {
                ntp_received: 12_345,
                command_received: 678,
                ntp_dropped: 9,
                ntp_interleaved: 321,
                ntp_timestamps: 64,
                ntp_timestamp_span: 4096,
                kernel_rx: 12_300,
                kernel_tx: 12_200,
                daemon_rx: 45,
                daemon_tx: 145,
                ..ServerStats::default()
            },
            clients: Some(vec![
                Client {
                    address: v4(201),
                    hits: [8100, 0, 0],
                    drops: [9, 0, 0],
                    intervals: [6, 127, 127],
                    timeout_interval: 4,
                    last_hits_ago: [17, NEVER, NEVER],
                },
                Client {
                    address: v6(0x202),
                    hits: [4245, 3, 0],
                    intervals: [7, 12, 127],
                    last_hits_ago: [55, 4000, NEVER],
                    ..Client::default()
                },
            ]),
            ..Self::with_sources(good_servers())
        }
    }

    /// Three servers that answer, but none is selectable yet: few samples, no reference.
    #[must_use]
    pub fn unsynchronized() -> Self {
        let sources = good_servers().into_iter().map(|mut source| {
            source = source.with_state(Source::NONSELECTABLE);
            source.reachability = 0o1;
            (source.stats.samples, source.stats.runs, source.stats.span) = (1, 0, 0);
            (source.stats.standard_deviation, source.stats.skew) = (4.0, 2000.0);
            source.stats.residual_frequency = 0.0;
            source
        });
        Self::with_sources(sources.collect())
    }

    /// No source is configured, and the clock follows nothing.
    #[must_use]
    pub fn no_sources() -> Self {
        Self::default()
    }

    /// Two servers that never answered.
    #[must_use]
    pub fn only_unreachable() -> Self {
        let sources = [v4(21), v6(0x22)].map(Source::unreachable);
        Self::with_sources(sources.into())
    }

    /// The clock follows only itself (`local stratum 10`), and has no sources.
    #[must_use]
    pub fn local() -> Self {
        Self {
            tracking: Tracking {
                reference_id: LOCAL_REFERENCE,
                stratum: 10,
                leap: 0,
                reference_time: Time::seconds_ago(0),
                root_delay: 0.0,
                root_dispersion: 0.0,
                ..Tracking::default()
            },
            ..Self::default()
        }
    }

    /// A healthy clock with a second to insert at the end of the month.
    #[must_use]
    pub fn leap_insert() -> Self {
        Self::with_leap(1)
    }

    /// A healthy clock with a second to delete at the end of the month.
    #[must_use]
    pub fn leap_delete() -> Self {
        Self::with_leap(2)
    }

    fn with_leap(leap: u8) -> Self {
        let sources = good_servers().into_iter().map(|source| source.with_leap(leap));
        Self::with_sources(sources.collect())
    }

    /// A stratum-1 clock that follows the reference clock PPS, with GPS for the seconds (`noselect`).
    ///
    /// PPS is preferred and polled four times a second; a server stands by.
    #[must_use]
    pub fn gps_and_pps() -> Self {
        let pps = Source::reference_clock(*b"PPS\0").with_options(2).with_state(Source::SELECTED);
        let mut pps = Source { poll: -2, last_sample_ago: 0, ..pps };
        pps.stats.span = 4;
        // The time of a serial message, which varies by milliseconds.
        let mut gps = Source::reference_clock(*b"GPS\0");
        (gps.stats.standard_deviation, gps.stats.skew) = (0.0021, 1.8);
        gps.sample_error = 0.05;
        let gps = gps.with_offset(0.043).with_options(1);
        let server = named("a.time.example.net", Source::server(v4(11)));
        Self::with_sources(vec![gps, pps, server])
    }

    /// A healthy clock that tracks the real-time clock.
    #[must_use]
    pub fn rtc() -> Self {
        Self { rtc: Some(RtcData::default()), ..Self::synchronized() }
    }

    /// A healthy clock that smooths the time it serves.
    #[must_use]
    pub fn smoothing() -> Self {
        Self { smoothing: Some(Smoothing::default()), ..Self::synchronized() }
    }

    /// So many servers from 198.18.0.0 on: one followed, up to three combined with it, the rest not used.
    #[must_use]
    pub fn many_sources(number: u32) -> Self {
        let sources = (0..number).map(|n| {
            let address = Address::V4((0xc612_0000_u32.wrapping_add(n)).into());
            Source::server(address).with_state(match n {
                0 => Source::SELECTED,
                1..=3 => Source::COMBINED,
                _ => Source::NOT_USED,
            })
        });
        Self::with_sources(sources.collect())
    }

    /// A healthy clock with two servers authenticated by NTS, one by a symmetric key and one without.
    #[must_use]
    pub fn nts() -> Self {
        let mut sources = good_servers();
        sources.push(named("d.time.example.net", Source::server(v4(14))));
        let sources = sources.into_iter().enumerate().map(|(place, source)| match place {
            0 | 1 => source.with_nts(),
            2 => source.with_symmetric_key(7),
            _ => source,
        });
        Self::with_sources(sources.collect())
    }

    /// A healthy clock with a fourth server that is five seconds off, a falseticker.
    #[must_use]
    pub fn falseticker() -> Self {
        let liar = Source::server(v4(66)).with_offset(5.0).with_state(Source::FALSETICKER);
        let mut sources = good_servers();
        sources.push(named("liar.example.net", liar));
        Self::with_sources(sources)
    }

    /// A healthy clock with two more servers whose names are not resolved yet.
    #[must_use]
    pub fn unresolved() -> Self {
        let mut sources = good_servers();
        sources.push(Source::unresolved(1, "lost.example.net"));
        sources.push(Source::unresolved(2, "gone.example.net"));
        Self::with_sources(sources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracking_agrees_with_the_source_it_follows() {
        for scenario in [
            Scenario::synchronized(),
            Scenario::gps_and_pps(),
            Scenario::many_sources(9),
            Scenario::nts(),
            Scenario::leap_delete(),
            Scenario::drifting(std::time::Duration::from_millis(9250)),
        ] {
            let tracking = &scenario.tracking;
            let selected: Vec<_> =
                scenario.sources.iter().filter(|s| s.state == Source::SELECTED).collect();
            let [source] = selected[..] else { panic!("{} are selected", selected.len()) };
            assert_eq!(tracking.reference_id, source.reference_id);
            assert_eq!(tracking.address, source.address);
            assert_eq!(tracking.stratum, source.stratum + 1);
            assert_eq!(tracking.leap, u16::from(source.select.leap));
            assert_eq!(tracking.last_offset, source.original_offset);
            assert_eq!(tracking.residual_frequency, source.stats.residual_frequency);
            assert!(tracking.root_dispersion > 0.0 && tracking.root_delay >= 0.0);
            assert_eq!(source.select.state, b'*');
        }
    }

    #[test]
    fn a_clock_without_a_selected_source_follows_nothing() {
        for scenario in
            [Scenario::unsynchronized(), Scenario::no_sources(), Scenario::only_unreachable()]
        {
            assert_eq!(scenario.tracking, Tracking::default());
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many sources take Miri too long")]
    fn many_sources_have_addresses_of_their_own() {
        let scenario = Scenario::many_sources(1000);
        let mut addresses: Vec<_> = scenario.sources.iter().map(|s| s.reference_id).collect();
        addresses.dedup();
        assert_eq!(addresses.len(), 1000);
        assert_eq!(Scenario::many_sources(0), Scenario::no_sources());
    }
}
