//! What chronyd served to others.

use libchrony::{ReportName, ServerStats, Snapshot};
use serde::Serialize;

use crate::history::Rates;
use crate::view::absence;
use crate::view::figure::Figure;
use crate::view::format::{self, grouped};

/// Counters since chronyd started, or why they are not shown.
#[derive(Debug, Serialize)]
pub(crate) struct ServerStatsView {
    /// Why there are no values.
    pub(crate) missing: Option<String>,
    /// What the counters say together, in a sentence.
    pub(crate) summary: Option<String>,
    pub(crate) figures: Vec<Figure>,
}

/// The rates where two readings told of them.
pub(crate) fn serverstats(snapshot: Option<&Snapshot>, rates: Option<&Rates>) -> ServerStatsView {
    match snapshot.and_then(|snapshot| snapshot.serverstats.as_ref()) {
        Some(stats) => {
            let rates = rates.filter(|rates| !is_of_before(rates, stats));
            ServerStatsView {
                missing: None,
                summary: Some(format!("{}{}", summary(stats), span(rates))),
                figures: figures(stats, rates),
            }
        }
        None => {
            let missing = Some(absence(snapshot, ReportName::ServerStats));
            ServerStatsView { missing, summary: None, figures: Vec::new() }
        }
    }
}

fn summary(stats: &ServerStats) -> String {
    if stats.received_ntp_requests == 0 {
        return "No machine has asked this one for the time since chronyd started.".to_owned();
    }
    let share = stats.dropped_ntp_requests as f64 / stats.received_ntp_requests as f64;
    match stats.dropped_ntp_requests {
        0 => "This machine serves time to others; no request was dropped for coming too often."
            .to_owned(),
        _ => format!(
            "This machine serves time to others; {:.1} % of the NTP requests were dropped, as their clients asked too often (rate limiting).",
            share.min(1.0) * 100.0
        ),
    }
}

/// Whether more was counted lately than this chronyd has counted at all: it was started anew since.
fn is_of_before(rates: &Rates, stats: &ServerStats) -> bool {
    let counted = |rate: Option<f64>| rate.unwrap_or(0.0) * rates.span.as_secs_f64();
    counted(rates.received_ntp_requests) > stats.received_ntp_requests as f64 + 0.5
        || counted(rates.received_command_requests) > stats.received_command_requests as f64 + 0.5
}

/// What the rates are averages of, in a sentence.
fn span(rates: Option<&Rates>) -> String {
    rates.map_or_else(String::new, |rates| {
        let span = format::duration(rates.span.as_secs_f64().round());
        format!(" What is given for each second, minute or hour is the average of the last {span}.")
    })
}

/// How often something is counted, as `3.2 a second`.
fn rate(a_second: f64) -> String {
    let (unit, number) = match a_second {
        // Below this even an hour would hardly count one.
        0.0..0.000_001 => return "0 a second".to_owned(),
        0.0..0.0166 => ("an hour", a_second * 3_600.0),
        0.0..0.995 => ("a minute", a_second * 60.0),
        _ => ("a second", a_second),
    };
    let decimals = match number {
        0.0..0.095 => 2,
        0.0..9.95 => 1,
        _ => 0,
    };
    format!("{} {unit}", format::number(number, decimals))
}

fn figures(stats: &ServerStats, rates: Option<&Rates>) -> Vec<Figure> {
    let count =
        |name, label, value: u64, meaning| Figure::new(name, label, grouped(value), meaning);
    // What stands beside a counter: how often it counts, and how much was dropped.
    let beside = |of: fn(&Rates) -> [Option<f64>; 2], dropped: Option<u64>| {
        let [counted, dropped_lately] = rates.map(of).unwrap_or_default();
        let dropped = dropped.map(|dropped| match dropped_lately.filter(|rate| *rate > 0.0) {
            Some(lately) => format!("{} dropped, {}", grouped(dropped), rate(lately)),
            None => format!("{} dropped", grouped(dropped)),
        });
        let parts: Vec<_> = counted.map(rate).into_iter().chain(dropped).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    };
    let mut figures = vec![
        count(
            "received_ntp_requests",
            "NTP requests",
            stats.received_ntp_requests,
            "Requests for the time since chronyd started.",
        )
        .note_of(beside(
            |rates| [rates.received_ntp_requests, rates.dropped_ntp_requests],
            Some(stats.dropped_ntp_requests),
        )),
        count(
            "received_command_requests",
            "Command requests",
            stats.received_command_requests,
            "Requests of chronyc, of this page and of other tools since chronyd started.",
        )
        .note_of(beside(
            |rates| [rates.received_command_requests, rates.dropped_command_requests],
            Some(stats.dropped_command_requests),
        )),
        count(
            "dropped_client_log_records",
            "Client records dropped",
            stats.dropped_client_log_records,
            "Clients that chronyd forgot, as its table of clients was full (clientloglimit).",
        ),
    ];
    if let Some(accepted) = stats.accepted_nts_ke_connections {
        figures.push(
            count(
                "accepted_nts_ke_connections",
                "NTS key exchanges",
                accepted,
                "Connections over which clients got keys for authenticated time (Network Time Security).",
            )
            .note_of(beside(
                |rates| [rates.accepted_nts_ke_connections, rates.dropped_nts_ke_connections],
                Some(stats.dropped_nts_ke_connections.unwrap_or(0)),
            )),
        );
    }
    let optional = [
        (
            "received_authenticated_ntp_requests",
            "Authenticated requests",
            stats.received_authenticated_ntp_requests,
            "NTP requests with a valid key or NTS cookie.",
            beside(|rates| [rates.received_authenticated_ntp_requests, None], None),
        ),
        (
            "received_interleaved_ntp_requests",
            "Interleaved requests",
            stats.received_interleaved_ntp_requests,
            "NTP requests in interleaved mode: each answer brings the exact time at which the one before was sent.",
            beside(|rates| [rates.received_interleaved_ntp_requests, None], None),
        ),
        (
            "held_ntp_timestamps",
            "Timestamps held",
            stats.held_ntp_timestamps,
            "Timestamps kept for interleaved answers.",
            None,
        ),
    ];
    let given = |(name, label, value, meaning, note): (_, _, Option<u64>, _, _)| {
        value.map(|value| count(name, label, value, meaning).note_of(note))
    };
    figures.extend(optional.into_iter().filter_map(given));
    if let Some(span) = stats.ntp_timestamp_span {
        #[expect(clippy::cast_precision_loss, reason = "seconds, shown with two units")]
        let span = format::duration(span as f64);
        figures.push(Figure::new(
            "ntp_timestamp_span",
            "Timestamp span",
            span,
            "Time from the oldest to the newest timestamp held.",
        ));
    }
    figures.extend(timestamps(stats));
    figures
}

/// Who took the timestamps of the answers, from chronyd 4.4 on.
fn timestamps(stats: &ServerStats) -> impl Iterator<Item = Figure> {
    let pairs = [
        (
            "served_daemon_timestamps",
            "Timestamps by chronyd",
            stats.served_daemon_rx_timestamps.zip(stats.served_daemon_tx_timestamps),
            "Packets received / sent whose time chronyd itself noted.",
        ),
        (
            "served_kernel_timestamps",
            "Timestamps by the kernel",
            stats.served_kernel_rx_timestamps.zip(stats.served_kernel_tx_timestamps),
            "The same by the kernel, which is more exact.",
        ),
        (
            "served_hardware_timestamps",
            "By the network card",
            stats.served_hardware_rx_timestamps.zip(stats.served_hardware_tx_timestamps),
            "The same by the network card, which is the most exact.",
        ),
    ];
    pairs.into_iter().filter_map(|(name, label, pair, meaning)| {
        let (received, sent) = pair?;
        Some(Figure::new(
            name,
            label,
            format!("{} / {}", grouped(received), grouped(sent)),
            meaning,
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use libchrony::testing::{Scenario, ServerStats as Simulated};

    use super::*;
    use crate::view::samples::{read, read_udp};

    fn of(stats: Simulated) -> ServerStatsView {
        with_rates(stats, None)
    }

    fn with_rates(stats: Simulated, rates: Option<&Rates>) -> ServerStatsView {
        let snapshot = read(Scenario { serverstats: stats, ..Scenario::synchronized() });
        serverstats(Some(&snapshot), rates)
    }

    /// Averages of five minutes.
    fn rates(ntp: f64, dropped: f64) -> Rates {
        Rates {
            span: Duration::from_secs(300),
            received_ntp_requests: Some(ntp),
            dropped_ntp_requests: Some(dropped),
            received_command_requests: Some(0.0),
            dropped_command_requests: Some(0.0),
            accepted_nts_ke_connections: None,
            dropped_nts_ke_connections: None,
            received_authenticated_ntp_requests: Some(1.0 / 600.0),
            received_interleaved_ntp_requests: None,
        }
    }

    #[test]
    fn beside_each_total_stands_how_often_it_counts() {
        let stats = Simulated { ntp_received: 5_000, ntp_dropped: 50, ..Simulated::default() };
        let view = with_rates(stats, Some(&rates(3.2, 0.05)));
        let note = |name: &str| {
            let figure = view.figures.iter().find(|figure| figure.name == name);
            figure.unwrap().note.as_deref().unwrap_or_default().to_owned()
        };
        assert_eq!(note("received_ntp_requests"), "3.2 a second; 50 dropped, 3.0 a minute");
        assert!(note("received_command_requests").starts_with("0 a second; "));
        assert_eq!(note("received_authenticated_ntp_requests"), "6.0 an hour");
        assert_eq!(note("received_interleaved_ntp_requests"), "");
        assert!(view.summary.unwrap().ends_with("is the average of the last 5 m."));
        let without = of(stats);
        assert_eq!(without.figures[0].note.as_deref(), Some("50 dropped"));
        assert!(!without.summary.unwrap().contains("average"));
    }

    #[test]
    fn after_a_restart_there_is_no_rate_of_the_time_before() {
        let stats = Simulated { ntp_received: 900, ..Simulated::default() };
        let note = |ntp| with_rates(stats, Some(&rates(ntp, 0.0))).figures[0].note.clone();
        assert!(note(3.0).is_some_and(|note| note.starts_with("3.0 a second")));
        assert_eq!(note(3.1).as_deref(), Some("0 dropped"));
    }

    #[test]
    fn a_rate_is_in_the_unit_that_gives_a_readable_number() {
        for (a_second, text) in [
            (0.0, "0 a second"),
            (12_345.6, "12\u{202f}346 a second"),
            (99.6, "100 a second"),
            (99.4, "99 a second"),
            (7.25, "7.2 a second"),
            (1.0, "1.0 a second"),
            (0.5, "30 a minute"),
            (1.0 / 60.0, "1.0 a minute"),
            (1.0 / 300.0, "12 an hour"),
            (1e-5, "0.04 an hour"),
        ] {
            assert_eq!(rate(a_second), text, "{a_second}");
        }
    }

    #[test]
    fn counters_are_grouped_and_carry_what_was_dropped() {
        let view =
            of(Simulated { ntp_received: 1_234_567, ntp_dropped: 12_345, ..Simulated::default() });
        let figure = &view.figures[0];
        assert_eq!(figure.value, "1\u{202f}234\u{202f}567");
        assert_eq!(figure.note.as_deref(), Some("12\u{202f}345 dropped"));
        assert!(view.summary.is_some_and(|text| text.contains("1.0 % of the NTP requests")));
    }

    #[test]
    fn a_machine_that_serves_nobody_says_so() {
        let view = of(Simulated { ntp_received: 0, ..Simulated::default() });
        assert!(view.summary.is_some_and(|text| text.starts_with("No machine has asked")));
    }

    #[test]
    fn what_an_old_chronyd_does_not_count_is_left_out() {
        let mut snapshot = read(Scenario::synchronized());
        let all = serverstats(Some(&snapshot), None).figures.len();
        let stats = snapshot.serverstats.as_mut().unwrap();
        stats.served_daemon_rx_timestamps = None;
        stats.held_ntp_timestamps = None;
        assert_eq!(serverstats(Some(&snapshot), None).figures.len(), all - 2);
    }

    #[test]
    fn over_udp_it_says_how_to_get_it() {
        let view = serverstats(Some(&read_udp(Scenario::synchronized())), None);
        assert!(view.missing.is_some_and(|text| text.contains("opencommands")));
    }
}
