//! `reduce`: texts that are alike in one row, as a pattern with `*` for what differs.
//!
//! A text is a sequence of words. A word that stands at its place in more than the threshold of all texts is frequent;
//! the pattern of a text keeps its frequent words. Texts of one pattern are a group, if they too are more than the
//! threshold; all others are one group without a pattern.
//!
//! # Source
//! R. Vaarandi: A data clustering algorithm for mining patterns from event logs (2003).

use std::collections::HashMap;

use postern_kql::Diagnostic;
use postern_kql::ir::Scalar;

use super::{Out, Preparation, RowError, RowOperator};
use crate::evaluate::{Program, Values};
use crate::order::number;
use crate::{Context, Datum, convert};

/// The share of texts that makes a group, unless the query says.
const THRESHOLD: f64 = 0.1;

/// Words of one text that are looked at.
pub const WORDS_MAX: usize = 1024;

/// What stands for texts without a group.
const OTHERS: &str = "others";

pub(super) struct Reduce {
    by: Program,
    threshold: f64,
    /// What stands between words; every character that is no letter, digit or beyond ASCII, where the query names none.
    separators: Option<Vec<char>>,
    /// Equal texts are kept once, with their number.
    texts: HashMap<String, (usize, u64)>,
    count: u64,
    held: usize,
}

enum Piece<'t> {
    Word(&'t str),
    Separator(char),
}

impl Reduce {
    pub(super) fn new(
        by: &Scalar,
        threshold: Option<&Scalar>,
        characters: Option<&str>,
        with: &Preparation<'_>,
    ) -> Result<Self, Diagnostic> {
        let threshold = match threshold {
            Some(threshold) => number(&with.constant(threshold)?),
            None => None,
        };
        Ok(Self {
            by: with.program(by)?,
            threshold: threshold.unwrap_or(THRESHOLD),
            separators: characters.map(|characters| characters.chars().collect()),
            texts: HashMap::new(),
            count: 0,
            held: 0,
        })
    }

    fn pieces<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        let separates = |character: char| match &self.separators {
            Some(separators) => separators.contains(&character),
            None => character.is_ascii() && !character.is_ascii_alphanumeric(),
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if separates(character) {
                pieces.push(Piece::Separator(character));
                rest = &rest[character.len_utf8()..];
            } else {
                let length = rest.find(separates).unwrap_or(rest.len());
                pieces.push(Piece::Word(&rest[..length]));
                rest = &rest[length..];
            }
            if pieces.len() >= 2 * WORDS_MAX {
                break;
            }
        }
        pieces
    }

    /// The pattern of a text, or `None` where no word of it is frequent. Separators that the query named are part of
    /// what differs beside them.
    fn pattern(&self, text: &str, frequent: &dyn Fn(usize, &str) -> bool) -> Option<String> {
        let mut pattern = String::new();
        let (mut place, mut has_word) = (0, false);
        let mut pending = String::new();
        for piece in self.pieces(text) {
            match piece {
                Piece::Separator(character) => pending.push(character),
                Piece::Word(word) if frequent(place, word) => {
                    if !(pattern.ends_with('*') && self.separators.is_some()) {
                        pattern.push_str(&pending);
                    }
                    pending.clear();
                    pattern.push_str(word);
                    (place, has_word) = (place + 1, true);
                }
                Piece::Word(_) => {
                    if self.separators.is_none() {
                        pattern.push_str(&pending);
                    }
                    pending.clear();
                    if !pattern.ends_with('*') {
                        pattern.push('*');
                    }
                    place += 1;
                }
            }
        }
        if !(pattern.ends_with('*') && self.separators.is_some()) {
            pattern.push_str(&pending);
        }
        has_word.then_some(pattern)
    }
}

impl RowOperator for Reduce {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, _out: &mut Out<'_>) -> Result<(), RowError> {
        let value = self.by.run(&Values(row), cx);
        let text = convert::text(&value);
        self.count += 1;
        match self.texts.get_mut(text.as_ref()) {
            Some((_, count)) => *count += 1,
            None => {
                self.held += text.len() + size_of::<(String, (usize, u64))>();
                self.texts.insert(text.into_owned(), (self.texts.len(), 1));
            }
        }
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let least = self.threshold * self.count as f64;
        let mut texts: Vec<(&String, &(usize, u64))> = self.texts.iter().collect();
        texts.sort_by_key(|(_, (first, _))| *first);
        let mut words: HashMap<(usize, &str), u64> = HashMap::new();
        for (text, (_, count)) in &texts {
            let of_text = self.pieces(text).into_iter().filter_map(|piece| match piece {
                Piece::Word(word) => Some(word),
                Piece::Separator(_) => None,
            });
            of_text
                .enumerate()
                .for_each(|(place, word)| *words.entry((place, word)).or_default() += count);
        }
        let frequent = |place: usize, word: &str| words.get(&(place, word)).is_some_and(|count| *count as f64 > least);
        let mut groups: HashMap<String, (usize, u64, &str)> = HashMap::new();
        let mut others = 0;
        for (text, (_, count)) in texts {
            match self.pattern(text, &frequent) {
                Some(pattern) => {
                    let number = groups.len();
                    groups.entry(pattern).or_insert((number, 0, text)).1 += count;
                }
                None => others += count,
            }
        }
        let mut groups: Vec<(String, (usize, u64, &str))> = groups.into_iter().collect();
        groups.retain(|(_, (_, count, _))| {
            let is_group = *count as f64 > least;
            others += if is_group { 0 } else { *count };
            is_group
        });
        groups.sort_by_key(|(_, (number, count, _))| (std::cmp::Reverse(*count), *number));
        for (pattern, (_, count, text)) in &groups {
            out(&[
                Datum::string(pattern.as_str()),
                Datum::Long(*count as i64),
                Datum::string(*text),
            ])?;
        }
        if others > 0 {
            out(&[Datum::string(OTHERS), Datum::Long(others as i64), Datum::string("")])?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Type;
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{column, lines, node, run, table};

    fn reduced(texts: &[String], characters: Option<&str>) -> Vec<String> {
        let op = Op::Reduce {
            input: table(&[("s", Type::String)]),
            by: column(0, Type::String),
            threshold: None,
            characters: characters.map(str::to_owned),
        };
        let columns = [
            ("Pattern", Type::String),
            ("Count", Type::Long),
            ("Representative", Type::String),
        ];
        let rows: Vec<_> = texts.iter().map(|text| vec![Datum::string(text.as_str())]).collect();
        lines(&run(&node(op, &columns), &rows).unwrap().unwrap())
    }

    #[test]
    fn words_that_many_share_make_a_pattern() {
        let numbered: Vec<String> = (1..=10).map(|number| format!("fooZ{number}")).collect();
        assert_eq!(reduced(&numbered, None), ["others|10|"]);
        assert_eq!(reduced(&numbered, Some("Z")), ["foo*|10|fooZ1"]);
        let cities: Vec<String> = ["Diego", "Jose", "Juan", "Marino", "Pedro", "Rafael"]
            .iter()
            .map(|name| format!("San {name}"))
            .chain(["Moscow", "Moscow", "Moscow", "Moscow", "Paris"].map(str::to_owned))
            .collect();
        assert_eq!(
            reduced(&cities, Some(" ")),
            ["San*|6|San Diego", "Moscow|4|Moscow", "others|1|"]
        );
    }

    #[test]
    fn separators_stay_where_the_query_names_none() {
        let lines: Vec<String> = (0..20)
            .map(|number| format!("port {number} on host-{number} closed"))
            .collect();
        assert_eq!(
            reduced(&lines, None),
            ["port * on host-* closed|20|port 0 on host-0 closed"]
        );
    }
}
