//! A clock that moves, and what each of its sources says of it at every moment.

use std::f64::consts::TAU;
use std::time::Duration;

use super::report::{ServerStats, Tracking};
use super::scenario::Scenario;
use super::source::Source;
use super::wire::{Address, Time};

/// The time between two polls of the source that the clock follows, in seconds.
const UPDATE: u64 = 4;

/// The most samples that a source keeps.
const MOST_SAMPLES: u64 = 64;

/// A source by what makes it differ from the others.
struct Server {
    name: &'static str,
    address: Address,
    /// Interval of its polls, log2 of seconds.
    poll: i16,
    /// How long before the start its first poll was.
    phase: u64,
    state: u16,
    /// By how much its network path is one-sided, in seconds.
    asymmetry: f64,
    /// How much its samples vary, in seconds.
    noise: f64,
    /// Of how many polls one is lost; 0 = none.
    loses: u64,
}

fn servers() -> [Server; 4] {
    let v4 = |last| Address::V4([192, 0, 2, last].into());
    let v6 = Address::V6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x13].into());
    let server = |name, address, poll, phase, state| Server {
        name,
        address,
        poll,
        phase,
        state,
        asymmetry: 0.0,
        noise: 0.0,
        loses: 0,
    };
    [
        server("a.time.example.net", v4(11), 2, 0, Source::SELECTED),
        Server {
            asymmetry: 24e-6,
            noise: 40e-6,
            ..server("b.time.example.net", v4(12), 3, 1, Source::COMBINED)
        },
        Server {
            asymmetry: -190e-6,
            noise: 90e-6,
            ..server("c.time.example.net", v6, 4, 3, Source::NOT_USED)
        },
        // On a bad line.
        Server {
            asymmetry: 350e-6,
            noise: 220e-6,
            loses: 5,
            ..server("d.time.example.net", v4(14), 3, 2, Source::NOT_USED)
        },
    ]
}

impl Scenario {
    /// A clock that moves, as a [`super::Course`]: the state so long after its start.
    ///
    /// Its oscillator warms and cools within ten minutes. The source it follows is sampled every four
    /// seconds, and each sample corrects what came up since; three more are sampled every eight or
    /// sixteen seconds, one of them on a line that loses every fifth packet. All reports say the same
    /// of the same moment: a source's last sample, its age, its counts and its reachability, and what
    /// the clock made of it. The first sample of each exists from the start.
    #[must_use]
    pub fn drifting(since: Duration) -> Self {
        let phase = TAU * (since.as_secs_f64() % 600.0) / 600.0;
        let sources: Vec<_> = servers().iter().map(|server| server.at(since, phase)).collect();
        let since_update = Duration::new(since.as_secs() % UPDATE, since.subsec_nanos());
        let aged = 1e-6 * since_update.as_secs_f64();

        let mut scenario = Self::with_sources(sources);
        let tracking = &mut scenario.tracking;
        *tracking = Tracking {
            reference_time: Time::Ago(since_update),
            frequency: -11.482 + 0.4 * phase.cos(),
            current_correction: -error(since),
            rms_offset: 31e-6,
            root_dispersion: tracking.root_dispersion + aged,
            last_update_interval: as_f64(UPDATE),
            ..tracking.clone()
        };
        let seconds = since.as_secs();
        scenario.serverstats = ServerStats {
            ntp_received: seconds.saturating_mul(7),
            command_received: seconds.saturating_mul(2),
            ntp_dropped: seconds / 30,
            kernel_rx: seconds.saturating_mul(7),
            kernel_tx: seconds.saturating_mul(7) - seconds / 30,
            ..ServerStats::default()
        };
        scenario
    }
}

impl Server {
    /// Whether the n-th poll had no answer.
    fn lost(&self, poll: u64) -> bool {
        self.loses > 0 && poll % self.loses == self.loses - 1
    }

    fn at(&self, since: Duration, phase: f64) -> Source {
        let interval = 1 << self.poll;
        let elapsed = since.saturating_add(Duration::from_secs(self.phase));
        let polls = elapsed.as_secs() / interval;
        // The last poll that was answered; two in a row are never lost, nor is the first.
        let sampled = polls - u64::from(self.lost(polls));
        let age = Duration::new(elapsed.as_secs() - sampled * interval, elapsed.subsec_nanos());
        let offset = self.sample(sampled, since.saturating_sub(age));
        let answered = polls + 1 - (polls + 1).checked_div(self.loses).unwrap_or(0);
        let samples = answered.min(MOST_SAMPLES);

        let mut source = Source::server(self.address).with_offset(offset).with_state(self.state);
        self.name.clone_into(&mut source.name);
        source.poll = self.poll;
        source.last_sample_ago = to_u32(age.as_secs());
        source.reachability = (0..=polls.min(7))
            .filter(|back| !self.lost(polls - back))
            .fold(0, |reach, back| reach | 1 << back);
        // What the clock was corrected by since then is off.
        source.adjusted_offset = error(since) + (offset - error(since.saturating_sub(age)));

        let first = answered - samples;
        let gaps = self.loses.checked_sub(1).and_then(|kept| first.checked_div(kept)).unwrap_or(0);
        let oldest = first + gaps;
        source.stats.samples = to_u32(samples);
        source.stats.runs = to_u32(samples.div_ceil(2));
        source.stats.span = to_u32((sampled - oldest) * interval);
        source.stats.standard_deviation = 12e-6 + self.noise / 2.0;
        source.stats.residual_frequency = 0.02 * phase.sin() + self.noise * 300.0;
        source.stats.skew = 0.031 + 0.6 / as_f64(samples);
        source.stats.offset = source.adjusted_offset * 0.8;
        source.stats.offset_error = source.stats.standard_deviation / as_f64(samples).sqrt();

        source.sample_error += self.asymmetry.abs() + self.noise + 1e-6 * age.as_secs_f64();
        source.select.low_limit = source.adjusted_offset - source.sample_error;
        source.select.high_limit = source.adjusted_offset + source.sample_error;
        source.select.score = if self.state == Source::SELECTED { 1.0 } else { 0.4 };

        let ntp = &mut source.ntp;
        ntp.poll = i8::try_from(self.poll).unwrap_or(0);
        ntp.peer_delay += (self.noise + 30e-6) * (wobble(sampled.wrapping_mul(3)) + 0.5);
        ntp.reference_time = Time::Ago(age.saturating_add(Duration::from_secs(37)));
        ntp.transmitted = to_u32(polls + 1);
        [ntp.received, ntp.valid, ntp.good] = [to_u32(answered); 3];
        (ntp.kernel_tx, ntp.kernel_rx) = (ntp.transmitted, ntp.received);
        source
    }

    /// The offset that the n-th sample finds, at a moment.
    fn sample(&self, poll: u64, moment: Duration) -> f64 {
        let own = self.phase.wrapping_add(self.poll.unsigned_abs().into());
        error(moment)
            + self.asymmetry
            + self.noise * wobble(poll.wrapping_mul(17).wrapping_add(own))
    }
}

/// By how much the clock is ahead at a moment, in seconds: each update finds up to 50 microseconds,
/// which are corrected within seconds.
fn error(moment: Duration) -> f64 {
    let (update, age) = (moment.as_secs() / UPDATE, moment.as_secs() % UPDATE);
    let age = Duration::new(age, moment.subsec_nanos()).as_secs_f64();
    1e-4 * wobble(update) * (-age).exp()
}

/// A number from -0.5 to 0.5 that looks random, the same at each run.
fn wobble(number: u64) -> f64 {
    let [a, b, ..] = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    f64::from(u16::from_be_bytes([a, b])) / 65_535.0 - 0.5
}

fn to_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn as_f64(number: u64) -> f64 {
    f64::from(to_u32(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Scenario {
        Scenario::drifting(Duration::from_secs(seconds))
    }

    /// Each source at each second, with the server it is.
    fn every_second(seconds: u64) -> impl Iterator<Item = (u64, Server, Source)> {
        (0..seconds).flat_map(|second| {
            let sources = at(second).sources.into_iter();
            servers().into_iter().zip(sources).map(move |(server, source)| (second, server, source))
        })
    }

    #[test]
    fn a_source_s_counts_samples_and_reachability_tell_the_same_polls() {
        for (second, server, source) in every_second(700) {
            let interval = 1 << server.poll;
            let polls = (second + server.phase) / interval + 1;
            let answers: Vec<u64> = (0..polls).filter(|poll| !server.lost(*poll)).collect();
            let at = format!("{} after {second} s", server.name);
            assert_eq!(u64::from(source.ntp.transmitted), polls, "{at}");
            assert_eq!(usize::try_from(source.ntp.received), Ok(answers.len()), "{at}");
            let kept = &answers[answers.len().saturating_sub(64)..];
            assert_eq!(usize::try_from(source.stats.samples), Ok(kept.len()), "{at}");
            let span = (kept[kept.len() - 1] - kept[0]) * interval;
            assert_eq!(u64::from(source.stats.span), span, "{at}");
            let reach = answers.iter().filter(|poll| polls - *poll <= 8);
            let reach = reach.fold(0, |bits, poll| bits | 1 << (polls - 1 - poll));
            assert_eq!(source.reachability, reach, "{at}");
            let age = second + server.phase - answers[answers.len() - 1] * interval;
            assert_eq!(u64::from(source.last_sample_ago), age, "{at}");
        }
    }

    #[test]
    fn a_sample_stays_until_the_next_one_and_then_is_another() {
        let mut last: [Option<Source>; 4] = Default::default();
        for (place, (second, server, source)) in every_second(200).enumerate() {
            let before = &mut last[place % 4];
            if let Some(before) = before {
                let same = source.last_sample_ago > before.last_sample_ago;
                let at = format!("{} after {second} s", server.name);
                assert_eq!(source.original_offset == before.original_offset, same, "{at}");
                assert_eq!(source.ntp.peer_delay == before.ntp.peer_delay, same, "{at}");
            }
            assert_eq!(source.ntp.offset, -source.original_offset);
            assert!(source.select.low_limit < source.select.high_limit);
            assert!(source.ntp.peer_delay > 0.0 && source.sample_error > 0.0);
            *before = Some(source);
        }
    }

    #[test]
    fn tracking_and_the_source_it_follows_tell_the_same_moment() {
        for millis in (0..60_000).step_by(170) {
            let scenario = Scenario::drifting(Duration::from_millis(millis));
            let (tracking, source) = (&scenario.tracking, &scenario.sources[0]);
            assert_eq!(source.state, Source::SELECTED);
            assert_eq!(tracking.last_offset, source.original_offset);
            assert_eq!(tracking.current_correction, -source.adjusted_offset);
            assert_eq!(tracking.skew, source.stats.skew);
            assert_eq!(tracking.residual_frequency, source.stats.residual_frequency);
            let Time::Ago(age) = tracking.reference_time else { panic!("{tracking:?}") };
            assert_eq!(age.as_secs(), u64::from(source.last_sample_ago));
            // What a sample found is being corrected.
            assert!(source.adjusted_offset.abs() <= source.original_offset.abs());
        }
    }

    #[test]
    fn the_clock_moves_and_has_no_end() {
        assert_ne!(at(0).tracking.frequency, at(60).tracking.frequency);
        assert_ne!(at(0).tracking.last_offset, at(4).tracking.last_offset);
        assert_ne!(at(0).serverstats, at(60).serverstats);
        assert_eq!(at(10_000).sources[0].stats.samples, 64);
        assert_eq!(at(0).sources[0].reachability, 0o1);
        assert_eq!(at(60).sources[0].reachability, 0o377);
        assert!(at(u64::MAX).tracking.frequency.is_finite());
    }
}
