//! The simulated chronyd, asked with raw datagrams by the protocol's definition alone.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod client;
mod faults;
mod life;
