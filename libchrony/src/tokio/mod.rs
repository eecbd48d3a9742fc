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
//! A connection makes one call at a time; what is to run beside each other needs a connection each, which
//! is an open file. chronyd answers one request after the other and its queue is short, so the calls of a
//! process take turns, four at a time at each address. A call waits for its turn as long as for an answer
//! ([`Builder::timeout`]), once before its attempts, and then asks all the same.

mod builder;
mod connection;
mod readiness;

pub use builder::Builder;
pub use connection::Connection;
