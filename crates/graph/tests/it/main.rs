//! Every algorithm against a naive twin on small random graphs, and against deep and wide graphs that a recursive or
//! quadratic implementation would not survive.

mod large;
mod naive;
mod twins;
