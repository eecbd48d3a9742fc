//! A simulated chronyd on real sockets, for the tests of programs that read chronyd.
//!
//! A [`Simulator`] answers chronyd's command protocol (version 6) on a Unix datagram socket of its
//! own, or on a free UDP port of this machine's loopback. What it says is a [`Scenario`], plain data
//! that can change while it runs; how it misbehaves is a script of [`Fault`]s. No chronyd, no root
//! and no clock is touched, and nothing is left when it is dropped.
//!
//! ```
//! use libchrony::testing::{Command, Fault, Scenario, Simulator};
//! # fn main() -> std::io::Result<()> {
//! let chronyd = Simulator::start_udp(Scenario::synchronized())?;
//! assert!(chronyd.address().starts_with("127.0.0.1:"));
//! // Point the program under test at `chronyd.address()`, then let the answers change:
//! chronyd.set(Scenario::only_unreachable());
//! chronyd.script([Fault::on(Command::TRACKING).times(1).silence()]);
//! # Ok(())
//! # }
//! ```
//!
//! What can be simulated:
//!
//! | | by |
//! |---|---|
//! | a state of the clock and its sources | [`Scenario::synchronized`] and its siblings, [`Source::server`] and its siblings, each field of them |
//! | a state that moves | [`Scenario::drifting`], or any function of the time as a [`Course`] |
//! | a version of chronyd | [`Scenario::generation`], a [`Generation`] from 1.29.1 to 4.9 |
//! | permissions | [`Simulator::start_unix`] permits everything, [`Simulator::start_udp`] what chronyd opens to the network and [`Scenario::opencommands`] |
//! | loss, delay, duplicates, another order, noise | [`Fault::silence`], also of [a share](Fault::share); [`Fault::delay`], [`Fault::duplicate`], [`Fault::reorder`], [`Fault::late`], [`Fault::noise`] |
//! | refusals | [`Fault::status`] |
//! | replies that are wrong | [`Fault::truncate`], [`Fault::pad`], [`Fault::random`], [`Fault::version`], [`Fault::wrong_sequence`], [`Fault::edit`] and its siblings |
//! | a list of sources that changes while it is read | [`Fault::then_set`], [`Scenario::count`] |
//! | a chronyd that hangs, ends, restarts or loses its socket | [`Simulator::hang`], [`Simulator::stop`], [`Simulator::restart`], [`Simulator::remove_socket`] |
//!
//! A test waits for what was asked with [`Simulator::wait_for_requests`], and looks at it with
//! [`Simulator::requests`]. The example `own_tests` shows a program under test from its first line to
//! its last: `cargo run -p libchrony --features testing --example own_tests`.
//!
//! Every value starts from one that fits the others, and each field can be set:
//!
//! ```
//! use libchrony::testing::{Generation, Scenario};
//! let mut scenario = Scenario::many_sources(12);
//! scenario.generation = Generation::V4_0;
//! scenario.sources[0].select.leap = 1;
//! scenario.tracking.current_correction = -0.25;
//! ```

mod answer;
mod candidate;
mod case;
mod command;
mod course;
mod drift;
mod fault;
mod generation;
mod held;
mod place;
mod queue;
mod report;
mod request;
mod scenario;
mod script;
mod simulator;
mod source;
mod state;
mod wire;
mod worker;

pub use command::Command;
pub use course::Course;
pub use fault::Fault;
pub use generation::Generation;
#[doc(hidden)]
pub use held::Held;
pub use report::{
    Activity, Client, LOCAL_REFERENCE, RtcData, ServerStats, Smoothing, Tracking, UNSYNCHRONIZED,
};
pub use request::Request;
pub use scenario::Scenario;
pub use simulator::Simulator;
pub use source::{AuthData, NEVER, NtpData, SelectData, Source, SourceStats};
pub use wire::{Address, Time};
