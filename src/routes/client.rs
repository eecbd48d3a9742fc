//! A client's connection has to earn its stay.
//!
//! The server's own limits end a client that is slow to send the head of a request or sends nothing
//! more. They do not end one that trickles a body, reads its answer byte by byte, or never reads it.
//! So there is one rule above them: a connection stays [`STAY`] after it was accepted or last given
//! an answer, and is then closed, whatever it does. The time a request waits for chronyd does not
//! count, as it is not the client's.
//!
//! A connection that becomes a stream of events leaves the HTTP server with its buffers altogether: see
//! `viewer.rs`.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use actix_web::dev::ServiceRequest;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::sleep;
use tracing::debug;

use super::connection::Connection;

/// How long a connection stays without another answer.
pub(super) const STAY: Duration = Duration::from_secs(20);
/// How often the connections are looked at.
const ROUND: Duration = Duration::from_secs(1);

/// Takes a connection over from the server, when all of the answer so far was sent.
pub(super) type Successor = Box<dyn FnOnce(TcpStream) + Send>;

/// What is known of a client's connection; gone when the connection is.
#[derive(Debug)]
pub(crate) struct Client {
    state: Mutex<State>,
    all: Arc<All>,
}

/// What is true of all connections.
#[derive(Debug, Default)]
struct All {
    /// How many there are.
    open: AtomicUsize,
    /// From so many on there are too many to keep those that are idle.
    crowd: usize,
    /// The server ends.
    ending: AtomicBool,
}

struct State {
    /// When it was accepted or got its last answer.
    since: Instant,
    /// How many of its requests are being answered.
    under_way: usize,
    /// It has had its time.
    is_over: bool,
    /// Wakes who serves it.
    waker: Option<Waker>,
    successor: Option<Successor>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { since, under_way, is_over, .. } = self;
        write!(formatter, "since {since:?}, {under_way} under way, over: {is_over}")
    }
}

impl Client {
    fn new(all: Arc<All>) -> Self {
        all.open.fetch_add(1, Ordering::Relaxed);
        let (since, waker, successor) = (Instant::now(), None, None);
        let state = Mutex::new(State { since, under_way: 0, is_over: false, waker, successor });
        Self { state, all }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins its time anew.
    pub(super) fn answered(&self) {
        self.state().since = Instant::now();
    }

    /// Gives the connection to another as soon as what was answered so far is sent.
    pub(super) fn leave_to(&self, successor: Successor) {
        self.state().successor = Some(successor);
    }

    /// Who takes the connection over now.
    pub(super) fn successor(&self) -> Option<Successor> {
        self.state().successor.take()
    }

    /// Whether it may still be read and written; `context` is woken when that changes.
    ///
    /// # Errors
    /// It has had its time.
    pub(super) fn check(&self, context: &Context<'_>) -> io::Result<()> {
        let mut state = self.state();
        if state.is_over {
            return Err(ErrorKind::TimedOut.into());
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            state.waker = Some(context.waker().clone());
        }
        Ok(())
    }

    /// Whether nothing more is to be read from it: the server ends, and it asks for nothing.
    pub(super) fn is_dismissed(&self) -> bool {
        self.all.ending.load(Ordering::SeqCst) && self.state().under_way == 0
    }

    /// Whether so many are connected that it should go when it is answered, and come again.
    pub(super) fn is_one_of_a_crowd(&self) -> bool {
        self.all.open.load(Ordering::Relaxed) >= self.all.crowd
    }

    /// Ends its time where that is over; who serves it sees that when it is woken.
    fn look(&self, now: Instant) -> Option<Waker> {
        let mut state = self.state();
        let has_had_it = now.saturating_duration_since(state.since) >= STAY;
        if state.under_way > 0 || !has_had_it {
            return None;
        }
        state.is_over = true;
        state.waker.take()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.all.open.fetch_sub(1, Ordering::Relaxed);
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
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    connections: Arc<Mutex<Vec<Weak<Client>>>>,
    all: Arc<All>,
}

impl Clients {
    /// Of a server that has so many places: when half of them are taken, who is answered goes.
    pub(crate) fn new(places: usize) -> Self {
        let all = All { crowd: places / 2, ..All::default() };
        Self { connections: Arc::default(), all: Arc::new(all) }
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Weak<Client>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a connection that was accepted.
    pub(crate) fn welcome(&self, stream: TcpStream) -> Connection {
        let client = Arc::new(Client::new(Arc::clone(&self.all)));
        self.connections().push(Arc::downgrade(&client));
        Connection::new(stream, client)
    }

    /// Closes the connections that are overdue, for as long as the server runs.
    pub(crate) async fn watch(self) {
        loop {
            sleep(ROUND).await;
            self.close_overdue(Instant::now());
        }
    }

    /// Sends away those who ask for nothing: the server ends.
    pub(crate) fn end(&self) {
        self.all.ending.store(true, Ordering::SeqCst);
        for client in self.connections().iter().filter_map(Weak::upgrade) {
            let waker = client.state().waker.take();
            waker.inspect(Waker::wake_by_ref);
        }
    }

    fn close_overdue(&self, now: Instant) {
        self.connections().retain(|client| {
            let Some(client) = client.upgrade() else { return false };
            if let Some(waker) = client.look(now) {
                debug!("a connection has had its time");
                waker.wake();
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A client of these, and how often who serves it was woken.
    fn served(clients: &Clients) -> (Arc<Client>, Arc<Woken>) {
        let client = Arc::new(Client::new(Arc::clone(&clients.all)));
        clients.connections().push(Arc::downgrade(&client));
        let woken = Arc::new(Woken::default());
        assert!(is_open(&client, &woken));
        (client, woken)
    }

    fn is_open(client: &Client, woken: &Arc<Woken>) -> bool {
        client.check(&Context::from_waker(&Arc::clone(woken).into())).is_ok()
    }

    #[test]
    fn a_connection_is_closed_when_its_time_is_over_and_not_before() {
        let clients = Clients::new(4);
        let (client, woken) = served(&clients);
        let since = client.state().since;
        clients.close_overdue(since + STAY.saturating_sub(Duration::from_millis(1)));
        assert!(is_open(&client, &woken) && woken.0.load(Ordering::SeqCst) == 0);
        clients.close_overdue(since + STAY);
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(!is_open(&client, &woken));
    }

    #[test]
    fn an_answer_begins_the_time_anew() {
        let clients = Clients::new(4);
        let (client, woken) = served(&clients);
        let before = client.state().since;
        client.state().since = before.checked_sub(STAY).unwrap();
        client.answered();
        clients.close_overdue(before);
        assert!(is_open(&client, &woken));
    }

    #[test]
    fn a_request_under_way_stops_the_time_until_it_is_answered() {
        let clients = Clients::new(4);
        let (client, woken) = served(&clients);
        client.state().under_way += 1;
        let under_way = UnderWay(Some(Arc::clone(&client)));
        let late = client.state().since + 10 * STAY;
        clients.close_overdue(late);
        assert!(is_open(&client, &woken));
        drop(under_way);
        assert_eq!(client.state().under_way, 0);
        clients.close_overdue(late);
        assert!(!is_open(&client, &woken));
    }

    #[test]
    fn a_connection_that_is_gone_is_forgotten() {
        let clients = Clients::new(4);
        let (client, _woken) = served(&clients);
        drop(client);
        clients.close_overdue(Instant::now());
        assert!(clients.connections().is_empty());
    }

    #[test]
    fn a_crowd_begins_where_half_of_the_places_are_taken() {
        let clients = Clients::new(4);
        let (first, _) = served(&clients);
        assert!(!first.is_one_of_a_crowd());
        let second = served(&clients);
        assert!(first.is_one_of_a_crowd());
        drop(second);
        assert!(!first.is_one_of_a_crowd());
    }

    #[test]
    fn at_the_end_those_who_ask_for_nothing_are_woken_and_sent_away() {
        let clients = Clients::new(4);
        let ((idle, woken), (asking, _)) = (served(&clients), served(&clients));
        asking.state().under_way += 1;
        assert!(!idle.is_dismissed());
        clients.end();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(idle.is_dismissed() && !asking.is_dismissed());
    }
}
