//! What chronyd served to others.

use libchrony::{ReportName, ServerStats, Snapshot};
use serde::Serialize;

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

pub(crate) fn serverstats(snapshot: Option<&Snapshot>) -> ServerStatsView {
    match snapshot.and_then(|snapshot| snapshot.serverstats.as_ref()) {
        Some(stats) => ServerStatsView {
            missing: None,
            summary: Some(summary(stats)),
            figures: figures(stats),
        },
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
        0 => "This machine serves time to others; no request was dropped.".to_owned(),
        _ => format!(
            "This machine serves time to others; {:.1} % of the NTP requests were dropped by rate limiting.",
            share.min(1.0) * 100.0
        ),
    }
}

fn figures(stats: &ServerStats) -> Vec<Figure> {
    let count =
        |name, label, value: u64, meaning| Figure::new(name, label, grouped(value), meaning);
    let mut figures = vec![
        count(
            "received_ntp_requests",
            "NTP requests",
            stats.received_ntp_requests,
            "Questions for the time since chronyd started.",
        )
        .note(format!("{} dropped", grouped(stats.dropped_ntp_requests))),
        count(
            "received_command_requests",
            "Command requests",
            stats.received_command_requests,
            "Questions of chronyc, of this page and of other tools.",
        )
        .note(format!("{} dropped", grouped(stats.dropped_command_requests))),
        count(
            "dropped_client_log_records",
            "Client records dropped",
            stats.dropped_client_log_records,
            "Clients that chronyd forgot for want of memory (clientloglimit).",
        ),
    ];
    if let Some(accepted) = stats.accepted_nts_ke_connections {
        let dropped = stats.dropped_nts_ke_connections.unwrap_or(0);
        figures.push(
            count(
                "accepted_nts_ke_connections",
                "NTS key exchanges",
                accepted,
                "Connections over which clients got NTS keys.",
            )
            .note(format!("{} dropped", grouped(dropped))),
        );
    }
    let optional = [
        (
            "received_authenticated_ntp_requests",
            "Authenticated requests",
            stats.received_authenticated_ntp_requests,
            "NTP requests that were authenticated.",
        ),
        (
            "received_interleaved_ntp_requests",
            "Interleaved requests",
            stats.received_interleaved_ntp_requests,
            "NTP requests in interleaved mode, which gives more exact timestamps.",
        ),
        (
            "held_ntp_timestamps",
            "Timestamps held",
            stats.held_ntp_timestamps,
            "Timestamps kept for interleaved answers.",
        ),
    ];
    let given = |(name, label, value, meaning): (_, _, Option<u64>, _)| {
        value.map(|value| count(name, label, value, meaning))
    };
    figures.extend(optional.into_iter().filter_map(given));
    if let Some(span) = stats.ntp_timestamp_span {
        #[expect(clippy::cast_precision_loss, reason = "seconds, shown with two units")]
        let span = format::duration(span as f64);
        figures.push(Figure::new(
            "ntp_timestamp_span",
            "Timestamp span",
            span,
            "Time that the held timestamps span.",
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
            "Answers received / sent with a timestamp that chronyd itself took.",
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
    use libchrony::testing::{Scenario, ServerStats as Simulated};

    use super::*;
    use crate::view::samples::{read, read_udp};

    fn of(stats: Simulated) -> ServerStatsView {
        serverstats(Some(&read(Scenario { serverstats: stats, ..Scenario::synchronized() })))
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
        let all = serverstats(Some(&snapshot)).figures.len();
        let stats = snapshot.serverstats.as_mut().unwrap();
        stats.served_daemon_rx_timestamps = None;
        stats.held_ntp_timestamps = None;
        assert_eq!(serverstats(Some(&snapshot)).figures.len(), all - 2);
    }

    #[test]
    fn over_udp_it_says_how_to_get_it() {
        let view = serverstats(Some(&read_udp(Scenario::synchronized())));
        assert!(view.missing.is_some_and(|text| text.contains("opencommands")));
    }
}
