//! Replies on their way: due at a time, or held until the next one.

use std::time::{Duration, Instant};

use super::fault::Order;
use super::script::Outcome;

/// The most replies that wait; what comes on top is lost, as on a real network.
const MOST: usize = 4096;

/// Later than any test ends.
const LONGEST_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Replies that wait, each with the client it goes to.
pub(super) struct Queue<P> {
    due: Vec<(Instant, P, Vec<u8>)>,
    before_next: Vec<(P, Vec<u8>)>,
    after_next: Vec<(P, Vec<u8>)>,
}

impl<P: Clone> Queue<P> {
    pub(super) fn new() -> Self {
        Self { due: Vec::new(), before_next: Vec::new(), after_next: Vec::new() }
    }

    pub(super) fn push(&mut self, outcome: Outcome, client: &P, now: Instant) {
        let room = MOST.saturating_sub(self.len());
        let noise = outcome.noise.into_iter().take(room);
        self.due.extend(noise.map(|bytes| (now, client.clone(), bytes)));
        let Some(reply) = outcome.reply else { return };
        let copies = std::iter::repeat_n((client.clone(), reply), outcome.copies);
        match outcome.order {
            _ if self.len() + outcome.copies > MOST => {}
            Order::BeforeNext => self.before_next.extend(copies),
            Order::AfterNext => self.after_next.extend(copies),
            Order::AtOnce => {
                let time = now + outcome.delay.min(LONGEST_DELAY);
                let before = self.before_next.drain(..);
                let sent = before.chain(copies).chain(self.after_next.drain(..));
                self.due.extend(sent.map(|(client, reply)| (time, client, reply)));
            }
        }
    }

    fn len(&self) -> usize {
        self.due.len() + self.before_next.len() + self.after_next.len()
    }

    /// When the next reply is to be sent.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.iter().map(|(time, ..)| *time).min()
    }

    /// Takes the replies whose time has come, in order.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<(P, Vec<u8>)> {
        let mut due: Vec<_> = self.due.extract_if(.., |(time, ..)| *time <= now).collect();
        due.sort_by_key(|(time, ..)| *time);
        due.into_iter().map(|(_, client, reply)| (client, reply)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: u8, order: Order, delay: u64, copies: usize) -> Outcome {
        let delay = Duration::from_secs(delay);
        Outcome { reply: Some(vec![name]), noise: Vec::new(), copies, delay, order, next: None }
    }

    fn taken(queue: &mut Queue<()>, now: Instant) -> Vec<u8> {
        queue.take_due(now).into_iter().flat_map(|(_, reply)| reply).collect()
    }

    #[test]
    fn held_replies_go_around_the_next_one_in_their_order() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        queue.push(outcome(1, Order::AfterNext, 0, 1), &(), now);
        queue.push(outcome(2, Order::BeforeNext, 0, 2), &(), now);
        queue.push(outcome(3, Order::BeforeNext, 0, 1), &(), now);
        assert_eq!(queue.next_due(), None);
        queue.push(outcome(4, Order::AtOnce, 0, 1), &(), now);
        assert_eq!(taken(&mut queue, now), [2, 2, 3, 4, 1]);
    }

    #[test]
    fn a_delayed_reply_does_not_hold_up_others() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        queue.push(outcome(1, Order::AtOnce, 9, 1), &(), now);
        queue.push(outcome(2, Order::AtOnce, 5, 1), &(), now);
        queue.push(outcome(3, Order::AtOnce, 0, 1), &(), now);
        assert_eq!(taken(&mut queue, now), [3]);
        assert_eq!(queue.next_due(), Some(now + Duration::from_secs(5)));
        assert_eq!(taken(&mut queue, now + Duration::from_secs(60)), [2, 1]);
        assert_eq!(queue.next_due(), None);
    }

    #[test]
    fn noise_comes_first_and_also_without_a_reply() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        queue.push(Outcome { noise: vec![vec![8]], ..outcome(1, Order::AtOnce, 0, 1) }, &(), now);
        let lost = Outcome { reply: None, ..outcome(2, Order::AtOnce, 0, 1) };
        queue.push(Outcome { noise: vec![vec![9]], ..lost }, &(), now);
        assert_eq!(taken(&mut queue, now), [8, 1, 9]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many replies take Miri too long")]
    fn the_queue_is_bounded() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        queue.push(outcome(1, Order::AtOnce, 0, MOST), &(), now);
        queue.push(outcome(2, Order::AtOnce, 0, 1), &(), now);
        assert_eq!(taken(&mut queue, now).len(), MOST);
    }
}
