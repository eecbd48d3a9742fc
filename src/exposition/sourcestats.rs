//! Metrics of the statistics of each source's samples.

use libchrony::SourceStats;

use super::family::{Column, Page, gauge, given};
use super::labels::Names;

static COLUMNS: [Column<SourceStats>; 8] = [
    gauge("chrony_sourcestats_samples", "Number of samples kept.", |stats| given(stats.samples)),
    gauge(
        "chrony_sourcestats_runs",
        "Number of runs of residuals with the same sign; few for many samples: a straight line fits badly.",
        |stats| given(stats.runs),
    ),
    gauge(
        "chrony_sourcestats_span_seconds",
        "Time between the oldest and the newest sample, seconds.",
        |stats| given(stats.span),
    ),
    gauge(
        "chrony_sourcestats_stddev",
        "Standard deviation of the samples, seconds, 0 or more. Absent while there are none.",
        |stats| stats.std_dev.map(Into::into),
    ),
    gauge(
        "chrony_sourcestats_frequency_ppms",
        "Frequency of the source relative to this clock, parts per million. Absent while there are no samples.",
        |stats| stats.resid_freq.map(Into::into),
    ),
    gauge(
        "chrony_sourcestats_frequency_skew_ppms",
        "Error bound of that frequency, parts per million, 0 or more. Absent while there are no samples.",
        |stats| stats.skew.map(Into::into),
    ),
    gauge(
        "chrony_sourcestats_offset",
        "Estimated offset of the source, seconds; positive = this clock is ahead. Absent while there are no samples.",
        |stats| stats.offset.map(Into::into),
    ),
    gauge(
        "second_hand_sourcestats_offset_error_seconds",
        "Error bound of the estimated offset, seconds, 0 or more. Absent while there are no samples.",
        |stats| stats.offset_err.map(Into::into),
    ),
];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static super::family::Metric> {
    COLUMNS.iter().map(|column| &column.metric).collect()
}

pub(super) fn tell(page: &mut Page<'_>, stats: &[SourceStats], names: &Names) {
    page.records(&COLUMNS, &names.label(stats, |stats| stats.address));
}
