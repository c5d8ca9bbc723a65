//! Columns as they are put together one by one, with names that stay unique.

use std::collections::{HashMap, HashSet};

use crate::ir::Scalar;
use crate::{Code, Column, Span, Type};

use super::Binder;

/// Names that were given, and the last number that made each unique: `a`, `a1`, `a2`.
#[derive(Debug, Default)]
pub(crate) struct UniqueNames(HashMap<String, u32>);

impl UniqueNames {
    /// The name if it is free, else the base (or the name) with the next free number.
    pub fn add(&mut self, name: &str, base: Option<&str>) -> String {
        let Some(last) = self.0.get(name).copied() else {
            self.0.insert(name.to_owned(), 0);
            return name.to_owned();
        };
        let mut suffix = last;
        loop {
            suffix += 1;
            let unique = format!("{}{suffix}", base.unwrap_or(name));
            if !self.0.contains_key(&unique) {
                self.0.insert(name.to_owned(), suffix);
                self.0.insert(unique.clone(), 0);
                return unique;
            }
        }
    }
}

/// Makes names unique: the first of equal names keeps it, the others get numbers that no column has.
pub(crate) fn make_unique(columns: &mut [Column]) {
    let mut first = HashMap::new();
    let mut unique = UniqueNames::default();
    for (index, column) in columns.iter().enumerate() {
        if !first.contains_key(&column.name) {
            unique.add(&column.name, None);
            first.insert(column.name.clone(), index);
        }
    }
    for (index, column) in columns.iter_mut().enumerate() {
        if first[&column.name] != index {
            column.name = unique.add(&column.name, None);
        }
    }
}

/// One column of a projection.
#[derive(Clone, Debug)]
pub(crate) struct Projected {
    pub column: Column,
    /// `None`: an error, or of a type that is not known.
    pub value: Option<Scalar>,
    /// Which column of the input it is, if it is one.
    pub input: Option<usize>,
}

/// Builds the columns of `project`, `extend`, `summarize` and their kin.
#[derive(Debug, Default)]
pub(crate) struct Projection {
    pub columns: Vec<Projected>,
    index: HashMap<String, usize>,
    declared: HashSet<String>,
    /// Columns of the input that are not added again.
    done: HashSet<usize>,
    unique: UniqueNames,
}

impl Projection {
    /// All columns of a row, as they are.
    pub fn of_row(columns: &[Column], declare: bool) -> Self {
        let mut projection = Self::default();
        for (index, column) in columns.iter().enumerate() {
            projection.add(Projected::input(index, column), None, false);
            projection.skip(index);
            if declare {
                projection.declared.insert(column.name.clone());
            }
        }
        projection
    }

    /// Does not add these columns of the input again.
    pub fn skip(&mut self, input: usize) {
        self.done.insert(input);
    }

    /// Does not add again what is there.
    pub fn skip_present(&mut self) {
        self.done
            .extend(self.columns.iter().filter_map(|projected| projected.input));
    }

    /// Appends a column under a name of its own, or takes the place of the column of that name.
    pub fn add(&mut self, mut projected: Projected, base: Option<&str>, replace: bool) {
        if projected.input.is_some_and(|input| self.done.contains(&input)) {
            return;
        }
        if replace && let Some(place) = self.index.get(&projected.column.name) {
            self.columns[*place] = projected;
            return;
        }
        projected.column.name = self.unique.add(&projected.column.name, base);
        self.index.insert(projected.column.name.clone(), self.columns.len());
        self.columns.push(projected);
    }

    /// Appends a column whose name was written; false if that name was written before.
    #[must_use]
    pub fn declare(&mut self, projected: Projected, replace: bool) -> bool {
        if self.declared.contains(&projected.column.name) {
            return false;
        }
        let name = projected.column.name.clone();
        if replace && let Some(place) = self.index.get(&name) {
            self.columns[*place] = projected;
            self.declared.insert(name);
        } else {
            let before = self.columns.len();
            self.add(projected, None, false);
            let added = self.columns.get(before).map(|added| added.column.name.clone());
            self.declared.insert(added.unwrap_or(name));
        }
        true
    }

    /// Gives a column another name; false if that name was written before.
    #[must_use]
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        if self.declared.contains(to) {
            return false;
        }
        if let Some(place) = self.index.remove(from) {
            self.columns[place].column.name = to.to_owned();
            self.index.insert(to.to_owned(), place);
            self.declared.insert(to.to_owned());
            self.unique.add(to, None);
        }
        true
    }
}

impl Projected {
    pub fn input(index: usize, column: &Column) -> Self {
        Self {
            column: column.clone(),
            value: Some(Scalar {
                kind: crate::ir::ScalarKind::Column(index),
                ty: column.ty,
                span: Span::default(),
            }),
            input: Some(index),
        }
    }

    pub fn new(name: impl Into<String>, value: Option<Scalar>) -> Self {
        let ty = value.as_ref().map_or(Type::Dynamic, |value| value.ty);
        Self {
            column: Column::new(name, ty),
            value,
            input: None,
        }
    }
}

impl Binder<'_> {
    pub fn duplicate(&mut self, name: &str, span: Span) {
        self.error(Code::Duplicate, span, format!("the column `{name}` is declared twice"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_get_numbers_that_are_free() {
        let mut columns = ["c", "c", "c1"].map(|name| Column::new(name, Type::Long));
        make_unique(&mut columns);
        assert_eq!(columns.map(|column| column.name), ["c", "c2", "c1"]);
    }
}
