//! What a person types as an id, looked up in one generation.
//!
//! Start at [`Ids::place`]. Ids come first, in any letter case; then names, where only one thing has the name. Who
//! mistypes is told what is closest.

use postern_engine::Generation;
use postern_model::estate::NodeIndex;
use postern_model::{EdgeId, NodeId};

use crate::{ReportError, Result};

/// An abbreviated id has at least so many digits.
const PREFIX_DIGITS_MIN: usize = 6;
/// Hexadecimal digits of a whole id.
const ID_DIGITS: u32 = u128::BITS / BITS_PER_DIGIT;
const BITS_PER_DIGIT: u32 = 4;
/// As many suggestions as one reads.
const SUGGESTIONS_MAX: usize = 3;
/// As many namesakes as are listed.
const NAMESAKES_MAX: usize = 5;
/// So few letters are inside of every other name.
const PART_LETTERS_MIN: usize = 3;
/// A name that differs in more letters was not meant.
const TYPOS_MAX: usize = 3;

/// Ids and names of one generation.
pub struct Ids<'a>(pub &'a Generation);

/// A thing with an id and a name.
struct Named<'a> {
    id: NodeId,
    key: &'a str,
    name: &'a str,
}

impl<'a> Ids<'a> {
    /// An asset, a virtual entry point or a control plane.
    ///
    /// # Errors
    /// Nothing has this id or name, or several things have this name.
    pub fn place(&self, text: &str) -> Result<NodeId> {
        if let Some(index) = self.0.estate.find(text) {
            return Ok(self.0.estate.node(index).id);
        }
        if let Some(it) = self.virtuals().find(|it| it.key.eq_ignore_ascii_case(text)) {
            return Ok(it.id);
        }
        if let Some(it) = text
            .parse()
            .ok()
            .and_then(|id: NodeId| self.virtuals().find(|it| it.id == id))
        {
            return Ok(it.id);
        }
        let namesakes: Vec<_> = self.all().filter(|it| it.name.eq_ignore_ascii_case(text)).collect();
        match namesakes.as_slice() {
            [] => Err(ReportError::NothingNamed {
                text: text.to_owned(),
                hint: self.suggestions(text),
            }),
            [one] => Ok(one.id),
            several => {
                let keys: Vec<_> = several.iter().take(NAMESAKES_MAX).map(|it| it.key).collect();
                let more = several.len() - keys.len();
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                Err(ReportError::Ambiguous {
                    text: text.to_owned(),
                    ids: format!("{}{more}", keys.join(", ")),
                })
            }
        }
    }

    /// An asset, for what virtual entry points and control planes cannot be asked.
    ///
    /// # Errors
    /// As [`Self::place`].
    pub fn asset(&self, text: &str) -> Result<NodeIndex> {
        let id = self.place(text)?;
        match self.0.estate.by_id(id) {
            Some(index) => Ok(index),
            None => Err(ReportError::NotOneAsset {
                name: self.0.name_of(id),
            }),
        }
    }

    /// A step, relation or finding, by its id or the first digits of it.
    ///
    /// # Errors
    /// Nothing has this id, or several things begin with these digits.
    pub fn edge(&self, text: &str) -> Result<EdgeId> {
        if text.len() < PREFIX_DIGITS_MIN || !text.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(ReportError::NotAnId { text: text.to_owned() });
        }
        let generation = self.0;
        let digits = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let (Ok(EdgeId(wanted)), Some(rest)) = (text.parse(), ID_DIGITS.checked_sub(digits)) else {
            return Err(ReportError::NotAnId { text: text.to_owned() });
        };
        let steps = generation.derived.steps.iter().map(|it| it.id);
        let relations = generation.estate.relations.iter().map(|it| it.id);
        let findings = generation.estate.findings.iter().map(|it| it.id);
        // Millions are compared: as numbers, of which the text is the first digits.
        let mut found: Vec<_> = steps
            .chain(relations)
            .chain(findings)
            .filter(|id| id.0 >> (rest * BITS_PER_DIGIT) == wanted)
            .collect();
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [] => Err(ReportError::NoSuchEdge {
                text: text.to_owned(),
                generation: generation.record.number,
            }),
            [one] => Ok(*one),
            several => Err(ReportError::ShortId {
                text: text.to_owned(),
                ids: several.len(),
            }),
        }
    }

    fn virtuals(&self) -> impl Iterator<Item = Named<'a>> {
        let generation = self.0;
        let vertices = generation.derived.virtuals.iter().map(|it| Named {
            id: it.id,
            key: &it.key,
            name: &it.name,
        });
        let targets = generation
            .targets
            .iter()
            .filter(|it| generation.estate.by_id(it.id).is_none());
        vertices.chain(targets.map(|it| Named {
            id: it.id,
            key: &it.key,
            name: &it.name,
        }))
    }

    fn all(&self) -> impl Iterator<Item = Named<'a>> {
        let nodes = self.0.estate.nodes.iter().map(|it| Named {
            id: it.id,
            key: &it.key,
            name: &it.name,
        });
        nodes.chain(self.virtuals())
    }

    /// `; did you mean A or B?`, or nothing.
    fn suggestions(&self, text: &str) -> String {
        let wanted = text.to_lowercase();
        let mut closest: Vec<_> = self
            .all()
            .flat_map(|it| [it.name, it.key])
            .filter_map(|candidate| Some((distance(&wanted, candidate)?, candidate)))
            .collect();
        closest.sort_unstable();
        closest.dedup();
        let best = closest.first().map(|(distance, _)| *distance);
        let names: Vec<_> = closest
            .into_iter()
            .take_while(|(distance, _)| Some(*distance) == best)
            .take(SUGGESTIONS_MAX)
            .map(|(_, name)| name.to_owned())
            .collect();
        match names.as_slice() {
            [] => String::new(),
            [one] => format!("; did you mean {one}?"),
            [front @ .., last] => format!("; did you mean {} or {last}?", front.join(", ")),
        }
    }
}

/// How far a name is from what was typed (lower case); `None` when nobody could have meant it. A name that begins
/// with the text is closest, then one that holds it, then one with few other letters.
fn distance(wanted: &str, candidate: &str) -> Option<usize> {
    let candidate = candidate.to_lowercase();
    if candidate.starts_with(wanted) {
        return Some(0);
    }
    if wanted.chars().count() >= PART_LETTERS_MIN && candidate.contains(wanted) {
        return Some(1);
    }
    let (short, long) = (wanted.chars().count(), candidate.chars().count());
    if short.abs_diff(long) > TYPOS_MAX {
        return None;
    }
    let typos = edits(wanted, &candidate);
    (typos <= TYPOS_MAX && typos * 2 < short).then_some(1 + typos)
}

/// Letters to insert, take out or replace to turn one text into the other (Wagner and Fischer, 1974).
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, &wanted) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_name_is_closer_than_its_middle_and_that_closer_than_a_typo() {
        let name = "DOMAIN ADMINS@PHANTOM.CORP";
        assert_eq!(distance("domain adm", name), Some(0));
        assert_eq!(distance("admins", name), Some(1));
        assert_eq!(distance("domain admims@phantom.corp", name), Some(2));
        assert_eq!(distance("somebody else", name), None);
    }

    #[test]
    fn short_texts_are_matched_neither_inside_of_names_nor_by_replacing_most_of_them() {
        assert_eq!(distance("x", "DOMAIN ADMINS@EXAMPLE"), None);
        assert_eq!(distance("abc", "xyz"), None);
    }

    #[test]
    fn edits_are_counted_in_both_directions_alike() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("sitting", "kitten"), 3);
        assert_eq!(edits("", "abc"), 3);
    }
}
