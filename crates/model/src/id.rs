//! Identities: 128-bit hashes of what a thing is anchored in.

use std::fmt;
use std::str::FromStr;

/// Hashes a sequence of parts to 128 bits: the first half of BLAKE3 over each part, preceded by its
/// length as 8 bytes little-endian, so that `["ab", "c"]` and `["a", "bc"]` differ.
pub fn hash128<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u128 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_be_bytes(first)
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            /// Reads the 32 hexadecimal digits that `Display` writes.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                u128::from_str_radix(text, 16).map(Self)
            }
        }
    };
}

id_type! {
    /// An asset: hash of its anchor, the strongest identifier it has (see [`NodeId::of`]).
    NodeId
}
id_type! {
    /// A relation or a step: hash of source, target, label and technique. Parallel techniques differ.
    EdgeId
}

impl NodeId {
    /// The id of the asset anchored in `anchor`, its strongest original id (SID, object id, host key).
    /// Letter case does not matter: directories write the same id in either.
    pub fn of(anchor: &str) -> Self {
        Self(hash128([b"node".as_slice(), anchor.to_ascii_uppercase().as_bytes()]))
    }
}

impl EdgeId {
    pub fn of(source: NodeId, target: NodeId, label: &str, technique: &str) -> Self {
        Self(hash128([
            b"edge".as_slice(),
            &source.0.to_be_bytes(),
            &target.0.to_be_bytes(),
            label.to_ascii_lowercase().as_bytes(),
            technique.as_bytes(),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_does_not_depend_on_letter_case() {
        assert_eq!(NodeId::of("s-1-5-21-1-2-3-500"), NodeId::of("S-1-5-21-1-2-3-500"));
    }

    #[test]
    fn moving_a_byte_between_parts_changes_the_hash() {
        assert_ne!(hash128([b"ab".as_slice(), b"c"]), hash128([b"a".as_slice(), b"bc"]));
    }

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = NodeId::of("x");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 32);
    }
}
