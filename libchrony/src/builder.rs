//! How a connection is made.

use std::time::Duration;

use crate::address::Address;
use crate::connection::Connection;
use crate::error::Error;
use crate::pass::MOST_SOURCES;

/// How a [`Connection`] is made: where to ask, and how long to wait.
///
/// ```no_run
/// use std::time::Duration;
/// let mut chronyd = libchrony::Connection::builder()
///     .address("192.0.2.1:323".parse()?)
///     .timeout(Duration::from_millis(500))
///     .attempts(2)
///     .open()?;
/// # Ok::<(), libchrony::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    pub(crate) address: Option<Address>,
    pub(crate) timeout: Duration,
    pub(crate) attempts: u32,
    pub(crate) limit: Duration,
    pub(crate) most_sources: u32,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            address: None,
            timeout: Duration::from_secs(1),
            attempts: 3,
            limit: Duration::from_secs(30),
            most_sources: MOST_SOURCES,
        }
    }
}

impl Builder {
    /// Where chronyd is asked; without it the default search ([`Address::search_order`]).
    pub fn address(mut self, address: Address) -> Self {
        self.address = Some(address);
        self
    }

    /// How long one attempt waits for its answer: 1 s unless set, at least 1 ms.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// How often a request is sent before it has timed out: 3 unless set, at least 1.
    ///
    /// In a search each address gets one attempt.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How long one call may take in all, whatever the number of its requests: 30 s unless set.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How many sources chronyd is believed to have at most: 65536 unless set. A chronyd that tells of more
    /// gives no report of them, so that reading one that is not trusted costs bounded memory.
    pub fn most_sources(mut self, number: u32) -> Self {
        self.most_sources = number;
        self
    }

    /// Makes a connection that opens at its first call.
    #[must_use]
    pub fn build(self) -> Connection {
        Connection::with(self)
    }

    /// Opens the connection and proves it: an address is taken only after it answered.
    ///
    /// # Errors
    /// What the address gave, or [`Error::NothingAnswered`] with all that were tried.
    pub fn open(self) -> Result<Connection, Error> {
        let mut connection = self.build();
        connection.prove()?;
        Ok(connection)
    }
}
