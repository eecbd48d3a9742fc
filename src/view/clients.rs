//! Who asks this chronyd for time, how often, and what was dropped.

use std::cmp::Reverse;

use libchrony::{Client, Clients, Error, ErrorKind};
use serde::Serialize;

use crate::view::format::{self, NEVER};
use crate::view::step::{self, Step};

/// The most clients that are shown.
const MOST_ROWS: usize = 12;

/// The table of clients, or why there is none.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ClientsView {
    /// Why there is no table.
    pub(crate) missing: Option<String>,
    /// How to get it.
    pub(crate) steps: Vec<Step>,
    /// How many there are, as `3 clients`.
    pub(crate) count: Option<String>,
    /// What the table says together, in a sentence.
    pub(crate) summary: Option<String>,
    pub(crate) rows: Vec<ClientRow>,
    /// How many are not shown.
    pub(crate) more: Option<String>,
}

/// One client.
#[derive(Debug, Serialize)]
pub(crate) struct ClientRow {
    /// The class in CSS, where it differs.
    pub(crate) class: &'static str,
    pub(crate) address: String,
    pub(crate) ntp: String,
    /// What was dropped, in words.
    pub(crate) dropped: String,
    pub(crate) interval: String,
    pub(crate) last: String,
    pub(crate) nts_ke: String,
    pub(crate) command: String,
}

/// Of the clients that came with a reading; `None` where chronyd gave nothing at all.
pub(crate) fn clients(given: Option<Result<&Clients, &Error>>) -> ClientsView {
    at_most(MOST_ROWS, given)
}

/// The same with no more than so many rows.
pub(crate) fn at_most(most: usize, given: Option<Result<&Clients, &Error>>) -> ClientsView {
    match given {
        None => ClientsView {
            missing: Some("No data: chronyd gave none. The top of the page says why.".to_owned()),
            ..ClientsView::default()
        },
        Some(Err(error)) => refused(error),
        Some(Ok(clients)) => table(clients, most),
    }
}

/// Why chronyd does not tell its clients, and how it would.
fn refused(error: &Error) -> ClientsView {
    let (missing, steps) = match error.kind() {
        ErrorKind::NotAuthorized => (
            "chronyd tells who asks it for time only through its Unix socket, to chrony's own user and to root, or, from chronyd 4.7 on, over UDP where opencommands in chrony.conf names clients beside the reports that are open already."
                .to_owned(),
            Vec::new(),
        ),
        ErrorKind::Disabled => (
            "chronyd does not log its clients: noclientlog is in its configuration.".to_owned(),
            vec![
                step::configure("To see them, remove this line.", "noclientlog"),
                step::restart(),
            ],
        ),
        ErrorKind::UnknownReport => (
            "The libchrony that is linked does not read the list of clients; the bundled one does."
                .to_owned(),
            Vec::new(),
        ),
        ErrorKind::ServerTooOld => {
            ("chronyd tells who asks it for time since version 4.0; this one is older.".to_owned(), Vec::new())
        }
        ErrorKind::TimedOut => (
            "chronyd did not answer when it was asked for its clients; it is asked again in a minute."
                .to_owned(),
            Vec::new(),
        ),
        _ => (format!("No data: {}. {}", format::error(error), error.hint()), Vec::new()),
    };
    ClientsView { missing: Some(missing), steps, ..ClientsView::default() }
}

fn table(clients: &Clients, most: usize) -> ClientsView {
    let mut sorted: Vec<_> = clients.clients.iter().collect();
    sorted.sort_by_key(|client| {
        (
            Reverse(client.ntp_hits),
            Reverse(client.nts_ke_hits),
            Reverse(client.command_hits),
            client.address,
        )
    });
    let number = sorted.len();
    let hidden = number.saturating_sub(most);
    let more = (hidden > 0)
        .then(|| format!("and {}", format::counted(hidden, "more client", "more clients")));
    let count = format::counted(number, "client", "clients");
    ClientsView {
        count: (number > 0).then(|| if clients.cut { format!("{count} and more") } else { count }),
        summary: Some(summary(&sorted, clients.cut)),
        rows: sorted.into_iter().take(most).map(row).collect(),
        more,
        ..ClientsView::default()
    }
}

fn summary(clients: &[&Client], cut: bool) -> String {
    let dropped = clients.iter().filter(|client| drops(client).iter().any(|it| it.0 > 0)).count();
    let mut text = match (clients.is_empty(), dropped) {
        (true, _) if cut => {
            "No client stands in the part of chronyd's table that was read.".to_owned()
        }
        (true, _) => {
            "No machine has asked this one for anything that chronyd remembers.".to_owned()
        }
        (false, 0) => "No request of a client was dropped for coming too often.".to_owned(),
        (false, 1) => "Some requests of one client were dropped, as it asked too often.".to_owned(),
        (false, n) => {
            format!("Some requests of {n} clients were dropped, as they asked too often.")
        }
    };
    if cut && !clients.is_empty() {
        text.push_str(" chronyd has a larger table of clients than is read here: these are some of them, not the busiest of all.");
    }
    text
}

fn row(client: &Client) -> ClientRow {
    let dropped: Vec<_> = drops(client)
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", format::grouped(number.into())))
        .collect();
    ClientRow {
        class: if dropped.is_empty() { "" } else { "dropping" },
        address: client.address.to_string(),
        ntp: format::grouped(client.ntp_hits.into()),
        dropped: if dropped.is_empty() { "none".to_owned() } else { dropped.join(", ") },
        interval: client.ntp_interval.map_or_else(|| "\u{2014}".to_owned(), format::duration),
        last: last(client).map_or_else(|| NEVER.to_owned(), |ago| format::ago(f64::from(ago))),
        nts_ke: format::grouped(client.nts_ke_hits.into()),
        command: format::grouped(client.command_hits.into()),
    }
}

fn drops(client: &Client) -> [(u32, &'static str); 3] {
    [(client.ntp_drops, "NTP"), (client.nts_ke_drops, "NTS"), (client.command_drops, "command")]
}

/// The age of the last request of any kind, seconds.
fn last(client: &Client) -> Option<u32> {
    let ages = [client.last_ntp_hit_ago, client.last_nts_ke_hit_ago, client.last_command_hit_ago];
    ages.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use libchrony::Connection;
    use libchrony::testing::{Address, Client as Simulated, Scenario, Simulator};

    use super::*;

    fn view(chronyd: &Simulator, places: u32) -> ClientsView {
        let address: libchrony::Address = chronyd.address().parse().unwrap();
        let given = Connection::builder().address(address).build().clients_within(places);
        clients(Some(given.as_ref()))
    }

    fn of(clients: impl IntoIterator<Item = Simulated>) -> ClientsView {
        let clients = Some(clients.into_iter().collect());
        let scenario = Scenario { clients, ..Scenario::synchronized() };
        view(&Simulator::start_unix(scenario).unwrap(), 256)
    }

    fn client(last: u8, hits: u32, drops: u32) -> Simulated {
        Simulated {
            address: Address::V4([192, 0, 2, last].into()),
            hits: [hits, 0, 0],
            drops: [drops, 0, 0],
            ..Simulated::default()
        }
    }

    #[test]
    fn the_busiest_stand_first_with_what_was_dropped() {
        let mut busy = client(2, 12_345, 7);
        busy.intervals = [6, 127, 127];
        busy.last_hits_ago = [90, 12, u32::MAX];
        let view = of([client(1, 3, 0), busy]);
        assert_eq!(view.count.as_deref(), Some("2 clients"));
        assert_eq!(
            view.summary.as_deref(),
            Some("Some requests of one client were dropped, as it asked too often.")
        );
        let (first, second) = (&view.rows[0], &view.rows[1]);
        assert_eq!((first.address.as_str(), first.ntp.as_str()), ("192.0.2.2", "12\u{202f}345"));
        assert_eq!((first.dropped.as_str(), first.class), ("7 NTP", "dropping"));
        assert_eq!((first.interval.as_str(), first.last.as_str()), ("1 m 4 s", "12 s ago"));
        assert_eq!((second.dropped.as_str(), second.last.as_str()), ("none", "never"));
        assert_eq!(second.interval, "\u{2014}");
    }

    #[test]
    fn no_more_than_twelve_are_shown_and_the_rest_is_counted() {
        let view = of((1..=23).map(|last| client(last, u32::from(last), 0)));
        assert_eq!(view.rows.len(), 12);
        assert_eq!(view.rows[0].address, "192.0.2.23");
        assert_eq!(view.more.as_deref(), Some("and 11 more clients"));
    }

    #[test]
    fn a_table_read_in_part_says_so() {
        let clients = Some((1..=40).map(|last| client(last, 1, 0)).collect());
        let scenario = Scenario { clients, ..Scenario::synchronized() };
        let view = view(&Simulator::start_unix(scenario).unwrap(), 16);
        assert_eq!(view.count.as_deref(), Some("16 clients and more"));
        assert!(view.summary.is_some_and(|text| text.contains("not the busiest of all")));
    }

    #[test]
    fn a_chronyd_that_serves_nobody_says_so() {
        let view = of([]);
        assert!(view.missing.is_none() && view.rows.is_empty() && view.count.is_none());
        assert!(view.summary.is_some_and(|text| text.starts_with("No machine has asked")));
    }

    #[test]
    fn what_is_refused_or_off_says_how_to_open_it() {
        let off = Scenario { clients: None, ..Scenario::synchronized() };
        let off = view(&Simulator::start_unix(off).unwrap(), 256);
        assert!(off.missing.is_some_and(|text| text.contains("noclientlog")));
        assert_eq!(off.steps[0].lines[0].code, "noclientlog");
        let udp = view(&Simulator::start_udp(Scenario::synchronized()).unwrap(), 256);
        assert!(udp.missing.is_some_and(|text| text.contains("opencommands")));
        assert!(clients(None).missing.is_some_and(|text| text.starts_with("No data")));
    }
}
