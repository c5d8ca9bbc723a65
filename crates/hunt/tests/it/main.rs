//! Queries run from their text to their rows, and are compared with what is known of them.

mod budgets;
mod cases;
mod compare;
mod nothing;
mod random;
