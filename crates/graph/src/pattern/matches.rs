//! Matches as they are handed over: a column of numbers for each variable. Start at [`Matches`].

use super::Pattern;

/// Up to [`BATCH_ROWS_MAX`](super::BATCH_ROWS_MAX) matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// The number of matches.
    pub len: usize,
    /// For each node variable the node of each match.
    pub nodes: Vec<Vec<u32>>,
    /// For each edge variable what it stands for in each match.
    pub edges: Vec<EdgeColumn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeColumn {
    /// The edge of each match.
    One(Vec<u32>),
    /// The walk of each match.
    Walk(Paths),
}

/// Walks, each from its left end to its right end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// Walk `i` takes `edges[ends[i - 1]..ends[i]]`, from 0 for the first.
    pub edge_ends: Vec<u32>,
    pub edges: Vec<u32>,
    /// It passes `inner[inner_ends[i - 1]..inner_ends[i]]`, one fewer than edges.
    pub inner_ends: Vec<u32>,
    pub inner: Vec<u32>,
}

impl Paths {
    /// The edges of walk `row`.
    pub fn edges_of(&self, row: usize) -> &[u32] {
        slice(&self.edge_ends, &self.edges, row)
    }

    /// The inner nodes of walk `row`.
    pub fn inner_of(&self, row: usize) -> &[u32] {
        slice(&self.inner_ends, &self.inner, row)
    }

    pub(super) fn push(&mut self, edges: impl Iterator<Item = u32>, inner: impl Iterator<Item = u32>) {
        self.edges.extend(edges);
        self.edge_ends.push(self.edges.len() as u32);
        self.inner.extend(inner);
        self.inner_ends.push(self.inner.len() as u32);
    }
}

fn slice<'a>(ends: &[u32], values: &'a [u32], row: usize) -> &'a [u32] {
    let start = if row == 0 { 0 } else { ends[row - 1] };
    &values[start as usize..ends[row] as usize]
}

impl Matches {
    pub(super) fn new(pattern: &Pattern) -> Self {
        let column = |is_walk| match is_walk {
            true => EdgeColumn::Walk(Paths::default()),
            false => EdgeColumn::One(Vec::new()),
        };
        Self {
            len: 0,
            nodes: vec![Vec::new(); pattern.nodes.len()],
            edges: pattern.edges.iter().map(|edge| column(edge.length.is_some())).collect(),
        }
    }

    /// Of the same columns, without matches.
    pub(super) fn emptied(&self) -> Self {
        let empty = |column: &EdgeColumn| match column {
            EdgeColumn::One(_) => EdgeColumn::One(Vec::new()),
            EdgeColumn::Walk(_) => EdgeColumn::Walk(Paths::default()),
        };
        Self {
            len: 0,
            nodes: vec![Vec::new(); self.nodes.len()],
            edges: self.edges.iter().map(empty).collect(),
        }
    }

    /// Appends a match of another batch of the same columns.
    pub(super) fn push_row_of(&mut self, other: &Self, row: usize) {
        self.len += 1;
        for (mine, other) in self.nodes.iter_mut().zip(&other.nodes) {
            mine.push(other[row]);
        }
        for columns in self.edges.iter_mut().zip(&other.edges) {
            match columns {
                (EdgeColumn::One(mine), EdgeColumn::One(other)) => mine.push(other[row]),
                (EdgeColumn::Walk(mine), EdgeColumn::Walk(other)) => {
                    mine.push(other.edges_of(row).iter().copied(), other.inner_of(row).iter().copied());
                }
                // `emptied` made the same columns.
                (EdgeColumn::One(_), EdgeColumn::Walk(_)) | (EdgeColumn::Walk(_), EdgeColumn::One(_)) => {}
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.nodes.iter_mut().for_each(Vec::clear);
        for column in &mut self.edges {
            match column {
                EdgeColumn::One(edges) => edges.clear(),
                EdgeColumn::Walk(paths) => {
                    paths.edge_ends.clear();
                    paths.edges.clear();
                    paths.inner_ends.clear();
                    paths.inner.clear();
                }
            }
        }
    }

    /// The numbers that are held, walks included.
    pub(super) fn number_count(&self) -> usize {
        let of_edges = |column: &EdgeColumn| match column {
            EdgeColumn::One(edges) => edges.len(),
            EdgeColumn::Walk(paths) => paths.edges.len() + paths.inner.len() + 2 * self.len,
        };
        self.nodes.len() * self.len + self.edges.iter().map(of_edges).sum::<usize>()
    }
}
