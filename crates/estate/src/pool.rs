//! Equal values, held once: the same ids, boundaries and sightings occur in millions of rows.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use postern_model::estate::{Attributes, Node, Seen};

/// Finds things by id, millions of times.
pub type IdMap<T> = HashMap<u128, T, BuildHasherDefault<IdHasher>>;

/// An id is a hash already, so a part of it is as good as another hash of it.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write_u128(&mut self, id: u128) {
        self.0 = id as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Hands out a value that is there already instead of an equal one. `P` is a pointer that many can hold.
pub struct Pool<P>(HashSet<P>);

impl<P> Default for Pool<P> {
    fn default() -> Self {
        Self(HashSet::new())
    }
}

impl<P: Clone + Eq + Hash> Pool<P> {
    pub fn share<'q, Q>(&mut self, value: &'q Q, make: impl FnOnce(&'q Q) -> P) -> P
    where
        Q: ?Sized + Eq + Hash,
        P: Borrow<Q>,
    {
        if let Some(known) = self.0.get(value) {
            return known.clone();
        }
        let made = make(value);
        self.0.insert(made.clone());
        made
    }
}

/// Lists of sources with two times: a few, each told by very many rows.
pub struct Sightings<K> {
    known: HashMap<K, HashMap<(Timestamp, Timestamp), Arc<Seen>>>,
    /// The answer before: neighbours tend to come from one file.
    newest: Option<(K, Arc<Seen>)>,
}

impl<K> Default for Sightings<K> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            newest: None,
        }
    }
}

impl<K: Eq + Hash> Sightings<K> {
    /// What a key stands for, seen between two times. `sources` are asked for the first time.
    pub fn share<Q, E>(
        &mut self,
        key: &Q,
        (first, last): (Timestamp, Timestamp),
        own: impl Fn(&Q) -> K,
        sources: impl FnOnce() -> Result<Vec<String>, E>,
    ) -> Result<Arc<Seen>, E>
    where
        Q: ?Sized + Eq + Hash,
        K: Borrow<Q>,
    {
        if let Some((newest, seen)) = &self.newest
            && newest.borrow() == key
            && (seen.first, seen.last) == (first, last)
        {
            return Ok(seen.clone());
        }
        let known = self.known.get(key).and_then(|times| times.get(&(first, last)));
        let seen = match known {
            Some(seen) => seen.clone(),
            None => {
                let seen = Arc::new(Seen {
                    sources: sources()?,
                    first,
                    last,
                });
                let times = self.known.entry(own(key)).or_default();
                times.insert((first, last), seen.clone());
                seen
            }
        };
        self.newest = Some((own(key), seen.clone()));
        Ok(seen)
    }
}

/// Shares the texts of a node with those of other nodes, and with each other: a key is an identifier too.
pub fn share_texts(node: &mut Node, texts: &mut Pool<Arc<str>>) {
    let Attributes {
        operating_system,
        ds_heuristics,
        distinguished_name,
        sam_account_name,
        ..
    } = &mut node.attributes;
    let attributes = [operating_system, ds_heuristics, distinguished_name, sam_account_name];
    let identifiers = node
        .identifiers
        .iter_mut()
        .flat_map(|it| [&mut it.identifier.kind, &mut it.identifier.value]);
    let facets = node.facets.iter_mut().flat_map(|it| [&mut it.key, &mut it.reason]);
    [&mut node.key, &mut node.boundary]
        .into_iter()
        .chain(attributes.into_iter().flatten())
        .chain(identifiers)
        .chain(facets)
        .for_each(|text| *text = texts.share(&**text, |_| text.clone()));
}
