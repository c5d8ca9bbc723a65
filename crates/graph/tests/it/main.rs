//! Every algorithm against a naive twin on small random graphs ([`twins`]), and on graphs made for one purpose: depth,
//! size, ties, and cases that chance seldom draws ([`made`]).

mod made;
mod naive;
mod twins;
