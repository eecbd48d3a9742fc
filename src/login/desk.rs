//! Where passwords are compared: few at a time, each wait bounded, and no client takes all places.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::rt::time::timeout;
use actix_web::web;
use tokio::sync::Semaphore;

/// How many comparisons are under way or waited for.
const MOST: usize = 16;
/// How many of them for one client.
const MOST_EACH: usize = 4;
/// The longest that a comparison is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Desk {
    waiting: Mutex<Vec<Option<IpAddr>>>,
    turns: Arc<Semaphore>,
}

/// A place in the line, left on drop.
struct Place<'a> {
    desk: &'a Desk,
    client: Option<IpAddr>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.desk.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let own = waiting.iter().position(|client| *client == self.client);
        own.map(|own| waiting.swap_remove(own));
    }
}

impl Desk {
    /// Half of the processors compare at most, so that pages are made meanwhile.
    pub(super) fn new() -> Self {
        let turns = std::thread::available_parallelism().map_or(1, |n| (n.get() / 2).clamp(1, 4));
        Self { waiting: Mutex::new(Vec::new()), turns: Arc::new(Semaphore::new(turns)) }
    }

    fn place(&self, client: Option<IpAddr>) -> Option<Place<'_>> {
        let client = client.map(network);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let own = waiting.iter().filter(|other| **other == client).count();
        if waiting.len() >= MOST || own >= MOST_EACH {
            return None;
        }
        waiting.push(client);
        Some(Place { desk: self, client })
    }

    /// Whether a password has this hash; `None` where too many are compared at the moment.
    pub(super) async fn compare(
        &self,
        client: Option<IpAddr>,
        password: Vec<u8>,
        hash: String,
    ) -> Option<bool> {
        let _place = self.place(client)?;
        let turns = Arc::clone(&self.turns);
        let compared = async {
            let turn = turns.acquire_owned().await.ok()?;
            let compared = web::block(move || {
                let is_right = bcrypt::verify(password, &hash).unwrap_or_default();
                // Also where nobody waits for it any more, the next begins only now.
                drop(turn);
                is_right
            });
            compared.await.ok()
        };
        timeout(PATIENCE, compared).await.ok().flatten()
    }
}

/// Who has an address of IPv6 usually has its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let prefix = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_takes_some_places_and_all_together_no_more_than_there_are() {
        let desk = Desk::new();
        let client = |text: &str| Some(text.parse().unwrap());
        let mut held = Vec::new();
        for last in 0..MOST_EACH {
            held.push(desk.place(client(&format!("2001:db8::{last}"))).unwrap());
        }
        assert!(desk.place(client("2001:db8::99")).is_none());
        for last in 0..MOST - MOST_EACH {
            held.push(desk.place(client(&format!("192.0.2.{last}"))).unwrap());
        }
        assert!(desk.place(client("198.51.100.1")).is_none() && desk.place(None).is_none());
        held.remove(0);
        assert!(desk.place(client("2001:db8::99")).is_some());
        drop(held);
        assert!(desk.waiting.lock().unwrap().is_empty());
    }
}
