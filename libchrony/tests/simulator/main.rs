//! The simulated chronyd, asked with raw datagrams by the protocol's definition alone.
#![cfg(feature = "testing")]

mod answers;
mod client;
mod faults;
mod life;
