//! What a computation may know besides its arguments.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

/// Compiled patterns that a context keeps; beyond that all are forgotten.
const PATTERNS_MAX: usize = 64;

/// Bytes that one compiled pattern may take.
pub const PATTERN_BYTES_MAX: usize = 4 << 20;

/// The clock of the query and what is worth keeping between rows. One for each thread.
#[derive(Debug, Default)]
pub struct Context {
    /// `now()`: microseconds since 1970, the same for the whole query.
    pub now: i64,
    patterns: RefCell<HashMap<String, Option<Arc<Regex>>>>,
    /// The key of this context's chance, and how often it was asked.
    chance: RandomState,
    drawn: Cell<u64>,
    /// Limits that were reached, in words.
    reached: RefCell<BTreeSet<&'static str>>,
}

impl Context {
    pub fn new(now: i64) -> Self {
        Self { now, ..Self::default() }
    }

    /// 64 random bits, for `rand` and `new_guid`: a keyed hash of a counter. Nothing secret may rest on it.
    pub fn random(&self) -> u64 {
        let drawn = self.drawn.get().wrapping_add(1);
        self.drawn.set(drawn);
        self.chance.hash_one(drawn)
    }

    /// Notes that a limit was reached, in a sentence that a person reads: the result is not what was asked for.
    pub fn reach(&self, limit: &'static str) {
        self.reached.borrow_mut().insert(limit);
    }

    /// The limits that were reached since this was asked last.
    pub fn take_reached(&self) -> BTreeSet<&'static str> {
        self.reached.take()
    }

    /// The compiled pattern, or `None` where it is not one. Matching takes time linear in the text.
    pub fn pattern(&self, pattern: &str) -> Option<Arc<Regex>> {
        if let Some(found) = self.patterns.borrow().get(pattern) {
            return found.clone();
        }
        let compiled = compile(pattern).ok().map(Arc::new);
        let mut patterns = self.patterns.borrow_mut();
        if patterns.len() >= PATTERNS_MAX {
            patterns.clear();
        }
        patterns.insert(pattern.to_owned(), compiled.clone());
        compiled
    }
}

/// # Errors
/// The text is not a pattern, or one that would take more than [`PATTERN_BYTES_MAX`].
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build()
}
