//! How often the server's counters count.

use std::collections::VecDeque;
use std::time::Duration;

use super::note::Counters;

/// What a rate is an average of, where readings are not further apart.
const SPAN: Duration = Duration::from_secs(300);

/// Events per second at chronyd's server, averaged over the last minutes; `None` where this chronyd
/// does not count them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rates {
    /// The time that they are averages of.
    pub(crate) span: Duration,
    pub(crate) received_ntp_requests: Option<f64>,
    pub(crate) dropped_ntp_requests: Option<f64>,
    pub(crate) received_command_requests: Option<f64>,
    pub(crate) dropped_command_requests: Option<f64>,
    pub(crate) accepted_nts_ke_connections: Option<f64>,
    pub(crate) dropped_nts_ke_connections: Option<f64>,
    pub(crate) received_authenticated_ntp_requests: Option<f64>,
    pub(crate) received_interleaved_ntp_requests: Option<f64>,
}

/// The counters of the last minutes.
#[derive(Debug, Default)]
pub(super) struct Counted(VecDeque<(Duration, Counters)>);

impl Counted {
    pub(super) fn add(&mut self, uptime: Duration, counters: Counters) {
        let anew = |(_, last): &(_, Counters)| {
            let mut pairs = last.0.into_iter().zip(counters.0);
            pairs.any(|(before, now)| now < before)
        };
        // What a restart counts from nothing, or a counter that ran over, is no rate.
        if self.0.back().is_some_and(anew) {
            self.0.clear();
        }
        self.0.push_back((uptime, counters));
        // The one before the span stays, so that two are left however far apart they are.
        while self.0.get(1).is_some_and(|(at, _)| *at + SPAN < uptime) {
            self.0.pop_front();
        }
        while self.0.len() > 2 && self.0.front().is_some_and(|(at, _)| *at + SPAN < uptime) {
            self.0.pop_front();
        }
    }

    /// `None` before there are two readings.
    pub(super) fn rates(&self) -> Option<Rates> {
        let ((begin, before), (end, now)) = (self.0.front()?, self.0.back()?);
        let span = end.checked_sub(*begin).filter(|span| !span.is_zero())?;
        let [
            ntp,
            ntp_dropped,
            command,
            command_dropped,
            nts,
            nts_dropped,
            authenticated,
            interleaved,
        ] = std::array::from_fn(|place| {
            let counted = now.0[place]?.checked_sub(before.0[place]?)?;
            #[expect(clippy::cast_precision_loss, reason = "a count within minutes is small")]
            let counted = counted as f64;
            Some(counted / span.as_secs_f64())
        });
        Some(Rates {
            span,
            received_ntp_requests: ntp,
            dropped_ntp_requests: ntp_dropped,
            received_command_requests: command,
            dropped_command_requests: command_dropped,
            accepted_nts_ke_connections: nts,
            dropped_nts_ke_connections: nts_dropped,
            received_authenticated_ntp_requests: authenticated,
            received_interleaved_ntp_requests: interleaved,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(ntp: u64, dropped: Option<u64>) -> Counters {
        let mut counters = Counters::default();
        counters.0[0] = Some(ntp);
        counters.0[4] = dropped;
        counters
    }

    fn counted(samples: &[(u64, u64)]) -> Counted {
        let mut counted = Counted::default();
        for (second, ntp) in samples {
            counted.add(Duration::from_secs(*second), counters(*ntp, None));
        }
        counted
    }

    fn ntp(counted: &Counted) -> Option<(u64, f64)> {
        let rates = counted.rates()?;
        Some((rates.span.as_secs(), rates.received_ntp_requests?))
    }

    #[test]
    fn a_rate_needs_two_readings_and_is_their_difference_by_time() {
        assert_eq!(ntp(&counted(&[(10, 500)])), None);
        assert_eq!(ntp(&counted(&[(10, 500), (20, 600)])), Some((10, 10.0)));
        assert_eq!(counted(&[(10, 0), (20, 0)]).rates().unwrap().accepted_nts_ke_connections, None);
    }

    #[test]
    fn a_rate_is_of_the_last_five_minutes() {
        let samples: Vec<_> =
            (0..200).map(|n| (n * 5, if n < 100 { n * 50 } else { 5000 })).collect();
        assert_eq!(ntp(&counted(&samples)), Some((300, 0.0)));
        assert_eq!(counted(&samples).0.len(), 61);
        assert_eq!(ntp(&counted(&[(0, 0), (3600, 7200), (7200, 10_800)])), Some((3600, 1.0)));
    }

    #[test]
    fn counters_that_go_back_give_no_rate_and_then_that_of_the_new_ones() {
        assert_eq!(ntp(&counted(&[(0, 500), (5, 600), (10, 3)])), None);
        assert_eq!(ntp(&counted(&[(0, 500), (5, 600), (10, 3), (20, 23)])), Some((10, 2.0)));
    }

    #[test]
    fn a_count_that_comes_later_has_no_rate_yet() {
        let mut counted = Counted::default();
        counted.add(Duration::from_secs(0), counters(0, None));
        counted.add(Duration::from_secs(5), counters(5, Some(7)));
        assert_eq!(counted.rates().unwrap().accepted_nts_ke_connections, None);
    }
}
