//! What was decided and what is current: the only SQL.
