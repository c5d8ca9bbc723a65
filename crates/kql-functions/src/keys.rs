//! Sets of byte strings that remember the order in which their members came: groups, distinct values, properties.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// Passes a hash on that is one already.
#[derive(Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

pub(crate) type BuildHashed = BuildHasherDefault<Hashed>;

const NONE: u32 = u32::MAX;

/// Members are numbered from 0 in the order of their first appearance and stand in one buffer. The hash is keyed at
/// random, so that nobody can choose members that collide.
#[derive(Default)]
pub(crate) struct KeySet {
    bytes: Vec<u8>,
    /// For each member where it ends in `bytes`, and the next one of its hash.
    members: Vec<(usize, u32)>,
    /// The last member of each hash.
    heads: HashMap<u64, u32, BuildHashed>,
    hasher: RandomState,
}

impl KeySet {
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.members[index - 1].0 };
        &self.bytes[start..self.members[index].0]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index))
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        let mut at = *self.heads.get(&self.hasher.hash_one(key))?;
        while at != NONE {
            if self.get(at as usize) == key {
                return Some(at as usize);
            }
            at = self.members[at as usize].1;
        }
        None
    }

    /// The member's number, and whether it is new.
    pub(crate) fn insert(&mut self, key: &[u8]) -> (usize, bool) {
        if let Some(index) = self.find(key) {
            return (index, false);
        }
        let index = self.len();
        let next = match self.heads.entry(self.hasher.hash_one(key)) {
            Entry::Occupied(mut head) => head.insert(index as u32),
            Entry::Vacant(head) => {
                head.insert(index as u32);
                NONE
            }
        };
        self.bytes.extend_from_slice(key);
        self.members.push((self.bytes.len(), next));
        (index, true)
    }

    pub(crate) fn size(&self) -> usize {
        self.bytes.capacity()
            + self.members.capacity() * size_of::<(usize, u32)>()
            + self.heads.capacity() * (size_of::<(u64, u32)>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_the_number_of_their_first_appearance() {
        let mut set = KeySet::default();
        assert_eq!(set.insert(b""), (0, true));
        for number in 0..1000_u32 {
            assert_eq!(set.insert(&number.to_le_bytes()), (number as usize + 1, true));
        }
        assert_eq!(set.insert(&7_u32.to_le_bytes()), (8, false));
        assert_eq!(set.find(b"nobody"), None);
        assert_eq!(set.get(8), 7_u32.to_le_bytes());
        assert_eq!(set.iter().count(), 1001);
    }
}
