//! Whether a value is one of many constants (`in`), and whether a term of a text is one of many (`has_any`), without
//! going through all of them.
//!
//! The answers are those of `==` and of `has`, one after the other; a test compares.

use std::borrow::Cow;
use std::collections::HashSet;

use postern_kql::Type;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::text::{Needle, fold, folded, is_term_character};
use crate::{Datum, convert};

/// From this many values on, a list is looked up in a set.
const VALUES_MIN: usize = 8;

/// From this many needles on, the terms of a text are looked up among them.
const NEEDLES_MIN: usize = 12;

/// What equal values that are no texts have in common. Whole numbers are the same in every type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Long(i64),
    /// The bits of a number with a fraction.
    Real(u64),
    Decimal(Decimal),
    Moment(i64),
    Span(i64),
    Guid(u128),
}

/// A list of constants, none of them an array.
#[derive(Debug)]
pub(crate) struct Members {
    /// Folded where case does not count.
    texts: HashSet<Box<str>>,
    others: HashSet<Key>,
    has_null: bool,
    /// The left side is `dynamic`, and its text is what is compared.
    by_text: bool,
    is_case_sensitive: bool,
}

impl Members {
    /// `None` where the list is short, or compared in a way that no set can.
    pub fn new(left: Type, values: &[Datum<'_>], is_case_sensitive: bool) -> Option<Self> {
        if values.len() < VALUES_MIN {
            return None;
        }
        let is_text = |value: &Datum<'_>| matches!(value, Datum::String(_));
        let by_text = left == Type::Dynamic && values.iter().any(is_text);
        // A JSON value is compared as a text with a text and by its kind with others: one set holds one of the two.
        if by_text && !values.iter().all(is_text) {
            return None;
        }
        let mut members = Self {
            texts: HashSet::new(),
            others: HashSet::new(),
            has_null: false,
            by_text,
            is_case_sensitive,
        };
        for value in values {
            if value.is_null() {
                members.has_null = true;
                continue;
            }
            // Texts stand for moments and the like where those are compared.
            let converted = match left {
                Type::DateTime | Type::TimeSpan | Type::Guid => convert::cast(value, left),
                _ => value.borrowed(),
            };
            if converted.is_null() {
                continue;
            }
            match members.looked_up(&converted)? {
                Found::Text(text) => drop(members.texts.insert(text.into())),
                Found::Other(key) => drop(members.others.insert(key)),
            }
        }
        Some(members)
    }

    /// Three-valued as `==` is: null where the value is null and the list has a null.
    pub fn hold(&self, value: &Datum<'_>) -> Option<bool> {
        if value.is_null() {
            return if self.has_null { None } else { Some(false) };
        }
        Some(match self.looked_up(value) {
            None => false,
            Some(Found::Text(text)) => self.texts.contains(text.as_ref()),
            Some(Found::Other(key)) => self.others.contains(&key),
        })
    }

    /// What of the value is looked up; `None` for an array, an object, and what is not a number.
    fn looked_up<'d>(&self, value: &'d Datum<'_>) -> Option<Found<'d>> {
        let text = match value {
            Datum::String(text) => Cow::Borrowed(text.as_ref()),
            Datum::Dynamic(dynamic) if self.by_text => convert::dynamic_text(dynamic),
            Datum::Dynamic(dynamic) => match convert::of_kind(dynamic) {
                Datum::Dynamic(_) => return None,
                Datum::String(text) => text,
                simple => return key(&simple).map(Found::Other),
            },
            other => return key(other).map(Found::Other),
        };
        Some(Found::Text(if self.is_case_sensitive {
            text
        } else {
            match folded(&text) {
                Cow::Borrowed(_) => text,
                Cow::Owned(folded) => Cow::Owned(folded),
            }
        }))
    }
}

enum Found<'d> {
    Text(Cow<'d, str>),
    Other(Key),
}

fn key(value: &Datum<'_>) -> Option<Key> {
    Some(match value {
        Datum::Real(value) if value.is_nan() => return None,
        Datum::Real(value) => match convert::truncated(*value) {
            Some(whole) if whole as f64 == *value => Key::Long(whole),
            _ => Key::Real(value.to_bits()),
        },
        Datum::Decimal(value) if value.fract().is_zero() => Key::Long(value.to_i64()?),
        Datum::Decimal(value) => Key::Decimal(*value),
        Datum::DateTime(value) => Key::Moment(*value),
        Datum::TimeSpan(value) => Key::Span(*value),
        Datum::Guid(value) => Key::Guid(*value),
        Datum::Bool(_) | Datum::Int(_) | Datum::Long(_) => Key::Long(convert::long(value)?),
        Datum::Null | Datum::String(_) | Datum::Dynamic(_) => return None,
    })
}

/// Texts that are looked for as terms.
#[derive(Debug)]
pub(crate) enum Terms {
    Few(Box<[Needle<'static>]>),
    /// Folded; each is one whole term.
    Many(HashSet<Box<str>>),
}

impl Terms {
    pub fn new(values: &[Datum<'_>]) -> Self {
        let texts = values.iter().map(|value| convert::text(value));
        let is_term = |text: &str| !text.is_empty() && text.chars().all(is_term_character);
        if values.len() >= NEEDLES_MIN && texts.clone().all(|text| is_term(&text)) {
            return Terms::Many(texts.map(|text| folded(&text).as_ref().into()).collect());
        }
        Terms::Few(texts.map(|text| Needle::new(text.into_owned(), false)).collect())
    }

    pub fn any_in(&self, text: &str) -> bool {
        match self {
            Terms::Few(needles) => needles.iter().any(|needle| needle.is_term_in(text)),
            Terms::Many(terms) => {
                let mut term = String::new();
                // A blank behind the text ends its last term.
                text.chars().chain([' ']).any(|character| {
                    if is_term_character(character) {
                        term.push(fold(character));
                        return false;
                    }
                    let found = !term.is_empty() && terms.contains(term.as_str());
                    term.clear();
                    found
                })
            }
        }
    }

    pub fn all_in(&self, text: &str) -> bool {
        match self {
            Terms::Few(needles) => needles.iter().all(|needle| needle.is_term_in(text)),
            Terms::Many(terms) => terms.iter().all(|term| Needle::new(&**term, false).is_term_in(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::equal;
    use crate::testing::{j, l, r, s, t, ts};

    #[test]
    fn a_set_answers_as_one_comparison_after_the_other() {
        let guid = "74be27de-1e4e-49d9-b579-fe0b331d3642";
        let values = [
            Datum::Null,
            l(1),
            r(1.0),
            r(1.5),
            r(f64::NAN),
            Datum::Int(1),
            Datum::Bool(true),
            s("1"),
            s("a"),
            s("A"),
            s(""),
            s("2017-01-01"),
            s(guid),
            j("1"),
            j("1.5"),
            j("\"a\""),
            j("\"1\""),
            j("true"),
            t("2017-01-01"),
            ts(10),
            Datum::Guid(convert::parse_guid(guid).expect("a guid")),
            Datum::Decimal(Decimal::new(15, 1)),
            Datum::Decimal(Decimal::new(10, 1)),
        ];
        let mut sets = 0;
        for left in &values {
            // One value over and over is long enough for a set. Some never meet: the binder makes both sides of one
            // type where neither is dynamic, and the items of arrays come as the types of their kinds.
            for right in &values {
                let list = vec![right.clone(); VALUES_MIN];
                let ty = left.ty().unwrap_or(Type::Long);
                let never_meet = match (left, right) {
                    (_, Datum::Dynamic(_)) => true,
                    (Datum::String(_), right) => !matches!(right, Datum::String(_) | Datum::Null),
                    (Datum::Decimal(_), right) => !matches!(right, Datum::Decimal(_) | Datum::Null),
                    (left, Datum::Decimal(_)) => !left.is_null(),
                    _ => false,
                };
                let Some(members) = Members::new(ty, &list, true).filter(|_| !never_meet) else {
                    continue;
                };
                sets += 1;
                assert_eq!(members.hold(left), equal(left, right), "{left:?} in {right:?}");
            }
        }
        assert!(sets > 200);
    }

    #[test]
    fn many_terms_are_found_as_few_are() {
        let words: Vec<String> = (0..20).map(|index| format!("Wörd{index}")).collect();
        let values: Vec<Datum<'_>> = words.iter().map(|word| s(word)).collect();
        let many = Terms::new(&values);
        let few = Terms::Few(
            words
                .iter()
                .map(|word| Needle::new(word.as_str().to_owned(), false))
                .collect(),
        );
        assert!(matches!(many, Terms::Many(_)));
        for text in ["", "x wÖRD7", "wörd7", "xwörd7", "wörd77", "a_Wörd3_b", "wörd"] {
            assert_eq!(many.any_in(text), few.any_in(text), "{text}");
            assert_eq!(many.all_in(text), few.all_in(text), "{text}");
        }
        let all = words.join(" ");
        assert!(many.all_in(&all) && few.all_in(&all));
    }
}
