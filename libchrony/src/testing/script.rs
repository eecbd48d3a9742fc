//! The faults in force, and what they make of a reply.

use std::sync::Arc;
use std::time::Duration;

use super::course::Course;
use super::fault::{Effect, Fault, Order};
use super::request::Request;

/// The faults of a simulator, each with its count of requests met.
#[derive(Default)]
pub(super) struct Script(pub(super) Vec<Fault>);

/// What becomes of a reply.
pub(super) struct Outcome {
    pub(super) reply: Option<Vec<u8>>,
    /// What is sent before it, at once.
    pub(super) noise: Vec<Vec<u8>>,
    pub(super) copies: usize,
    pub(super) delay: Duration,
    pub(super) order: Order,
    pub(super) next: Option<Arc<dyn Course>>,
}

impl Script {
    pub(super) fn apply(&mut self, request: &Request, reply: Option<Vec<u8>>) -> Outcome {
        let mut outcome = Outcome {
            reply,
            noise: Vec::new(),
            copies: 1,
            delay: Duration::ZERO,
            order: Order::AtOnce,
            next: None,
        };
        for fault in &mut self.0 {
            if fault.meets(request) {
                fault.effects.iter_mut().for_each(|effect| outcome.take(effect, request));
            }
        }
        outcome
    }
}

impl Outcome {
    fn take(&mut self, effect: &mut Effect, request: &Request) {
        match effect {
            Effect::Silence => self.reply = None,
            Effect::Delay(time) => self.delay = self.delay.saturating_add(*time),
            Effect::Duplicate => self.copies += 1,
            Effect::Order(order) => self.order = *order,
            Effect::Edit(edit) => {
                if let Some(reply) = &mut self.reply {
                    edit(reply);
                }
            }
            Effect::Noise(number, random) => {
                let command = request.command();
                let noise = (0..*number).map(|n| random.noise(command, n % 2 == 1));
                self.noise.extend(noise);
            }
            Effect::Set(course) => self.next = Some(Arc::clone(course)),
        }
    }
}
