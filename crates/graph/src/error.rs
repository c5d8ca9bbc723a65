//! The one error type of this crate.

use crate::csr::{EDGES_MAX, NODES_MAX};

/// Why a graph could not be built, or a question about it not be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// A node given as a start, a root or a target.
    #[error("there is no node {node} in a graph of {node_count} nodes")]
    NoSuchNode { node: u32, node_count: u32 },

    /// An end of an edge given to [`Csr::from_edges`](crate::Csr::from_edges).
    #[error("edge {edge} ends at node {node}, which is not in a graph of {node_count} nodes")]
    NoSuchEnd { edge: u32, node: u32, node_count: u32 },

    #[error("a graph of {node_count} nodes is too large; {limit} is the most", limit = NODES_MAX)]
    TooManyNodes { node_count: u32 },

    #[error("a graph of {edge_count} edges is too large; {limit} is the most", limit = EDGES_MAX)]
    TooManyEdges { edge_count: usize },

    /// A slice that needs one value per edge has another length.
    #[error("{found} capacities were given for a graph of {edge_count} edges")]
    CapacityCount { found: usize, edge_count: u32 },

    /// An edge variable of a pattern names a node variable that is not there.
    #[error("an edge of the pattern ends at variable {variable}, which the pattern does not have")]
    NoSuchVariable { variable: usize },

    /// The parts of a pattern share no node variable.
    #[error("the pattern is empty or falls into parts that share no node")]
    Disconnected,
}
