//! The chronyds of other machines, read over UDP for those who ask by `/probe`.
//!
//! What may be asked is listed ([`permit`]), how much at once is bounded ([`pool`]), and every probe has its
//! deadline. A connection lasts for its probe alone, so that nothing is kept of a target. Whoever may
//! ask second-hand can make it send the few datagrams of chronyd's protocol to port 323, or the port that is
//! listed, of machines that are listed, and no other bytes to anybody.

mod permit;
mod pool;
mod read;
mod resolver;
mod target;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::time::timeout;
use libchrony::Error;

use crate::config::Probed;
use crate::reading::Reading;
use permit::Permit;
use pool::{Pool, Refusal};
use resolver::Resolver;

pub(crate) use target::Target;

/// How many machines are asked at the same time. Nearly all of it is waiting, the longest for machines that
/// do not answer.
const THREADS: usize = 16;
/// How long a reading may take where those who wait give it less: it is shared, and not to be cut short by
/// the least patient.
const READING: Duration = Duration::from_secs(10);

/// Why a probe gives no reading, not even one of a machine that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoProbe {
    /// The machine is not listed.
    NotAllowed,
    /// Too many probes wait.
    Busy,
    /// The probe failed, or the server is ending.
    Interrupted,
}

/// Reads the machines that are listed.
#[derive(Debug)]
pub(crate) struct Prober {
    permit: Arc<Permit>,
    pool: Pool<Target, Reading>,
}

impl Prober {
    /// Starts the threads. `attempt` is how long one of three attempts waits.
    pub(crate) fn start(listed: Vec<Probed>, attempt: Duration) -> io::Result<Self> {
        let permit = Arc::new(Permit::new(listed));
        let pool = {
            let (permit, resolver) = (Arc::clone(&permit), Resolver::default());
            Pool::start(THREADS, move |target: &Target, end: Instant| {
                let end = end.max(Instant::now() + READING);
                read::read(target, &permit, &resolver, attempt, end)
            })?
        };
        Ok(Self { permit, pool })
    }

    /// A reading of the target's chronyd within `limit`; that it did not answer is a reading too.
    pub(crate) async fn probe(
        &self,
        target: &Target,
        limit: Duration,
    ) -> Result<Arc<Reading>, NoProbe> {
        if !self.permit.allows(target) {
            return Err(NoProbe::NotAllowed);
        }
        let end = Instant::now() + limit;
        let asked = self.pool.ask(target, end).map_err(|refusal| match refusal {
            Refusal::Full => NoProbe::Busy,
            Refusal::Ended => NoProbe::Interrupted,
        })?;
        match timeout(limit, asked).await {
            Ok(answer) => answer.map_err(|_| NoProbe::Interrupted),
            Err(_) => {
                let address = target.address();
                let late = Error::TimedOut { address, attempts: 1, waited: limit };
                Ok(Arc::new(Reading::new(Err(late)).with_duration(limit)))
            }
        }
    }

    /// Interrupts those who wait. Threads that are at a reading end with the process: they hold a socket
    /// that leaves nothing behind.
    pub(crate) fn end(&self) {
        self.pool.end();
    }
}
