//! What names stand for: `let`s and parameters, and the columns of the current row.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::ir::{Graph, Scalar, Tabular};
use crate::{Code, Column, Span, Type, ast};

use super::{AtCaret, Binder, NameKind, limits};

/// Names in scope, the innermost first. Cheap to keep: a function remembers the scope in which it was written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope(Option<Rc<Entry>>);

#[derive(Debug)]
struct Entry {
    name: String,
    variable: Variable,
    outer: Scope,
    length: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Variable {
    /// Written out wherever it is used; the count of its nodes.
    Scalar(Scalar, u64),
    Table(Arc<Tabular>, u64),
    Graph(Arc<Graph>, u64),
    Function(Rc<UserFunction>),
    Pattern(Rc<Pattern>),
    /// Its definition has an error.
    Unknown,
}

/// A function of a `let`, or a stored one.
#[derive(Debug)]
pub(crate) struct UserFunction {
    pub name: String,
    pub function: Rc<ast::Function>,
    /// The names that were in scope where it was written.
    pub scope: Scope,
    /// Of a stored function: diagnostics point to the call.
    pub is_stored: bool,
}

/// `declare pattern`.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub declaration: Rc<ast::PatternDeclaration>,
    pub scope: Scope,
}

impl Scope {
    pub fn find(&self, name: &str) -> Option<&Variable> {
        let mut scope = self;
        while let Some(entry) = &scope.0 {
            if entry.name == name {
                return Some(&entry.variable);
            }
            scope = &entry.outer;
        }
        None
    }

    fn names(&self) -> impl Iterator<Item = (&str, &Variable)> {
        let mut scope = self;
        std::iter::from_fn(move || {
            let entry = scope.0.as_ref()?;
            scope = &entry.outer;
            Some((entry.name.as_str(), &entry.variable))
        })
    }

    /// Views (functions without parameters) whose names match a pattern.
    pub fn views(&self, pattern: &str) -> Vec<Rc<UserFunction>> {
        let mut views: Vec<Rc<UserFunction>> = self
            .names()
            .filter_map(|(name, variable)| match variable {
                Variable::Function(function)
                    if function.function.is_view && super::project::matches_pattern(name, pattern) =>
                {
                    Some(function.clone())
                }
                _ => None,
            })
            .collect();
        views.reverse();
        views
    }

    /// Whether a name was declared when more than so many names were in scope.
    fn is_declared_behind(&self, length: usize, name: &str) -> bool {
        self.names()
            .take(self.length().saturating_sub(length))
            .any(|(known, _)| known == name)
    }

    pub fn length(&self) -> usize {
        self.0.as_ref().map_or(0, |entry| entry.length)
    }
}

/// The row that an expression sees.
#[derive(Clone, Debug, Default)]
pub(crate) enum Row {
    /// Outside of any operator.
    #[default]
    None,
    Columns(Rc<Columns>),
    /// Of a join's condition: `$left` and `$right`.
    Sides(Rc<Columns>, Rc<Columns>),
    /// Inside a step of `scan`.
    Steps(Rc<Steps>),
    /// Inside `where` and `project` of a graph's pattern: its variables.
    Pattern(Rc<super::graph::PatternScope>),
    /// Inside `all()`, `any()`, `map()` of a pattern: properties of the element.
    Element(Rc<super::graph::ElementScope>),
}

/// What a step of `scan` sees.
#[derive(Debug)]
pub(crate) struct Steps {
    /// Columns of the input, then the declared ones.
    pub columns: Rc<Columns>,
    /// How many columns the input has.
    pub width: usize,
    /// The name of each step, and the index from which on its last match stands.
    pub places: Vec<(String, usize)>,
    /// That of this step: a declared column without a step's name is its own.
    pub current: usize,
}

/// Columns that can be found by name quickly.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub columns: Vec<Column>,
    index: HashMap<String, usize>,
    pub is_open: bool,
}

impl Columns {
    pub fn new(columns: Vec<Column>, is_open: bool) -> Self {
        let mut index = HashMap::with_capacity(columns.len());
        for (place, column) in columns.iter().enumerate() {
            index.entry(column.name.clone()).or_insert(place);
        }
        Self {
            columns,
            index,
            is_open,
        }
    }

    pub fn find(&self, name: &str) -> Option<(usize, Type)> {
        let place = *self.index.get(name)?;
        Some((place, self.columns[place].ty))
    }
}

impl Row {
    pub fn of(table: &Tabular) -> Self {
        Row::Columns(Rc::new(Columns::new(table.columns.clone(), table.is_open)))
    }

    pub fn columns(&self) -> Option<&Rc<Columns>> {
        match self {
            Row::None | Row::Pattern(_) => None,
            Row::Columns(columns) | Row::Sides(columns, _) => Some(columns),
            Row::Steps(steps) => Some(&steps.columns),
            Row::Element(element) => Some(&element.columns),
        }
    }

    /// The variables of the pattern that is bound.
    pub fn pattern(&self) -> Option<&Rc<super::graph::PatternScope>> {
        match self {
            Row::Pattern(scope) => Some(scope),
            Row::Element(element) => element.within.as_ref(),
            Row::None | Row::Columns(_) | Row::Sides(..) | Row::Steps(..) => None,
        }
    }
}

impl Binder<'_> {
    /// Declares a name that may hide one from outside, and none of the same script or function.
    pub fn declare_new(&mut self, name: &ast::Name, variable: Variable) {
        if self.scope.is_declared_behind(self.block, &name.text) {
            let message = format!("`{}` is declared twice", name.text);
            self.error(Code::Duplicate, name.span, message);
        }
        self.declare(name, variable);
    }

    /// Declares a name for the rest of the scope.
    pub fn declare(&mut self, name: &ast::Name, variable: Variable) {
        if self.scope.length() >= limits::NAMES_MAX {
            self.limit(name.span, format!("a query has at most {} names", limits::NAMES_MAX));
            return;
        }
        let variable = match variable {
            Variable::Scalar(value, _) if !self.check_value(&value, name.span) => Variable::Unknown,
            Variable::Table(table, _) if !self.check_table(&table) => Variable::Unknown,
            variable => variable,
        };
        self.scope = Scope(Some(Rc::new(Entry {
            name: name.text.clone(),
            variable,
            length: self.scope.length() + 1,
            outer: self.scope.clone(),
        })));
    }

    /// Runs something with another row in sight.
    pub fn with_row<T>(&mut self, row: Row, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.row, row);
        let result = run(self);
        self.row = outer;
        result
    }

    /// Remembers what is in scope if the caret stands in this part of the text. Inner parts are seen later and win.
    pub fn note_caret(&mut self, span: Span) {
        let Some(caret) = self.options.caret else { return };
        if self.inside.is_some() || caret < span.start || caret > span.end {
            return;
        }
        let mut columns: Vec<Column> = Vec::new();
        let mut owners: Vec<(String, Vec<Column>)> = Vec::new();
        match &self.row {
            Row::None => {}
            Row::Pattern(scope) => {
                let named = scope
                    .variables
                    .iter()
                    .filter_map(|variable| Some((variable.name.clone()?, variable)));
                owners.extend(named.map(|(name, variable)| (name, variable.columns.columns.clone())));
            }
            Row::Sides(left, right) => {
                owners.push(("$left".to_owned(), left.columns.clone()));
                owners.push(("$right".to_owned(), right.columns.clone()));
                columns.extend(left.columns.iter().cloned());
                let common = |column: &&Column| left.find(&column.name).is_none();
                columns.extend(right.columns.iter().filter(common).cloned());
            }
            Row::Columns(row) => columns.extend(row.columns.iter().cloned()),
            Row::Steps(steps) => {
                columns.extend(steps.columns.columns.iter().cloned());
                owners.extend(steps.places.iter().map(|(name, _)| (name.clone(), columns.clone())));
            }
            Row::Element(element) => columns.extend(element.columns.columns.iter().cloned()),
        }
        let names = self
            .scope
            .names()
            .filter_map(|(name, variable)| {
                let kind = match variable {
                    Variable::Scalar(scalar, _) => NameKind::Scalar(scalar.ty),
                    Variable::Table(..) => NameKind::Table,
                    Variable::Graph(..) => NameKind::Graph,
                    Variable::Function(_) | Variable::Pattern(_) => NameKind::Function,
                    Variable::Unknown => return None,
                };
                Some((name.to_owned(), kind))
            })
            .collect();
        self.at_caret = Some(AtCaret { columns, names, owners });
    }

    /// Reports a name that stands for nothing, with the nearest that does.
    pub fn unknown_name(&mut self, what: &str, name: &str, span: Span, known: &[&str]) {
        // Looking for the nearest name is most of the work, and of no use for what is not told.
        if self.diagnostics.len() >= limits::DIAGNOSTICS_MAX {
            return;
        }
        let mut diagnostic = crate::Diagnostic::error(Code::UnknownName, span, format!("no {what} `{name}`"));
        if let Some(near) = super::suggest::nearest(name, known) {
            diagnostic = diagnostic.with_hint(format!("did you mean `{near}`?"));
        }
        self.report(diagnostic);
    }
}
