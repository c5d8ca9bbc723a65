//! Connected components. Start at [`strongly_connected`] and [`weakly_connected`].

use crate::csr::{Csr, NONE};

/// A partition of the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// The component of each node.
    pub of: Vec<u32>,
    /// The number of components.
    pub count: u32,
}

/// Finds the components in which two nodes are together when there is a way between them along edges in whatever
/// direction. Components are numbered in the order of their smallest nodes.
///
/// Takes `O(n + m)` time.
pub fn weakly_connected(graph: &Csr) -> Components {
    let node_count = graph.node_count();
    let mut of = vec![NONE; node_count as usize];
    let mut count = 0;
    let mut waiting = Vec::new();
    for root in 0..node_count {
        if of[root as usize] != NONE {
            continue;
        }
        of[root as usize] = count;
        waiting.push(root);
        while let Some(node) = waiting.pop() {
            for hop in graph.outgoing(node).iter().chain(graph.incoming(node)) {
                let component = &mut of[hop.node as usize];
                if *component == NONE {
                    *component = count;
                    waiting.push(hop.node);
                }
            }
        }
        count += 1;
    }
    Components { of, count }
}

/// Finds the components in which two nodes are together when each can be reached from the other. Components are
/// numbered backwards in topological order: an edge between two components leads from the larger number to the smaller.
///
/// Takes `O(n + m)` time. Which numbers the components get depends on the order of the edges, and on nothing else.
///
/// # Source
/// R. E. Tarjan, "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1 (1972).
pub fn strongly_connected(graph: &Csr) -> Components {
    let node_count = graph.node_count();
    let mut of = vec![NONE; node_count as usize];
    let mut count = 0;
    // The order of discovery, and the earliest discovery that a node's subtree leads back to.
    let mut found = vec![NONE; node_count as usize];
    let mut low = vec![NONE; node_count as usize];
    let mut found_count = 0;
    // Nodes found but not yet in a component; and the path of the search, each node with the hops it has tried.
    let mut open = Vec::new();
    let mut path: Vec<(u32, usize)> = Vec::new();

    for root in 0..node_count {
        if found[root as usize] != NONE {
            continue;
        }
        path.push((root, 0));
        while let Some((node, tried)) = path.last_mut() {
            let at = *node as usize;
            if *tried == 0 && found[at] == NONE {
                found[at] = found_count;
                low[at] = found_count;
                found_count += 1;
                open.push(*node);
            }
            if let Some(hop) = graph.outgoing(*node).get(*tried) {
                *tried += 1;
                let to = hop.node as usize;
                if found[to] == NONE {
                    path.push((hop.node, 0));
                } else if of[to] == NONE {
                    low[at] = low[at].min(found[to]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                low[parent as usize] = low[parent as usize].min(low[at]);
            }
            if low[at] == found[at] {
                while let Some(member) = open.pop() {
                    of[member as usize] = count;
                    if member as usize == at {
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    Components { of, count }
}
