//! chronyd's reports: one file each, decoded by field name from a record.

mod activity;
mod authdata;
mod name;
mod ntpdata;
mod rtcdata;
mod selectdata;
mod serverstats;
mod smoothing;
mod sources;
mod sourcestats;
mod tracking;

pub use activity::Activity;
pub use authdata::{AuthData, AuthMode, KeyType};
pub use name::ReportName;
pub use ntpdata::{NtpData, NtpFlag, NtpMode, Timestamping};
pub use rtcdata::RtcData;
pub use selectdata::{SelectData, SelectOption, SelectState};
pub use serverstats::ServerStats;
pub use smoothing::{Smoothing, SmoothingFlag};
pub use sources::{Source, SourceMode, SourceState};
pub use sourcestats::SourceStats;
pub use tracking::{LeapStatus, Tracking};

pub(crate) use sources::name_apart;
