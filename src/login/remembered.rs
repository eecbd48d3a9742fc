//! What was right before, by its digest.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::secret::Digest;

/// How long after its last use something is forgotten.
const KEPT: Duration = Duration::from_secs(3600);
/// The most that is remembered; the oldest makes way.
const MOST: usize = 1000;

/// Digests with the time of their last use.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<BTreeMap<Digest, Instant>>);

impl Remembered {
    pub(super) fn knows(&self, digest: &Digest, now: Instant) -> bool {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match remembered.get_mut(digest) {
            Some(used) if now.saturating_duration_since(*used) < KEPT => {
                *used = now;
                true
            }
            _ => false,
        }
    }

    pub(super) fn add(&self, digest: Digest, now: Instant) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.retain(|_, used| now.saturating_duration_since(*used) < KEPT);
        if remembered.len() >= MOST {
            let oldest =
                remembered.iter().min_by_key(|(_, used)| **used).map(|(digest, _)| *digest);
            oldest.and_then(|oldest| remembered.remove(&oldest));
        }
        remembered.insert(digest, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> Digest {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_le_bytes());
        digest
    }

    #[test]
    fn what_is_used_is_kept_and_the_rest_is_forgotten_after_an_hour() {
        let (remembered, start) = (Remembered::default(), Instant::now());
        remembered.add(digest(1), start);
        assert!(!remembered.knows(&digest(2), start));
        let later = start + KEPT - Duration::from_secs(1);
        assert!(remembered.knows(&digest(1), later));
        assert!(remembered.knows(&digest(1), later + KEPT - Duration::from_secs(1)));
        assert!(!remembered.knows(&digest(1), later + 3 * KEPT));
    }

    #[test]
    fn the_oldest_makes_way() {
        let (remembered, start) = (Remembered::default(), Instant::now());
        let at = |number: usize| start + Duration::from_millis(u64::try_from(number).unwrap());
        for number in 0..MOST + 10 {
            remembered.add(digest(number), at(number));
        }
        assert_eq!(remembered.0.lock().unwrap().len(), MOST);
        assert!(!remembered.knows(&digest(9), at(9)) && remembered.knows(&digest(10), at(10)));
    }
}
