//! Texts that must not be seen: passwords, and the secrets of sessions and tokens.
//!
//! **Invariant:** a [`Secret`] is not shown by `Debug`, and is wiped from memory when it is dropped.

use std::fmt;

use postern_ledger::SecretHash;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::problem::Problem;

/// Random bytes in the secret of a session or token.
const SECRET_BYTES: usize = 32;

/// What the secret of every API token begins with, so that tools which look for leaked secrets know it.
pub const TOKEN_PREFIX: &str = "postern_";

/// Letters and digits of generated passwords, without those that look alike: no `0 o 1 i l`.
const READABLE: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 5;
const GROUP_CHARS: usize = 5;

#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret of a session: 256 random bits.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn for_session() -> Result<Self, Problem> {
        Self::random("")
    }

    /// The secret of an API token: [`TOKEN_PREFIX`] and 256 random bits.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn for_token() -> Result<Self, Problem> {
        Self::random(TOKEN_PREFIX)
    }

    fn random(prefix: &str) -> Result<Self, Problem> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(&mut *bytes).map_err(Problem::internal)?;
        let mut text = String::with_capacity(prefix.len() + 2 * SECRET_BYTES);
        text.push_str(prefix);
        for byte in *bytes {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        Ok(Self::new(text))
    }

    /// A password that a person can read out and type: five groups of five characters, 123 bits.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn for_person() -> Result<Self, Problem> {
        let mut text = String::with_capacity(GROUPS * (GROUP_CHARS + 1));
        let mut chars = 0;
        let mut byte = Zeroizing::new([0]);
        while chars < GROUPS * GROUP_CHARS {
            getrandom::fill(&mut *byte).map_err(Problem::internal)?;
            // The bytes beyond the last whole round would make the first characters likelier.
            let round = usize::from(byte[0]) / READABLE.len();
            if round == 256 / READABLE.len() {
                continue;
            }
            if chars > 0 && chars % GROUP_CHARS == 0 {
                text.push('-');
            }
            text.push(char::from(READABLE[usize::from(byte[0]) % READABLE.len()]));
            chars += 1;
        }
        Ok(Self::new(text))
    }

    /// To be shown once, or checked.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the ledger keeps of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_generated_password_is_five_groups_without_characters_that_look_alike() {
        let seen: BTreeSet<char> = (0..200)
            .flat_map(|_| {
                let password = Secret::for_person().expect("random").expose().to_owned();
                let groups: Vec<_> = password.split('-').map(str::len).collect();
                assert_eq!(groups, [5; 5], "{password}");
                password.chars().collect::<Vec<_>>()
            })
            .collect();
        let every: BTreeSet<char> = READABLE.iter().map(|&it| char::from(it)).chain(['-']).collect();
        assert_eq!(seen, every);
        assert!("0o1il".chars().all(|it| !seen.contains(&it)));
    }

    #[test]
    fn secrets_differ_and_tokens_say_that_they_are_ours() {
        let (one, other) = (
            Secret::for_token().expect("random"),
            Secret::for_token().expect("random"),
        );
        assert_ne!(one.expose(), other.expose());
        let digits = one.expose().strip_prefix("postern_").expect("prefix");
        assert_eq!(digits.len(), 64);
        assert!(digits.chars().all(|it| it.is_ascii_hexdigit()));
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = Secret::new("correct horse".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
}
