//! Everything, through the socket that another container's chronyd shares.

use std::collections::BTreeSet;

use libchrony::{Kind, ReportName, SelectState, SourceState, Transport, Value};

use crate::daemons::{self, FOLLOWER_SOCKET, NAMES, SOURCES};
use crate::shape;

pub(crate) fn tracking_has_the_shape_of_a_synchronized_clock() {
    let snapshot = daemons::follower(FOLLOWER_SOCKET).snapshot().unwrap();
    assert_eq!(snapshot.chronyd.transport, Transport::Unix);
    shape::tracking(snapshot.tracking.as_ref().unwrap());
    // The clock follows the source that is marked so.
    let selected = snapshot.sources.iter().flatten().find(|source| source.is_selected()).unwrap();
    assert_eq!(selected.address.ip(), snapshot.tracking.unwrap().reference_ip);
}

pub(crate) fn every_source_has_its_record_in_each_report() {
    let snapshot = daemons::follower(FOLLOWER_SOCKET).snapshot().unwrap();
    assert!(snapshot.odd_records.is_empty(), "{:?}", snapshot.odd_records);
    let joined = snapshot.joined();
    assert_eq!(joined.len(), SOURCES);
    for one in joined {
        shape::source(one.source);
        shape::source_stats(one.stats.expect("statistics"));
        shape::select_data(one.select.expect("selection data"));
        shape::auth_data(one.auth.expect("authentication"));
        shape::ntp_data(one.ntp.expect("NTP data"));
    }
    let addresses = snapshot.sources.iter().flatten().filter_map(|source| source.address.ip());
    assert_eq!(addresses.collect::<BTreeSet<_>>(), NAMES.map(daemons::host).into());
}

pub(crate) fn the_states_of_four_sources_are_told_apart() {
    let snapshot = daemons::follower(FOLLOWER_SOCKET).snapshot().unwrap();
    let state = |name: &str| {
        let (joined, address) = (snapshot.joined(), daemons::host(name));
        let one = joined.iter().find(|one| one.source.address.ip() == Some(address)).unwrap();
        (one.source.state, one.select.unwrap().state)
    };
    assert_eq!(state("liar"), (SourceState::Falseticker, SelectState::Falseticker));
    // Older versions ask first whether it is synchronized, newer ones whether there are samples.
    let closed = state("closed");
    assert_eq!(closed.0, SourceState::Nonselectable);
    let reasons = [SelectState::MissingSamples, SelectState::NotSynchronized];
    assert!(reasons.contains(&closed.1), "{closed:?}");
    let good = [state("truth"), state("witness")];
    let selected = (SourceState::Selected, SelectState::Best);
    assert_eq!(good.iter().filter(|state| **state == selected).count(), 1, "{good:?}");
    let other = good.iter().find(|state| **state != selected).unwrap();
    assert!(matches!(other.0, SourceState::Unselected | SourceState::Selectable), "{other:?}");
}

pub(crate) fn the_reports_without_sources_are_given() {
    let mut chronyd = daemons::follower(FOLLOWER_SOCKET);
    let activity = chronyd.activity().unwrap();
    assert_eq!((activity.online_sources, activity.offline_sources), (4, 0), "{activity:?}");
    assert_eq!(activity.unresolved_sources, 0);
    shape::smoothing(&chronyd.smoothing().unwrap());
    assert_eq!(chronyd.rtc_data().unwrap(), None);
    let stats = chronyd.server_stats().unwrap();
    assert_eq!(stats.received_ntp_requests, 0, "it serves nobody: {stats:?}");
    assert!(stats.received_command_requests > 0, "{stats:?}");
}

pub(crate) fn raw_records_hold_finite_values_of_named_kinds() {
    let mut chronyd = daemons::follower(FOLLOWER_SOCKET);
    // Of a report without sources that is not enabled there is no record to look at.
    for report in ReportName::ALL.iter().filter(|report| **report != ReportName::RtcData) {
        let records = chronyd.report(report.as_str()).unwrap();
        assert_eq!(records.len(), if report.is_per_source() { SOURCES } else { 1 }, "{report}");
        for field in records.iter().flat_map(|record| &record.fields) {
            assert!(!field.name.is_empty() && !matches!(field.kind, Kind::Unknown(_)), "{field}");
            if let Value::Float(value) = field.value {
                assert!(value.is_finite(), "{report}: {field}");
            }
        }
        let names: BTreeSet<_> = records[0].fields.iter().map(|field| &field.name).collect();
        assert_eq!(names.len(), records[0].fields.len(), "{report} has a field twice");
    }
}
