//! The names of the ten reports, and of the two that only the bundled libchrony has.

use std::ffi::CStr;
use std::fmt;

macro_rules! reports {
    (
        library { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }
        extensions { $($(#[$more_doc:meta])* $more:ident = $more_name:literal,)* }
    ) => {
        /// One of the ten reports of libchrony 0.2, or one of the two [`Self::EXTENSIONS`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
        #[non_exhaustive]
        pub enum ReportName {
            $($(#[$doc])* $variant,)*
            $($(#[$more_doc])* $more,)*
        }

        impl ReportName {
            /// The ten of libchrony 0.2, in its order; a snapshot consists of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Those that the bundled libchrony has besides; [`crate::Error::UnknownReport`] where the
            /// system's is linked.
            pub const EXTENSIONS: &[Self] = &[$(Self::$more,)*];

            /// The name as libchrony and chronyc write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* $(Self::$more => $more_name,)* }
            }

            pub(crate) fn as_c_str(self) -> &'static CStr {
                const fn c(bytes: &'static [u8]) -> &'static CStr {
                    match CStr::from_bytes_with_nul(bytes) {
                        Ok(name) => name,
                        Err(_) => c"",
                    }
                }
                match self {
                    $(Self::$variant => c(concat!($name, "\0").as_bytes()),)*
                    $(Self::$more => c(concat!($more_name, "\0").as_bytes()),)*
                }
            }
        }
    };
}

reports! {
    library {
        /// The state of the clock: [`crate::Tracking`].
        Tracking = "tracking",
        /// The configured sources: [`crate::Source`].
        Sources = "sources",
        /// What the samples of each source say: [`crate::SourceStats`].
        SourceStats = "sourcestats",
        /// Why each source is or is not chosen: [`crate::SelectData`].
        SelectData = "selectdata",
        /// How many sources are online: [`crate::Activity`].
        Activity = "activity",
        /// How each source is authenticated: [`crate::AuthData`].
        AuthData = "authdata",
        /// The last measurement of each NTP source: [`crate::NtpData`].
        NtpData = "ntpdata",
        /// What chronyd served to others: [`crate::ServerStats`].
        ServerStats = "serverstats",
        /// The real-time clock: [`crate::RtcData`].
        RtcData = "rtcdata",
        /// The smoothing of served time: [`crate::Smoothing`].
        Smoothing = "smoothing",
    }
    extensions {
        /// What each source was configured as: [`crate::SourceName`].
        SourceName = "sourcename",
        /// Who asked this chronyd: [`crate::Client`].
        Clients = "clients",
    }
}

impl ReportName {
    /// The report with this name, as libchrony writes it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().chain(Self::EXTENSIONS).copied().find(|report| report.as_str() == name)
    }

    /// Whether the report has a record for each source.
    #[must_use]
    pub const fn is_per_source(self) -> bool {
        matches!(
            self,
            Self::Sources
                | Self::SourceStats
                | Self::SelectData
                | Self::AuthData
                | Self::NtpData
                | Self::SourceName
        )
    }

    /// Whether chronyd is asked for a record of it by the address of a source.
    pub(crate) const fn is_by_address(self) -> bool {
        matches!(self, Self::AuthData | Self::NtpData | Self::SourceName)
    }
}

impl fmt::Display for ReportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
