//! `bag_unpack`: the properties of a bag as columns.
//!
//! The columns of the input stay, without the bag; behind them come the properties by name. A property of the name of
//! a column is an error, or takes its place, or is left out, as the query says.

use std::collections::{BTreeMap, HashMap, HashSet};

use postern_kql::{Column, Diagnostic, Type};

use super::super::{Out, RowError, RowOperator, empty, names, owned, row_size};
use super::Arguments;
use crate::{Context, Datum, Json, convert};

/// Columns that one bag may become.
pub const COLUMNS_MAX: usize = 10_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Conflict {
    Error,
    ReplaceSource,
    KeepSource,
}

struct Options {
    bag: usize,
    prefix: String,
    conflict: Conflict,
    ignored: HashSet<String>,
}

impl Options {
    fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        let text = |place: usize| {
            let value = arguments.scalar(place)?;
            Ok::<_, Diagnostic>(convert::text(&value).into_owned())
        };
        let conflict = match text(2)?.as_str() {
            "" | "error" => Conflict::Error,
            "replace_source" => Conflict::ReplaceSource,
            "keep_source" => Conflict::KeepSource,
            _ => return Err(arguments.wrong("columnsConflict is error, replace_source or keep_source")),
        };
        let ignored = match arguments.scalar(3)? {
            Datum::Dynamic(names) => match names.into_tree() {
                Json::Array(names) => names.iter().map(|name| convert::json_text(name).into_owned()).collect(),
                _ => return Err(arguments.wrong("ignoredProperties is an array of names")),
            },
            _ => HashSet::new(),
        };
        Ok(Self {
            bag: arguments.column(0, "the bag")?,
            prefix: text(1)?,
            conflict,
            ignored,
        })
    }

    fn entries(&self, row: &[Datum<'_>]) -> Vec<(String, Json)> {
        match row.get(self.bag) {
            Some(Datum::Dynamic(value)) => match value.tree().into_owned() {
                Json::Object(entries) => entries,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

/// Finds the columns.
pub(super) struct BagColumns {
    options: Options,
    source: Vec<Column>,
    /// The type of a property; none while it was but null.
    properties: BTreeMap<String, Option<Type>>,
}

impl BagColumns {
    pub(super) fn new(arguments: &Arguments<'_, '_>) -> Result<Self, Diagnostic> {
        Ok(Self {
            options: Options::new(arguments)?,
            source: arguments.input.to_vec(),
            properties: BTreeMap::new(),
        })
    }

    pub(super) fn push(&mut self, row: &[Datum<'_>]) -> Result<(), RowError> {
        for (name, value) in self.options.entries(row) {
            if self.options.ignored.contains(&name) {
                continue;
            }
            let ty = match value {
                Json::Null => None,
                Json::Bool(_) => Some(Type::Bool),
                Json::Long(_) => Some(Type::Long),
                Json::Real(_) => Some(Type::Real),
                Json::String(_) => Some(Type::String),
                Json::Array(_) | Json::Object(_) => Some(Type::Dynamic),
            };
            let known = self.properties.entry(name).or_default();
            *known = match (*known, ty) {
                (None, ty) | (ty, None) => ty,
                (Some(left), Some(right)) if left == right => Some(left),
                _ => Some(Type::Dynamic),
            };
            if self.properties.len() > COLUMNS_MAX {
                return Err(RowError::Limit {
                    what: "columns of bag_unpack",
                    max: COLUMNS_MAX,
                });
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<Column>, RowError> {
        let mut columns = self.source;
        columns.remove(self.options.bag);
        for (name, ty) in self.properties {
            let name = format!("{}{name}", self.options.prefix);
            let ty = ty.unwrap_or(Type::Dynamic);
            match (
                columns.iter_mut().find(|column| column.name == name),
                self.options.conflict,
            ) {
                (None, _) => columns.push(Column::new(name, ty)),
                (Some(_), Conflict::Error) => {
                    let why = format!("bag_unpack: there is a column {name} already; say what to do: columnsConflict");
                    return Err(RowError::Rows(why));
                }
                (Some(column), Conflict::ReplaceSource) => column.ty = ty,
                (Some(_), Conflict::KeepSource) => {}
            }
        }
        Ok(columns)
    }
}

/// Where a column of the result comes from.
enum Origin {
    Source(usize),
    Property(String, Type),
    /// The property if any bag has it, else the column.
    Either(usize, String, Type),
}

pub(super) struct BagUnpack {
    options: Options,
    origins: Vec<Origin>,
    /// Properties that took the place of a column.
    replaced: HashSet<String>,
    /// Kept while it is not known which columns are replaced.
    rows: Vec<Vec<Datum<'static>>>,
    held: usize,
    waits: bool,
}

impl BagUnpack {
    pub(super) fn new(arguments: &Arguments<'_, '_>, columns: &[Column]) -> Result<Self, Diagnostic> {
        let options = Options::new(arguments)?;
        let origins: Vec<Origin> = columns
            .iter()
            .map(|column| {
                let source = names(arguments.input)
                    .enumerate()
                    .position(|(index, name)| index != options.bag && name == column.name);
                let property = column.name.strip_prefix(&options.prefix).map(str::to_owned);
                match (source, property) {
                    (Some(source), Some(property)) if options.conflict == Conflict::ReplaceSource => {
                        Origin::Either(source, property, column.ty)
                    }
                    (Some(source), _) => Origin::Source(source),
                    (None, property) => Origin::Property(property.unwrap_or_default(), column.ty),
                }
            })
            .collect();
        Ok(Self {
            options,
            waits: origins.iter().any(|origin| matches!(origin, Origin::Either(..))),
            origins,
            replaced: HashSet::new(),
            rows: Vec::new(),
            held: 0,
        })
    }

    fn hand_on(&self, row: &[Datum<'_>], out: &mut Out<'_>) -> Result<(), RowError> {
        let entries = self.options.entries(row);
        let by_name: HashMap<&str, &Json> = entries.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let property = |name: &str, ty: Type| {
            let value = by_name.get(name).filter(|_| !self.options.ignored.contains(name));
            match value {
                None | Some(Json::Null) => empty(ty),
                Some(value) => convert::cast(&Datum::dynamic((*value).clone()), ty).into_owned(),
            }
        };
        let values: Vec<Datum<'_>> = self
            .origins
            .iter()
            .map(|origin| match origin {
                Origin::Source(column) => row[*column].borrowed(),
                Origin::Property(name, ty) => property(name, *ty),
                Origin::Either(_, name, ty) if self.replaced.contains(name) => property(name, *ty),
                Origin::Either(column, ..) => row[*column].borrowed(),
            })
            .collect();
        out(&values)
    }
}

impl RowOperator for BagUnpack {
    fn push(&mut self, row: &[Datum<'_>], _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        if !self.waits {
            return self.hand_on(row, out);
        }
        let found = self.options.entries(row).into_iter().map(|(name, _)| name);
        let wanted = |name: &String| {
            let is_either = |origin: &Origin| matches!(origin, Origin::Either(_, either, _) if either == name);
            !self.options.ignored.contains(name) && self.origins.iter().any(is_either)
        };
        let found: Vec<String> = found.filter(wanted).collect();
        self.replaced.extend(found);
        self.held += row_size(row);
        self.rows.push(owned(row));
        Ok(())
    }

    fn finish(&mut self, _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        for row in std::mem::take(&mut self.rows) {
            self.hand_on(&row, out)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::ir::{Op, PluginArgument};

    use super::*;
    use crate::rows::testing::{Rows, constant, discovered, dynamic, lines, node, run, table};

    fn unpack(arguments: Vec<PluginArgument>) -> Op {
        let mut all = vec![PluginArgument::Column(1)];
        all.extend(arguments);
        Op::Evaluate {
            plugin: "bag_unpack".to_owned(),
            input: Some(table(&[("Name", Type::String), ("d", Type::Dynamic)])),
            arguments: all,
        }
    }

    fn rows() -> Rows {
        [
            ("James", r#"{"Nick":"John","Age":20,"x":1}"#),
            ("David", r#"{"Age":40,"x":"one","none":null}"#),
            ("Emily", "[1]"),
        ]
        .map(|(name, bag)| vec![Datum::string(name), dynamic(bag)])
        .to_vec()
    }

    fn unpacked(op: Op, rows: &Rows) -> Result<(String, Vec<String>), RowError> {
        let mut node = node(op, &[]);
        node.columns = discovered(&node, rows)?;
        let columns: Vec<String> = node
            .columns
            .iter()
            .map(|column| format!("{}:{}", column.name, column.ty))
            .collect();
        Ok((columns.join(" "), lines(&run(&node, rows).unwrap()?)))
    }

    fn text(text: &'static str) -> PluginArgument {
        PluginArgument::Scalar(constant(Datum::string(text)))
    }

    #[test]
    fn properties_become_columns_by_name() {
        let (columns, found) = unpacked(unpack(Vec::new()), &rows()).unwrap();
        assert_eq!(columns, "Name:string Age:long Nick:string none:dynamic x:dynamic");
        assert_eq!(found, ["James|20|John||1", "David|40|||one", "Emily||||"]);
        let ignored = PluginArgument::Scalar(constant(dynamic(r#"["x","none"]"#)));
        let prefixed = unpack(vec![text("p_"), text(""), ignored]);
        let (columns, found) = unpacked(prefixed, &rows()).unwrap();
        assert_eq!(columns, "Name:string p_Age:long p_Nick:string");
        assert_eq!(found[0], "James|20|John");
    }

    #[test]
    fn a_property_of_the_name_of_a_column_is_handled_as_asked() {
        let rows = [("James", r#"{"Name":"John","Age":20}"#), ("David", r#"{"Age":40}"#)]
            .map(|(name, bag)| vec![Datum::string(name), dynamic(bag)])
            .to_vec();
        let refused = unpacked(unpack(Vec::new()), &rows).unwrap_err();
        assert!(refused.to_string().contains("a column Name already"), "{refused}");
        for (conflict, expected) in [
            ("replace_source", ["John|20", "|40"]),
            ("keep_source", ["James|20", "David|40"]),
        ] {
            let (columns, found) = unpacked(unpack(vec![text(""), text(conflict)]), &rows).unwrap();
            assert_eq!(
                (columns.as_str(), found.as_slice()),
                ("Name:string Age:long", &expected.map(str::to_owned)[..])
            );
        }
    }

    #[test]
    fn columns_that_the_query_names_are_those_of_the_result() {
        let node = node(
            unpack(Vec::new()),
            &[("Name", Type::String), ("Age", Type::Real), ("y", Type::Long)],
        );
        assert_eq!(
            lines(&run(&node, &rows()).unwrap().unwrap()),
            ["James|20.0|", "David|40.0|", "Emily||"]
        );
    }
}
