//! Safe, typed access to what chronyd reports, for the question *can I trust this machine's clock?*
//!
//! chronyd answers monitoring requests on a Unix socket and over UDP. This crate asks through
//! libchrony (bundled by `libchrony-sys`, or the system's) and gives each of its ten reports as a
//! struct with units, ranges and absent values made explicit. The bundled library has two more
//! ([`ReportName::EXTENSIONS`]): the names that the sources were configured with
//! ([`Connection::source_names`]; a [`Snapshot`] has them in [`Source::name`]), and who asks this
//! chronyd for time, how often, and what was dropped ([`Connection::clients`]).
//!
//! ```no_run
//! let mut chronyd = libchrony::Connection::open()?;
//! let tracking = chronyd.tracking()?;
//! if tracking.is_synchronized() {
//!     println!("right to within {:.6} s", tracking.max_error());
//! }
//! # Ok::<(), libchrony::Error>(())
//! ```
//!
//! # Errors
//! Every failure is an [`Error`] that names what is wrong; [`Error::hint`] says what a person
//! should do next, and [`Error::kind`] is for programs.
//!
//! # Time
//! No call hangs: each request is tried 3 times with 1 s each (see [`Builder`]), and each call has
//! an overall limit. After a failure the connection opens anew at the next call.
//!
//! # Threads
//! A [`Connection`] can move to another thread; it cannot be used by two at once:
//!
//! ```
//! fn is_send<T: Send>() {}
//! is_send::<libchrony::Connection>();
//! ```
//! ```compile_fail,E0277
//! fn is_sync<T: Sync>() {}
//! is_sync::<libchrony::Connection>();
//! ```
//!
//! # Features
//! * `serde`: every report serialises with the keys and units of second-hand's JSON API.
//! * `tokio`: the same calls without blocking a thread, in the module `tokio`.
//! * `testing`: a simulated chronyd on real sockets, for the tests of crates that link this one.

#![deny(unsafe_code)]

mod address;
mod asker;
mod builder;
mod by_address;
mod column;
mod connection;
mod enumeration;
mod error;
mod exchange;
#[allow(unsafe_code, reason = "the one folder that calls C")]
mod ffi;
mod identity;
mod lanes;
mod leftover;
mod link;
mod list;
mod names;
mod pass;
mod per_source;
mod reader;
mod record;
mod report;
mod search;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
mod timestamp;
#[cfg(feature = "tokio")]
pub mod tokio;
mod wait;

pub use address::{Address, Transport};
pub use builder::Builder;
pub use connection::Connection;
pub use error::{Access, Error, ErrorKind};
pub use identity::{ReferenceId, SourceAddress};
pub use leftover::remove_leftovers;
pub use list::List;
pub use record::{Field, Kind, Record, Value};
pub use report::{
    Activity, AuthData, AuthMode, Client, Clients, KeyType, LeapStatus, NtpData, NtpFlag, NtpMode,
    ReportName, RtcData, SelectData, SelectOption, SelectState, ServerStats, Smoothing,
    SmoothingFlag, Source, SourceMode, SourceName, SourceState, SourceStats, Timestamping,
    Tracking,
};
pub use snapshot::{Joined, Server, Snapshot};
