//! Sets of numbers: which nodes or edges a variable allows. Start at [`Allowed`].

use std::ops::Range;

use fixedbitset::FixedBitSet;

use super::{Direction, EdgeVariable};
use crate::csr::{Csr, Hop};

/// A set of node or edge numbers.
///
/// A caller who numbers edges kind by kind says "of this kind" with a [`Allowed::Range`]: the hops of a node are in
/// the order of edge numbers, so those of one kind are found without looking at the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Allowed {
    #[default]
    All,
    Range(Range<u32>),
    /// A bit for each number; numbers beyond the last bit are not in the set.
    Bits(FixedBitSet),
}

impl Allowed {
    pub fn contains(&self, number: u32) -> bool {
        match self {
            Allowed::All => true,
            Allowed::Range(range) => range.contains(&number),
            Allowed::Bits(bits) => bits.contains(number as usize),
        }
    }

    /// As one bit for each of `count` numbers; `None` for all of them.
    pub(super) fn to_bits(&self, count: u32) -> Option<FixedBitSet> {
        let mut bits = FixedBitSet::with_capacity(count as usize);
        match self {
            Allowed::All => return None,
            Allowed::Range(range) => {
                let end = range.end.min(count);
                bits.insert_range(range.start.min(end) as usize..end as usize);
            }
            Allowed::Bits(given) => {
                bits.union_with(given);
                if bits.len() > count as usize {
                    bits = given.ones().take_while(|&number| number < count as usize).collect();
                    bits.grow(count as usize);
                }
            }
        }
        Some(bits)
    }

    /// Whether no number below `count` is in both sets.
    pub(super) fn is_disjoint(&self, other: &Allowed, count: u32) -> bool {
        match (self.to_bits(count), other.to_bits(count)) {
            (Some(left), Some(right)) => left.is_disjoint(&right),
            (Some(bits), None) | (None, Some(bits)) => bits.is_clear(),
            (None, None) => count == 0,
        }
    }
}

/// An edge variable as it is followed from one of its ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Follow<'a> {
    graph: &'a Csr,
    allowed: &'a Allowed,
    goes_out: bool,
    comes_in: bool,
}

impl<'a> Follow<'a> {
    /// From the left end when `from_left`, else from the right end.
    pub(super) fn new(graph: &'a Csr, edge: &'a EdgeVariable, from_left: bool) -> Self {
        let (goes_out, comes_in) = match edge.direction {
            Direction::Right => (from_left, !from_left),
            Direction::Left => (!from_left, from_left),
            Direction::Both => (true, true),
        };
        Self {
            graph,
            allowed: &edge.allowed,
            goes_out,
            comes_in,
        }
    }

    /// The hops away from `node`: those that leave it, then those that enter it. Not all of them need be allowed.
    pub(super) fn rows(self, node: u32) -> Rows<'a> {
        let narrow = |row: &'a [Hop]| match self.allowed {
            Allowed::Range(range) => {
                let start = row.partition_point(|hop| hop.edge < range.start);
                let count = row[start..].partition_point(|hop| hop.edge < range.end);
                &row[start..start + count]
            }
            Allowed::All | Allowed::Bits(_) => row,
        };
        let (out, into): (&[Hop], &[Hop]) = (
            if self.goes_out {
                narrow(self.graph.outgoing(node))
            } else {
                &[]
            },
            if self.comes_in {
                narrow(self.graph.incoming(node))
            } else {
                &[]
            },
        );
        Rows { out, into }
    }

    /// Whether a hop from `node`, at this place of its rows, may be taken. Where edges are followed either way a
    /// loop stands in both rows and counts in the first.
    pub(super) fn may_take(self, node: u32, hop: &Hop, is_second_row: bool) -> bool {
        let is_told_twice = is_second_row && self.goes_out && hop.node == node;
        !is_told_twice && (!matches!(self.allowed, Allowed::Bits(_)) || self.allowed.contains(hop.edge))
    }

    /// The hops from `node` that may be taken.
    pub(super) fn hops(self, node: u32) -> impl Iterator<Item = &'a Hop> {
        let rows = self.rows(node);
        let first = rows.out.iter().filter(move |hop| self.may_take(node, hop, false));
        let second = rows.into.iter().filter(move |hop| self.may_take(node, hop, true));
        first.chain(second)
    }
}

/// The hops of one node, in both directions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rows<'a> {
    out: &'a [Hop],
    into: &'a [Hop],
}

impl<'a> Rows<'a> {
    pub(super) fn len(&self) -> usize {
        self.out.len() + self.into.len()
    }

    /// The hop at a place, and whether it is of the second row.
    pub(super) fn get(&self, place: usize) -> Option<(&'a Hop, bool)> {
        match self.out.get(place) {
            Some(hop) => Some((hop, false)),
            None => self.into.get(place - self.out.len()).map(|hop| (hop, true)),
        }
    }
}
