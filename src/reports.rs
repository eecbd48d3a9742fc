//! Which reports a reading is asked for, so that nobody's question costs chronyd answers that nobody
//! looks at.

use libchrony::ReportName;

/// A set of the ten reports and the clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reports {
    /// A bit for each of [`ReportName::ALL`].
    bits: u16,
    clients: bool,
}

impl Reports {
    /// All there are.
    pub(crate) const ALL: Self = Self { bits: u16::MAX, clients: true };

    /// What the verdict and its checks rest on.
    pub(crate) fn of_verdict() -> Self {
        VERDICT.iter().map(|report| Self::of(*report)).fold(Self::NONE, Self::and)
    }

    /// The clients, and whether chronyd answers at all.
    pub(crate) fn of_clients() -> Self {
        Self::of(ReportName::Clients).and(Self::of(ReportName::Tracking))
    }

    const NONE: Self = Self { bits: 0, clients: false };

    /// One of the ten, or the clients.
    pub(crate) fn of(report: ReportName) -> Self {
        let place = ReportName::ALL.iter().position(|one| *one == report);
        Self { bits: place.map_or(0, |place| 1 << place), clients: report == ReportName::Clients }
    }

    /// Those of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, clients: self.clients || other.clients }
    }

    /// Those of the ten that are among them.
    pub(crate) fn names(self) -> Vec<ReportName> {
        let all = ReportName::ALL.iter().copied();
        all.filter(|report| self.bits & Self::of(*report).bits != 0).collect()
    }

    pub(crate) fn has_clients(self) -> bool {
        self.clients
    }
}

/// The reports that [`crate::view::Summary`] looks at.
pub(crate) const VERDICT: &[ReportName] = &[
    ReportName::Tracking,
    ReportName::Sources,
    ReportName::SourceStats,
    ReportName::SelectData,
    ReportName::Activity,
    ReportName::AuthData,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_it_was_made_of() {
        assert_eq!(Reports::ALL.names(), ReportName::ALL);
        let two = Reports::of(ReportName::Smoothing).and(Reports::of(ReportName::Tracking));
        assert_eq!(two.names(), [ReportName::Tracking, ReportName::Smoothing]);
        assert!(!two.has_clients() && Reports::ALL.has_clients());
        let clients = two.and(Reports::of(ReportName::Clients));
        assert!(clients.has_clients() && clients.names() == two.names());
        assert_eq!(Reports::of_verdict().names().len(), VERDICT.len());
    }
}
