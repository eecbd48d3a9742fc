//! Metrics of those who ask chronyd for time; of a table that was read in part there are none, as half
//! of a sum is no sum.

use libchrony::{Client, Clients};

use super::family::{Metric, Page, Spread, Value, given, label};

static COMPLETE: Metric = Metric::gauge(
    "second_hand_clients_complete",
    "Whether the whole table of clients was read: 1 = yes, 0 = it is too large, or some of it is unreadable, and there are no chrony_clients metrics.",
);
static CONNECTED: Metric = Metric::gauge(
    "chrony_clients_connected",
    "How many clients chronyd knows to have asked by NTP, and by NTS-KE.",
);
static LAST: Metric = Metric::histogram(
    "chrony_clients_last_ntp_hit_ago_seconds",
    "How long ago each client sent its last NTP request, seconds.",
);
static INTERVAL: Metric = Metric::histogram(
    "chrony_clients_ntp_interval_seconds",
    "Average time between the NTP requests of each client, seconds, where it is known.",
);
static DROPS: Metric = Metric::histogram(
    "chrony_clients_ntp_drops",
    "How many NTP requests of each client were dropped by rate limiting.",
);

const TIMES: [f64; 9] = [1.0, 5.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 21_600.0, 86_400.0];
const COUNTS: [f64; 7] = [0.0, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static Metric> {
    vec![&COMPLETE, &CONNECTED, &LAST, &INTERVAL, &DROPS]
}

pub(super) fn tell(page: &mut Page<'_>, read: &Clients) {
    let complete = !read.cut && read.odd.is_empty();
    page.single(&COMPLETE, given(complete));
    if !complete {
        return;
    }
    let ntp: Vec<&Client> = read.clients.iter().filter(|client| client.ntp_hits > 0).collect();
    let nts = read.clients.iter().filter(|client| client.nts_ke_hits > 0).count();
    let numbers = [("ntp", ntp.len()), ("nts", nts)];
    let series =
        numbers.map(|(protocol, number)| (label("protocol", protocol), Value::from(number)));
    page.family(&CONNECTED, series);
    let spread = |limits, value: fn(&Client) -> Option<f64>| {
        Some(Value::Spread(Box::new(spread(limits, ntp.iter().filter_map(|client| value(client))))))
    };
    page.single(&LAST, spread(&TIMES[..], |client| client.last_ntp_hit_ago.map(f64::from)));
    page.single(&INTERVAL, spread(&TIMES[..], |client| client.ntp_interval));
    page.single(&DROPS, spread(&COUNTS[..], |client| Some(client.ntp_drops.into())));
}

/// How many of the values lie within each limit, and not within the one before.
fn spread(limits: &[f64], values: impl Iterator<Item = f64>) -> Spread {
    let limits = limits.iter().copied().chain([f64::INFINITY]);
    let mut parts: Vec<(f64, u64)> = limits.map(|limit| (limit, 0)).collect();
    let (mut sum, mut number) = (0.0, 0);
    for value in values {
        (sum, number) = (sum + value, number + 1);
        if let Some((_, part)) = parts.iter_mut().find(|(limit, _)| value <= *limit) {
            *part += 1;
        }
    }
    Spread { sum, number, parts }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Client as Asks, Scenario};

    use super::super::samples::shown;
    use super::*;

    #[test]
    fn a_value_counts_for_the_first_limit_that_it_does_not_exceed() {
        let values = [0.5, 1.0, 1.5, 5.0, 100.0];
        let parts = vec![(1.0, 2), (5.0, 2), (f64::INFINITY, 1)];
        let expected = Spread { sum: 108.0, number: 5, parts };
        assert_eq!(spread(&[1.0, 5.0], values.into_iter()), expected);
        let expected = Spread { sum: 0.0, number: 0, parts: vec![(f64::INFINITY, 0)] };
        assert_eq!(spread(&[], [].into_iter()), expected);
    }

    #[test]
    fn clients_are_counted_by_what_they_asked_for() {
        let series = shown(Scenario::synchronized()).series();
        for (name, expected) in [
            ("second_hand_clients_complete", 1.0),
            ("chrony_clients_connected{protocol=\"ntp\"}", 2.0),
            ("chrony_clients_connected{protocol=\"nts\"}", 1.0),
            ("chrony_clients_last_ntp_hit_ago_seconds_bucket{le=\"5\"}", 0.0),
            ("chrony_clients_last_ntp_hit_ago_seconds_bucket{le=\"30\"}", 1.0),
            ("chrony_clients_last_ntp_hit_ago_seconds_bucket{le=\"60\"}", 2.0),
            ("chrony_clients_last_ntp_hit_ago_seconds_bucket{le=\"+Inf\"}", 2.0),
            ("chrony_clients_last_ntp_hit_ago_seconds_sum", 72.0),
            ("chrony_clients_ntp_interval_seconds_sum", 192.0),
            ("chrony_clients_ntp_drops_bucket{le=\"0\"}", 1.0),
            ("chrony_clients_ntp_drops_bucket{le=\"10\"}", 2.0),
            ("chrony_clients_ntp_drops_sum", 9.0),
        ] {
            assert_eq!(series.get(name), Some(&expected), "{name}: {series:#?}");
        }
    }

    #[test]
    fn of_a_table_that_was_read_in_part_nothing_is_summed_up() {
        let mut read = shown(Scenario::synchronized());
        if let Some(Ok(clients)) = &mut read.clients {
            clients.cut = true;
        }
        let series = read.series();
        assert_eq!(series.get("second_hand_clients_complete"), Some(&0.0));
        assert_eq!(series.get("second_hand_report_success{report=\"clients\"}"), Some(&1.0));
        assert!(!series.keys().any(|key| key.starts_with("chrony_clients")), "{series:#?}");
        // Who never asked by NTP is no NTP client.
        let clients = Some(vec![Asks { hits: [0, 0, 5], ..Asks::default() }]);
        let series = shown(Scenario { clients, ..Scenario::synchronized() }).series();
        assert_eq!(series.get("chrony_clients_connected{protocol=\"ntp\"}"), Some(&0.0));
    }
}
