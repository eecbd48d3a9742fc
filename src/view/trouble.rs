//! What to say and to do when chronyd gives no data.

use libchrony::{Error, ErrorKind};

use crate::view::format;
use crate::view::step::{self, Step};

/// A failed reading in words.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) sentence: &'static str,
    /// The same in a few words, for the title.
    pub(crate) short: &'static str,
    pub(crate) reason: String,
    pub(crate) steps: Vec<Step>,
}

pub(crate) fn trouble(error: &Error) -> Trouble {
    let kind = error.kind();
    let (sentence, short) = sentence(kind);
    Trouble { sentence, short, reason: reason(error), steps: steps(error, kind) }
}

/// What shows the page without a chronyd.
const DEMO: &str = "second-hand --demo";

/// A failed reading for a terminal: what is wrong in a line, and each thing to do in one more.
pub(crate) fn guidance(error: &Error) -> (String, Vec<String>) {
    let trouble = trouble(error);
    // There is no page here to be shown.
    let is_meant = |step: &Step| !step.lines.iter().any(|line| line.code == DEMO);
    let line = |step: Step| {
        let code = |line: &step::Line| match line.place {
            Some(place) => format!("{} ({place})", line.code),
            None => line.code.clone(),
        };
        let codes: Vec<_> = step.lines.iter().map(code).collect();
        format::plain(format!("{} {}", step.text, codes.join(", ")).trim())
    };
    (
        format!("{}. {}", trouble.sentence, trouble.reason),
        trouble.steps.into_iter().filter(is_meant).map(line).collect(),
    )
}

/// The error in one line; of a failed search, what each address gave.
fn reason(error: &Error) -> String {
    match error {
        Error::NothingAnswered { tried } => {
            let tried: Vec<_> = tried.iter().map(in_short).collect();
            format::plain(&format!("Tried {}.", tried.join(", ")))
        }
        error => format!("{}.", format::error(error)),
    }
}

/// What one address of a search gave, as `127.0.0.1:323 (nobody listens)`.
fn in_short(error: &Error) -> String {
    let short = match error {
        Error::NotRunning { .. } => "no such socket".to_owned(),
        Error::NobodyListens { .. } => "nobody listens".to_owned(),
        Error::PermissionDenied { access, .. } => {
            format!("permission denied: this user may not {access}")
        }
        Error::TimedOut { .. } => "no answer".to_owned(),
        error => return error.to_string(),
    };
    match error.address() {
        Some(address) => format!("{address} ({short})"),
        None => short,
    }
}

fn sentence(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::NotRunning | ErrorKind::NobodyListens => {
            ("Connection failed: chronyd may not be running", "chronyd not running")
        }
        ErrorKind::PermissionDenied => {
            ("Connection failed: permission denied", "permission denied")
        }
        ErrorKind::TimedOut => ("Connection failed: chronyd does not answer", "no answer"),
        ErrorKind::Unreachable => {
            ("Connection failed: chronyd's address cannot be reached", "unreachable")
        }
        ErrorKind::NameNotResolved | ErrorKind::InvalidAddress => {
            ("Connection failed: chronyd's address is wrong", "wrong address")
        }
        ErrorKind::NotAuthorized => {
            ("chronyd refuses to tell the state of the clock", "not authorized")
        }
        ErrorKind::ServerTooOld => ("This chronyd is too old to be read", "chronyd too old"),
        ErrorKind::ServerTooNew => {
            ("This chronyd is too new for this dashboard", "chronyd too new")
        }
        ErrorKind::InvalidReply | ErrorKind::UnexpectedStatus => {
            ("What answers does not speak as chronyd does", "invalid reply")
        }
        ErrorKind::Library | ErrorKind::MissingField | ErrorKind::WrongType => {
            ("libchrony, the library that talks to chronyd, failed", "library trouble")
        }
        ErrorKind::OutOfRange => ("chronyd sent a value that cannot be", "impossible value"),
        ErrorKind::SourcesChanging | ErrorKind::NoSuchSource => {
            ("chronyd's list of sources changed while it was read", "sources changing")
        }
        _ => ("chronyd gives no data", "no data"),
    }
}

fn steps(error: &Error, kind: ErrorKind) -> Vec<Step> {
    match kind {
        ErrorKind::NotRunning | ErrorKind::NobodyListens => not_running(kind),
        ErrorKind::PermissionDenied => permission_denied(udp_is_closed(error)),
        ErrorKind::TimedOut => timed_out(),
        ErrorKind::NotAuthorized => vec![
            Step::new("Ask through chronyd's Unix socket, as chrony's own user or root:").lines(
                "sudo -u _chrony second-hand --chronyd /run/chrony/chronyd.sock",
                "sudo -u chrony second-hand --chronyd /run/chrony/chronyd.sock",
            ),
            Step::new("Or, from chronyd 4.7, open the report to UDP: opencommands in chrony.conf."),
        ],
        ErrorKind::Library | ErrorKind::MissingField | ErrorKind::WrongType => vec![
            Step::new(error.hint()),
            Step::new(
                "The bundled libchrony fits this program: build it without LIBCHRONY_NO_VENDOR. A system's libchrony must be version 0.2 or later.",
            ),
        ],
        ErrorKind::ServerTooOld => vec![
            Step::new(error.hint()),
            Step::new("See which version it is:").line("chronyd --version"),
        ],
        ErrorKind::NameNotResolved => vec![
            Step::new(error.hint()),
            Step::new("Give chronyd's address itself:").line("second-hand --chronyd 127.0.0.1"),
        ],
        _ => vec![Step::new(error.hint())],
    }
}

/// Whether a search that failed found UDP closed too.
fn udp_is_closed(error: &Error) -> bool {
    match error {
        Error::NothingAnswered { tried } => {
            tried.iter().any(|error| matches!(error, Error::NobodyListens { .. }))
        }
        _ => false,
    }
}

fn not_running(kind: ErrorKind) -> Vec<Step> {
    let mut steps = vec![
        Step::new("Start it:").lines("sudo systemctl start chrony", "sudo systemctl start chronyd"),
        Step::new("Is it not installed? Install it:")
            .lines("sudo apt-get install chrony", "sudo dnf install chrony"),
        Step::new("Does it run, but answers elsewhere? Give its socket or address:")
            .line("second-hand --chronyd ADDRESS"),
    ];
    steps.push(
        Step::new("Just to see this page, on a simulated chronyd (in the source tree: make demo)?")
            .line(DEMO),
    );
    if kind == ErrorKind::NobodyListens {
        steps.push(Step::new("chronyd with cmdport 0 in chrony.conf listens on no UDP port."));
    }
    steps
}

fn permission_denied(udp_is_closed: bool) -> Vec<Step> {
    let udp = if udp_is_closed {
        Step::new(
            "Open chronyd's UDP port on this machine (cmdport 323 in chrony.conf, or no cmdport line), restart chronyd, then:",
        )
    } else {
        Step::new(
            "Ask over UDP, which needs no permission and gives everything that this page needs most:",
        )
    };
    vec![
        udp.line("second-hand --chronyd 127.0.0.1"),
        Step::new("Or run as chrony's own user, who sees everything. That user may also control chronyd, so do it knowingly:")
            .lines("sudo -u _chrony second-hand", "sudo -u chrony second-hand"),
        Step::new("Joining the chrony group is not enough: a client must connect to the socket and make its own beside it, and the group may do neither. Under systemd, ProtectSystem=strict needs ReadWritePaths=/run/chrony too."),
    ]
}

fn timed_out() -> Vec<Step> {
    vec![
        Step::new("See whether chronyd is stopped or busy:")
            .lines("systemctl status chrony", "systemctl status chronyd"),
        Step::new("See what it logged:")
            .lines("journalctl -u chrony -n 30", "journalctl -u chronyd -n 30"),
        Step::new(
            "On another machine, chronyd must allow this one (cmdallow and bindcmdaddress in chrony.conf), and the firewall UDP port 323.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::io;

    use libchrony::ReportName;

    use super::*;
    use crate::view::samples::{denied, denied_and_udp_closed, not_running, timed_out};

    fn code(trouble: &Trouble) -> String {
        let lines = trouble.steps.iter().flat_map(|step| &step.lines);
        lines.map(|line| line.code.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn text(trouble: &Trouble) -> String {
        trouble.steps.iter().map(|step| step.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn not_running_gives_the_commands_of_both_families() {
        let trouble = trouble(&not_running());
        assert_eq!(trouble.sentence, "Connection failed: chronyd may not be running");
        for line in [
            "sudo systemctl start chrony",
            "sudo systemctl start chronyd",
            "sudo apt-get install chrony",
            "sudo dnf install chrony",
        ] {
            assert!(code(&trouble).lines().any(|other| other == line), "{line}");
        }
        assert_eq!(
            trouble.reason,
            "Tried /run/chrony/chronyd.sock (no such socket), 127.0.0.1:323 (nobody listens), [::1]:323 (nobody listens)."
        );
    }

    #[test]
    fn permission_denied_offers_what_works_and_says_that_the_group_does_not() {
        let trouble = trouble(&denied());
        assert_eq!(trouble.sentence, "Connection failed: permission denied");
        assert!(code(&trouble).contains("second-hand --chronyd 127.0.0.1"));
        assert!(code(&trouble).contains("sudo -u _chrony second-hand"));
        assert!(code(&trouble).contains("sudo -u chrony second-hand"));
        assert!(text(&trouble).contains("Joining the chrony group is not enough"));
        assert!(!text(&trouble).contains("cmdport"));
    }

    #[test]
    fn udp_is_not_promised_where_it_is_closed() {
        let trouble = trouble(&denied_and_udp_closed());
        assert_eq!(trouble.sentence, "Connection failed: permission denied");
        assert!(text(&trouble).contains("cmdport 323"));
    }

    #[test]
    fn a_stopped_chronyd_is_told_apart_from_a_missing_one() {
        let trouble = trouble(&timed_out());
        assert_eq!(trouble.sentence, "Connection failed: chronyd does not answer");
        assert!(code(&trouble).contains("systemctl status chrony"));
        assert!(text(&trouble).contains("cmdallow"));
    }

    #[test]
    fn every_kind_has_a_sentence_and_a_next_step() {
        let address = || "127.0.0.1".parse().unwrap();
        let report = ReportName::Tracking;
        let io = || io::Error::from_raw_os_error(24);
        for (error, sentence) in [
            (Error::NotAuthorized { address: address(), report }, "refuses"),
            (Error::ServerTooOld { address: address(), report }, "too old"),
            (Error::ServerTooNew { address: address(), report }, "too new"),
            (Error::InvalidReply { address: address(), report }, "does not speak"),
            (Error::UnexpectedStatus { address: address(), report }, "does not speak"),
            (Error::SourcesChanging { address: address(), attempts: 3 }, "changed"),
            (Error::Unreachable { address: address(), source: io() }, "cannot be reached"),
            (Error::NameNotResolved { address: address(), source: io() }, "address is wrong"),
            (
                Error::Library { code: None, message: "no memory".into(), source: Some(io()) },
                "libchrony",
            ),
            (Error::MissingField { report, record: 0, field: "skew" }, "libchrony"),
            (Error::UnknownReport { name: "x".into() }, "no data"),
        ] {
            let trouble = trouble(&error);
            assert!(trouble.sentence.contains(sentence), "{}", trouble.sentence);
            assert!(!trouble.steps.is_empty() && !trouble.short.is_empty(), "{error}");
            assert!(trouble.reason.contains(&error.to_string()));
        }
    }
}
