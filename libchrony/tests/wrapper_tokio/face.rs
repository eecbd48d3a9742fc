//! The async face, shaped as the blocking one: each connection has a runtime of its own, on the thread
//! that calls.

use std::time::Duration;

use libchrony::{
    Activity, Address, AuthData, Clients, Error, List, NtpData, Record, ReportName, RtcData,
    SelectData, ServerStats, Smoothing, Snapshot, Source, SourceName, SourceStats, Tracking,
};
use tokio::runtime::Runtime;

#[derive(Debug)]
pub(crate) struct Connection {
    connection: libchrony::tokio::Connection,
    runtime: Runtime,
}

#[derive(Debug, Clone)]
pub(crate) struct Builder(libchrony::tokio::Builder);

impl Builder {
    pub(crate) fn address(self, address: Address) -> Self {
        Self(self.0.address(address))
    }

    pub(crate) fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    pub(crate) fn attempts(self, attempts: u32) -> Self {
        Self(self.0.attempts(attempts))
    }

    pub(crate) fn limit(self, limit: Duration) -> Self {
        Self(self.0.limit(limit))
    }

    pub(crate) fn most_sources(self, number: u32) -> Self {
        Self(self.0.most_sources(number))
    }

    pub(crate) fn build(self) -> Connection {
        Connection { connection: self.0.build(), runtime: crate::runtimes::one_thread() }
    }

    pub(crate) fn open(self) -> Result<Connection, Error> {
        let runtime = crate::runtimes::one_thread();
        let connection = runtime.block_on(self.0.open())?;
        Ok(Connection { connection, runtime })
    }
}

macro_rules! calls {
    ($($name:ident($($argument:ident: $type:ty)?) -> $result:ty;)*) => {
        impl Connection {
            pub(crate) fn builder() -> Builder {
                Builder(libchrony::tokio::Connection::builder())
            }

            pub(crate) fn address(&self) -> Option<&Address> {
                self.connection.address()
            }

            $(pub(crate) fn $name(&mut self $(, $argument: $type)?) -> Result<$result, Error> {
                self.runtime.block_on(self.connection.$name($($argument)?))
            })*
        }
    };
}

calls! {
    tracking() -> Tracking;
    sources() -> List<Source>;
    source_stats() -> List<SourceStats>;
    select_data() -> List<SelectData>;
    activity() -> Activity;
    auth_data() -> List<AuthData>;
    ntp_data() -> List<NtpData>;
    server_stats() -> ServerStats;
    rtc_data() -> Option<RtcData>;
    smoothing() -> Smoothing;
    snapshot() -> Snapshot;
    snapshot_of(reports: &[ReportName]) -> Snapshot;
    report(name: &str) -> List<Record>;
    source_names() -> List<SourceName>;
    clients() -> Clients;
    clients_within(places: u32) -> Clients;
}
