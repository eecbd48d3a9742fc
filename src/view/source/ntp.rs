//! What ntpdata says of one source: its last measurement.

use libchrony::{Joined, NtpData, NtpFlag, NtpMode, ReportName, Snapshot};

use super::reports::nothing;
use super::{Section, Test, maybe};
use crate::view::figure::Figure;
use crate::view::format;
use crate::view::ntpdata;
use crate::view::threshold;

pub(super) fn measurement(snapshot: &Snapshot, joined: &Joined<'_>) -> Section {
    const NAME: (&str, &str) = ("ntpdata", "Last NTP measurement");
    let Some(data) = joined.ntp else {
        let why = nothing(snapshot, joined, ReportName::NtpData);
        return Section::missing(NAME.0, NAME.1, why);
    };
    if data.version.is_none() {
        let remark = Some("No packet has come from it yet.".to_owned());
        return Section { remark, ..Section::new(NAME.0, NAME.1, packets(data)) };
    }
    let mut figures = path(data);
    figures.extend(theirs(data));
    figures.extend(exchange(data));
    figures.extend(packets(data));
    Section { tests: tests(&data.flags), ..Section::new(NAME.0, NAME.1, figures) }
}

/// What the packets measured.
fn path(data: &NtpData) -> Vec<Figure> {
    let measure = |value: Option<f64>| value.map(format::measure);
    vec![
        maybe(
            "ntp_offset",
            "Offset",
            data.offset.map(format::offset),
            "The source against this clock at the last packet. + is ahead of this clock, \u{2212} is behind it: the opposite sign of the last sample, as in chronyc.",
        ),
        maybe(
            "ntp_delay",
            "Delay",
            measure(data.peer_delay),
            "Time of the packets to the source and back. If one way is slower, the offset is wrong by half of it at most.",
        ),
        maybe(
            "ntp_dispersion",
            "Dispersion",
            measure(data.peer_dispersion),
            "Error of that measurement from the rounding and drift of both clocks.",
        ),
        maybe(
            "ntp_response",
            "Response time",
            measure(data.response_time),
            "Time that the source took to answer.",
        ),
        maybe(
            "ntp_asymmetry",
            "Jitter asymmetry",
            data.jitter_asymmetry.map(format::asymmetry),
            "Whether delays vary more on the way there or back, from \u{2212}0.5 to +0.5.",
        )
        .normal("0: even, or not known."),
    ]
}

/// What the source says of itself.
fn theirs(data: &NtpData) -> Vec<Figure> {
    let measure = |value: Option<f64>| value.map(format::measure);
    let time = data.reference_time.map(format::moment);
    let mut reference_time = maybe(
        "ntp_reference_time",
        "Its last update",
        time.as_ref().map(|time| time.text.clone()),
        "When its own clock was last set (UTC).",
    );
    reference_time.moment = time;
    vec![
        maybe(
            "ntp_root_delay",
            "Root delay",
            measure(data.root_delay),
            "Time of the packets from the source to its reference clock and back.",
        )
        .normal(threshold::ROOT_DELAY.normal()),
        maybe(
            "ntp_root_dispersion",
            "Root dispersion",
            measure(data.root_dispersion),
            "Error that has gathered from the reference clock to the source.",
        )
        .normal(threshold::ROOT_DISPERSION.normal()),
        maybe(
            "ntp_precision",
            "Precision",
            data.precision.map(|log2| format::duration(f64::from(log2).exp2())),
            "The smallest step that its clock shows.",
        ),
        maybe(
            "ntp_reference_id",
            "What it follows",
            data.reference_id.map(|id| format!("{:08X}", id.0)),
            "The reference ID in its packets: of its own source.",
        )
        .note_of(data.reference_id.and_then(|id| id.text()).as_deref().map(format::plain)),
        reference_time,
    ]
}

/// How the packets travel.
fn exchange(data: &NtpData) -> Vec<Figure> {
    let interleaved = data.flags.contains(&NtpFlag::Interleaved);
    vec![
        maybe(
            "ntp_mode",
            "Exchange",
            data.mode.map(|mode| {
                let version = data.version.map_or(0, u32::from);
                format!("NTP version {version}, {}", mode_word(mode))
            }),
            "Version and mode of its packets. Interleaved: timestamps come one packet later and are more exact.",
        )
        .note_of(interleaved.then(|| "interleaved".to_owned())),
        maybe(
            "ntp_local_address",
            "Asked from",
            data.local_address.map(|ip| ip.to_string()),
            "The address of this machine that the packets leave from.",
        ),
        Figure::new(
            "ntp_port",
            "Port",
            format::count(data.remote_port),
            "The UDP port of the source.",
        )
        .normal("Normal: 123."),
        Figure::new(
            "ntp_timestamps",
            "Timestamps",
            ntpdata::timestamps(data),
            "Who notes when a packet is sent and received: the network card is the most exact, then the kernel, then chronyd.",
        ),
    ]
}

fn mode_word(mode: NtpMode) -> String {
    match mode {
        NtpMode::SymmetricActive => "peer (active)".to_owned(),
        NtpMode::SymmetricPassive => "peer (passive)".to_owned(),
        NtpMode::Client => "client".to_owned(),
        NtpMode::Server => "server".to_owned(),
        NtpMode::Broadcast => "broadcast".to_owned(),
        other => format!("mode {}", other.code()),
    }
}

fn packets(data: &NtpData) -> Vec<Figure> {
    let count =
        |name, label, value: u32, meaning| Figure::new(name, label, format::count(value), meaning);
    let mut figures = vec![
        count("ntp_sent", "Packets sent", data.transmitted_messages, "Requests to the source."),
        count("ntp_received", "Packets received", data.received_messages, "Answers of the source."),
        count(
            "ntp_valid",
            "Valid packets",
            data.received_valid_messages,
            "Answers that passed tests 1 to 7.",
        ),
    ];
    figures.extend(data.received_good_messages.map(|good| {
        count("ntp_good", "Good packets", good, "Answers that passed all tests.")
            .normal("Normal: nearly all that were received.")
    }));
    figures
}

fn tests(passed: &[NtpFlag]) -> Vec<Test> {
    let test = |test: &ntpdata::Test| match passed.contains(&test.flag) {
        true => Test {
            class: "good",
            mark: "\u{2713}",
            name: test.name,
            word: "passed",
            meaning: test.right,
        },
        false => Test {
            class: "bad",
            mark: "\u{2715}",
            name: test.name,
            word: "failed",
            meaning: test.wrong,
        },
    };
    ntpdata::TESTS.iter().map(test).collect()
}
