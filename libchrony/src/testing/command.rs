//! The commands of the protocol.

use std::fmt;

/// The number of a command in a request.
///
/// A simulator obeys no command without a name here: where chronyd knows it, it says "failed" (status 1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Command(pub u16);

impl Command {
    /// The number of sources (14).
    pub const COUNT: Self = Self(14);
    /// A source, by index (15).
    pub const SOURCES: Self = Self(15);
    /// The state of the clock (33).
    pub const TRACKING: Self = Self(33);
    /// The statistics of a source, by index (34).
    pub const SOURCESTATS: Self = Self(34);
    /// The real-time clock (35).
    pub const RTCDATA: Self = Self(35);
    /// The list of samples that were typed in (41); here always empty.
    pub const MANUAL: Self = Self(41);
    /// How many sources are online (44).
    pub const ACTIVITY: Self = Self(44);
    /// The smoothing of served time (51).
    pub const SMOOTHING: Self = Self(51);
    /// What was served to others (54).
    pub const SERVERSTATS: Self = Self(54);
    /// The last measurement of an NTP source, by address (57).
    pub const NTPDATA: Self = Self(57);
    /// The configured name of an NTP source, by address (65).
    pub const SOURCENAME: Self = Self(65);
    /// The authentication of an NTP source, by address (67).
    pub const AUTHDATA: Self = Self(67);
    /// The clients that were served, eight at a time (68).
    pub const CLIENTS: Self = Self(68);
    /// The selection of a source, by index (69).
    pub const SELECTDATA: Self = Self(69);

    /// chronyd's name of a report for `opencommands`; `None` for other commands.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::COUNT => "count",
            Self::SOURCES => "sources",
            Self::TRACKING => "tracking",
            Self::SOURCESTATS => "sourcestats",
            Self::RTCDATA => "rtcdata",
            Self::MANUAL => "manual",
            Self::ACTIVITY => "activity",
            Self::SMOOTHING => "smoothing",
            Self::SERVERSTATS => "serverstats",
            Self::NTPDATA => "ntpdata",
            Self::SOURCENAME => "sourcename",
            Self::AUTHDATA => "authdata",
            Self::CLIENTS => "clients",
            Self::SELECTDATA => "selectdata",
            _ => return None,
        })
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name().unwrap_or("command"), self.0)
    }
}
