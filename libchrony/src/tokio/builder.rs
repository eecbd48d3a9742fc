//! How an async connection is made.

use std::time::Duration;

use super::Connection;
use crate::address::Address;
use crate::error::Error;

/// How a [`Connection`] is made: see [`crate::Builder`], whose settings it has.
///
/// ```no_run
/// # async fn shown() -> Result<(), libchrony::Error> {
/// use std::time::Duration;
/// let mut chronyd = libchrony::tokio::Connection::builder()
///     .address("192.0.2.1:323".parse()?)
///     .timeout(Duration::from_millis(500))
///     .attempts(2)
///     .open()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Builder(crate::Builder);

impl Builder {
    /// As [`crate::Builder::address`].
    pub fn address(self, address: Address) -> Self {
        Self(self.0.address(address))
    }

    /// As [`crate::Builder::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// As [`crate::Builder::attempts`].
    pub fn attempts(self, attempts: u32) -> Self {
        Self(self.0.attempts(attempts))
    }

    /// As [`crate::Builder::limit`].
    pub fn limit(self, limit: Duration) -> Self {
        Self(self.0.limit(limit))
    }

    /// As [`crate::Builder::most_sources`].
    pub fn most_sources(self, number: u32) -> Self {
        Self(self.0.most_sources(number))
    }

    /// Makes a connection that opens at its first call; needs no runtime yet.
    #[must_use]
    pub fn build(self) -> Connection {
        Connection::with(self.0)
    }

    /// Opens the connection and proves it: an address is taken only after it answered.
    ///
    /// # Errors
    /// As [`crate::Builder::open`].
    pub async fn open(self) -> Result<Connection, Error> {
        let mut connection = self.build();
        connection.prove().await?;
        Ok(connection)
    }
}

/// The same settings for the other face.
impl From<crate::Builder> for Builder {
    fn from(settings: crate::Builder) -> Self {
        Self(settings)
    }
}
