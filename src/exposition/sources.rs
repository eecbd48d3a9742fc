//! Metrics of the list of sources. A source whose name is not resolved yet has none of its own.

use std::borrow::Cow;

use libchrony::{Source, SourceAddress, SourceMode, SourceState};

use super::family::{Column, Metric, Page, gauge, given, label};
use super::labels::Names;

static INFO: Metric = Metric::info(
    "chrony_sources_state_info",
    "Always 1, with the state that the selection gave the source and its mode.",
);
static COLUMNS: [Column<Source>; 7] = [
    gauge(
        "chrony_sources_last_sample_age_seconds",
        "Age of the last sample, seconds. Absent while there was none.",
        |source| source.last_sample_ago.map(Into::into),
    ),
    gauge(
        "chrony_sources_reachability_ratio",
        "How many of the last eight polls were answered, 0 to 1.",
        |source| given(f64::from(source.answered_polls()) / 8.0),
    ),
    gauge(
        "chrony_sources_reachability_success",
        "Whether the latest poll was answered: 1 = yes, 0 = no.",
        |source| given(source.reachability & 1 == 1),
    ),
    gauge(
        "chrony_sources_last_sample_offset_seconds",
        "Offset of the last sample, adjusted for corrections made since, seconds; positive = this clock is ahead. Absent while there was no sample.",
        |source| source.latest_meas.map(Into::into),
    ),
    gauge(
        "chrony_sources_last_sample_error_margin_seconds",
        "Error bound of the last sample, seconds, 0 or more. Absent while there was no sample.",
        |source| source.latest_meas_err.map(Into::into),
    ),
    gauge("chrony_sources_polling_interval_seconds", "Time between polls, seconds.", |source| {
        given(source.poll_interval())
    }),
    gauge(
        "chrony_sources_stratum",
        "Stratum of the source; 0 = a reference clock. Absent while it never answered.",
        |source| source.stratum.map(Into::into),
    ),
];
static STATES: Metric = Metric::gauge(
    "second_hand_sources",
    "How many sources are in each state, those without a resolved name included.",
);
static REACHABLE: Metric = Metric::gauge(
    "second_hand_sources_reachable",
    "How many sources answered at least one of their last eight polls.",
);
static CONFIGURED: Metric = Metric::gauge(
    "second_hand_sources_configured",
    "How many sources chronyd has, those without a resolved name included.",
);

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static Metric> {
    let columns = COLUMNS.iter().map(|column| &column.metric);
    [&INFO, &STATES, &REACHABLE, &CONFIGURED].into_iter().chain(columns).collect()
}

pub(super) fn tell(page: &mut Page<'_>, sources: &[Source], names: &Names) {
    let mut labelled = names.label(sources, |source| source.address);
    labelled.retain(|(_, source)| !matches!(source.address, SourceAddress::Unresolved(_)));
    page.facts(&INFO, &labelled, |source| {
        Some(vec![("source_state", state(source.state)), ("source_mode", mode(source.mode))])
    });
    page.records(&COLUMNS, &labelled);

    let known = [
        SourceState::Selected,
        SourceState::Nonselectable,
        SourceState::Falseticker,
        SourceState::Jittery,
        SourceState::Unselected,
        SourceState::Selectable,
    ];
    let mut states = known.to_vec();
    for source in sources {
        if !states.contains(&source.state) {
            states.push(source.state);
        }
    }
    page.family(
        &STATES,
        states.into_iter().map(|one| {
            let number = sources.iter().filter(|source| source.state == one).count();
            (label("source_state", state(one)), number.into())
        }),
    );
    let reachable = sources.iter().filter(|source| source.is_reachable()).count();
    page.single(&REACHABLE, given(reachable));
    page.single(&CONFIGURED, given(sources.len()));
}

/// The word of chrony_exporter, which is chronyc's explanation of its sign.
fn state(state: SourceState) -> Cow<'static, str> {
    Cow::Borrowed(match state {
        SourceState::Selected => "sync",
        SourceState::Nonselectable => "unreach",
        SourceState::Falseticker => "falseticker",
        SourceState::Jittery => "jittery",
        SourceState::Unselected => "candidate",
        SourceState::Selectable => "outlier",
        other => return Cow::Owned(other.to_string()),
    })
}

fn mode(mode: SourceMode) -> Cow<'static, str> {
    match mode {
        SourceMode::Refclock => Cow::Borrowed("reference clock"),
        other => Cow::Owned(other.to_string()),
    }
}
