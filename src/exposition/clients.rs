//! Metrics of those who ask chronyd for time; of a table that was read in part there are none, as half
//! of a sum is no sum.

use libchrony::{Client, Clients};

use super::family::{Metric, Page, Value, given, label};

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

pub(super) fn tell(page: &mut Page, read: &Clients) {
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
        Some(spread(limits, ntp.iter().filter_map(|client| value(client))))
    };
    page.single(&LAST, spread(&TIMES[..], |client| client.last_ntp_hit_ago.map(f64::from)));
    page.single(&INTERVAL, spread(&TIMES[..], |client| client.ntp_interval));
    page.single(&DROPS, spread(&COUNTS[..], |client| Some(client.ntp_drops.into())));
}

/// How many of the values lie within each limit, and not within the one before.
fn spread(limits: &[f64], values: impl Iterator<Item = f64>) -> Value {
    let limits = limits.iter().copied().chain([f64::INFINITY]);
    let mut parts: Vec<(f64, u64)> = limits.map(|limit| (limit, 0)).collect();
    let (mut sum, mut number) = (0.0, 0);
    for value in values {
        (sum, number) = (sum + value, number + 1);
        if let Some((_, part)) = parts.iter_mut().find(|(limit, _)| value <= *limit) {
            *part += 1;
        }
    }
    Value::Spread(sum, number, parts)
}
