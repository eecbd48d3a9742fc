//! Metrics of the selection: why each source is or is not chosen.

use std::borrow::Cow;

use libchrony::SelectData;

use super::family::{Column, Metric, Page, gauge, given};
use super::labels::Names;

static INFO: Metric = Metric::info(
    "second_hand_selectdata_state_info",
    "Always 1, with where the source stands in the selection, more exactly than chrony_sources_state_info: a source that is ignored on purpose (noselect) is told from one that does not answer.",
);
static COLUMNS: [Column<SelectData>; 5] = [
    gauge(
        "second_hand_selectdata_score_ratio",
        "Score against the selected source, which has 1; above 10 the source is chosen in its place.",
        |data| given(data.score),
    ),
    gauge(
        "second_hand_selectdata_low_limit_seconds",
        "Lower end of the interval that the offset of this clock lies in, as the source sees it, seconds; positive = this clock is ahead. Absent while there is no sample.",
        |data| data.low_limit.map(Into::into),
    ),
    gauge(
        "second_hand_selectdata_high_limit_seconds",
        "Upper end of that interval, seconds. Absent while there is no sample.",
        |data| data.high_limit.map(Into::into),
    ),
    gauge(
        "second_hand_selectdata_last_sample_age_seconds",
        "Age of the last sample, seconds. Absent while there is none.",
        |data| data.last_sample_ago.map(Into::into),
    ),
    gauge(
        "second_hand_selectdata_authenticated",
        "Whether the packets of the source are authenticated: 1 = yes, 0 = no.",
        |data| given(data.authentication),
    ),
];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static Metric> {
    [&INFO].into_iter().chain(COLUMNS.iter().map(|column| &column.metric)).collect()
}

pub(super) fn tell(page: &mut Page<'_>, data: &[SelectData], names: &Names) {
    let labelled = names.label(data, |data| data.address);
    page.facts(&INFO, &labelled, |data| {
        Some(vec![("select_state", Cow::Owned(data.state.to_string()))])
    });
    page.records(&COLUMNS, &labelled);
}
