//! What a reader should do next.

use serde::Serialize;

/// One thing to do, and the exact lines for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    pub(crate) text: String,
    pub(crate) lines: Vec<Line>,
}

/// A command, or lines of configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    /// Where it belongs, as `Debian, Ubuntu`; nothing where it is the same everywhere.
    pub(crate) place: Option<&'static str>,
    pub(crate) code: String,
}

pub(crate) const DEBIAN: &str = "Debian, Ubuntu";
pub(crate) const FEDORA: &str = "Fedora, RHEL";

impl Step {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), lines: Vec::new() }
    }

    /// A line that is the same everywhere.
    pub(crate) fn line(mut self, code: impl Into<String>) -> Self {
        self.lines.push(Line { place: None, code: code.into() });
        self
    }

    /// A line for each family of systems.
    pub(crate) fn lines(mut self, debian: &str, fedora: &str) -> Self {
        self.lines.push(Line { place: Some(DEBIAN), code: debian.to_owned() });
        self.lines.push(Line { place: Some(FEDORA), code: fedora.to_owned() });
        self
    }
}

/// How chronyd takes up a changed configuration.
pub(crate) fn restart() -> Step {
    Step::new("Restart chronyd, so that it reads its configuration again:")
        .lines("sudo systemctl restart chrony", "sudo systemctl restart chronyd")
}

/// Lines for chronyd's configuration file, which stands elsewhere in each family of systems.
pub(crate) fn configure(text: &str, lines: &str) -> Step {
    Step::new(format!(
        "{text} The file is /etc/chrony/chrony.conf on Debian and Ubuntu, /etc/chrony.conf on Fedora and RHEL:"
    ))
    .line(lines)
}

/// How a source is added.
pub(crate) fn add_source() -> Step {
    configure(
        "Add a source to chronyd's configuration: a pool of public servers, or a server of your own.",
        "pool pool.ntp.org iburst\nserver time.example.net iburst",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_of_systems_gets_its_own_line() {
        let lines = restart().lines;
        assert_eq!(lines[0].place, Some("Debian, Ubuntu"));
        assert_eq!(lines[0].code, "sudo systemctl restart chrony");
        assert_eq!(lines[1].place, Some("Fedora, RHEL"));
        assert_eq!(lines[1].code, "sudo systemctl restart chronyd");
    }

    #[test]
    fn adding_a_source_shows_the_line_of_configuration() {
        let lines = add_source().lines;
        assert!(lines.iter().all(|line| line.code.contains("server time.example.net iburst")));
        assert!(lines.iter().all(|line| line.code.contains("pool ")));
    }
}
