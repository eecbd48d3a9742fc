//! A client's connection has to earn its stay.
//!
//! The server's own limits end a client that is slow to send the head of a request or sends nothing
//! more. They do not end one that trickles a body, reads its answer byte by byte, or never reads it.
//! So there is one rule above them: a connection stays [`STAY`] after it was accepted or last given
//! an answer, and is then closed, whatever it does. The time a request waits for chronyd does not
//! count, as it is not the client's.
//!
//! An answer that lasts, as a stream of events, calls [`Client::answered`] whenever its body is asked
//! for the next part: the server asks only as fast as the client reads, so one that stops reading is
//! closed all the same.

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use actix_web::dev::{Extensions, ServiceRequest};
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::sleep;
use rustix::net::{Shutdown, shutdown, sockopt};
use tracing::debug;

/// How long a connection stays without another answer.
const STAY: Duration = Duration::from_secs(20);
/// How often the connections are looked at.
const ROUND: Duration = Duration::from_secs(1);

/// The files that one connection holds open: its socket, and the copy by which it is closed.
pub(crate) const FILES_EACH: u64 = 2;

/// The connection of a client; gone when the connection is.
#[derive(Debug)]
pub(super) struct Client {
    socket: OwnedFd,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When it was accepted or got its last answer.
    since: Instant,
    /// How many of its requests are being answered.
    under_way: usize,
}

impl Client {
    fn new(socket: OwnedFd) -> Self {
        Self { socket, state: Mutex::new(State { since: Instant::now(), under_way: 0 }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins its time anew.
    pub(super) fn answered(&self) {
        self.state().since = Instant::now();
    }

    fn is_overdue(&self, now: Instant) -> bool {
        let state = self.state();
        state.under_way == 0 && now.saturating_duration_since(state.since) >= STAY
    }

    /// Closes the connection hard: what was not sent is given up, so that the kernel keeps nothing.
    fn close(&self) {
        let closed = sockopt::set_socket_linger(&self.socket, Some(Duration::ZERO))
            .and_then(|()| shutdown(&self.socket, Shutdown::Both));
        // A client that went away in this moment has closed it.
        debug!(?closed, "a connection has had its time");
    }
}

/// A request that is being answered; the client's time stands still meanwhile.
pub(super) struct UnderWay(Option<Arc<Client>>);

impl UnderWay {
    pub(super) fn begin(request: &ServiceRequest) -> Self {
        let client = request.conn_data::<Arc<Client>>().cloned();
        if let Some(client) = &client {
            client.state().under_way += 1;
        }
        Self(client)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(client) = &self.0 {
            client.state().under_way -= 1;
            client.answered();
        }
    }
}

/// The connections of a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients(Arc<Mutex<Vec<Weak<Client>>>>);

impl Clients {
    fn connections(&self) -> MutexGuard<'_, Vec<Weak<Client>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a connection; for `HttpServer::on_connect`.
    pub(crate) fn welcome(&self, stream: &dyn Any, data: &mut Extensions) {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
        match stream.as_fd().try_clone_to_owned() {
            Ok(socket) => {
                let client = Arc::new(Client::new(socket));
                self.connections().push(Arc::downgrade(&client));
                data.insert(client);
            }
            // The number of connections leaves room for the copies.
            Err(error) => debug!(%error, "a connection cannot be watched"),
        }
    }

    /// Closes the connections that are overdue, for as long as the server runs.
    pub(crate) async fn watch(self) {
        loop {
            sleep(ROUND).await;
            self.close_overdue(Instant::now());
        }
    }

    fn close_overdue(&self, now: Instant) {
        self.connections().retain(|client| {
            let Some(client) = client.upgrade() else { return false };
            let overdue = client.is_overdue(now);
            if overdue {
                client.close();
            }
            !overdue
        });
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// A client that waits for bytes, and the server's side of it.
    fn connected(clients: &Clients) -> (TcpStream, Arc<Client>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let (ours, _) = listener.accept().unwrap();
        let client = Arc::new(Client::new(ours.into()));
        clients.connections().push(Arc::downgrade(&client));
        (theirs, client)
    }

    fn is_open(mut stream: &TcpStream) -> bool {
        stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    #[test]
    fn a_connection_is_closed_when_its_time_is_over_and_not_before() {
        let clients = Clients::default();
        let (stream, client) = connected(&clients);
        let since = client.state().since;
        clients.close_overdue(since + STAY.saturating_sub(Duration::from_millis(1)));
        assert!(is_open(&stream));
        clients.close_overdue(since + STAY);
        assert!(!is_open(&stream));
        assert!(clients.connections().is_empty());
    }

    #[test]
    fn an_answer_begins_the_time_anew() {
        let clients = Clients::default();
        let (stream, client) = connected(&clients);
        let before = client.state().since;
        client.state().since = before.checked_sub(STAY).unwrap();
        assert!(client.is_overdue(before));
        client.answered();
        clients.close_overdue(before);
        assert!(is_open(&stream));
    }

    #[test]
    fn a_request_under_way_stops_the_time_until_it_is_answered() {
        let clients = Clients::default();
        let (stream, client) = connected(&clients);
        client.state().under_way += 1;
        let under_way = UnderWay(Some(Arc::clone(&client)));
        let late = client.state().since + 10 * STAY;
        clients.close_overdue(late);
        assert!(is_open(&stream));
        drop(under_way);
        assert_eq!(client.state().under_way, 0);
        clients.close_overdue(late);
        assert!(!is_open(&stream));
    }

    #[test]
    fn a_connection_that_is_gone_is_forgotten() {
        let clients = Clients::default();
        let (_stream, client) = connected(&clients);
        drop(client);
        clients.close_overdue(Instant::now());
        assert!(clients.connections().is_empty());
    }
}
