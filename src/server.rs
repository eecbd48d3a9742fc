//! The HTTP server: listens, accepts, and hands each connection to the application.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::{HttpService, Protocol};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::App;
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, Extensions, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::rt::net::TcpStream;

use crate::routes::{Clients, Connection, PIECE};

/// How long a client may take to send its request's head.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection stays open without a request.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a client may take to close a connection that ends.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How many connections wait to be accepted.
const BACKLOG: i32 = 2048;

/// Where, and with how much.
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) workers: usize,
    /// The most connections at a time that are no streams; further ones wait to be taken.
    pub(crate) connections: usize,
    /// How long requests under way may take to end, seconds.
    pub(crate) grace: u64,
}

/// Listens; `application` makes what each worker serves. The server runs when it is polled.
pub(crate) fn listen<F, T>(
    plan: &Plan,
    clients: Clients,
    application: F,
) -> io::Result<(Server, SocketAddr)>
where
    F: Fn() -> App<T> + Clone + Send + 'static,
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
{
    let listener = TcpListener::bind(plan.address)?;
    rustix::net::listen(&listener, BACKLOG)?;
    let address = listener.local_addr()?;
    let service = move || {
        let application = application().into_factory().map_err(|error| error.error_response());
        let http = HttpService::build()
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(REQUEST_TIMEOUT)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            // A connection keeps what it once needed.
            .h1_write_buffer_size(PIECE)
            .local_addr(address)
            .on_connect_ext(|connection: &Connection, data: &mut Extensions| {
                data.insert(connection.client());
            })
            .finish(map_config(application, |()| AppConfig::default()));
        let clients = clients.clone();
        fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            let connection = clients.welcome(stream);
            async move { Ok((connection, Protocol::Http1, peer)) }
        })
        .and_then(http)
    };
    let server = Server::build()
        .workers(plan.workers)
        .max_concurrent_connections(plan.connections / plan.workers)
        .shutdown_timeout(plan.grace)
        .disable_signals()
        .listen("second-hand", listener, service)?
        .run();
    Ok((server, address))
}
