//! Host names to addresses, once a probe, on threads of their own: the system's resolver knows no deadline.

use std::collections::HashSet;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// Resolves names, each by at most one thread at a time, so that there are never more threads than names.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    resolving: Arc<Mutex<HashSet<String>>>,
}

impl Resolver {
    /// The addresses of a name, at a port.
    pub(super) fn resolve(
        &self,
        name: &str,
        port: u16,
        end: Instant,
    ) -> io::Result<Vec<SocketAddr>> {
        self.with(name, end, move |name| {
            (name, port).to_socket_addrs().map(Iterator::collect::<Vec<_>>)
        })
    }

    fn with<T: Send + 'static>(
        &self,
        name: &str,
        end: Instant,
        ask: impl FnOnce(&str) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let resolving = Arc::clone(&self.resolving);
        let lock = |names: &Mutex<HashSet<String>>,
                    change: &dyn Fn(&mut HashSet<String>) -> bool| {
            // Nothing that can panic runs under the lock.
            change(&mut names.lock().unwrap_or_else(PoisonError::into_inner))
        };
        if !lock(&resolving, &|names| names.insert(name.to_owned())) {
            // An earlier probe gave up on it, and it is still being resolved.
            return Err(io::ErrorKind::TimedOut.into());
        }
        let (sender, receiver) = mpsc::channel();
        let host = name.to_owned();
        let thread = thread::Builder::new().name("resolver".to_owned()).spawn({
            let resolving = Arc::clone(&resolving);
            move || {
                let found = ask(&host);
                lock(&resolving, &|names| names.remove(&host));
                // The receiver is gone where the time ran out.
                let _ = sender.send(found);
            }
        });
        if let Err(error) = thread {
            lock(&resolving, &|names| names.remove(name));
            return Err(error);
        }
        let left = end.saturating_duration_since(Instant::now());
        receiver.recv_timeout(left).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "asks the system")]
    fn localhost_is_this_machine() {
        let end = Instant::now() + Duration::from_secs(20);
        let found = Resolver::default().resolve("localhost", 323, end).unwrap();
        assert!(!found.is_empty() && found.iter().all(|it| it.ip().is_loopback()), "{found:?}");
        assert!(found.iter().all(|address| address.port() == 323), "{found:?}");
    }

    #[test]
    fn a_name_that_takes_for_ever_costs_its_time_once_and_one_thread() {
        let resolver = Resolver::default();
        let (release, released) = mpsc::channel::<()>();
        let slow = resolver.with("slow.example", Instant::now(), move |_| {
            let _ = released.recv();
            Ok(())
        });
        assert_eq!(slow.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let end = Instant::now() + Duration::from_secs(20);
        let again = resolver.with("slow.example", end, |_| -> io::Result<()> { unreachable!() });
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::TimedOut);
        // Others are resolved meanwhile, and it is again when it is over.
        assert!(resolver.with("quick.example", end, |_| Ok(1)).is_ok());
        drop(release);
        while resolver.with("slow.example", end, |_| Ok(1)).is_err() {
            assert!(Instant::now() < end, "it is resolving for ever");
            thread::yield_now();
        }
    }
}
