//! The graph as such: what can be reached, at what cost, and through which nodes and edges everything must pass.
//!
//! Nodes are the numbers `0..node_count`, edges are numbered in the order in which they were given, costs are `u32` per
//! edge and `u64` along a route, so that no sum can overflow. What a node or an edge *is* stays with the caller.
//!
//! Start at [`Csr::from_edges`]; every question is a function over that one structure:
//!
//! | question | answer |
//! |---|---|
//! | what lies ahead of, or behind, these nodes | [`reachable_from`], [`reaching`] |
//! | the cheapest route from, or to, the nearest of these nodes | [`cheapest_from`], [`cheapest_to`] |
//! | the next best routes between two nodes | [`k_cheapest`] |
//! | what every route must pass | [`Dominators`], [`severed`] |
//! | the cheapest edges that part two sets of nodes | [`minimum_cut`] |
//! | which nodes lie on common cycles, or hang together at all | [`strongly_connected`], [`weakly_connected`] |
//! | where a pattern of nodes, edges and walks occurs | [`pattern`] |
//!
//! **The order of routes.** Of two routes the better one has the smaller cost; at equal cost the fewer hops; at equal
//! hops the lexicographically smaller sequence of edge numbers, read in the direction of travel. No two routes between
//! the same nodes are equal under this order, so "the cheapest route" is one route, whichever function or direction
//! computes it. A caller who numbers edges in the order of their ids gets ties broken by id.
//!
//! **Invariants:** nothing here recurses, reads a clock, starts a thread or draws a random number; equal inputs give
//! equal answers. A node that doesn't exist is an error before anything is computed. Each algorithm has a naive twin in
//! `tests/it`.

mod components;
mod csr;
mod cut;
mod dominators;
mod error;
mod k_cheapest;
pub mod pattern;
mod reach;
mod routes;
mod severed;

pub use components::{Components, strongly_connected, weakly_connected};
pub use csr::{Csr, EDGES_MAX, Edge, Hop, NODES_MAX};
pub use cut::{Cut, minimum_cut};
pub use dominators::{Ancestors, Dominators};
pub use error::GraphError;
pub use fixedbitset::FixedBitSet;
pub use k_cheapest::{Route, k_cheapest};
pub use reach::{reachable_from, reaching};
pub use routes::{Routes, cheapest_from, cheapest_to};
pub use severed::{Severed, severed};
