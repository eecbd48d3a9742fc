//! Flags and `SECOND_HAND_*` variables to one validated [`Task`]; the only reader of the environment.

mod check;
mod chronyd;
mod limits;
mod parse;
mod report;
mod serve;
mod service;

use std::fmt::Display;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{CommandFactory, Parser, Subcommand};

use crate::error::shown;

pub(crate) use check::Check;
pub(crate) use chronyd::Chronyd;
pub(crate) use limits::Limits;
pub(crate) use report::Report;
pub(crate) use serve::{Config, Machines, Probed};
pub(crate) use service::Service;

/// What the process does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Task {
    /// Serve the dashboard.
    Serve(Box<Config>),
    /// Say in one line whether the clock can be trusted.
    Check(Check),
    /// Print reports.
    Report(Report),
}

/// Can I trust this machine's clock? A dashboard for chronyd.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Flags {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: serve::ServeFlags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the dashboard; the default
    Serve(Box<serve::ServeFlags>),
    /// Say in one line whether the clock can be trusted, and end as monitoring plugins do: 0 it can,
    /// 1 warning, 2 critical, 3 unknown
    Check(check::CheckFlags),
    /// Print reports of chronyd: tables for people, with --json data for programs
    Report(report::ReportFlags),
}

/// The face of the command line, from which man pages and completions are made. Unlike the one that reads
/// arguments it knows the words that stand for values, which would else be refused in clap's sentences.
#[doc(hidden)]
#[must_use]
pub fn command() -> clap::Command {
    let log = |log: clap::Arg| log.value_parser(PossibleValuesParser::new(parse::LOG_LEVELS));
    let reports = PossibleValuesParser::new(report::names().map(libchrony::ReportName::as_str));
    Flags::command()
        .mut_arg("log", log)
        .mut_subcommand("serve", |serve| serve.mut_arg("log", log))
        .mut_subcommand("report", |report| {
            report.mut_arg("names", |names| names.value_parser(reports))
        })
}

impl Task {
    /// The task of this process, or the way it ends: help and version with 0, bad input with one line
    /// and 2.
    pub(crate) fn from_process() -> Result<Self, ExitCode> {
        let flags = Flags::try_parse().map_err(|error| refuse(&error))?;
        let variable =
            |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self::new(flags, variable).map_err(|problem| {
            eprintln!("second-hand: {}", shown(&problem));
            ExitCode::from(2)
        })
    }

    fn new(flags: Flags, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let input = Input { variable: &variable };
        match flags.command {
            None => Config::new(flags.serve, &input).map(Box::new).map(Self::Serve),
            Some(Command::Serve(flags)) => {
                Config::new(*flags, &input).map(Box::new).map(Self::Serve)
            }
            Some(Command::Check(flags)) => Check::new(flags, &input).map(Self::Check),
            Some(Command::Report(flags)) => Report::new(flags, &input).map(Self::Report),
        }
    }
}

/// Where a setting's text comes from: its flag, else its variable.
struct Input<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Input<'_> {
    /// The value of an option, or a line that names the option, the value and what is allowed.
    fn take<T, E: Display>(
        &self,
        flag: Option<String>,
        option: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, String> {
        let (text, shown) = match flag {
            Some(text) => (text, format!("--{option}")),
            None => match self.named(option) {
                Some((name, text)) => (text, name),
                None => return Ok(None),
            },
        };
        parse(&text).map(Some).map_err(|allowed| format!("{shown} {text:?}: {allowed}"))
    }

    /// The values of an option that may be given several times, in its variable separated by commas.
    fn list<T>(
        &self,
        flags: &[String],
        option: &str,
        parse: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<Vec<T>, String> {
        if flags.is_empty() {
            let each = |text: &str| text.split(',').map(|item| parse(item.trim())).collect();
            return self.take(None, option, each).map(Option::unwrap_or_default);
        }
        let each = |text: &String| {
            parse(text).map_err(|allowed| format!("--{option} {text:?}: {allowed}"))
        };
        flags.iter().map(each).collect()
    }

    /// The variable of an option, with its text, where it is set.
    fn named(&self, option: &str) -> Option<(String, String)> {
        let name = format!("SECOND_HAND_{}", option.to_uppercase().replace('-', "_"));
        let text = self.variable(&name)?;
        Some((name, text))
    }

    /// What a variable holds, where it holds anything.
    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|text| !text.is_empty())
    }

    /// Whether a variable that is no option's holds anything.
    fn is_set(&self, name: &str) -> bool {
        self.variable(name).is_some()
    }

    /// Whether a variable that is no option's holds this text.
    fn holds(&self, name: &str, text: &str) -> bool {
        (self.variable)(name).is_some_and(|held| held == text)
    }
}

/// Shows help or version, or says in one line what is wrong with the flags.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe leaves nobody to tell.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    // What follows an empty line is advice.
    let line = text.split("\n\n").next().unwrap_or_default();
    let line = shown(line.trim_start_matches("error: "));
    eprintln!("second-hand: {line}; see second-hand --help");
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::path::PathBuf;
    use std::time::Duration;

    use libchrony::ReportName;
    use tracing::level_filters::LevelFilter;

    use super::*;

    fn task(flags: &[&str], variables: &[(&str, &str)]) -> Result<Task, String> {
        let flags = Flags::try_parse_from([&["second-hand"], flags].concat()).unwrap();
        Task::new(flags, |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn config(flags: &[&str], variables: &[(&str, &str)]) -> Result<Config, String> {
        match task(flags, variables)? {
            Task::Serve(config) => Ok(*config),
            other => panic!("{other:?}"),
        }
    }

    fn check(flags: &[&str], variables: &[(&str, &str)]) -> Result<Check, String> {
        match task(&[&["check"], flags].concat(), variables)? {
            Task::Check(check) => Ok(check),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let config = config(&[], &[]).unwrap();
        assert_eq!((config.host, config.port), (Ipv4Addr::LOCALHOST.into(), 8000));
        let Chronyd { address, timeout } = config.chronyd;
        assert_eq!((address, timeout), (None, Duration::from_secs(1)));
        assert!(config.allowed_hosts.is_empty());
        assert_eq!(config.history, Some(Duration::from_secs(86_400)));
    }

    #[test]
    fn a_flag_wins_over_its_variable() {
        let variables = [("SECOND_HAND_PORT", "1"), ("SECOND_HAND_TIMEOUT", "2s")];
        let config = config(&["serve", "--port", "2"], &variables).unwrap();
        assert_eq!((config.port, config.chronyd.timeout), (2, Duration::from_secs(2)));
    }

    #[test]
    fn every_variable_is_read() {
        let config = config(
            &[],
            &[
                ("SECOND_HAND_HOST", "::1"),
                ("SECOND_HAND_PORT", "0"),
                ("SECOND_HAND_CHRONYD", "192.0.2.1:11323"),
                ("SECOND_HAND_TIMEOUT", "250ms"),
                ("SECOND_HAND_ALLOWED_HOST", "Clock.Example.net, time.example"),
                ("SECOND_HAND_REFRESH", "1m"),
                ("SECOND_HAND_HISTORY", "30d"),
                ("SECOND_HAND_HISTORY_FILE", "/var/lib/second-hand/history"),
                ("SECOND_HAND_LOG", "debug"),
            ],
        )
        .unwrap();
        assert_eq!(config.host.to_string(), "::1");
        assert_eq!(config.port, 0);
        assert_eq!(config.chronyd.address.unwrap().to_string(), "192.0.2.1:11323");
        assert_eq!(config.chronyd.timeout, Duration::from_millis(250));
        assert_eq!(config.allowed_hosts, ["clock.example.net", "time.example"]);
        assert_eq!(config.refresh, Duration::from_secs(60));
        assert_eq!(config.history, Some(Duration::from_secs(30 * 86_400)));
        assert_eq!(config.history_file, Some(PathBuf::from("/var/lib/second-hand/history")));
        assert_eq!(config.log, LevelFilter::DEBUG);
    }

    #[test]
    fn the_simulated_chronyd_is_asked_for_by_flag_or_variable_and_stands_alone() {
        assert!(!config(&[], &[("SECOND_HAND_DEMO", "false")]).unwrap().demo);
        assert!(config(&[], &[("SECOND_HAND_DEMO", "true")]).unwrap().demo);
        assert!(config(&["--demo"], &[]).unwrap().demo);
        let line = config(&["--demo", "--chronyd", "192.0.2.1"], &[]).unwrap_err();
        assert!(line.contains("--chronyd") && line.contains("--demo"), "{line}");
        assert!(
            config(&[], &[("SECOND_HAND_DEMO", "maybe")]).unwrap_err().contains("true or false")
        );
    }

    #[test]
    fn no_history_is_asked_for_by_0_or_off() {
        for none in ["0", "off"] {
            assert_eq!(config(&["--history", none], &[]).unwrap().history, None);
            let line = config(&["--history", none, "--history-file", "a"], &[]).unwrap_err();
            assert!(line.contains("--history-file") && line.contains("--history off"), "{line}");
        }
    }

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        assert_eq!(config(&[], &[("SECOND_HAND_PORT", "")]).unwrap().port, 8000);
    }

    #[test]
    fn bad_input_names_the_option_or_variable_the_value_and_what_is_allowed() {
        for (option, value, allowed) in [
            ("host", "time.example.net", "IP address"),
            ("port", "65536", "0 (any free port) to 65535"),
            ("port", "-1", "65535"),
            ("chronyd", "run/chronyd.sock", "absolute"),
            ("chronyd", "192.0.2.1:0", "1 to 65535"),
            ("timeout", "1", "1ms to 60s"),
            ("timeout", "61s", "1ms to 60s"),
            ("refresh", "100ms", "1s to 1h"),
            ("refresh", "5", "with its unit"),
            ("history", "1m", "10m to 400d"),
            ("history", "401d", "10m to 400d"),
            ("history-file", "/var/lib/", "path of a file"),
            ("allowed-host", "example.net:8000", "without port"),
            ("probe-allow", "192.0.2.0/33", "network"),
            ("probe-allow", "192.0.2.1.5", "host name"),
            ("probe-allow", "time.example:0", "port from 1 to 65535"),
            ("probe-allow", "192.0.2.0/24:", "port from 1 to 65535"),
            ("probe-allow", "[2001:db8::]x", "host name"),
            ("probe-allow", "fe80::1%eth0", "host name"),
            ("probe-allow", "0x7f000001", "host name"),
            ("base-path", "clock", "as /clock"),
            ("base-path", "/a//b", "as /clock"),
            ("base-path", "/../b", "as /clock"),
            ("base-path", "/a b", "as /clock"),
            ("base-path", "/sources/clock", "the site itself"),
            ("trusted-proxy", "proxy.example.net", "IP address or a network"),
            ("basic-auth-file", "/etc/", "path of a file"),
            ("bearer-token-file", "/etc/", "path of a file"),
            ("max-error", "100", "with its unit"),
            ("min-sources", "0", "1 to 1000"),
            ("log", "loud", "off, error, warn, info or debug"),
        ] {
            let flag = config(&[&format!("--{option}={value}")], &[]).unwrap_err();
            let name = format!("SECOND_HAND_{}", option.to_uppercase().replace('-', "_"));
            let variable = config(&[], &[(&name, value)]).unwrap_err();
            for (line, shown) in [(flag, format!("--{option} ")), (variable, name)] {
                assert!(line.starts_with(&shown), "{line}");
                assert!(line.contains(value) && line.contains(allowed), "{line}");
                assert_eq!(line.lines().count(), 1, "{line}");
            }
        }
    }

    #[test]
    fn a_check_takes_its_limits_and_chronyd_s_address() {
        let defaults = check(&[], &[]).unwrap();
        assert_eq!(defaults.limits.max_error, Duration::from_millis(100));
        assert_eq!((defaults.limits.max_stratum, defaults.chronyd.address), (None, None));
        let flags = ["--max-error", "5ms", "--max-stratum=3", "--chronyd", "192.0.2.1"];
        let variables = [("SECOND_HAND_MAX_ERROR", "1s"), ("SECOND_HAND_TIMEOUT", "2s")];
        let given = check(&flags, &variables).unwrap();
        assert_eq!(
            (given.limits.max_error, given.limits.max_stratum),
            (Duration::from_millis(5), Some(3))
        );
        assert_eq!(given.chronyd.timeout, Duration::from_secs(2));
        assert_eq!(given.chronyd.address.unwrap().to_string(), "192.0.2.1:323");
        assert_eq!(
            (given.limits.warn_error, given.limits.min_sources),
            (Duration::from_micros(2_500), None)
        );
        let flags = ["--max-error=5ms", "--warn-error=5ms", "--min-sources=3"];
        let limits = check(&flags, &[]).unwrap().limits;
        assert_eq!((limits.warn_error, limits.min_sources), (Duration::from_millis(5), Some(3)));
        for (option, value, allowed) in [
            ("max-error", "0s", "1us to 1h"),
            ("max-error", "100", "with its unit"),
            ("warn-error", "1", "with its unit"),
            ("warn-error", "101ms", "not be above --max-error, which is 100ms"),
            ("min-sources", "0", "1 to 1000"),
            ("max-stratum", "0", "1 to 15"),
            ("max-stratum", "16", "1 to 15"),
        ] {
            let line = check(&[&format!("--{option}={value}")], &[]).unwrap_err();
            assert!(line.starts_with(&format!("--{option} ")) && line.contains(allowed), "{line}");
        }
    }

    #[test]
    fn a_report_takes_names_and_says_which_there_are() {
        let report = |flags: &[&str], variables: &[(&str, &str)]| match task(
            &[&["report"], flags].concat(),
            variables,
        )? {
            Task::Report(report) => Ok(report),
            other => panic!("{other:?}"),
        };
        let given = report(&["sources", "clients", "--json", "--chronyd=192.0.2.1"], &[]).unwrap();
        assert_eq!(given.names, [ReportName::Sources, ReportName::Clients]);
        assert!(given.json && !given.no_color);
        assert_eq!(given.chronyd.address.unwrap().to_string(), "192.0.2.1:323");
        let line: Result<_, String> = report(&["soruces"], &[]);
        let line = line.unwrap_err();
        assert!(line.contains("\"soruces\": must be one of tracking, sources, "), "{line}");
        assert!(line.ends_with("smoothing, clients"), "{line}");
        for (name, value, no_color) in [
            ("NO_COLOR", "1", true),
            ("NO_COLOR", "", false),
            ("TERM", "dumb", true),
            ("TERM", "xterm", false),
        ] {
            assert_eq!(report(&[], &[(name, value)]).unwrap().no_color, no_color, "{name}={value}");
        }
        assert!(report(&[], &[("SECOND_HAND_JSON", "true")]).unwrap().json);
    }

    #[test]
    fn what_may_be_probed_is_a_network_or_a_name_at_one_port() {
        let flags = [
            ("192.0.2.7/24", "192.0.2.0/24 323"),
            ("192.0.2.1", "192.0.2.1/32 323"),
            ("192.0.2.0/24:11323", "192.0.2.0/24 11323"),
            ("2001:db8::1", "2001:db8::1/128 323"),
            ("2001:db8::/32", "2001:db8::/32 323"),
            ("[2001:db8::/32]:11323", "2001:db8::/32 11323"),
            ("[2001:db8::1]", "2001:db8::1/128 323"),
            // What an IPv4 address is called within IPv6 is an IPv4 address.
            ("::ffff:192.0.2.1", "192.0.2.1/32 323"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24 323"),
            ("Clock.Example.net.", "clock.example.net 323"),
            ("clock.example.net:11323", "clock.example.net 11323"),
        ];
        for (text, expected) in flags {
            let probed = config(&["--probe-allow", text], &[]).unwrap().probe_allow;
            let [Probed { machines, port }] = &probed[..] else { panic!("{probed:?}") };
            let shown = match machines {
                Machines::Network(network) => format!("{network} {port}"),
                Machines::Name(name) => format!("{name} {port}"),
            };
            assert_eq!(shown, expected, "{text}");
        }
        let variables = [("SECOND_HAND_PROBE_ALLOW", "192.0.2.0/24, a.example")];
        assert_eq!(config(&[], &variables).unwrap().probe_allow.len(), 2);
    }

    #[test]
    fn names_may_be_allowed_several_times() {
        let flags = ["--allowed-host", "A.example.", "--allowed-host", "[2001:db8::1]"];
        assert_eq!(config(&flags, &[]).unwrap().allowed_hosts, ["a.example", "2001:db8::1"]);
    }
}
