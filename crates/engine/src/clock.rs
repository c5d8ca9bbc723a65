//! The one clock.

use jiff::Timestamp;

/// Tells the time at which a generation is evaluated and an import without a date of its own was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    System,
    /// For repeatable results: `POSTERN_EVALUATED_AT`.
    Fixed(Timestamp),
}

impl Clock {
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(at) => at,
        }
    }
}
