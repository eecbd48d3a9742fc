//! How each command of the documentation is held true. The first rule that fits counts.

use crate::common::need;

/// How a command is held true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Each target is in the Makefile; what it does is run by CI, or by whoever wants it.
    Make,
    /// It is run, and ends with one of these statuses.
    Run(&'static [i32]),
    /// It is run until it says where it listens, and ended.
    Serve,
    /// It is run with a dashboard that serves, and gets something with a status of success.
    Curl,
    /// The example that it names is there; tests/chronyd runs it.
    Example,
    /// As [`Way::Run`] where this program is installed.
    With(&'static str, &'static [i32]),
    /// It is not run: what holds it instead, or why nothing does.
    Not(&'static str),
}

/// The beginnings of commands. Before they are compared, `sudo`, variables and whom to be are left out.
const RULES: &[(&str, Way)] = &[
    ("make", Way::Make),
    ("second-hand check", Way::Run(&[0, 1])),
    ("second-hand report", Way::Run(&[0])),
    ("second-hand --version", Way::Run(&[0])),
    ("second-hand --help", Way::Run(&[0])),
    ("second-hand -", Way::Serve),
    ("second-hand serve", Way::Serve),
    ("curl", Way::Curl),
    ("cargo run -p libchrony --example", Way::Example),
    ("cargo run -p libchrony --features testing --example", Way::Example),
    ("cargo run -p libchrony --features tokio --example", Way::Example),
    (
        "cargo build --release",
        Way::Not("tests/system.rs of libchrony-sys links the system's library in a small program"),
    ),
    ("openssl", Way::With("openssl", &[0])),
    ("chmod", Way::Run(&[0])),
    ("man", Way::With("man", &[0])),
    ("source", Way::Run(&[0])),
    ("promtool", Way::With("promtool", &[0])),
    (
        "systemd-analyze security second-hand",
        Way::Not("docker/package-test asks it of a service that runs"),
    ),
    ("systemd-analyze", Way::With("systemd-analyze", &[0])),
    ("nginx -t", Way::Not("tests of the proxy start nginx with the example")),
    ("chronyc", Way::Not("tests/chronyd holds chronyc and the page against each other")),
    ("htpasswd", Way::Not("it asks for a password")),
    // Machines as a whole.
    ("docker", Way::Not("make docker-test starts the containers")),
    ("docker-compose", Way::Not("make docker-test starts the containers")),
    ("systemctl", Way::Not("it needs systemd as the first process")),
    ("journalctl", Way::Not("it needs systemd as the first process")),
    ("systemd-sysusers", Way::Not("it changes the machine")),
    (
        "install -m",
        Way::Not("the packages, which docker/package-test installs, hold the same files"),
    ),
    ("mkdir -p", Way::Not("docker/package-test does the same on a machine of its own")),
    ("cp", Way::Not("docker/package-test does the same on a machine of its own")),
    ("rm", Way::Not("docker/package-test does the same on a machine of its own")),
    ("apt-get install", Way::Not("it changes the machine")),
    ("apt install", Way::Not("it changes the machine")),
    ("dnf install", Way::Not("it changes the machine")),
    ("dpkg -i", Way::Not("the test of the Debian package installs it in a container")),
    ("rpm -i", Way::Not("it changes the machine")),
    ("adduser", Way::Not("it changes the machine")),
    ("usermod", Way::Not("it changes the machine")),
];

/// The command itself: without variables before it, and without who is to run it.
pub(crate) fn bare(line: &str) -> &str {
    let mut rest = line.trim();
    loop {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = match word {
            "sudo" => after.trim_start(),
            "-u" => after.trim_start().split_once(' ').map_or("", |(_, after)| after.trim_start()),
            _ if is_variable(word) => after.trim_start(),
            _ => return rest,
        };
    }
}

fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// How a command is held; `None` where no rule fits.
pub(crate) fn way(line: &str) -> Option<Way> {
    let command = bare(line);
    if command == "second-hand" {
        return Some(Way::Serve);
    }
    let fits = |beginning: &str| {
        command.strip_prefix(beginning).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(' ') || beginning.ends_with('-')
        })
    };
    RULES.iter().find(|(beginning, _)| fits(beginning)).map(|(_, way)| *way)
}

impl Way {
    /// Why it is not held on this machine; `None` where it is.
    pub(crate) fn missing(&self, line: &str) -> Option<String> {
        // What the output is handed to.
        let piped = line.split(" | ").skip(1).filter_map(|part| part.split(' ').next());
        let piped = || piped.clone().find_map(|program| absent(program, &["--version"]));
        match self {
            Self::Not(reason) => Some((*reason).to_owned()),
            Self::With("openssl", _) => absent("openssl", &["version"]),
            Self::With(program, _) => absent(program, &["--version"]),
            Self::Curl => absent("curl", &["--version"]).or_else(piped),
            Self::Make => absent("make", &["--version"]),
            Self::Run(_) => piped(),
            Self::Serve | Self::Example => None,
        }
    }
}

fn absent(program: &str, arguments: &[&str]) -> Option<String> {
    (!need::runs(program, arguments)).then(|| format!("{program} is not installed"))
}
