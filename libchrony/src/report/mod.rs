//! chronyd's reports: one file each, decoded by field name from a record.

mod activity;
mod authdata;
mod clients;
mod name;
mod ntpdata;
mod rtcdata;
mod selectdata;
mod serverstats;
mod smoothing;
mod sourcename;
mod sources;
mod sourcestats;
mod tracking;

pub use activity::Activity;
pub use authdata::{AuthData, AuthMode, KeyType};
pub use clients::{Client, Clients};
pub use name::ReportName;
pub use ntpdata::{NtpData, NtpFlag, NtpMode, Timestamping};
pub use rtcdata::RtcData;
pub use selectdata::{SelectData, SelectOption, SelectState};
pub use serverstats::ServerStats;
pub use smoothing::{Smoothing, SmoothingFlag};
pub use sourcename::SourceName;
pub use sources::{Source, SourceMode, SourceState};
pub use sourcestats::SourceStats;
pub use tracking::{LeapStatus, Tracking};

pub(crate) use clients::MOST_PLACES;
pub(crate) use sources::name_apart;
