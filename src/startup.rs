//! Binds, knows the address, runs until stopped.

use std::future::poll_fn;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::rt::task::yield_now;
use actix_web::{App, web};
use tracing::level_filters::LevelFilter;
use tracing::{info, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::chronyd;
use crate::clients;
use crate::config::Config;
use crate::demo;
use crate::error::{StartError, shown};
use crate::history::History;
use crate::login::Logins;
use crate::monitor::Monitor;
use crate::places::Places;
use crate::press::Press;
use crate::probe::Prober;
use crate::pulse::{Vital, Workers};
use crate::reading::Reading;
use crate::render::Renderer;
use crate::reports::Reports;
use crate::routes::{self, Clients, Description, Hosts, Proxies, Site, Streams};
use crate::sampler::Sampler;
use crate::server::{self, Plan};
use crate::service::Service;
use crate::tally::Tally;
use crate::view::Limits;

/// How long requests under way may take to end after a signal; idle connections end at once.
const GRACE: Duration = Duration::from_secs(3);

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(mut config: Config) -> Result<(), StartError> {
    log_to_standard_error(config.log);
    // Lives until the end of this function, after the last reading.
    let simulated = config.demo.then(demo::start).transpose().map_err(StartError::Demo)?;
    if let Some(simulated) = &simulated {
        config.chronyd.address = simulated.address().parse().ok();
    }
    chronyd::remove_leftovers(&config.chronyd);
    let start = Start {
        wanted: SocketAddr::new(config.host, config.port),
        service: config.service.as_ref().and_then(Service::connect),
        longest_reading: chronyd::longest_reading(&config.chronyd),
    };
    let site = site(config)?;
    let served = actix_web::rt::System::new().block_on(serve(start, site.clone()));
    // Waits for the reading under way, so that no socket directory stays behind.
    site.monitor.end();
    site.press.end();
    site.history.end();
    served?;
    info!("ended");
    Ok(())
}

/// What the requests share, its reader started.
fn site(config: Config) -> Result<web::Data<Site>, StartError> {
    let tally = Tally::default();
    let logins =
        Logins::open(config.basic_auth_file.as_deref(), config.bearer_token_file.as_deref())?;
    let logins = logins.map(web::Data::new);
    if logins.is_some() && !config.host.is_loopback() {
        warn!(
            "passwords and tokens travel in clear over the network: put a proxy with TLS before this"
        );
    }
    Ok(web::Data::new(Site {
        monitor: Monitor::start(reader(&config, tally.clone())).map_err(StartError::Reader)?,
        sampler: Sampler::new(config.refresh),
        streams: Streams::new(Places::of_this_process().streams),
        history: history(&config)?,
        prober: prober(&config)?,
        tally,
        started: SystemTime::now(),
        description: Description::new(&config.base_path),
        renderer: Renderer::new(config.demo, &config.base_path)?,
        base: config.base_path,
        press: Press::start().map_err(StartError::Reader)?,
        hosts: Hosts::new(config.host, config.allowed_hosts),
        proxies: Proxies::new(config.trusted_proxies),
        logins,
        limits: Limits::from(&config.limits),
        countries: config.countries,
        machine: machine(),
        chronyd: config
            .chronyd
            .address
            .map_or_else(|| "default search".to_owned(), |a| a.to_string()),
    }))
}

/// What reads the machines that may be probed, where any may.
fn prober(config: &Config) -> Result<Option<Prober>, StartError> {
    let listed = config.probe_allow.clone();
    (!listed.is_empty())
        .then(|| Prober::start(listed, config.chronyd.timeout))
        .transpose()
        .map_err(StartError::Reader)
}

/// What was read before, in memory alone or in a file as well.
fn history(config: &Config) -> Result<History, StartError> {
    match (&config.history_file, config.history) {
        (Some(path), Some(length)) => History::open(path, length, config.refresh)
            .map_err(|source| StartError::History { path: path.clone(), source }),
        _ => Ok(History::new(config.history, config.refresh)),
    }
}

/// All that a request goes through.
fn application(
    site: web::Data<Site>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new().app_data(site).configure(routes::table).wrap(from_fn(routes::guard))
}

/// The application that these arguments ask for, for the fuzz targets, which call it without a server.
#[doc(hidden)]
pub fn application_of(
    arguments: Vec<String>,
) -> Result<
    App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = actix_web::Error,
            InitError = (),
        >,
    >,
    String,
> {
    let config = Config::from_arguments(arguments)?;
    site(config).map(application).map_err(|error| error.to_string())
}

/// What serving needs beyond what the requests share.
struct Start {
    /// The address to listen on.
    wanted: SocketAddr,
    service: Option<Service>,
    longest_reading: Duration,
}

async fn serve(start: Start, site: web::Data<Site>) -> Result<(), StartError> {
    let Start { wanted, service, longest_reading } = start;
    // Before the address is known to anyone: who knows it may send signals.
    let stopped = stopped().map_err(StartError::Server)?;
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(1, 4));
    let connections = Places::of_this_process().connections;
    let clients = Clients::new(connections);
    let shared = site.clone();
    let living = Workers::default();
    let each = living.clone();
    let plan = Plan { address: wanted, workers, connections, grace: GRACE.as_secs() };
    let (server, address) = server::listen(&plan, clients.clone(), move || {
        each.join();
        application(shared.clone())
    })
    .map_err(|source| StartError::Bind { address: wanted, source })?;

    let handle = server.handle();
    actix_web::rt::spawn(clients.clone().watch());
    if let Some(logins) = &site.logins {
        actix_web::rt::spawn(Logins::watch(logins.clone()));
    }
    let ending = site.clone();
    let told = service.clone();
    actix_web::rt::spawn(async move {
        stopped.await;
        if let Some(service) = told {
            service.ends().await;
        }
        // Streams would last for ever, idle connections and probes for the whole grace.
        ending.sampler.end();
        clients.end();
        if let Some(prober) = &ending.prober {
            prober.end();
        }
        ending.streams.emptied(GRACE).await;
        handle.stop(true).await;
    });
    let reads = site.clone();
    let sampler = actix_web::rt::spawn(async move {
        reads.sampler.run(&reads.monitor, &reads.history).await;
    });
    if let Some(service) = service {
        let teller = service.clone();
        let read = site.clone();
        actix_web::rt::spawn(async move { teller.tell_readings(address, &read.sampler).await });
        let vital = Vital { workers: living, number: workers, site, longest_reading, sampler };
        actix_web::rt::spawn(service.live(vital));
    }
    // So that its first reading is asked for before anybody's.
    yield_now().await;
    announce(address);
    server.await.map_err(StartError::Server)
}

/// Comes true at the first SIGTERM or SIGINT.
fn stopped() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(poll_fn(move |context| {
        let came =
            terminate.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready();
        if came { Poll::Ready(()) } else { Poll::Pending }
    }))
}

fn announce(address: SocketAddr) {
    // Whoever started this may have closed the pipe; the server serves all the same.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
}

fn log_to_standard_error(level: LevelFilter) {
    let faults = level.min(LevelFilter::WARN);
    // actix-http logs what clients do wrong as errors; that is of interest only when looking closely.
    let clients = if level >= LevelFilter::DEBUG { level } else { LevelFilter::OFF };
    let targets = Targets::new()
        .with_target("second_hand", level)
        .with_target("actix_http", clients)
        .with_default(faults);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        // They would go to standard error too, and panic where that is closed.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(lines).with(targets).init();
}

/// Makes what reads chronyd: a connection that stays open between readings.
fn reader(
    config: &Config,
    tally: Tally,
) -> impl Fn() -> Box<dyn FnMut(Reports) -> Reading> + Send + 'static {
    let chronyd = config.chronyd.clone();
    move || {
        let mut connection = chronyd::connection(&chronyd);
        let mut clients = clients::Reader::default();
        let mut last = None;
        let tally = tally.clone();
        Box::new(move |wanted| {
            let begun = Instant::now();
            let given = connection.snapshot_of(&wanted.names());
            let state = given.as_ref().map(|_| ()).map_err(libchrony::Error::kind);
            if last.replace(state) != Some(state) {
                match &given {
                    Ok(snapshot) => {
                        let address = shown(&snapshot.chronyd.address.to_string());
                        info!(%address, "chronyd answers");
                    }
                    Err(error) => {
                        let error = shown(&error.to_string());
                        warn!(%error, "chronyd gives no data");
                    }
                }
            }
            let clients = match &given {
                Ok(snapshot) if wanted.has_clients() => {
                    Some(clients.read(&mut connection, snapshot))
                }
                _ => None,
            };
            let reading = Reading::new(given).with_clients(clients).with_duration(begun.elapsed());
            tally.add(&reading);
            reading
        })
    }
}

/// The name of this machine.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "this machine".to_owned(),
        name => name.to_owned(),
    }
}
