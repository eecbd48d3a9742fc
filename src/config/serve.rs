//! `second-hand serve`, which is also what is done without a command.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueHint};
use ipnet::IpNet;
use tracing::level_filters::LevelFilter;

use super::chronyd::{Chronyd, ChronydFlags};
use super::limits::{LimitFlags, Limits};
use super::parse::{
    parse_base_path, parse_file, parse_history, parse_host, parse_log, parse_name, parse_network,
    parse_port, parse_probed, parse_refresh, parse_switch,
};
use super::service::Service;
use super::{Flags, Input, Task};
use crate::country::Countries;

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
    /// What `/health/sync` holds the clock against.
    pub(crate) limits: Limits,
    /// What `/probe` may ask; empty = there is no `/probe`.
    pub(crate) probe_allow: Vec<Probed>,
    /// The path below which a proxy shows the site, without a slash at its end; empty = the root.
    pub(crate) base_path: String,
    /// Whose forwarded headers are believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The file of names and password hashes.
    pub(crate) basic_auth_file: Option<PathBuf>,
    /// The file of bearer tokens.
    pub(crate) bearer_token_file: Option<PathBuf>,
    /// Whether the embedded simulated chronyd is read in place of a real one.
    pub(crate) demo: bool,
    /// What is logged.
    pub(crate) log: LevelFilter,
    /// Who started this process and wants to hear how it fares.
    pub(crate) service: Option<Service>,
}

/// Machines that may be probed, each at one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) machines: Machines,
    /// chronyd's UDP port there.
    pub(crate) port: u16,
}

/// One machine, or many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Machines {
    /// Those of a network.
    Network(IpNet),
    /// The one of this host name, in lower case.
    Name(String),
}

#[derive(Debug, Args)]
pub(super) struct ServeFlags {
    /// Address to listen on: an IP address or localhost [env: SECOND_HAND_HOST] [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::Other)]
    host: Option<String>,

    /// Port to listen on; 0 picks a free one [env: SECOND_HAND_PORT] [default: 8000]
    #[arg(long, value_hint = ValueHint::Other)]
    port: Option<String>,

    #[command(flatten)]
    chronyd: ChronydFlags,

    /// Another host name that browsers may ask this server by; repeatable, in the variable separated
    /// by commas
    /// [env: SECOND_HAND_ALLOWED_HOST]
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Hostname)]
    allowed_host: Vec<String>,

    /// How often chronyd is read for the history and for open pages, from 1s to 1h
    /// [env: SECOND_HAND_REFRESH] [default: 5s]
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other)]
    refresh: Option<String>,

    /// Local country or city database in MaxMind's format, as GeoLite2-Country.mmdb, for the pages
    /// of the sources; nothing is looked up over the network [env: SECOND_HAND_GEOIP_DB]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    geoip_db: Option<String>,

    /// How long what was read is remembered for the charts and events, from 10m to 400d, the older in
    /// the less detail; 0 or off: not at all [env: SECOND_HAND_HISTORY] [default: 24h]
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other)]
    history: Option<String>,

    /// File that keeps the history when second-hand is started anew; made where there is none
    /// [env: SECOND_HAND_HISTORY_FILE] [default: memory alone]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    history_file: Option<String>,

    #[command(flatten)]
    limits: LimitFlags,

    /// Machines whose chronyd may be asked through /probe?target=: a network, an address or a host
    /// name, at UDP port 323 or, as 192.0.2.0/24:11323, at another; repeatable, in the variable
    /// separated by commas [env: SECOND_HAND_PROBE_ALLOW] [default: none, and no /probe]
    #[arg(long, value_name = "CIDR|NAME", value_hint = ValueHint::Other)]
    probe_allow: Vec<String>,

    /// Path below which a proxy shows this site, as /clock [env: SECOND_HAND_BASE_PATH] [default: /]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::Other)]
    base_path: Option<String>,

    /// Proxy whose X-Forwarded-For and X-Forwarded-Host are believed: an address or a network;
    /// repeatable, in the variable separated by commas
    /// [env: SECOND_HAND_TRUSTED_PROXY] [default: nobody's]
    #[arg(long, value_name = "CIDR", value_hint = ValueHint::Other)]
    trusted_proxy: Vec<String>,

    /// File of names and passwords, of which every request needs one: lines of NAME:HASH with bcrypt,
    /// as `htpasswd -B` makes them [env: SECOND_HAND_BASIC_AUTH_FILE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    basic_auth_file: Option<String>,

    /// File of bearer tokens, one a line, of which every request needs one
    /// [env: SECOND_HAND_BEARER_TOKEN_FILE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    bearer_token_file: Option<String>,

    /// Show the dashboard on an embedded simulated chronyd [env: SECOND_HAND_DEMO]
    #[arg(long)]
    demo: bool,

    /// What is logged on standard error: off, error, warn, info or debug [env: SECOND_HAND_LOG]
    /// [default: info]
    #[arg(long, value_name = "LEVEL", value_hint = ValueHint::Other)]
    log: Option<String>,
}

impl Config {
    /// The configuration that these arguments alone give, without the environment's.
    pub(crate) fn from_arguments(arguments: Vec<String>) -> Result<Self, String> {
        let flags = Flags::try_parse_from(arguments).map_err(|error| error.to_string())?;
        match Task::new(flags, |_| None)? {
            Task::Serve(config) => Ok(*config),
            other => Err(format!("{other:?} serves nothing")),
        }
    }

    pub(super) fn new(flags: ServeFlags, input: &Input<'_>) -> Result<Self, String> {
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
            allowed_hosts: input.list(&flags.allowed_host, "allowed-host", parse_name)?,
            refresh: input
                .take(flags.refresh, "refresh", parse_refresh)?
                .unwrap_or(Duration::from_secs(5)),
            countries: input.take(flags.geoip_db, "geoip-db", Countries::open)?,
            history,
            history_file,
            limits: Limits::new(flags.limits, input)?,
            probe_allow: input.list(&flags.probe_allow, "probe-allow", parse_probed)?,
            base_path: input
                .take(flags.base_path, "base-path", parse_base_path)?
                .unwrap_or_default(),
            trusted_proxies: input.list(&flags.trusted_proxy, "trusted-proxy", parse_network)?,
            basic_auth_file: input.take(flags.basic_auth_file, "basic-auth-file", parse_file)?,
            bearer_token_file: input.take(
                flags.bearer_token_file,
                "bearer-token-file",
                parse_file,
            )?,
            demo,
            log: input.take(flags.log, "log", parse_log)?.unwrap_or(LevelFilter::INFO),
            service: Service::new(input, std::process::id()),
        })
    }
}
