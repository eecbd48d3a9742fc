//! The same calls without blocking a thread (feature `tokio`).
//!
//! [`Connection`] has the calls of [`crate::Connection`], each to be awaited, with the same results,
//! errors and deadlines.
//!
//! ```no_run
//! # async fn shown() -> Result<(), libchrony::Error> {
//! let mut chronyd = libchrony::tokio::Connection::open().await?;
//! let tracking = chronyd.tracking().await?;
//! if tracking.is_synchronized() {
//!     println!("right to within {:.6} s", tracking.max_error());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Runtime
//! Any runtime of tokio whose I/O and time are enabled, on one thread or on several; the futures are
//! [`Send`]. As with tokio's own sockets and timers, a call panics where there is none. A connection whose
//! runtime has ended opens anew in the one that it is used in next.
//!
//! # Cancellation
//! A call that is dropped before its end, as by `select!` or `timeout`, closes its socket, so that no
//! answer to it is ever taken for another's; the next call opens anew, as after a failure.
//!
//! # Many at a time
//! A connection makes one call at a time. What is to run beside each other needs a connection each: a
//! file descriptor and, on chronyd's Unix socket, a file. chronyd itself answers one request after the
//! other and queues about ten, so that a thousand callers wait for their turn; [`Builder::timeout`] and
//! [`Builder::attempts`] must leave room for it.

mod builder;
mod connection;
mod readiness;

pub use builder::Builder;
pub use connection::Connection;
