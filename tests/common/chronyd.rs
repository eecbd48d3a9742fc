//! chronyd daemons that never touch the clock, in directories of their own, ended on drop.

use std::fs::{self, File, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::net::UdpSocket;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use libchrony::{Builder, Connection};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{PATIENCE, eventually, need, within};

/// A running chronyd.
pub(crate) struct Chronyd {
    directory: TempDir,
    /// The port of its NTP server; 0 = it serves nobody.
    pub(crate) ntp_port: u16,
    /// The UDP port of its command protocol.
    pub(crate) command_port: u16,
    child: Option<Child>,
}

/// A UDP port that is free on every loopback address at this moment.
///
/// It lies below those that the system gives to sockets without one, or a client's socket might take
/// it while chronyd is away.
fn free_port() -> u16 {
    let taken = |port: u16| {
        UdpSocket::bind(("::", port)).or_else(|_| UdpSocket::bind(("0.0.0.0", port))).is_err()
    };
    let tries = (0..1000_u64).map(|turn| 10_000 + RandomState::new().hash_one(turn) % 20_000);
    let free = tries.filter_map(|port| u16::try_from(port).ok()).find(|port| !taken(*port));
    free.expect("a port is free")
}

impl Chronyd {
    /// A server of stratum `stratum` that answers on every loopback address.
    pub(crate) fn server(stratum: u8) -> Self {
        Self::server_with(stratum, "")
    }

    /// As above, with further lines of configuration.
    pub(crate) fn server_with(stratum: u8, lines: &str) -> Self {
        let lines = format!("local stratum {stratum}\nallow\n{lines}\n");
        Self::start(Path::new("/tmp"), free_port, &lines)
    }

    /// A client with these lines of configuration; it serves nobody.
    pub(crate) fn client(lines: &str) -> Self {
        Self::client_in(Path::new("/tmp"), lines)
    }

    /// As above, with its directory in this one, whose path is short.
    pub(crate) fn client_in(place: &Path, lines: &str) -> Self {
        Self::start(place, || 0, &format!("{lines}\n"))
    }

    fn start(place: &Path, ntp_port: fn() -> u16, lines: &str) -> Self {
        let directory =
            tempfile::Builder::new().prefix("shd").tempdir_in(place).expect("a directory");
        let (user, group) = need::user().expect("chrony's user");
        chown(directory.path(), Some(user), Some(group)).expect("the directory is given away");
        let mut chronyd = Self { directory, ntp_port: 0, command_port: 0, child: None };
        chronyd.set_directory_mode(0o750);
        // Another process may take a port between the look and the start; then others are tried.
        for _ in 0..5 {
            (chronyd.ntp_port, chronyd.command_port) = (ntp_port(), free_port());
            chronyd.write_configuration(lines);
            if chronyd.spawn() {
                return chronyd;
            }
        }
        panic!("chronyd did not start: {}", chronyd.log());
    }

    fn write_configuration(&self, lines: &str) {
        let text = format!(
            "{lines}port {}\ncmdport {}\nbindcmdaddress {}\npidfile {}\n",
            self.ntp_port,
            self.command_port,
            self.socket().display(),
            self.path("pid").display(),
        );
        fs::write(self.path("conf"), text).expect("the configuration is written");
    }

    /// Changes the configuration, which the next start reads.
    pub(crate) fn change_configuration(&self, change: impl FnOnce(String) -> String) {
        let file = self.path("conf");
        let text = fs::read_to_string(&file).expect("the configuration is read");
        fs::write(file, change(text)).expect("the configuration is written");
    }

    /// Starts the process and waits until it answers; false where it ended at once.
    fn spawn(&mut self) -> bool {
        let log = File::create(self.path("log")).expect("the log is created");
        let child = need::program("chronyd")
            .args(["-x", "-d", "-f"])
            .arg(self.path("conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("chronyd runs");
        self.child = Some(child);
        let socket = self.socket();
        let answered = eventually("chronyd answers or ends", || {
            let ended = self.child.as_mut()?.try_wait().ok()?.is_some();
            let answers = socket.exists() && self.connection().attempts(1).open().is_ok();
            (ended || answers).then_some(answers)
        });
        if !answered {
            self.child = None;
        }
        answered
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The processor time that it has used so far, seconds, in steps of 10 ms.
    pub(crate) fn processor_time(&self) -> f64 {
        let pid = self.child.as_ref().map_or(0, Child::id);
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
        // After the name in parentheses: user and system time in ticks of 10 ms.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
    }

    /// Its directory, where clients make theirs.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn set_directory_mode(&self, mode: u32) {
        let permissions = Permissions::from_mode(mode);
        fs::set_permissions(self.directory.path(), permissions).expect("the mode is set");
    }

    /// Its Unix socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path("sock")
    }

    /// The address of its Unix socket.
    pub(crate) fn unix(&self) -> String {
        self.socket().display().to_string()
    }

    /// The address of its UDP port.
    pub(crate) fn udp(&self) -> String {
        format!("127.0.0.1:{}", self.command_port)
    }

    /// A connection to its Unix socket, not open yet.
    pub(crate) fn connection(&self) -> Builder {
        Connection::builder().address(self.unix().parse().expect("the socket's path is short"))
    }

    /// Waits until a snapshot fulfils a condition.
    pub(crate) fn wait_until(&self, what: &str, condition: impl Fn(&libchrony::Snapshot) -> bool) {
        let mut connection = self.connection().build();
        let fulfilled = || connection.snapshot().ok().filter(|snapshot| condition(snapshot));
        if within(PATIENCE, fulfilled).is_none() {
            panic!("waited {PATIENCE:?} in vain: {what}\n{}", self.log());
        }
    }

    /// Waits until a source is selected, all have their statistics, and the clock's error is known to be
    /// small: the first samples leave much open.
    pub(crate) fn wait_until_at_rest(&self) {
        self.wait_until("a source is selected, all are sampled, the error is small", |snapshot| {
            snapshot.sources.iter().flatten().any(libchrony::Source::is_selected)
                && snapshot.sourcestats.iter().flatten().all(|stats| stats.has_enough_samples())
                && snapshot.tracking.as_ref().is_some_and(|tracking| tracking.max_error() < 0.001)
        });
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.as_ref().and_then(pid).expect("chronyd runs");
        kill_process(pid, signal).expect("chronyd is signalled");
    }

    /// Stops the process (SIGSTOP), so that it hangs.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a stopped process go on.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Kills it at once; its socket file stays.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("chronyd runs");
        child.kill().expect("chronyd is killed");
        child.wait().expect("chronyd ends");
    }

    /// Starts it again on the same configuration, where it runs after an end in order.
    pub(crate) fn restart(&mut self) {
        self.end();
        assert!(self.spawn(), "chronyd did not start again: {}", self.log());
    }

    /// Ends it in order, or by force where it does not end.
    fn end(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // One that is stopped must go on to end; where it has ended already nothing is to do.
        for signal in [Signal::CONT, Signal::TERM] {
            let _ = pid(&child).map(|pid| kill_process(pid, signal));
        }
        if within(PATIENCE, || child.try_wait().ok().flatten()).is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

impl Drop for Chronyd {
    fn drop(&mut self) {
        self.end();
    }
}
