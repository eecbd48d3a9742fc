//! A service manager that starts the dashboard and hears what it tells, as systemd's `sd_notify(3)` has it.

use std::collections::VecDeque;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::PATIENCE;
use super::dashboard::{Dashboard, second_hand};

/// A service manager's socket, and what was told of it.
pub(crate) struct Manager {
    socket: UnixDatagram,
    name: String,
    told: VecDeque<String>,
    /// Held for as long as the socket.
    _directory: TempDir,
}

impl Manager {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir_in("/tmp").expect("a directory");
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        Self::of(socket, path.display().to_string(), directory)
    }

    /// With a socket in the abstract namespace.
    pub(crate) fn abstracted() -> Self {
        let directory = tempfile::tempdir_in("/tmp").expect("a directory");
        let name = directory.path().display().to_string();
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let socket = UnixDatagram::bind_addr(&address).expect("a socket");
        Self::of(socket, format!("@{name}"), directory)
    }

    fn of(socket: UnixDatagram, name: String, directory: TempDir) -> Self {
        Self { socket, name, told: VecDeque::new(), _directory: directory }
    }

    /// A dashboard that this manager starts; it reads chronyd as often as these options say.
    pub(crate) fn start(
        &self,
        chronyd: &str,
        options: &[&str],
        watchdog: Option<Duration>,
    ) -> Dashboard {
        let mut command = second_hand();
        command.args(["--port", "0", "--timeout", "200ms", "--chronyd", chronyd]).args(options);
        command.env("NOTIFY_SOCKET", &self.name);
        if let Some(watchdog) = watchdog {
            command.env("WATCHDOG_USEC", watchdog.as_micros().to_string());
        }
        Dashboard::start(&mut command)
    }

    /// The next line that it is told within this time.
    pub(crate) fn line_within(&mut self, limit: Duration) -> Option<String> {
        if self.told.is_empty() {
            self.socket.set_read_timeout(Some(limit)).expect("a limit");
            let mut buffer = [0; 4096];
            // A machine that stands still for a moment interrupts the wait.
            let heard = loop {
                match self.socket.recv(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    heard => break heard,
                }
            };
            match heard {
                Ok(length) => {
                    let text = std::str::from_utf8(&buffer[..length]).expect("UTF-8");
                    self.told.extend(text.lines().map(str::to_owned));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
        self.told.pop_front()
    }

    pub(crate) fn line(&mut self) -> String {
        self.line_within(PATIENCE).expect("the manager is told something")
    }

    /// Waits until it is told nothing for so long.
    pub(crate) fn silence(&mut self, length: Duration) {
        let end = Instant::now() + PATIENCE;
        while let Some(line) = self.line_within(length) {
            assert!(Instant::now() < end, "it is still told {line:?}");
        }
    }

    /// Waits until it is told that the service is ready, and gives what that says of chronyd.
    pub(crate) fn ready(&mut self, dashboard: &Dashboard) -> String {
        let ready = loop {
            let line = self.line();
            // A watchdog's signs of life begin before.
            if line != "WATCHDOG=1" {
                break line;
            }
        };
        assert_eq!(ready, "READY=1");
        let status = self.line();
        let start = format!("STATUS=Listening on {}; ", dashboard.url);
        status.strip_prefix(&start).unwrap_or_else(|| panic!("{status}")).to_owned()
    }
}
