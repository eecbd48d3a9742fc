//! The words for errors that programs compare, and what to do about each.

use std::fmt;

/// The word for an [`Error`](crate::Error) that programs compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the variant of Error with the same name")]
pub enum ErrorKind {
    InvalidAddress,
    NameNotResolved,
    NotRunning,
    NobodyListens,
    PermissionDenied,
    Unreachable,
    TimedOut,
    NotAuthorized,
    Disabled,
    NoSuchSource,
    SourcesChanging,
    ServerTooOld,
    ServerTooNew,
    InvalidReply,
    UnexpectedStatus,
    UnknownReport,
    MissingField,
    WrongType,
    OutOfRange,
    Library,
}

impl ErrorKind {
    /// The word in JSON, as `permission_denied`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidAddress => "invalid_address",
            Self::NameNotResolved => "name_not_resolved",
            Self::NotRunning => "not_running",
            Self::NobodyListens => "nobody_listens",
            Self::PermissionDenied => "permission_denied",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::NotAuthorized => "not_authorized",
            Self::Disabled => "disabled",
            Self::NoSuchSource => "no_such_source",
            Self::SourcesChanging => "sources_changing",
            Self::ServerTooOld => "server_too_old",
            Self::ServerTooNew => "server_too_new",
            Self::InvalidReply => "invalid_reply",
            Self::UnexpectedStatus => "unexpected_status",
            Self::UnknownReport => "unknown_report",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::Library => "library",
        }
    }

    /// What a person should do next.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::InvalidAddress => {
                "Write a socket path (/run/chrony/chronyd.sock), an address (192.0.2.1, [2001:db8::1]:323) or a host name."
            }
            Self::NameNotResolved => "Check the host name, or give the IP address instead.",
            Self::NotRunning => {
                "Start chronyd (systemctl start chrony, on Fedora and RHEL chronyd), install it if it is missing, or give its address if its socket is elsewhere (bindcmdaddress in chrony.conf)."
            }
            Self::NobodyListens => {
                "Start chronyd (systemctl start chrony, on Fedora and RHEL chronyd), or check cmdport in chrony.conf: cmdport 0 closes UDP."
            }
            Self::PermissionDenied => {
                "Run as root or as chrony's own user (_chrony on Debian and Ubuntu, chrony on Fedora and RHEL), or use UDP (127.0.0.1) for the reports open there. Joining the chrony group is not enough."
            }
            Self::Unreachable => "Check the address, the network and the firewall.",
            Self::TimedOut => {
                "chronyd may be stopped or overloaded, or does not allow this host: look at its process and log, and at cmdallow in chrony.conf for other hosts."
            }
            Self::NotAuthorized => {
                "Ask through chronyd's Unix socket (/run/chrony/chronyd.sock) as root or chrony's own user, or, from chronyd 4.7, name the report in opencommands in chrony.conf, with all others that shall stay open: the line replaces the default list."
            }
            Self::Disabled => {
                "Enable it in chrony.conf if it is wanted: rtcfile for the real-time clock, smoothtime for smoothing, no noclientlog for the clients."
            }
            Self::NoSuchSource | Self::SourcesChanging => {
                "The list of sources is changing; ask again."
            }
            Self::ServerTooOld => "Update chronyd on that machine to see this report.",
            Self::ServerTooNew => "Update libchrony, or the program that uses it.",
            Self::InvalidReply | Self::UnexpectedStatus => {
                "Check that it is chronyd that answers at this address; ask again."
            }
            Self::UnknownReport => "Choose one of the reports named.",
            Self::MissingField | Self::WrongType => {
                "libchrony and this program do not fit together: link the bundled libchrony, or another version."
            }
            Self::OutOfRange => {
                "chronyd sent a value that cannot be; compare with chronyc, and report it with chronyd's version."
            }
            Self::Library => {
                "Check the limits on memory and open files of this process (ulimit -a)."
            }
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
