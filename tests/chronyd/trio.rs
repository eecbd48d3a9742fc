//! Three servers, one of them selected, shared by tests that take turns.

use std::sync::{Arc, Mutex, PoisonError};

use super::common::chronyd::Chronyd;
use super::common::dashboard::Dashboard;

/// The daemons, and the dashboard that reads the client's.
pub(crate) struct Trio {
    _server: Chronyd,
    pub(crate) client: Chronyd,
    pub(crate) dashboard: Dashboard,
}

static TRIO: Mutex<Option<Arc<Trio>>> = Mutex::new(None);

/// Starts the daemons for the first test that asks.
pub(crate) fn trio() -> Arc<Trio> {
    let mut shared = TRIO.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(shared.get_or_insert_with(|| Arc::new(Trio::start())))
}

/// Ends the daemons.
pub(crate) fn end() {
    drop(TRIO.lock().unwrap_or_else(PoisonError::into_inner).take());
}

impl Trio {
    fn start() -> Self {
        let server = Chronyd::server(3);
        let port = server.ntp_port;
        let source =
            |last: u8| format!("server 127.0.0.{last} port {port} minpoll -2 maxpoll -1 iburst\n");
        let client = Chronyd::client(&format!("{}{}{}", source(2), source(3), source(4)));
        client.wait_until_at_rest();
        let dashboard = Dashboard::of(&client.unix());
        Self { _server: server, client, dashboard }
    }
}
