//! What is true of each report of a healthy daemon, whatever the numbers of the day.

use std::time::{Duration, SystemTime};

use libchrony::{
    AuthData, AuthMode, LeapStatus, NtpData, NtpMode, SelectData, SelectState, Smoothing, Source,
    SourceMode, SourceState, SourceStats, Tracking,
};

/// The largest error that the clocks of one host can show each other, seconds.
const NEAR: f64 = 0.1;

fn small(what: &str, value: f64) {
    assert!(value.is_finite() && value.abs() < NEAR, "{what} is {value}");
}

fn between(what: &str, value: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&value), "{what} is {value}, not in {low} to {high}");
}

/// Of a clock that follows a server of stratum 5 on the same host.
pub(crate) fn tracking(tracking: &Tracking) {
    assert!(tracking.is_synchronized() && !tracking.is_local(), "{tracking:#?}");
    assert_eq!((tracking.stratum, tracking.leap_status), (Some(6), LeapStatus::Normal));
    let address = tracking.reference_ip.expect("the reference has an address");
    assert_eq!(tracking.reference_id_name.as_deref(), Some(address.to_string().as_str()));
    let age = tracking.ref_time.and_then(|time| SystemTime::now().duration_since(time).ok());
    assert!(age.is_some_and(|age| age < Duration::from_secs(600)), "{age:?}");
    small("offset", tracking.offset);
    small("last_offset", tracking.last_offset);
    between("rms_offset", tracking.rms_offset, 0.0, NEAR);
    between("frequency", tracking.frequency, -1000.0, 1000.0);
    between("residual_freq", tracking.residual_freq, -1e5, 1e5);
    between("skew", tracking.skew, 0.0, 1e6);
    between("root_delay", tracking.root_delay, f64::MIN_POSITIVE, NEAR);
    between("root_dispersion", tracking.root_dispersion, f64::MIN_POSITIVE, NEAR);
    between("update_interval", tracking.update_interval, 0.0, 600.0);
    between("max_error()", tracking.max_error(), f64::MIN_POSITIVE, NEAR);
}

/// Of any source of the follower.
pub(crate) fn source(source: &Source) {
    assert_eq!((source.mode, source.address.to_string()), (SourceMode::Client, source.id.clone()));
    assert!((-2..=0).contains(&source.poll), "{source:#?}");
    if source.is_reachable() {
        assert_eq!(source.stratum, Some(5), "{source:#?}");
        assert!(source.last_sample_ago.is_some_and(|age| age < 600), "{source:#?}");
        between("latest_meas_err", source.latest_meas_err.expect("an error"), 0.0, NEAR);
        let offset = source.latest_meas.expect("a measurement");
        let far = source.state == SourceState::Falseticker;
        // The falseticker's line in the configuration shifts it by 5 s.
        small("latest_meas", offset.abs() - if far { 5.0 } else { 0.0 });
    } else {
        assert_eq!((source.stratum, source.last_sample_ago), (None, None), "{source:#?}");
        assert_eq!(source.latest_meas, None);
    }
}

/// Of the statistics of any source.
pub(crate) fn source_stats(stats: &SourceStats) {
    assert!(stats.samples <= 64 && stats.runs <= stats.samples, "{stats:#?}");
    if stats.has_enough_samples() {
        between("std_dev", stats.std_dev.expect("a deviation"), 0.0, NEAR);
        between("skew", stats.skew.expect("a skew"), 0.0, 1e6);
        between("resid_freq", stats.resid_freq.expect("a frequency"), -1e5, 1e5);
        between("offset_err", stats.offset_err.expect("an error"), 0.0, 10.0);
        between("offset", stats.offset.expect("an offset"), -5.0 - NEAR, 5.0 + NEAR);
    }
}

/// Of the selection data of any source.
pub(crate) fn select_data(select: &SelectData) {
    assert!(!select.authentication && select.configured_options.is_empty(), "{select:#?}");
    assert!(!matches!(select.state, SelectState::Unknown(_)), "{select:#?}");
    between("score", select.score, 0.0, 1e6);
    if let (Some(low), Some(high)) = (select.low_limit, select.high_limit) {
        between("low_limit", low, -5.0 - NEAR, high);
    }
}

/// Of a source without authentication.
pub(crate) fn auth_data(auth: &AuthData) {
    assert_eq!((auth.mode, auth.key_type, auth.key_id), (AuthMode::None, None, 0), "{auth:#?}");
    assert!(!auth.is_authenticated() && !auth.nak && auth.cookies == 0, "{auth:#?}");
}

/// Of any source, answering or not.
pub(crate) fn ntp_data(ntp: &NtpData) {
    assert_eq!(ntp.remote_port, 1123);
    assert!(ntp.transmitted_messages > 0, "{ntp:#?}");
    assert!(ntp.received_valid_messages <= ntp.received_messages, "{ntp:#?}");
    if ntp.received_messages > 0 {
        assert_eq!((ntp.version, ntp.mode), (Some(4), Some(NtpMode::Server)), "{ntp:#?}");
        assert_eq!((ntp.stratum, ntp.leap_status), (Some(5), Some(LeapStatus::Normal)));
        assert!(ntp.local_address.is_some_and(|address| !address.is_unspecified()), "{ntp:#?}");
        between("peer_delay", ntp.peer_delay.expect("a delay"), 0.0, NEAR);
        between("response_time", ntp.response_time.expect("a time"), 0.0, 1.0);
        assert!(ntp.precision.is_some_and(|precision| (-32..0).contains(&precision)), "{ntp:#?}");
    } else {
        assert_eq!((ntp.version, ntp.offset, ntp.peer_delay), (None, None, None), "{ntp:#?}");
    }
}

/// Of the smoothing that the follower is configured for.
pub(crate) fn smoothing(smoothing: &Smoothing) {
    between("offset", smoothing.offset, -NEAR, NEAR);
    between("frequency_offset", smoothing.frequency_offset, -400.0, 400.0);
    between("wander", smoothing.wander, -1.0, 1.0);
    assert!(smoothing.last_update_ago >= 0.0 && smoothing.remaining_time >= 0.0, "{smoothing:?}");
}
