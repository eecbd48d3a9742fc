//! What a test needs of the machine; where it is missing the test is skipped and says so.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// What a test needs beyond cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// chronyd, chronyc and root, who may give a directory to chrony's user; each other but one needs them too.
    Chronyd,
    /// IPv6 on loopback.
    Ipv6,
    /// Network and mount namespaces of the test's own.
    Namespaces,
    /// The two together.
    NamespacesIpv6,
    /// python3, and the permission to hold a thread of another process still.
    Debugger,
    /// chronyd 4.7, which knows `opencommands`.
    Opencommands,
    /// chronyd with NTS, and openssl.
    Nts,
    /// Prometheus and promtool, which Debian has in one package.
    Prometheus,
    /// The two, and no chronyd.
    PrometheusAlone,
    /// cargo, which is missing where the tests run apart from what they were built of.
    Cargo,
}

impl Need {
    /// Why this machine cannot run the test; `None` where it can.
    pub(crate) fn missing(self) -> Option<&'static str> {
        static BASE: OnceLock<Option<&str>> = OnceLock::new();
        if self == Self::PrometheusAlone {
            return prometheus();
        }
        if let Some(reason) = BASE.get_or_init(Self::base) {
            return Some(reason);
        }
        match self {
            Self::Chronyd => None,
            Self::Ipv6 => {
                UdpSocket::bind("[::1]:0").is_err().then_some("no IPv6 on the loopback interface")
            }
            Self::Namespaces => namespaces(),
            Self::NamespacesIpv6 => namespaces().or_else(|| Self::Ipv6.missing()),
            Self::Debugger => debugger(),
            Self::Opencommands => {
                (version() < (4, 7)).then_some("chronyd is older than 4.7 and has no opencommands")
            }
            Self::Nts => nts(),
            Self::Prometheus | Self::PrometheusAlone => prometheus(),
            Self::Cargo => (!has_cargo()).then_some("there is no cargo"),
        }
    }

    /// What every test against a real chronyd needs.
    fn base() -> Option<&'static str> {
        if !runs("chronyd", &["--version"]) || !runs("chronyc", &["--version"]) {
            return Some("chronyd is not installed");
        }
        if !rustix::process::geteuid().is_root() {
            return Some("not root, so no directory can be given to chrony's user");
        }
        if user().is_none() {
            return Some("there is no user _chrony or chrony");
        }
        None
    }
}

/// Whether cargo can be run, by the name that it gives itself or on the path.
pub(crate) fn has_cargo() -> bool {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    runs(&cargo, &["--version"])
}

fn prometheus() -> Option<&'static str> {
    static MISSING: OnceLock<bool> = OnceLock::new();
    MISSING
        .get_or_init(|| !runs("prometheus", &["--version"]) || !runs("promtool", &["--version"]))
        .then_some("prometheus or promtool is not installed")
}

fn namespaces() -> Option<&'static str> {
    static MISSING: OnceLock<bool> = OnceLock::new();
    let script = "ip link set lo up && mount -t tmpfs tmpfs /run && setpriv --version";
    MISSING
        .get_or_init(|| !runs("unshare", &["--mount", "--net", "bash", "-c", script]))
        .then_some("no namespaces of its own: unshare, ip or mount is missing or not permitted")
}

fn debugger() -> Option<&'static str> {
    let script = "
import ctypes, subprocess, sys
child = subprocess.Popen(['sleep', '60'])
held = ctypes.CDLL(None).ptrace(16, child.pid, None, None)
child.kill()
sys.exit(held != 0)
";
    (!runs("python3", &["-c", script]))
        .then_some("no python3, or no permission to hold a thread of another process still")
}

fn nts() -> Option<&'static str> {
    if !chronyd_version().contains("+NTS") {
        return Some("chronyd is built without NTS");
    }
    (!runs("openssl", &["version"]))
        .then_some("openssl, which makes a certificate, is not installed")
}

/// Runs a program that may stand in sbin, which is not on every user's path.
pub(crate) fn program(name: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|path| path.exists())
            .unwrap_or_else(|| name.into()),
    );
    command.env("PATH", format!("{path}:/usr/sbin:/sbin")).env("LC_ALL", "C");
    command
}

pub(crate) fn runs(name: &str, arguments: &[&str]) -> bool {
    program(name).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// What chronyd says of its version and features.
fn chronyd_version() -> String {
    let output = program("chronyd").arg("--version").output().expect("chronyd runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The version of the chronyd that is installed.
pub(crate) fn version() -> (u32, u32) {
    let text = chronyd_version();
    let number = text.split_whitespace().skip_while(|word| *word != "version").nth(1);
    let mut parts = number.unwrap_or_default().split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// The user and group that chronyd drops root to.
pub(crate) fn user() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line =
        users.lines().find(|line| line.starts_with("_chrony:") || line.starts_with("chrony:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
