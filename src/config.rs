//! Flags and `SECOND_HAND_*` variables to one validated [`Task`]; the only reader of the environment.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use libchrony::Address;
use tracing::level_filters::LevelFilter;

use crate::country::Countries;
use crate::error::shown;

/// The most that a clock may be wrong by, where nothing else is asked for.
pub(crate) const MAX_ERROR: Duration = Duration::from_millis(100);

/// What the process does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Task {
    /// Serve the dashboard.
    Serve(Config),
    /// Say in one line whether the clock can be trusted.
    Check(Check),
}

/// How the dashboard is served, validated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    /// The address to listen on.
    pub(crate) host: IpAddr,
    /// The port to listen on; 0 picks a free one.
    pub(crate) port: u16,
    /// How chronyd is asked.
    pub(crate) chronyd: Chronyd,
    /// Further names this server may be asked by, in lower case.
    pub(crate) allowed_hosts: Vec<String>,
    /// How often chronyd is read for the history and for those who watch live.
    pub(crate) refresh: Duration,
    /// Where the countries of sources are looked up.
    pub(crate) countries: Option<Countries>,
    /// How much of what was read is remembered; `None` = nothing.
    pub(crate) history: Option<Duration>,
    /// The file that keeps it across restarts.
    pub(crate) history_file: Option<PathBuf>,
    /// Whether the embedded simulated chronyd is read in place of a real one.
    pub(crate) demo: bool,
    /// What is logged.
    pub(crate) log: LevelFilter,
}

/// What a check holds the clock against, validated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Check {
    /// How chronyd is asked.
    pub(crate) chronyd: Chronyd,
    /// A clock that may be wrong by more is critical, by more than half of it a warning.
    pub(crate) max_error: Duration,
    /// A clock of a higher stratum is critical.
    pub(crate) max_stratum: Option<u8>,
    /// Whether each check is told too.
    pub(crate) verbose: bool,
}

/// Where and how patiently chronyd is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chronyd {
    /// Where; `None` = the default search.
    pub(crate) address: Option<Address>,
    /// How long one attempt waits for an answer.
    pub(crate) timeout: Duration,
}

/// Can I trust this machine's clock? A dashboard for chronyd.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Flags {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: ServeFlags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the dashboard; the default
    Serve(ServeFlags),
    /// Say in one line whether the clock can be trusted, and end as monitoring plugins do: 0 it can,
    /// 1 warning, 2 critical, 3 unknown
    Check(CheckFlags),
}

#[derive(Debug, Args)]
struct ServeFlags {
    /// Address to listen on: an IP address or localhost [env: SECOND_HAND_HOST] [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,

    /// Port to listen on; 0 picks a free one [env: SECOND_HAND_PORT] [default: 8000]
    #[arg(long)]
    port: Option<String>,

    #[command(flatten)]
    chronyd: ChronydFlags,

    /// Another host name that browsers may ask this server by; repeatable, in the variable separated
    /// by commas
    /// [env: SECOND_HAND_ALLOWED_HOST]
    #[arg(long, value_name = "NAME")]
    allowed_host: Vec<String>,

    /// How often chronyd is read for the history and for open pages, from 1s to 1h
    /// [env: SECOND_HAND_REFRESH] [default: 5s]
    #[arg(long, value_name = "TIME")]
    refresh: Option<String>,

    /// Local country or city database in MaxMind's format, as GeoLite2-Country.mmdb, for the pages
    /// of the sources; nothing is looked up over the network [env: SECOND_HAND_GEOIP_DB]
    #[arg(long, value_name = "FILE")]
    geoip_db: Option<String>,
    /// How long what was read is remembered for the charts and events, from 10m to 400d, the older in
    /// the less detail; 0 or off: not at all [env: SECOND_HAND_HISTORY] [default: 24h]
    #[arg(long, value_name = "TIME")]
    history: Option<String>,

    /// File that keeps the history when second-hand is started anew; made where there is none
    /// [env: SECOND_HAND_HISTORY_FILE] [default: memory alone]
    #[arg(long, value_name = "FILE")]
    history_file: Option<String>,

    /// Show the dashboard on an embedded simulated chronyd [env: SECOND_HAND_DEMO]
    #[arg(long)]
    demo: bool,

    /// What is logged on standard error: off, error, warn, info or debug [env: SECOND_HAND_LOG]
    /// [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
}

#[derive(Debug, Args)]
struct CheckFlags {
    #[command(flatten)]
    chronyd: ChronydFlags,

    /// The most that the clock may be wrong by: more is critical, more than half of it a warning
    /// [env: SECOND_HAND_MAX_ERROR] [default: 100ms]
    #[arg(long, value_name = "TIME")]
    max_error: Option<String>,

    /// The highest stratum (steps from a reference clock) that is not critical, from 1 to 15
    /// [env: SECOND_HAND_MAX_STRATUM] [default: any]
    #[arg(long, value_name = "NUMBER")]
    max_stratum: Option<String>,

    /// Tell each check in a line of its own, below the first [env: SECOND_HAND_VERBOSE]
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Debug, Args)]
struct ChronydFlags {
    /// Where chronyd is asked: /path/to/socket, 192.0.2.1, 192.0.2.1:323, [2001:db8::1]:323 or a
    /// host name; without it its Unix socket, then 127.0.0.1, then ::1 [env: SECOND_HAND_CHRONYD]
    #[arg(long, value_name = "ADDRESS")]
    chronyd: Option<String>,

    /// How long to wait for each answer of chronyd, which is asked up to three times [env: SECOND_HAND_TIMEOUT] [default: 1s]
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
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
            None => Config::new(flags.serve, &input).map(Self::Serve),
            Some(Command::Serve(flags)) => Config::new(flags, &input).map(Self::Serve),
            Some(Command::Check(flags)) => Check::new(flags, &input).map(Self::Check),
        }
    }
}

impl Config {
    /// The configuration that these arguments alone give, without the environment's.
    pub(crate) fn from_arguments(arguments: Vec<String>) -> Result<Self, String> {
        let flags = Flags::try_parse_from(arguments).map_err(|error| error.to_string())?;
        match Task::new(flags, |_| None)? {
            Task::Serve(config) => Ok(config),
            Task::Check(_) => Err("check serves nothing".to_owned()),
        }
    }

    fn new(flags: ServeFlags, input: &Input<'_>) -> Result<Self, String> {
        let allowed_hosts = if flags.allowed_host.is_empty() {
            input.take(None, "allowed-host", parse_names)?.unwrap_or_default()
        } else {
            let parse = |name: &String| {
                input
                    .take(Some(name.clone()), "allowed-host", parse_name)
                    .map(Option::unwrap_or_default)
            };
            flags.allowed_host.iter().map(parse).collect::<Result<_, _>>()?
        };
        let chronyd = Chronyd::new(flags.chronyd, input)?;
        let demo = flags.demo || input.take(None, "demo", parse_switch)?.unwrap_or_default();
        if let (true, Some(chronyd)) = (demo, &chronyd.address) {
            return Err(format!(
                "--chronyd {:?}: must be left out with --demo",
                chronyd.to_string()
            ));
        }
        let history = input
            .take(flags.history, "history", parse_history)?
            .unwrap_or(Some(Duration::from_secs(24 * 3600)));
        let history_file = input.take(flags.history_file, "history-file", parse_file)?;
        if let (None, Some(file)) = (history, &history_file) {
            return Err(format!("--history-file {file:?}: must be left out with --history off"));
        }
        Ok(Self {
            host: input.take(flags.host, "host", parse_host)?.unwrap_or(Ipv4Addr::LOCALHOST.into()),
            port: input.take(flags.port, "port", parse_port)?.unwrap_or(8000),
            chronyd,
            allowed_hosts,
            refresh: input
                .take(flags.refresh, "refresh", parse_refresh)?
                .unwrap_or(Duration::from_secs(5)),
            countries: input.take(flags.geoip_db, "geoip-db", Countries::open)?,
            history,
            history_file,
            demo,
            log: input.take(flags.log, "log", parse_log)?.unwrap_or(LevelFilter::INFO),
        })
    }
}

impl Check {
    fn new(flags: CheckFlags, input: &Input<'_>) -> Result<Self, String> {
        Ok(Self {
            chronyd: Chronyd::new(flags.chronyd, input)?,
            max_error: input
                .take(flags.max_error, "max-error", parse_max_error)?
                .unwrap_or(MAX_ERROR),
            max_stratum: input.take(flags.max_stratum, "max-stratum", parse_stratum)?,
            verbose: flags.verbose
                || input.take(None, "verbose", parse_switch)?.unwrap_or_default(),
        })
    }
}

impl Chronyd {
    fn new(flags: ChronydFlags, input: &Input<'_>) -> Result<Self, String> {
        Ok(Self {
            address: input.take(flags.chronyd, "chronyd", parse_chronyd)?,
            timeout: input
                .take(flags.timeout, "timeout", parse_timeout)?
                .unwrap_or(Duration::from_secs(1)),
        })
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
            None => {
                let name = format!("SECOND_HAND_{}", option.to_uppercase().replace('-', "_"));
                match (self.variable)(&name).filter(|text| !text.is_empty()) {
                    Some(text) => (text, name),
                    None => return Ok(None),
                }
            }
        };
        parse(&text).map(Some).map_err(|allowed| format!("{shown} {text:?}: {allowed}"))
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

fn parse_host(text: &str) -> Result<IpAddr, &'static str> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| "must be an IP address of this machine, or localhost")
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "must be a number from 0 (any free port) to 65535")
}

fn parse_chronyd(text: &str) -> Result<Address, String> {
    text.parse::<Address>().map_err(|error| match error {
        libchrony::Error::InvalidAddress { reason, .. } => {
            format!("{reason}; allowed are /path/to/socket, an IP address or a host name, the latter two with :PORT")
        }
        other => other.to_string(),
    })
}

/// A time with its unit, as `500ms`, where it lies within the range.
fn time_within(text: &str, range: &RangeInclusive<Duration>) -> Option<Duration> {
    humantime::parse_duration(text).ok().filter(|time| range.contains(time))
}

fn parse_timeout(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_millis(1)..=Duration::from_secs(60);
    time_within(text, &range).ok_or("must be a time from 1ms to 60s, with its unit, as 500ms or 2s")
}

fn parse_refresh(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_secs(1)..=Duration::from_secs(3600);
    time_within(text, &range).ok_or("must be a time from 1s to 1h, with its unit, as 5s or 1m")
}

fn parse_history(text: &str) -> Result<Option<Duration>, &'static str> {
    if matches!(text, "0" | "off") {
        return Ok(None);
    }
    let range = Duration::from_secs(10 * 60)..=Duration::from_secs(400 * 86_400);
    time_within(text, &range)
        .map(Some)
        .ok_or("must be a time from 10m to 400d, with its unit, as 24h or 30d, or off")
}

fn parse_max_error(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_micros(1)..=Duration::from_secs(3600);
    time_within(text, &range)
        .ok_or("must be a time from 1us to 1h, with its unit, as 500us or 100ms")
}

fn parse_stratum(text: &str) -> Result<u8, &'static str> {
    text.parse()
        .ok()
        .filter(|stratum| (1..=15).contains(stratum))
        .ok_or("must be a number from 1 to 15")
}

fn parse_file(text: &str) -> Result<PathBuf, &'static str> {
    // As from a variable that was meant to hold a directory.
    let is_file = !text.is_empty() && !text.ends_with('/') && !text.contains('\0');
    is_file.then(|| PathBuf::from(text)).ok_or("must be the path of a file")
}

/// A host name or IP address without port, in lower case.
fn parse_name(text: &str) -> Result<String, &'static str> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    let is_name = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    (is_name || name.parse::<IpAddr>().is_ok())
        .then_some(name)
        .ok_or("must be a host name or IP address, without port")
}

fn parse_names(text: &str) -> Result<Vec<String>, &'static str> {
    text.split(',').map(|name| parse_name(name.trim())).collect()
}

fn parse_switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("must be true or false"),
    }
}

fn parse_log(text: &str) -> Result<LevelFilter, &'static str> {
    match text {
        "off" => Ok(LevelFilter::OFF),
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        _ => Err("must be off, error, warn, info or debug"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(flags: &[&str], variables: &[(&str, &str)]) -> Result<Task, String> {
        let flags = Flags::try_parse_from([&["second-hand"], flags].concat()).unwrap();
        Task::new(flags, |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn config(flags: &[&str], variables: &[(&str, &str)]) -> Result<Config, String> {
        match task(flags, variables)? {
            Task::Serve(config) => Ok(config),
            Task::Check(check) => panic!("{check:?}"),
        }
    }

    fn check(flags: &[&str], variables: &[(&str, &str)]) -> Result<Check, String> {
        match task(&[&["check"], flags].concat(), variables)? {
            Task::Check(check) => Ok(check),
            Task::Serve(config) => panic!("{config:?}"),
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
        assert_eq!(defaults.max_error, Duration::from_millis(100));
        assert_eq!((defaults.max_stratum, defaults.chronyd.address), (None, None));
        let flags = ["--max-error", "5ms", "--max-stratum=3", "--chronyd", "192.0.2.1"];
        let variables = [("SECOND_HAND_MAX_ERROR", "1s"), ("SECOND_HAND_TIMEOUT", "2s")];
        let given = check(&flags, &variables).unwrap();
        assert_eq!((given.max_error, given.max_stratum), (Duration::from_millis(5), Some(3)));
        assert_eq!(given.chronyd.timeout, Duration::from_secs(2));
        assert_eq!(given.chronyd.address.unwrap().to_string(), "192.0.2.1:323");
        for (option, value, allowed) in [
            ("max-error", "0s", "1us to 1h"),
            ("max-error", "100", "with its unit"),
            ("max-stratum", "0", "1 to 15"),
            ("max-stratum", "16", "1 to 15"),
        ] {
            let line = check(&[&format!("--{option}={value}")], &[]).unwrap_err();
            assert!(line.starts_with(&format!("--{option} ")) && line.contains(allowed), "{line}");
        }
    }

    #[test]
    fn names_may_be_allowed_several_times() {
        let flags = ["--allowed-host", "A.example.", "--allowed-host", "[2001:db8::1]"];
        assert_eq!(config(&flags, &[]).unwrap().allowed_hosts, ["a.example", "2001:db8::1"]);
    }
}
