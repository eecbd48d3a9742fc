//! Binds, knows the address, runs until stopped.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use libchrony::{Address, Connection, Snapshot};
use tracing::{debug, info};

use crate::config::Config;
use crate::error::StartError;
use crate::monitor::Monitor;
use crate::render::Renderer;
use crate::routes::{self, Hosts, Site};

/// How long a client may take to send its request's head.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection stays open without a request.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long requests under way may take after a signal to end, in seconds.
const GRACE: u64 = 5;
/// The most connections a worker holds.
const MOST_CONNECTIONS: usize = 10_000;

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(config: Config) -> Result<(), StartError> {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_max_level(config.log)
        .with_target(false)
        .init();
    remove_leftovers(config.chronyd.as_ref());

    let (address, port) = (config.host, config.port);
    let site = Arc::new(Site {
        monitor: Monitor::start(reader(&config)).map_err(StartError::Reader)?,
        renderer: Renderer::new()?,
        hosts: Hosts::new(config.host, config.allowed_hosts),
        machine: machine(),
        chronyd: config.chronyd.map_or_else(|| "default search".to_owned(), |a| a.to_string()),
    });

    let data = web::Data::from(Arc::clone(&site));
    actix_web::rt::System::new().block_on(async move {
        let workers = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(1, 4));
        let server = HttpServer::new(move || {
            App::new().app_data(data.clone()).configure(routes::table).wrap(from_fn(routes::guard))
        })
        .workers(workers)
        .backlog(2048)
        .max_connections(MOST_CONNECTIONS)
        .client_request_timeout(REQUEST_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(GRACE);

        let wanted = SocketAddr::new(address, port);
        let server =
            server.bind(wanted).map_err(|source| StartError::Bind { address: wanted, source })?;
        announce(server.addrs().first().copied().unwrap_or(wanted));
        server.run().await.map_err(StartError::Server)
    })?;

    // The last one: this ends the reader and removes its socket directory.
    drop(site);
    info!("ended");
    Ok(())
}

fn announce(address: SocketAddr) {
    // Whoever started this may have closed the pipe; the server serves all the same.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
}

/// Makes what reads chronyd: a connection that stays open between readings.
fn reader(
    config: &Config,
) -> impl Fn() -> Box<dyn FnMut() -> Result<Snapshot, libchrony::Error>> + Send + 'static {
    let mut builder = Connection::builder().timeout(config.timeout);
    if let Some(address) = &config.chronyd {
        builder = builder.address(address.clone());
    }
    move || {
        let mut connection = builder.clone().build();
        Box::new(move || connection.snapshot())
    }
}

/// Removes the socket directories that killed processes of this user left beside chronyd's socket.
fn remove_leftovers(chronyd: Option<&Address>) {
    let search = Address::search_order();
    for address in chronyd.map_or(&search[..], std::slice::from_ref) {
        let Address::Unix(path) = address else { continue };
        match libchrony::remove_leftovers(path) {
            Ok(0) => {}
            Ok(number) => info!(number, "removed socket directories of killed processes"),
            Err(error) => debug!(%error, "no look for socket directories of killed processes"),
        }
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
