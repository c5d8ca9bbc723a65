//! `mv-expand`, and the expansion that `mv-apply` begins with: a row for each element.
//!
//! Several columns are expanded side by side; the shorter ones are filled with nulls. A null is one element and an
//! empty array is none. A bag has an element for each property: a bag of one, or the pair of its key and value.

use std::borrow::Cow;

use postern_kql::ir::Expand;
use postern_kql::{Diagnostic, Type};

use super::{Out, Preparation, RowError, RowOperator, empty, widened};
use crate::convert;
use crate::evaluate::{Program, Values};
use crate::order::whole;
use crate::{Context, Datum, Dynamic, Json};

/// Rows that one row becomes at most, unless the query says less.
pub const ROWS_MAX: usize = 2_147_483_647;

/// Expands one row at a time.
pub struct Expansion {
    items: Vec<Item>,
    item_index: Option<usize>,
    rows_max: usize,
    bags_as_arrays: bool,
    width: usize,
}

struct Item {
    value: Program,
    output: usize,
    ty: Type,
}

impl Expansion {
    /// # Errors
    /// An expression cannot be computed.
    pub fn new(expand: &Expand, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        let items = expand.items.iter().map(|item| {
            Ok(Item {
                value: with.program(&item.value)?,
                output: item.output,
                ty: item.ty,
            })
        });
        let rows_max = match &expand.limit {
            Some(limit) => whole(&with.constant(limit)?).map_or(ROWS_MAX, |limit| usize::try_from(limit).unwrap_or(0)),
            None => ROWS_MAX,
        };
        Ok(Self {
            items: items.collect::<Result<_, Diagnostic>>()?,
            item_index: expand.item_index,
            rows_max: rows_max.min(ROWS_MAX),
            bags_as_arrays: expand.bags_as_arrays,
            width: expand.columns.len(),
        })
    }

    /// # Errors
    /// The receiver takes no more.
    pub fn expand(&self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        let lists: Vec<Json> = self
            .items
            .iter()
            .map(|item| match item.value.run(&Values(row), cx) {
                Datum::Null => Json::Null,
                Datum::Dynamic(value) => value.into_tree(),
                other => convert::json(&other),
            })
            .collect();
        let longest = lists.iter().map(count).max().unwrap_or(0);
        let mut wide = widened(row, self.width);
        for index in 0..longest.min(self.rows_max) {
            for (item, list) in self.items.iter().zip(&lists) {
                wide[item.output] = convert_element(self.element(list, index), item.ty);
            }
            if let Some(column) = self.item_index {
                wide[column] = Datum::Long(index as i64);
            }
            out(&wide)?;
        }
        Ok(())
    }

    fn element<'j>(&self, list: &'j Json, index: usize) -> Cow<'j, Json> {
        match list {
            Json::Array(items) => items.get(index).map_or(Cow::Owned(Json::Null), Cow::Borrowed),
            Json::Object(entries) => Cow::Owned(match entries.get(index) {
                Some((key, value)) if self.bags_as_arrays => {
                    Json::Array(vec![Json::String(key.clone()), value.clone()])
                }
                Some((key, value)) => Json::Object(vec![(key.clone(), value.clone())]),
                None => Json::Null,
            }),
            other if index == 0 => Cow::Borrowed(other),
            _ => Cow::Owned(Json::Null),
        }
    }
}

fn count(list: &Json) -> usize {
    match list {
        Json::Array(items) => items.len(),
        Json::Object(entries) => entries.len(),
        _ => 1,
    }
}

/// An element as the type of `to typeof(...)`: numbers come from numbers, moments and guids from texts.
fn convert_element(element: Cow<'_, Json>, ty: Type) -> Datum<'_> {
    let datum = match (ty, element.as_ref()) {
        (Type::Dynamic, Json::Null) => return Datum::Null,
        (Type::Dynamic, _) => return Datum::Dynamic(Dynamic::Tree(element)),
        (Type::String, tree) => return Datum::string(convert::json_text(tree).into_owned()),
        (Type::Bool, Json::Bool(value)) => return Datum::Bool(*value),
        (Type::Bool | Type::Int | Type::Long | Type::Real | Type::Decimal, Json::Long(value)) => Datum::Long(*value),
        (Type::Bool, Json::Real(value)) if value.fract() == 0.0 => Datum::Real(*value),
        (Type::Int | Type::Long | Type::Real | Type::Decimal, Json::Real(value)) => Datum::Real(*value),
        (Type::Decimal | Type::DateTime | Type::TimeSpan | Type::Guid, Json::String(text)) => {
            Datum::string(text.clone())
        }
        _ => return empty(ty),
    };
    convert::cast(&datum, ty).into_owned()
}

pub(super) struct MvExpand(Expansion);

impl MvExpand {
    pub(super) fn new(expand: &Expand, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        Expansion::new(expand, with).map(Self)
    }
}

impl RowOperator for MvExpand {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        self.0.expand(row, cx, out)
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::ir::{ExpandItem, Op};

    use super::*;
    use crate::rows::testing::{column, columns, constant, dynamic, node, run, table, texts};

    fn expand(items: &[(usize, Type)]) -> Expand {
        Expand {
            items: items
                .iter()
                .map(|(output, ty)| ExpandItem {
                    value: column(*output, Type::Dynamic),
                    output: *output,
                    ty: *ty,
                })
                .collect(),
            item_index: None,
            limit: None,
            bags_as_arrays: false,
            columns: columns(&[("a", Type::Dynamic), ("b", Type::Dynamic)]),
        }
    }

    fn expanded(expand: Expand, row: &[&str]) -> String {
        let columns: Vec<(String, Type)> = expand.columns.iter().map(|it| (it.name.clone(), it.ty)).collect();
        let columns: Vec<(&str, Type)> = columns.iter().map(|(name, ty)| (name.as_str(), *ty)).collect();
        let input = table(&[("a", Type::Dynamic), ("b", Type::Dynamic)]);
        let node = node(Op::MvExpand { input, expand }, &columns);
        let rows = run(&node, &[row.iter().map(|text| dynamic(text)).collect()])
            .unwrap()
            .unwrap();
        texts(&rows)
            .into_iter()
            .map(|row| row.join(","))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn columns_are_expanded_side_by_side() {
        let both = expand(&[(0, Type::Dynamic), (1, Type::Dynamic)]);
        for (a, b, rows) in [
            ("[10,20,30]", "[\"p\"]", "10,p 20, 30,"),
            ("[]", "[\"p\"]", ",p"),
            ("[]", "[]", ""),
            ("null", "[\"p\",\"q\"]", ",p ,q"),
            ("{\"k\":1}", "[\"p\",\"q\"]", "{\"k\":1},p ,q"),
            ("7", "null", "7,"),
        ] {
            assert_eq!(expanded(both.clone(), &[a, b]), rows, "{a} {b}");
        }
    }

    #[test]
    fn one_column_alone_keeps_the_others() {
        let one = expand(&[(0, Type::Dynamic)]);
        assert_eq!(expanded(one.clone(), &["[1,2]", "\"x\""]), "1,x 2,x");
        assert_eq!(expanded(one.clone(), &["null", "\"x\""]), ",x");
        assert_eq!(expanded(one.clone(), &["[]", "\"x\""]), "");
        let mut limited = one.clone();
        limited.limit = Some(constant(Datum::Long(1)));
        limited.item_index = Some(2);
        limited.columns = columns(&[("a", Type::Dynamic), ("b", Type::Dynamic), ("i", Type::Long)]);
        assert_eq!(expanded(limited, &["[1,2]", "\"x\""]), "1,x,0");
        let mut pairs = one;
        pairs.bags_as_arrays = true;
        assert_eq!(
            expanded(pairs, &["{\"p\":\"a\",\"q\":[1]}", "0"]),
            "[\"p\",\"a\"],0 [\"q\",[1]],0"
        );
    }

    #[test]
    fn elements_convert_by_their_kind() {
        let all = "[1,2.5,-2.5,\"2\",true,null]";
        for (ty, expected) in [
            (Type::Long, "1|2|-2|||"),
            (Type::Int, "1|2|-2|||"),
            (Type::Real, "1.0|2.5|-2.5|||"),
            (Type::Bool, "True||||True|"),
            (Type::String, "1|2.5|-2.5|2|true|"),
            (Type::Guid, "|||||"),
        ] {
            let mut typed = expand(&[(0, ty)]);
            typed.columns = columns(&[("a", ty), ("b", Type::Dynamic)]);
            let rows = expanded(typed, &[all, "0"]);
            let cells: Vec<&str> = rows.split(' ').map(|row| row.trim_end_matches(",0")).collect();
            assert_eq!(cells.join("|"), expected, "{ty}");
        }
    }
}
