//! The man pages: options by clap_mangen, the rest written here.

use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use super::common::need;
use super::{keep, root};

/// A page besides its options. Words in backquotes are bold.
struct Page {
    /// As `second-hand-check`.
    name: &'static str,
    /// The command; none for the program itself.
    command: Option<&'static str>,
    /// What it is, in a few words.
    about: &'static str,
    synopsis: &'static [&'static str],
    description: &'static [&'static str],
    sections: &'static [Section],
}

/// A section after the options.
struct Section {
    title: &'static str,
    parts: &'static [Part],
}

/// What a section consists of.
enum Part {
    Text(&'static str),
    /// What is explained, and the explanation.
    Term(&'static str, &'static str),
    /// What an example does, and its command.
    Example(&'static str, &'static str),
}

use Part::{Example, Term, Text};

/// When these texts were last gone over; a date that changed by itself would make each build differ.
const DATE: &str = "2026-11-29";

const PAGES: [Page; 3] = [SERVE, CHECK, REPORT];

const SERVE: Page = Page {
    name: "second-hand",
    command: None,
    about: "dashboard for chronyd: can I trust this machine's clock?",
    synopsis: &[
        "second-hand [serve] [OPTION]...",
        "second-hand check [OPTION]...",
        "second-hand report [NAME]... [OPTION]...",
    ],
    description: &[
        "`second-hand` reads chronyd and says whether the clock of this machine is right and to within how much; if it is not, why and what to do. It never changes anything.",
        "Without a command, or with `serve`, it serves a page and a JSON API over HTTP, until SIGTERM or SIGINT. The address is printed on standard output as the line `listening on http://HOST:PORT`; the log goes to standard error.",
        "`second-hand-check`(1) says the same in one line for scripts and monitoring systems, `second-hand-report`(1) prints chronyd's reports.",
    ],
    sections: &[
        Section {
            title: "COMMANDS",
            parts: &[
                Term(
                    "serve",
                    "Serve the dashboard, with the options above. This is what is done without a command.",
                ),
                Term(
                    "check",
                    "Say in one line whether the clock can be trusted: see `second-hand-check`(1).",
                ),
                Term("report", "Print reports of chronyd: see `second-hand-report`(1)."),
            ],
        },
        Section {
            title: "EXIT STATUS",
            parts: &[
                Term("0", "It was ended by a signal, in order."),
                Term("1", "It could not start, or failed while it ran; standard error says why."),
                Term(
                    "2",
                    "An option or a variable is wrong; a line on standard error names it and says what is allowed.",
                ),
            ],
        },
        Section {
            title: "ENVIRONMENT",
            parts: &[Term(
                "SECOND_HAND_<OPTION>",
                "Each option, in capitals and with _ in place of -, as `SECOND_HAND_MAX_ERROR` for `--max-error`. An option that is given wins, an empty variable counts as none. Switches take `true` or `false`; options that may be repeated take a list separated by commas.",
            )],
        },
        Section {
            title: "FILES",
            parts: &[
                Term(
                    "/run/chrony/chronyd.sock",
                    "chronyd's socket, which gives every report. To ask through it takes permission to connect to it and to make a directory beside it: root and chrony's own user have both, the group chrony has neither. Without it chronyd is asked over UDP on this machine (port 323), which needs no permission and gives fewer reports.",
                ),
                Term(
                    "/etc/default/second-hand",
                    "The variables of the service that the packages install.",
                ),
            ],
        },
        Section {
            title: "EXAMPLES",
            parts: &[
                Example(
                    "The dashboard on http://127.0.0.1:8000, of the chronyd of this machine:",
                    "second-hand",
                ),
                Example(
                    "On another port, asking over UDP alone, with a history that outlives a restart:",
                    "second-hand --port 8080 --chronyd 127.0.0.1 --history-file history.redb",
                ),
                Example("Just to look at it, without a chronyd:", "second-hand --demo"),
            ],
        },
        Section {
            title: "SEE ALSO",
            parts: &[Text(
                "`second-hand-check`(1), `second-hand-report`(1), `chronyc`(1), `chrony.conf`(5), `chronyd`(8)",
            )],
        },
    ],
};

const CHECK: Page = Page {
    name: "second-hand-check",
    command: Some("check"),
    about: "say in one line whether the clock can be trusted",
    synopsis: &["second-hand check [OPTION]..."],
    description: &[
        "`second-hand check` reads chronyd once, says in one line on standard output whether the clock of this machine can be trusted, and ends as monitoring plugins do (Nagios, Icinga and others).",
        "The line begins with `CHRONY` and OK, WARNING, CRITICAL or UNKNOWN, then says why. After a bar follow the figures that this rests on, as the performance data of the Monitoring Plugins' guidelines: `max_error` (the most that the clock may be wrong by), `offset`, `stratum`, `last_update` (the age of the last update of the clock), `frequency_ppm`, `skew_ppm` and `reachable` (the sources that answer). Of a clock that follows no source some are left out.",
    ],
    sections: &[
        Section {
            title: "EXIT STATUS",
            parts: &[
                Term(
                    "0",
                    "OK: the clock follows a source, and its error is at most what `--warn-error` allows.",
                ),
                Term(
                    "1",
                    "Warning: its error may be more than that, it follows only itself, has no source now, was last updated more than 8 polls ago, or another check failed.",
                ),
                Term(
                    "2",
                    "Critical: its error may be more than `--max-error` allows, it is not synchronized, its stratum is above `--max-stratum`, fewer sources than `--min-sources` answer, the last update is older than 32 polls, or chronyd does not run or answer. Also: an option is wrong.",
                ),
                Term("3", "Unknown: chronyd may not be asked, or what answers cannot be read."),
            ],
        },
        Section {
            title: "ENVIRONMENT",
            parts: &[Term(
                "SECOND_HAND_<OPTION>",
                "Each option, in capitals and with _ in place of -, as `SECOND_HAND_MAX_ERROR` for `--max-error`. An option that is given wins.",
            )],
        },
        Section {
            title: "FILES",
            parts: &[Term(
                "/run/chrony/chronyd.sock",
                "chronyd's socket; see `second-hand`(1) for who may ask through it. Over UDP, which needs no permission, all is checked but the authentication of the sources.",
            )],
        },
        Section {
            title: "EXAMPLES",
            parts: &[
                Example(
                    "With limits:",
                    "second-hand check --max-error 100ms --max-stratum 4 --min-sources 3",
                ),
                Example("Each check in a line of its own:", "second-hand check --verbose"),
                Example(
                    "In a script, to go on only where the clock is right to within 10 ms:",
                    "second-hand check --max-error 10ms --warn-error 10ms && backup",
                ),
            ],
        },
        Section {
            title: "SEE ALSO",
            parts: &[Text("`second-hand`(1), `second-hand-report`(1), `chronyc`(1), `chronyd`(8)")],
        },
    ],
};

const REPORT: Page = Page {
    name: "second-hand-report",
    command: Some("report"),
    about: "print reports of chronyd",
    synopsis: &["second-hand report [NAME]... [OPTION]..."],
    description: &[
        "`second-hand report` reads chronyd once and prints its reports as tables: in the words of the dashboard, with units, and with the names of the sources. Where none is named, all that chronyd gives are printed, and those that it does not give are named with the reason and what to do.",
        "In a terminal that is too narrow for a table, the columns that do not fit stand below it, the name of each source before them. Colour, which is used in a terminal alone, says nothing that words do not.",
        "With `--json` one report is printed as /api/v1/NAME gives it, several or all as an object with the keys of /api/v1/snapshot, in one line. A report that is not given is null there, and `unavailable` says why; one that was asked for alone is replaced by an object with the key `error`.",
    ],
    sections: &[
        Section {
            title: "EXIT STATUS",
            parts: &[
                Term(
                    "0",
                    "All that was asked for was printed. That chronyd does not measure the real-time clock (rtcdata) is an ordinary answer.",
                ),
                Term(
                    "1",
                    "chronyd gave nothing, did not give a report that was named, or a record could not be read; standard error says why. The rest is printed all the same.",
                ),
                Term("2", "An option, a variable or the name of a report is wrong."),
            ],
        },
        Section {
            title: "ENVIRONMENT",
            parts: &[
                Term(
                    "SECOND_HAND_CHRONYD, SECOND_HAND_TIMEOUT, SECOND_HAND_JSON",
                    "As the options. An option that is given wins; `SECOND_HAND_JSON` takes `true` or `false`.",
                ),
                Term("NO_COLOR", "With any text in it, no colour is used."),
                Term("TERM", "With `dumb` in it, no colour is used."),
            ],
        },
        Section {
            title: "FILES",
            parts: &[Term(
                "/run/chrony/chronyd.sock",
                "chronyd's socket, which gives every report; see `second-hand`(1) for who may ask through it. Over UDP chronyd gives neither selectdata nor authdata, ntpdata, serverstats or clients, unless `opencommands` in `chrony.conf`(5) opens them (chronyd 4.7 and later).",
            )],
        },
        Section {
            title: "EXAMPLES",
            parts: &[
                Example("All that there is:", "second-hand report"),
                Example(
                    "The state of the clock and its sources:",
                    "second-hand report tracking sources",
                ),
                Example(
                    "The most that the clock may be wrong by, in seconds:",
                    "second-hand report --json tracking | jq .max_error",
                ),
                Example(
                    "The sources of another machine, which must allow that (`cmdallow` in its chrony.conf):",
                    "second-hand report --chronyd 192.0.2.1 sources",
                ),
            ],
        },
        Section {
            title: "SEE ALSO",
            parts: &[Text(
                "`second-hand`(1), `second-hand-check`(1), `chronyc`(1), `chrony.conf`(5), `chronyd`(8)",
            )],
        },
    ],
};

/// A line of text in lines of at most 80 bytes, which reads the same.
fn wrapped(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    // What begins with a point or an apostrophe would be taken for a request.
    let is_request = |word: &str| word.starts_with(['.', '\'']) || word.starts_with("\\*(Aq");
    for word in line.trim_end().split(' ') {
        let last = lines.last_mut().unwrap();
        if last.is_empty() {
            last.push_str(word);
        } else if line.starts_with('.') || is_request(word) || last.len() + word.len() < 80 {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A text whose words in backquotes are bold.
fn marked(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

impl Page {
    fn file(&self) -> String {
        format!("packaging/man/{}.1", self.name)
    }

    /// The page as roff.
    fn made(&self) -> String {
        let mut all = second_hand::command();
        all.build();
        let command = match self.command {
            Some(name) => all.find_subcommand(name).unwrap().clone(),
            None => all,
        };
        // Where there are words to choose from, the help names them.
        let command = command.mut_args(|argument| argument.hide_possible_values(true));
        let mut page = Vec::new();
        self.before().to_writer(&mut page).unwrap();
        Man::new(command).render_options_section(&mut page).unwrap();
        self.after().to_writer(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        // Each part begins with a definition of the apostrophe, of which the first is enough.
        let is_definition = |line: &&str| line.starts_with(".ie ") || line.starts_with(".el ");
        let definition: Vec<_> = page.lines().take_while(is_definition).collect();
        let (name, version) = (self.name.to_uppercase(), env!("CARGO_PKG_VERSION"));
        let title = format!(".TH {name} 1 {DATE} \"second-hand {version}\" \"User Commands\"");
        let rest = page.lines().filter(|line| !is_definition(line));
        let lines = definition.into_iter().map(str::to_owned).chain([title]);
        lines.chain(rest.flat_map(wrapped)).map(|line| line + "\n").collect()
    }

    fn before(&self) -> Roff {
        let mut roff = Roff::new();
        roff.control("SH", ["NAME"]);
        roff.text([roman(format!("{} - {}", self.name, self.about))]);
        roff.control("SH", ["SYNOPSIS"]);
        for (number, form) in self.synopsis.iter().enumerate() {
            if number > 0 {
                roff.control("br", []);
            }
            let (command, arguments) = form.split_once(" [").unwrap();
            roff.text([bold(command), roman(format!(" [{arguments}"))]);
        }
        roff.control("SH", ["DESCRIPTION"]);
        for (number, text) in self.description.iter().enumerate() {
            if number > 0 {
                roff.control("PP", []);
            }
            roff.text(marked(text));
        }
        roff
    }

    fn after(&self) -> Roff {
        let mut roff = Roff::new();
        for section in self.sections {
            roff.control("SH", [section.title]);
            for (number, part) in section.parts.iter().enumerate() {
                match part {
                    Text(text) => {
                        roff.text(marked(text));
                    }
                    Term(term, text) => {
                        roff.control("TP", []);
                        roff.text([bold(*term)]);
                        roff.text(marked(text));
                    }
                    Example(what, command) => {
                        if number > 0 {
                            roff.control("PP", []);
                        }
                        roff.text(marked(what));
                        roff.control("PP", []);
                        roff.control("RS", ["4"]);
                        roff.control("EX", []);
                        roff.text([roman(*command)]);
                        roff.control("EE", []);
                        roff.control("RE", []);
                    }
                }
            }
        }
        roff
    }
}

pub(crate) fn the_man_pages_are_up_to_date() {
    for page in &PAGES {
        keep(&page.file(), &page.made());
    }
}

pub(crate) fn a_man_page_names_every_option_and_its_variable() {
    for page in &PAGES {
        let text = page.made().replace("\\-", "-");
        let mut all = second_hand::command();
        all.build();
        let command = match page.command {
            Some(name) => all.find_subcommand(name).unwrap(),
            None => &all,
        };
        for option in command.get_arguments().filter_map(|argument| argument.get_long()) {
            assert!(text.contains(&format!("--{option}\\f")), "{}: {option}", page.name);
            let variable = format!("SECOND_HAND_{}", option.to_uppercase().replace('-', "_"));
            let is_said = text.contains(&variable) || ["help", "version"].contains(&option);
            assert!(is_said, "{}: {variable}", page.name);
        }
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT"]
        {
            assert!(
                text.contains(&format!(".SH {section}\n"))
                    || text.contains(&format!(".SH \"{section}\"\n")),
                "{section}"
            );
        }
    }
}

pub(crate) fn mandoc_finds_nothing_wrong() {
    for page in &PAGES {
        let lint = need::program("mandoc")
            .args(["-Tlint", "-Wstyle"])
            .arg(root().join(page.file()))
            .output()
            .unwrap();
        let text = String::from_utf8(lint.stdout).unwrap();
        assert!(text.is_empty(), "{text}");
    }
}

pub(crate) fn man_finds_nothing_wrong() {
    for page in &PAGES {
        let output = need::program("man")
            .args(["--warnings", "--encoding=UTF-8", "--local-file", "-Tutf8", "-Z"])
            .arg(root().join(page.file()))
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && text.is_empty(), "{text}");
    }
}
