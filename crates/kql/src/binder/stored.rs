//! Functions that users stored, and patterns.

use std::rc::Rc;

use crate::ast::{Argument, Expr, ExprKind, Name, PatternDeclaration, StatementKind};
use crate::schema::StoredFunction;
use crate::{Code, Span};

use super::constant;
use super::scope::{Pattern, Scope, UserFunction, Variable};
use super::{Binder, Item};

impl Binder<'_> {
    /// Calls a stored function: its text is parsed and bound here, without the names of the query.
    pub fn expand_stored(&mut self, stored: &StoredFunction, arguments: &[Argument], span: Span) -> Item {
        match self.stored(stored, span) {
            Some(function) => self.expand(&function, arguments, span),
            None => Item::Unknown,
        }
    }

    /// The declaration of a stored function, parsed.
    pub fn stored(&mut self, stored: &StoredFunction, span: Span) -> Option<Rc<UserFunction>> {
        let text = format!("let {} = {}", quoted(&stored.name), stored.declaration);
        let parsed = crate::parse(&text);
        if let Some(problem) = parsed.diagnostics.first() {
            let message = format!(
                "the stored function `{}` cannot be read: {}",
                stored.name, problem.message
            );
            self.error(Code::Syntax, span, message);
            return None;
        }
        let function = parsed
            .script
            .statements
            .into_iter()
            .find_map(|statement| match statement.kind {
                StatementKind::Function { function, .. } => Some(function),
                _ => None,
            });
        let Some(function) = function else {
            let message = format!("the stored function `{}` is not written as a function", stored.name);
            self.error(Code::Syntax, span, message);
            return None;
        };
        Some(Rc::new(UserFunction {
            name: stored.name.clone(),
            function: Rc::new(function),
            scope: Scope::default(),
            is_stored: true,
        }))
    }

    pub fn declare_pattern(&mut self, declaration: &PatternDeclaration) {
        let pattern = Pattern {
            declaration: Rc::new(declaration.clone()),
            scope: self.scope.clone(),
        };
        self.declare(&declaration.name, Variable::Pattern(Rc::new(pattern)));
    }

    /// `app("a").b`, if `app` is a pattern.
    pub fn pattern_path(&mut self, base: &Expr, path: &Name, span: Span) -> Option<Item> {
        let ExprKind::Call {
            base: None,
            name,
            arguments,
        } = &base.kind
        else {
            return None;
        };
        match self.scope.find(&name.text) {
            Some(Variable::Pattern(pattern)) => {
                let pattern = pattern.clone();
                Some(self.expand_pattern(&pattern, arguments, Some(path), span))
            }
            _ => None,
        }
    }

    /// `app("a")` or `app("a").b`: the body of the case with these constants.
    pub fn expand_pattern(
        &mut self,
        pattern: &Rc<Pattern>,
        arguments: &[Argument],
        path: Option<&Name>,
        span: Span,
    ) -> Item {
        let mut given = Vec::new();
        for argument in arguments {
            given.push(self.constant_argument(&argument.value));
        }
        for case in &pattern.declaration.cases {
            let fits = case.arguments.len() == given.len()
                && case.arguments.iter().zip(&given).all(|(expected, given)| {
                    let expected = self.constant_argument(expected);
                    expected.is_some() && expected == *given
                });
            let fits_path = match (&case.path, path) {
                (None, None) => true,
                (Some(expected), Some(name)) => {
                    self.constant_argument(expected) == Some(crate::Value::String(name.text.clone()))
                }
                _ => false,
            };
            if !fits || !fits_path {
                continue;
            }
            let function = Rc::new(UserFunction {
                name: pattern.declaration.name.text.clone(),
                function: Rc::new(case.body.clone()),
                scope: pattern.scope.clone(),
                is_stored: false,
            });
            return self.expand(&function, &[], span);
        }
        let message = format!(
            "the pattern `{}` has no case for these values",
            pattern.declaration.name.text
        );
        self.error(Code::Arguments, span, message);
        Item::Unknown
    }

    fn constant_argument(&mut self, expr: &Expr) -> Option<crate::Value> {
        let scalar = self.scalar(expr)?;
        constant::value(&scalar).cloned()
    }
}

/// A name in brackets, so that any text can be one.
fn quoted(name: &str) -> String {
    format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
}
