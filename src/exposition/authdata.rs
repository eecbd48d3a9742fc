//! Metrics of the authentication of each NTP source.

use std::borrow::Cow;

use libchrony::AuthData;

use super::family::{Column, Metric, Page, gauge, given};
use super::labels::Names;

static INFO: Metric = Metric::info(
    "second_hand_authdata_info",
    "Always 1, with the way the packets of the source are authenticated and the algorithm of the key, empty where there is none.",
);
static COLUMNS: [Column<AuthData>; 7] = [
    gauge(
        "second_hand_authdata_key_id",
        "Number of the key; with NTS it counts the key establishments. Absent where packets are not authenticated.",
        |auth| auth.is_authenticated().then(|| auth.key_id.into()),
    ),
    gauge(
        "second_hand_authdata_key_length_bytes",
        "Length of the key, bytes (chronyc prints bits). Absent where packets are not authenticated.",
        |auth| auth.is_authenticated().then(|| (f64::from(auth.key_length) / 8.0).into()),
    ),
    gauge(
        "second_hand_authdata_nts_ke_attempts",
        "Attempts to establish NTS keys since the last success.",
        |auth| given(auth.key_establishment_attempts),
    ),
    gauge(
        "second_hand_authdata_last_nts_ke_age_seconds",
        "Age of the NTS keys, seconds. Absent while there was no key establishment.",
        |auth| auth.last_key_establishment_ago.map(Into::into),
    ),
    gauge("second_hand_authdata_cookies", "Number of NTS cookies in hand; 8 is full.", |auth| {
        given(auth.cookies)
    }),
    gauge(
        "second_hand_authdata_cookie_length_bytes",
        "Length of an NTS cookie, bytes; 0 = there is none.",
        |auth| given(auth.cookie_length),
    ),
    gauge(
        "second_hand_authdata_nak",
        "Whether an NTS negative acknowledgement came since the last good packet: 1 = yes, 0 = no.",
        |auth| given(auth.nak),
    ),
];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static Metric> {
    [&INFO].into_iter().chain(COLUMNS.iter().map(|column| &column.metric)).collect()
}

pub(super) fn tell(page: &mut Page<'_>, auth: &[AuthData], names: &Names) {
    let labelled = names.label(auth, |auth| auth.address);
    page.facts(&INFO, &labelled, |auth| {
        let key = auth.key_type.map(|key| key.to_string()).unwrap_or_default();
        Some(vec![("auth_mode", Cow::Owned(auth.mode.to_string())), ("key_type", Cow::Owned(key))])
    });
    page.records(&COLUMNS, &labelled);
}
