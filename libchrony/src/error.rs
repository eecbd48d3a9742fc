//! What can go wrong, in words for people and kinds for programs.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::address::Address;
use crate::ffi;
use crate::record::Value;
use crate::report::ReportName;

pub use kind::ErrorKind;

mod kind;

/// What chronyd's Unix socket did not let this user do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Connect to the socket.
    Socket,
    /// Create the client's own socket beside it.
    Directory,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Socket => "connect to the socket",
            Self::Directory => "create its own socket in the socket's directory",
        })
    }
}

/// Why a report could not be had.
///
/// [`fmt::Display`] says what is wrong in one line, [`Self::hint`] what to do next,
/// [`Self::kind`] is the word for programs, [`Self::code`] libchrony's number and
/// [`Self::errno`] the system's, where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no address; nothing was tried.
    #[error("{text:?} is not an address of chronyd: {reason}")]
    InvalidAddress {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The host name has no address.
    #[error("{address}: the host name could not be resolved: {source}")]
    NameNotResolved {
        /// The address with the name.
        address: Address,
        /// The resolver's answer.
        source: io::Error,
    },
    /// There is no socket at the path: chronyd is not running, or has its socket elsewhere.
    #[error("{address}: no such socket; chronyd may not be running")]
    NotRunning {
        /// The address tried.
        address: Address,
        /// The system's error (`ENOENT`).
        source: io::Error,
    },
    /// Nobody listens there: chronyd has ended, or its command port is closed.
    #[error("{address}: nobody listens there; chronyd may not be running")]
    NobodyListens {
        /// The address tried.
        address: Address,
        /// The system's error (`ECONNREFUSED`).
        source: io::Error,
    },
    /// This user may not use chronyd's Unix socket.
    #[error("{address}: permission denied: this user may not {access}")]
    PermissionDenied {
        /// The address tried.
        address: Address,
        /// What was denied.
        access: Access,
        /// The system's error (`EACCES` or `EPERM`).
        source: io::Error,
    },
    /// The system could not reach the address.
    #[error("{address}: cannot be reached: {source}")]
    Unreachable {
        /// The address tried.
        address: Address,
        /// The system's error.
        source: io::Error,
    },
    /// No address of the default search answered.
    #[error("no chronyd answered: {}", list(.tried))]
    NothingAnswered {
        /// What each address of the search gave, in order.
        tried: Vec<Error>,
    },
    /// No answer came in time.
    #[error("{address}: no answer within {waited:?} ({attempts} attempts)")]
    TimedOut {
        /// The address asked.
        address: Address,
        /// How often the request was sent.
        attempts: u32,
        /// How long was waited in all.
        waited: Duration,
    },
    /// chronyd does not give this report over this transport.
    #[error("{address}: chronyd does not give the report {report} over this transport")]
    NotAuthorized {
        /// The address asked.
        address: Address,
        /// The report asked for.
        report: ReportName,
    },
    /// What the report is about is not enabled in chronyd.
    #[error("{address}: {report} is not enabled in chronyd")]
    Disabled {
        /// The address asked.
        address: Address,
        /// The report asked for.
        report: ReportName,
    },
    /// chronyd has no source of this number (any more).
    #[error("{address}: {report} record {record}: chronyd has no such source")]
    NoSuchSource {
        /// The address asked.
        address: Address,
        /// The report asked for.
        report: ReportName,
        /// The record asked for, from 0.
        record: u32,
    },
    /// The list of sources changed each time it was read.
    #[error("{address}: the list of sources changed while it was read, {attempts} times in a row")]
    SourcesChanging {
        /// The address asked.
        address: Address,
        /// How often it was read.
        attempts: u32,
    },
    /// This chronyd is too old for the report.
    #[error("{address}: chronyd is too old for the report {report}")]
    ServerTooOld {
        /// The address asked.
        address: Address,
        /// The report asked for.
        report: ReportName,
    },
    /// This chronyd answers in a way libchrony does not know yet.
    #[error("{address}: chronyd is too new: its {report} report is not understood")]
    ServerTooNew {
        /// The address asked.
        address: Address,
        /// The report asked for.
        report: ReportName,
    },
    /// The reply is malformed.
    #[error("{address}: the reply to {report} is invalid")]
    InvalidReply {
        /// The address asked.
        address: Address,
        /// The report asked for.
        report: ReportName,
    },
    /// chronyd refused the request with a status without meaning for this report.
    #[error("{address}: chronyd refused {report} with an unexpected status")]
    UnexpectedStatus {
        /// The address asked.
        address: Address,
        /// The report asked for.
        report: ReportName,
    },
    /// libchrony has no report of this name.
    #[error("there is no report {name:?}; the reports are {}", names())]
    UnknownReport {
        /// The name asked for.
        name: String,
    },
    /// The record lacks a field (libchrony's index for it is -1).
    #[error("{report} record {record}: the field \"{field}\" is missing")]
    MissingField {
        /// The report read.
        report: ReportName,
        /// The record, from 0.
        record: u32,
        /// libchrony's name of the field.
        field: &'static str,
    },
    /// A field has another type than the report defines.
    #[error("{report} record {record}: the field \"{field}\" is {found}, not {expected}")]
    WrongType {
        /// The report read.
        report: ReportName,
        /// The record, from 0.
        record: u32,
        /// libchrony's name of the field.
        field: &'static str,
        /// The value found.
        found: Value,
        /// The type the report defines.
        expected: &'static str,
    },
    /// A field has a value that cannot be.
    #[error("{report} record {record}: the field \"{field}\" is {value}; it must be {rule}")]
    OutOfRange {
        /// The report read.
        report: ReportName,
        /// The record, from 0.
        record: u32,
        /// libchrony's name of the field.
        field: &'static str,
        /// The value found.
        value: Value,
        /// What the value must be.
        rule: &'static str,
    },
    /// libchrony itself failed, as for want of memory, random numbers or file descriptors.
    #[error("libchrony: {message}{}", errno_text(.source))]
    Library {
        /// libchrony's error number (`chrony_err`); `None` where only the system gave one.
        code: Option<u32>,
        /// libchrony's words for it.
        message: String,
        /// The system's error, where there is one.
        source: Option<io::Error>,
    },
}

impl Error {
    /// The word for programs; of a failed default search, that of its most telling part.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.telling() {
            Self::InvalidAddress { .. } => ErrorKind::InvalidAddress,
            Self::NameNotResolved { .. } => ErrorKind::NameNotResolved,
            Self::NotRunning { .. } => ErrorKind::NotRunning,
            Self::NobodyListens { .. } => ErrorKind::NobodyListens,
            Self::PermissionDenied { .. } => ErrorKind::PermissionDenied,
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::NothingAnswered { .. } => ErrorKind::NotRunning,
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::NotAuthorized { .. } => ErrorKind::NotAuthorized,
            Self::Disabled { .. } => ErrorKind::Disabled,
            Self::NoSuchSource { .. } => ErrorKind::NoSuchSource,
            Self::SourcesChanging { .. } => ErrorKind::SourcesChanging,
            Self::ServerTooOld { .. } => ErrorKind::ServerTooOld,
            Self::ServerTooNew { .. } => ErrorKind::ServerTooNew,
            Self::InvalidReply { .. } => ErrorKind::InvalidReply,
            Self::UnexpectedStatus { .. } => ErrorKind::UnexpectedStatus,
            Self::UnknownReport { .. } => ErrorKind::UnknownReport,
            Self::MissingField { .. } => ErrorKind::MissingField,
            Self::WrongType { .. } => ErrorKind::WrongType,
            Self::OutOfRange { .. } => ErrorKind::OutOfRange,
            Self::Library { .. } => ErrorKind::Library,
        }
    }

    /// The part of a failed default search that says most; any other error itself.
    fn telling(&self) -> &Self {
        let rank = |error: &&Self| match error {
            Self::PermissionDenied { .. } => 4,
            Self::TimedOut { .. } => 3,
            Self::NotRunning { .. } => 1,
            Self::NobodyListens { .. } => 0,
            _ => 2,
        };
        match self {
            // `rev`: of equals the first tried wins, as `max_by_key` takes the last.
            Self::NothingAnswered { tried } => tried.iter().rev().max_by_key(rank).unwrap_or(self),
            other => other,
        }
    }

    /// What a person should do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.kind().hint()
    }

    /// libchrony's error number (`chrony_err`), where libchrony gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        Some(match self.telling() {
            Self::NotAuthorized { .. } => 9,
            Self::Disabled { .. } => 10,
            Self::NoSuchSource { .. } | Self::UnexpectedStatus { .. } => 11,
            Self::ServerTooOld { .. } => 12,
            Self::ServerTooNew { .. } => 13,
            Self::InvalidReply { .. } => 14,
            Self::UnknownReport { .. } => 3,
            Self::Library { code, .. } => return *code,
            _ => return None,
        })
    }

    /// The system's error number, where the system gave one.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self.telling() {
            Self::NameNotResolved { source, .. }
            | Self::NotRunning { source, .. }
            | Self::NobodyListens { source, .. }
            | Self::PermissionDenied { source, .. }
            | Self::Unreachable { source, .. }
            | Self::Library { source: Some(source), .. } => source.raw_os_error(),
            _ => None,
        }
    }

    /// The address that was tried or asked, where the error belongs to one.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        match self.telling() {
            Self::NameNotResolved { address, .. }
            | Self::NotRunning { address, .. }
            | Self::NobodyListens { address, .. }
            | Self::PermissionDenied { address, .. }
            | Self::Unreachable { address, .. }
            | Self::TimedOut { address, .. }
            | Self::NotAuthorized { address, .. }
            | Self::Disabled { address, .. }
            | Self::NoSuchSource { address, .. }
            | Self::SourcesChanging { address, .. }
            | Self::ServerTooOld { address, .. }
            | Self::ServerTooNew { address, .. }
            | Self::InvalidReply { address, .. }
            | Self::UnexpectedStatus { address, .. } => Some(address),
            _ => None,
        }
    }

    /// Whether something answered at the address, so that a search need not go on.
    pub(crate) fn is_answer(&self) -> bool {
        !matches!(
            self,
            Self::NotRunning { .. }
                | Self::NobodyListens { .. }
                | Self::PermissionDenied { .. }
                | Self::Unreachable { .. }
                | Self::TimedOut { .. }
        )
    }

    /// Whether chronyd answered, and the connection stays good: it said no in an orderly way.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::NotAuthorized
                | ErrorKind::Disabled
                | ErrorKind::NoSuchSource
                | ErrorKind::ServerTooOld
                | ErrorKind::UnexpectedStatus
        )
    }

    /// Whether the error concerns one source and leaves the others readable.
    pub(crate) fn is_of_one_source(&self) -> bool {
        self.is_of_one_record() || matches!(self, Self::NoSuchSource { .. })
    }

    /// Whether the error concerns one record and leaves the others of its report readable.
    pub(crate) fn is_of_one_record(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::InvalidReply
                | ErrorKind::MissingField
                | ErrorKind::WrongType
                | ErrorKind::OutOfRange
        )
    }
}

/// As in second-hand's JSON: `kind`, `message` and `hint`.
#[cfg(feature = "serde")]
impl serde::Serialize for Error {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut map = s.serialize_struct("Error", 3)?;
        map.serialize_field("kind", self.kind().as_str())?;
        map.serialize_field("message", &self.to_string())?;
        map.serialize_field("hint", self.hint())?;
        map.end()
    }
}

fn list(errors: &[Error]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn names() -> String {
    let extensions = ReportName::EXTENSIONS.iter().filter(|it| ffi::has_report(it.as_c_str()));
    ReportName::ALL.iter().chain(extensions).map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
}

fn errno_text(source: &Option<io::Error>) -> String {
    source.as_ref().map(|source| format!(": {source}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str) -> Error {
        Error::NobodyListens {
            address: address.parse().unwrap(),
            source: io::Error::from_raw_os_error(111),
        }
    }

    fn denied() -> Error {
        Error::PermissionDenied {
            address: "/run/chrony/chronyd.sock".parse().unwrap(),
            access: Access::Directory,
            source: io::Error::from_raw_os_error(13),
        }
    }

    #[test]
    fn a_failed_search_speaks_for_its_most_telling_part_and_names_all() {
        let error = Error::NothingAnswered { tried: vec![denied(), refused("127.0.0.1")] };
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.errno(), Some(13));
        assert!(error.hint().contains("_chrony"));
        let text = error.to_string();
        assert!(text.contains("/run/chrony/chronyd.sock") && text.contains("127.0.0.1:323"));
    }

    #[test]
    fn a_search_that_found_no_socket_and_no_listener_says_not_running() {
        let missing = Error::NotRunning {
            address: "/run/chrony/chronyd.sock".parse().unwrap(),
            source: io::Error::from_raw_os_error(2),
        };
        let error =
            Error::NothingAnswered { tried: vec![missing, refused("127.0.0.1"), refused("::1")] };
        assert_eq!(error.kind(), ErrorKind::NotRunning);
        assert!(error.hint().contains("systemctl start chrony"));
    }

    #[test]
    fn a_denied_report_names_the_socket_and_opencommands() {
        let error = Error::NotAuthorized {
            address: "127.0.0.1".parse().unwrap(),
            report: ReportName::SelectData,
        };
        assert!(error.hint().contains("chronyd.sock") && error.hint().contains("opencommands"));
        assert_eq!(error.code(), Some(9));
    }

    #[test]
    fn permission_errors_say_what_was_denied_and_that_the_group_does_not_help() {
        assert!(denied().to_string().contains("create its own socket in the socket's directory"));
        assert!(denied().hint().contains("group is not enough"));
    }
}
