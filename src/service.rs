//! Word to the service manager that started this process, as systemd's `sd_notify(3)` describes it: when
//! it is ready, how it fares, that it lives, that it ends.
//!
//! Ready is it when chronyd gave its first answer, or clearly none: a chronyd that is away or hangs
//! is something to show, not a reason to start anew.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::{self, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::sleep;
use libchrony::{Address, ErrorKind};
use tracing::{debug, error, warn};

use crate::config;
use crate::error::shown;
use crate::pulse::Vital;
use crate::reading::Reading;
use crate::sampler::Sampler;

/// How often a manager whose queue is full is told again, and how long is waited between.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// How long after a missing sign of life the next look is taken.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// The way to the service manager.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    socket: Arc<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Service {
    /// `None`, and a line in the log, where the manager cannot be told.
    pub(crate) fn connect(config: &config::Service) -> Option<Self> {
        let socket = UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.connect_addr(&address(&config.socket)?)?;
            Ok(socket)
        });
        match socket {
            Ok(socket) => Some(Self { socket: Arc::new(socket), watchdog: config.watchdog }),
            Err(error) => {
                let socket = shown(&config.socket);
                warn!(%error, socket, "the service manager (NOTIFY_SOCKET) cannot be told anything");
                None
            }
        }
    }

    /// Tells that the service is ready after the first reading, and what each change means, until the
    /// readings end.
    pub(crate) async fn tell_readings(self, listening: SocketAddr, sampler: &Sampler) {
        let mut samples = sampler.watch();
        let mut told = None;
        loop {
            let sample = samples.borrow_and_update().clone();
            if sampler.has_ended() {
                return;
            }
            if let Some(sample) = sample {
                let state = State::of(&sample.reading);
                if told.as_ref() != Some(&state) {
                    let ready = if told.is_none() { "READY=1\n" } else { "" };
                    let words = words(&sample.reading);
                    let status = format!("{ready}STATUS=Listening on http://{listening}; {words}");
                    self.tell(&status).await;
                    told = Some(state);
                }
            }
            if samples.changed().await.is_err() {
                return;
            }
        }
    }

    /// Gives the signs of life that a watchdog wants, twice in its time, for as long as everything that
    /// the service is made of moves.
    pub(crate) async fn live(self, vital: Vital) {
        let Some(watchdog) = self.watchdog else { return };
        let half = watchdog / 2;
        let mut pause = half;
        loop {
            sleep(pause).await;
            pause = match vital.signs(half).await {
                Ok(()) => {
                    self.tell("WATCHDOG=1").await;
                    half
                }
                Err(stuck) => {
                    error!("no sign of life for the watchdog: {stuck}");
                    half.min(SECOND_LOOK)
                }
            };
        }
    }

    /// Tells that the service ends. The last reading may take its time, so the watchdog's begins anew.
    pub(crate) async fn ends(&self) {
        self.tell("STOPPING=1\nWATCHDOG=1\nSTATUS=Ending").await;
    }

    async fn tell(&self, message: &str) {
        for _ in 0..ATTEMPTS {
            match self.socket.send(message.as_bytes()) {
                Ok(_) => return debug!(message, "the service manager is told"),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(PAUSE).await,
                Err(error) => return warn!(%error, "the service manager could not be told"),
            }
        }
        warn!("the service manager does not listen");
    }
}

/// The address of a manager's socket.
fn address(text: &str) -> io::Result<net::SocketAddr> {
    match text.split_at_checked(1) {
        Some(("/", _)) => net::SocketAddr::from_pathname(text),
        #[cfg(target_os = "linux")]
        Some(("@", name)) => {
            use std::os::linux::net::SocketAddrExt;
            net::SocketAddr::from_abstract_name(name)
        }
        _ => Err(io::Error::new(io::ErrorKind::Unsupported, "it is no path and no abstract name")),
    }
}

/// What of a reading is told when it changes: figures, which always do, are for the page.
#[derive(Debug, PartialEq)]
enum State {
    Answers { address: Address, synchronized: Option<bool> },
    GivesNothing(ErrorKind),
}

impl State {
    fn of(reading: &Reading) -> Self {
        match reading.data() {
            Ok(snapshot) => Self::Answers {
                address: snapshot.chronyd.address.clone(),
                synchronized: snapshot.tracking.as_ref().map(|tracking| tracking.is_synchronized()),
            },
            Err(error) => Self::GivesNothing(error.kind()),
        }
    }
}

/// What chronyd says, for a line of `systemctl status`.
fn words(reading: &Reading) -> String {
    let text = match (State::of(reading), reading.data()) {
        (State::Answers { address, synchronized }, _) => {
            let clock = match synchronized {
                Some(true) => "the clock is synchronized",
                Some(false) => "the clock is not synchronized",
                None => "whether the clock is synchronized is not told",
            };
            format!("chronyd answers at {address}: {clock}")
        }
        (State::GivesNothing(_), Err(error)) => format!("chronyd gives no data: {error}"),
        (State::GivesNothing(_), Ok(_)) => "chronyd gives no data".to_owned(),
    };
    shown(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_or_an_abstract_name_is_an_address_and_nothing_else_is() {
        assert_eq!(address("/run/m").unwrap().as_pathname().unwrap().to_str(), Some("/run/m"));
        #[cfg(target_os = "linux")]
        {
            use std::os::linux::net::SocketAddrExt;
            assert_eq!(address("@m").unwrap().as_abstract_name(), Some(&b"m"[..]));
        }
        for text in ["vsock:2:1234", "run/m", "é", &format!("/{}", "m".repeat(200))] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
