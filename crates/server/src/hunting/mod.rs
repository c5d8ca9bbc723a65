//! Queries that run: who may run how many, with which budget, and how they are ended.
//!
//! [`Hunting`] is what the server knows of running queries. A handler calls [`Hunting::begin`], which refuses or
//! gives a [`Turn`]; [`run::start`] then runs the query on threads of its own and hands lines to the answer. `limits`
//! says what each role may use, `world` what they see, `places` where something
//! stands in a text as browsers count.
//!
//! **Invariant:** a query never computes on a thread that answers requests, and each one that began ends in the audit
//! log.

pub mod csv;
pub mod limits;
pub mod places;
pub mod run;
pub mod world;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use postern_ledger::Role;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::problem::{Kind, Problem};

pub use limits::{Limits, RoleLimits};

/// Queries that run at the same time, of all people; further ones wait.
pub const RUNS_AT_ONCE_MAX: usize = 4;
/// Queries that wait for one of those places; further ones are refused.
pub const RUNS_WAITING_MAX: usize = 16;
/// When to ask again after a refusal, in seconds.
const COME_AGAIN_AFTER_S: u64 = 5;

/// The running queries of the server.
pub struct Hunting {
    pub limits: Limits,
    pub asked: world::Asked,
    places: Arc<Semaphore>,
    runs: Mutex<HashMap<String, Running>>,
    /// How many have begun since the server did.
    begun: AtomicU64,
}

struct Running {
    owner: String,
    cancelled: CancellationToken,
}

/// A query that may run. It counts until it is dropped.
pub struct Turn {
    pub id: String,
    pub cancelled: CancellationToken,
    hunting: Arc<Hunting>,
}

impl Hunting {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            asked: world::Asked::default(),
            places: Arc::new(Semaphore::new(RUNS_AT_ONCE_MAX)),
            runs: Mutex::default(),
            begun: AtomicU64::new(0),
        }
    }

    /// Takes a query of `owner` into the list of those that run or wait.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] when this person runs as many as the role allows, or too many wait in all.
    pub fn begin(self: &Arc<Self>, owner: &str, role: Role) -> Result<Turn, Problem> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let own = runs.values().filter(|run| run.owner == owner).count();
        let max = self.limits.of(role).queries_at_once;
        if own >= max {
            let title = match max {
                1 => "A query of yours is running, and your role allows one at a time.".to_owned(),
                _ => format!("{own} queries of yours are running, and your role allows {max} at a time."),
            };
            return Err(refused(title, "Wait until one ends, or cancel one."));
        }
        if runs.len() >= RUNS_AT_ONCE_MAX + RUNS_WAITING_MAX {
            let title = format!("{} queries are running or waiting.", runs.len());
            return Err(refused(title, "Try again in a moment."));
        }
        let id = format!("{}", 1 + self.begun.fetch_add(1, Ordering::Relaxed));
        let cancelled = CancellationToken::new();
        let running = Running {
            owner: owner.to_owned(),
            cancelled: cancelled.clone(),
        };
        runs.insert(id.clone(), running);
        drop(runs);
        Ok(Turn {
            id,
            cancelled,
            hunting: Arc::clone(self),
        })
    }

    /// Whether a query that begins now waits for others.
    pub fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// Ends a query. False when there is none of this id that `owner` may end; `None` may end all.
    pub fn cancel(&self, id: &str, owner: Option<&str>) -> bool {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        match runs.get(id) {
            Some(run) if owner.is_none_or(|owner| owner == run.owner) => {
                run.cancelled.cancel();
                true
            }
            _ => false,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut runs = self.hunting.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.remove(&self.id);
    }
}

fn refused(title: String, detail: &str) -> Problem {
    Problem::new(Kind::TooManyRequests, title, detail).retry_after(COME_AGAIN_AFTER_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hunting() -> Arc<Hunting> {
        Arc::new(Hunting::new(Limits::default()))
    }

    #[test]
    fn a_person_runs_as_many_queries_as_the_role_allows() {
        let hunting = hunting();
        let max = hunting.limits.reader.queries_at_once;
        let turns: Vec<_> = (0..max)
            .map(|_| hunting.begin("ann", Role::Reader).expect("a turn"))
            .collect();
        let refused = hunting.begin("ann", Role::Reader).err().expect("refused");
        assert_eq!(refused.kind, Kind::TooManyRequests);
        assert!(refused.retry_after_s.is_some());
        assert!(hunting.begin("bob", Role::Reader).is_ok());
        drop(turns);
        assert!(hunting.begin("ann", Role::Reader).is_ok());
    }

    #[test]
    fn only_so_many_wait() {
        let hunting = hunting();
        let max = RUNS_AT_ONCE_MAX + RUNS_WAITING_MAX;
        let turns: Vec<_> = (0..max)
            .map(|it| hunting.begin(&format!("user{it}"), Role::Reader).expect("a turn"))
            .collect();
        assert!(hunting.begin("one more", Role::Reader).is_err());
        drop(turns);
        assert!(hunting.begin("one more", Role::Reader).is_ok());
    }

    #[test]
    fn a_query_is_ended_by_whoever_began_it_or_by_one_who_may_end_all() {
        let hunting = hunting();
        let turn = hunting.begin("ann", Role::Reader).expect("a turn");
        assert!(!hunting.cancel(&turn.id, Some("bob")));
        assert!(!hunting.cancel("unknown", None));
        assert!(!turn.cancelled.is_cancelled());
        assert!(hunting.cancel(&turn.id, Some("ann")));
        assert!(turn.cancelled.is_cancelled());
        assert!(hunting.cancel(&turn.id, None));
    }
}
