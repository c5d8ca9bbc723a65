//! How often somebody may try, by name and by address: a few times at once, then once in a while.
//!
//! A key is a bucket that leaks evenly, kept as the one moment at which it will be empty again (the generic cell
//! rate algorithm). The clock is the caller's.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Keys that are remembered. Beyond, the one that is closest to being forgotten anyway makes room.
pub const KEYS_MAX: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many at once.
    pub burst: u32,
    /// Then one in this time.
    pub every: Duration,
}

#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    empty_at: Mutex<HashMap<String, Instant>>,
}

impl Limiter {
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            empty_at: Mutex::default(),
        }
    }

    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait, when there were too many. The try is not counted then.
    pub fn take(&self, key: &str, now: Instant) -> Result<(), Duration> {
        let mut empty_at = self.lock();
        let before = empty_at.get(key).copied().unwrap_or(now).max(now);
        let after = before + self.rate.every;
        let room = self.rate.every * self.rate.burst;
        let level = after.duration_since(now);
        if level > room {
            return Err(level - room);
        }
        if empty_at.len() >= KEYS_MAX && !empty_at.contains_key(key) {
            make_room(&mut empty_at, now);
        }
        empty_at.insert(key.to_owned(), after);
        Ok(())
    }

    /// Takes a try back: it was none.
    pub fn give_back(&self, key: &str) {
        if let Some(empty_at) = self.lock().get_mut(key) {
            *empty_at = empty_at.checked_sub(self.rate.every).unwrap_or(*empty_at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        // Each change is a single one, so a panic elsewhere leaves nothing half done.
        self.empty_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(empty_at: &mut HashMap<String, Instant>, now: Instant) {
    empty_at.retain(|_, it| *it > now);
    if empty_at.len() >= KEYS_MAX {
        let soonest = empty_at.iter().min_by_key(|(_, it)| **it).map(|(key, _)| key.clone());
        soonest.and_then(|key| empty_at.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter() -> Limiter {
        Limiter::new(Rate {
            burst: 3,
            every: 10 * SECOND,
        })
    }

    #[test]
    fn a_few_tries_at_once_then_one_in_a_while_for_each_key_alone() {
        let (limiter, start) = (limiter(), Instant::now());
        for _ in 0..3 {
            assert_eq!(limiter.take("ann", start), Ok(()));
        }
        assert_eq!(limiter.take("ann", start), Err(10 * SECOND));
        assert_eq!(limiter.take("bob", start), Ok(()));
        assert_eq!(
            limiter.take("ann", start + 4 * SECOND),
            Err(6 * SECOND),
            "asking costs nothing"
        );
        assert_eq!(limiter.take("ann", start + 10 * SECOND), Ok(()));
        assert_eq!(limiter.take("ann", start + 10 * SECOND), Err(10 * SECOND));
        let later = start + 1_000 * SECOND;
        assert!((0..3).all(|_| limiter.take("ann", later).is_ok()));
        assert!(
            limiter.take("ann", later).is_err(),
            "waiting does not save up more than the burst"
        );
    }

    #[test]
    fn what_is_given_back_was_never_taken() {
        let (limiter, start) = (limiter(), Instant::now());
        for _ in 0..100 {
            assert_eq!(limiter.take("ann", start), Ok(()));
            limiter.give_back("ann");
        }
        limiter.give_back("nobody");
        assert!((0..3).all(|_| limiter.take("ann", start).is_ok()));
        assert!(limiter.take("ann", start).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_busiest_are_remembered_longest() {
        let (limiter, start) = (limiter(), Instant::now());
        for _ in 0..3 {
            assert_eq!(limiter.take("busy", start), Ok(()));
        }
        for number in 0..KEYS_MAX + 100 {
            assert_eq!(limiter.take(&number.to_string(), start), Ok(()));
        }
        assert_eq!(limiter.lock().len(), KEYS_MAX);
        assert!(limiter.take("busy", start).is_err());
        assert_eq!(limiter.take("late", start + 60 * SECOND), Ok(()));
        assert_eq!(limiter.lock().len(), 1, "what is empty again is forgotten first");
    }
}
