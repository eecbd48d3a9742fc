//! What chronyd gives to a container that `cmdallow` lets ask, and what it keeps.

use libchrony::{ErrorKind, ReportName, Transport};

use crate::daemons::{self, FOLLOWER_SOCKET, FOLLOWER_UDP, SOURCES};
use crate::shape;

/// In the order of `ReportName::ALL`.
const CLOSED: [ReportName; 4] =
    [ReportName::SelectData, ReportName::AuthData, ReportName::NtpData, ReportName::ServerStats];

pub(crate) fn the_open_reports_are_those_of_the_socket() {
    let mut socket = daemons::follower(FOLLOWER_SOCKET);
    let mut udp = daemons::follower(FOLLOWER_UDP);
    let there = udp.snapshot().unwrap();
    assert_eq!(there.chronyd.transport, Transport::Udp);
    shape::tracking(there.tracking.as_ref().unwrap());
    let (near, far) = (socket.sources().unwrap(), udp.sources().unwrap());
    far.iter().for_each(shape::source);
    let ids = |sources: &[libchrony::Source]| -> Vec<_> {
        sources.iter().map(|source| source.id.clone()).collect()
    };
    assert_eq!(ids(&near), ids(&far));
    let stats = udp.source_stats().unwrap();
    assert_eq!(stats.len(), SOURCES);
    stats.iter().for_each(shape::source_stats);
    assert_eq!(udp.activity().unwrap(), socket.activity().unwrap());
    assert_eq!(udp.rtc_data().unwrap(), None);
    shape::smoothing(&udp.smoothing().unwrap());
}

pub(crate) fn the_closed_reports_are_refused_each_by_name() {
    let snapshot = daemons::follower(FOLLOWER_UDP).snapshot().unwrap();
    let refused = |report: &ReportName| {
        let error = snapshot.unavailable.get(report)?;
        (error.kind() == ErrorKind::NotAuthorized).then_some(*report)
    };
    let found: Vec<_> = ReportName::ALL.iter().filter_map(refused).collect();
    assert_eq!(found, CLOSED);
    for report in CLOSED {
        let error = &snapshot.unavailable[&report];
        assert!(error.to_string().contains(report.as_str()), "{error}");
    }
    assert!(snapshot.ntpdata.is_none() && snapshot.serverstats.is_none());
    assert!(snapshot.selectdata.is_none() && snapshot.authdata.is_none());
}

pub(crate) fn each_request_of_many_is_answered() {
    let mut udp = daemons::follower(FOLLOWER_UDP);
    for _ in 0..200 {
        assert_eq!(udp.sources().unwrap().len(), SOURCES);
    }
}
