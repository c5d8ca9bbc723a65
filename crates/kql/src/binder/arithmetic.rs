//! Operators: which types they take and what they give.

use crate::ast::{BinaryOperator, StringOperator};
use crate::ir::{Binary, Scalar, ScalarKind};
use crate::{Span, Type, Value};

use super::coerce::{self, promoted, promotes, widest};
use super::{Binder, constant};

/// What an operator does with operands of these types.
enum Rule {
    /// Both are converted to the first type; the result has the second.
    Same(Type, Type),
    /// They stay as they are.
    Mixed(Type),
}

impl Binder<'_> {
    /// An arithmetic operator or a comparison by size or equality, over two typed values.
    pub fn binary(&mut self, operator: Binary, left: Scalar, right: Scalar, place: Span) -> Option<Scalar> {
        let span = left.span.to(right.span);
        let (left, right) = match operator {
            Binary::Equal | Binary::NotEqual => {
                self.check_case(&left, &right, place);
                self.comparable(left, right, place)?
            }
            _ => (left, right),
        };
        let rule = match operator {
            Binary::Equal | Binary::NotEqual => Some(Rule::Mixed(Type::Bool)),
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                comparison(left.ty, right.ty)
            }
            Binary::Add => addition(left.ty, right.ty),
            Binary::Subtract => subtraction(left.ty, right.ty),
            Binary::Multiply => multiplication(left.ty, right.ty),
            Binary::Divide => division(left.ty, right.ty),
            Binary::Modulo => modulo(left.ty, right.ty),
        };
        let Some(rule) = rule else {
            self.undefined(symbol(operator), &left, &right, place);
            return None;
        };
        let (left, right, ty) = match rule {
            Rule::Same(operand, result) => (coerce::to(left, operand), coerce::to(right, operand), result),
            Rule::Mixed(result) => (left, right, result),
        };
        Some(Scalar {
            kind: ScalarKind::Binary {
                operator,
                left: Box::new(left),
                right: Box::new(right),
            },
            ty,
            span,
        })
    }

    fn undefined(&mut self, symbol: &str, left: &Scalar, right: &Scalar, place: Span) {
        let mut diagnostic = crate::Diagnostic::error(
            crate::Code::TypeMismatch,
            place,
            format!("`{symbol}` is not defined for {} and {}", left.ty, right.ty),
        );
        if symbol == "+" && (left.ty == Type::String || right.ty == Type::String) {
            diagnostic = diagnostic.with_hint("`strcat` puts texts together");
        } else if left.ty == Type::Dynamic || right.ty == Type::Dynamic {
            diagnostic = diagnostic.with_hint("convert the dynamic value first, with `tostring`, `toint`, ...");
        }
        self.report(diagnostic);
    }

    /// Both sides of `==`, of one type where neither is dynamic.
    pub fn comparable(&mut self, left: Scalar, right: Scalar, place: Span) -> Option<(Scalar, Scalar)> {
        let (a, b) = (left.ty, right.ty);
        if a == b || a == Type::Dynamic || b == Type::Dynamic {
            return Some((left, right));
        }
        if a.is_numeric() && b.is_numeric() {
            let ty = widest(a, b);
            return Some((coerce::to(left, ty), coerce::to(right, ty)));
        }
        let ty = match (a, b) {
            (Type::Bool, other) | (other, Type::Bool) if other.is_numeric() => other,
            (Type::String, other) | (other, Type::String) => other,
            _ => Type::String,
        };
        self.warning(
            crate::Code::Suspicious,
            place,
            format!("{a} is compared with {b}; the values are converted to {ty} first"),
        );
        Some((coerce::to(left, ty), coerce::to(right, ty)))
    }

    /// Warns where a text of one case is compared with one that has letters of the other.
    fn check_case(&mut self, left: &Scalar, right: &Scalar, place: Span) {
        for (value, other) in [(left, right), (right, left)] {
            let (ScalarKind::Call { function, .. }, Some(text)) = (&value.kind, constant::text(other)) else {
                continue;
            };
            let never = match function.as_str() {
                "tolower" => text.chars().any(char::is_uppercase),
                "toupper" => text.chars().any(char::is_lowercase),
                _ => false,
            };
            if never {
                let message = format!("what `{function}` gives is never equal to `{text}`");
                let diagnostic = crate::Diagnostic::warning(crate::Code::Suspicious, place, message);
                self.report(diagnostic.with_hint("`=~` compares without regard to case"));
            }
        }
    }

    /// A test of texts.
    pub fn text_test(
        &mut self,
        operator: StringOperator,
        left: Scalar,
        right: Scalar,
        place: Span,
        symbol: &str,
    ) -> Option<Scalar> {
        let is_text = |ty| ty == Type::String || ty == Type::Dynamic;
        if !is_text(left.ty) || !is_text(right.ty) {
            let message = format!("`{symbol}` is not defined for {} and {}", left.ty, right.ty);
            let diagnostic = crate::Diagnostic::error(crate::Code::TypeMismatch, place, message);
            self.report(diagnostic.with_hint("it compares texts: convert with `tostring`"));
            return None;
        }
        Some(Scalar {
            span: left.span.to(right.span),
            kind: ScalarKind::Text {
                operator,
                left: Box::new(left),
                right: Box::new(coerce::to(right, Type::String)),
            },
            ty: Type::Bool,
        })
    }

    /// Checks an operand of `and` and `or`.
    pub fn logical(&mut self, operand: Scalar, symbol: &str) -> Option<Scalar> {
        match operand.ty {
            Type::Bool => Some(operand),
            Type::Dynamic => Some(coerce::to(operand, Type::Bool)),
            ty => {
                self.mismatch(operand.span, format!("`{symbol}` takes bool, and this is {ty}"));
                None
            }
        }
    }

    pub fn negated(&mut self, operand: Scalar, span: Span) -> Option<Scalar> {
        if let Some(value) = constant::value(&operand).and_then(constant::negate) {
            return Some(constant::scalar(value, span));
        }
        let ty = match operand.ty {
            Type::Int => Type::Long,
            ty @ (Type::Long | Type::Real | Type::Decimal | Type::TimeSpan | Type::DateTime | Type::Dynamic) => ty,
            ty => {
                self.mismatch(span, format!("`-` is not defined for {ty}"));
                return None;
            }
        };
        let operand = if ty == Type::Dynamic {
            operand
        } else {
            coerce::to(operand, ty)
        };
        Some(Scalar {
            kind: ScalarKind::Negate(Box::new(operand)),
            ty,
            span,
        })
    }

    /// `value between (low .. high)`.
    pub fn between(&mut self, value: Scalar, low: Scalar, high: Scalar, is_negated: bool) -> Option<Scalar> {
        let span = value.span.to(high.span);
        let types = (value.ty, low.ty, high.ty);
        let (value, low, high) = match types {
            (a, b, c) if a.is_numeric() && b.is_numeric() && c.is_numeric() => {
                let ty = widest(widest(a, b), c);
                (coerce::to(value, ty), coerce::to(low, ty), coerce::to(high, ty))
            }
            (Type::DateTime, Type::DateTime, Type::TimeSpan) => {
                let end = self.binary(Binary::Add, low.clone(), high, span)?;
                (value, low, end)
            }
            (a, b, c) if a == b && b == c && (a == Type::DateTime || a == Type::TimeSpan) => (value, low, high),
            (Type::Dynamic, b, c) if b.is_numeric() && c.is_numeric() => {
                let ty = widest(b, c);
                (value, coerce::to(low, ty), coerce::to(high, ty))
            }
            (a, Type::Dynamic, Type::Dynamic) if a.is_numeric() => (value, low, high),
            (a, b, c) => {
                let place = if b == a { high.span } else { low.span };
                self.mismatch(place, format!("`between` is not defined for {a}, {b} and {c}"));
                return None;
            }
        };
        Some(Scalar {
            kind: ScalarKind::Between {
                value: Box::new(value),
                low: Box::new(low),
                high: Box::new(high),
                is_negated,
            },
            ty: Type::Bool,
            span,
        })
    }

    /// One value of `in (...)`, of the type of what is searched.
    pub fn element(&mut self, ty: Type, element: Scalar) -> Scalar {
        if element.ty == ty || ty == Type::Dynamic || element.ty == Type::Dynamic {
            element
        } else if promotes(element.ty, ty) {
            coerce::to(element, ty)
        } else if let Some(Value::Long(number)) = constant::value(&element)
            && ty == Type::Int
            && let Ok(number) = i32::try_from(*number)
        {
            constant::scalar(Value::Int(number), element.span)
        } else if ty.is_numeric() && element.ty.is_numeric() {
            // A fraction among whole numbers: the tests compare numbers of any type.
            element
        } else {
            coerce::to(element, ty)
        }
    }
}

fn comparison(left: Type, right: Type) -> Option<Rule> {
    Some(match (left, right) {
        (a, b) if a.is_numeric() && b.is_numeric() => Rule::Same(widest(a, b), Type::Bool),
        (Type::Bool, Type::Bool) => Rule::Mixed(Type::Bool),
        (Type::Bool, b) if b.is_numeric() => Rule::Same(b, Type::Bool),
        (a, Type::Bool) if a.is_numeric() => Rule::Same(a, Type::Bool),
        (Type::TimeSpan, Type::TimeSpan) | (Type::DateTime, Type::DateTime) => Rule::Mixed(Type::Bool),
        (Type::Dynamic, Type::Dynamic) => Rule::Mixed(Type::Bool),
        (Type::Dynamic, b) if b.is_numeric() => Rule::Mixed(Type::Bool),
        (a, Type::Dynamic) if a.is_numeric() => Rule::Mixed(Type::Bool),
        _ => return None,
    })
}

/// Numbers, and a dynamic value beside one.
fn numbers(left: Type, right: Type) -> Option<Rule> {
    Some(match (left, right) {
        (a, b) if a.is_numeric() && b.is_numeric() => {
            let ty = promoted(widest(a, b));
            Rule::Same(ty, ty)
        }
        (Type::Dynamic, Type::Dynamic) => Rule::Mixed(Type::Dynamic),
        (Type::Dynamic, other) | (other, Type::Dynamic) if other.is_numeric() => Rule::Mixed(promoted(other)),
        _ => return None,
    })
}

fn addition(left: Type, right: Type) -> Option<Rule> {
    numbers(left, right).or_else(|| {
        Some(Rule::Mixed(match (left, right) {
            (Type::TimeSpan, Type::TimeSpan) => Type::TimeSpan,
            (Type::DateTime | Type::TimeSpan, Type::DateTime | Type::TimeSpan) => Type::DateTime,
            (Type::Dynamic, ty @ (Type::DateTime | Type::TimeSpan))
            | (ty @ (Type::DateTime | Type::TimeSpan), Type::Dynamic) => ty,
            _ => return None,
        }))
    })
}

fn subtraction(left: Type, right: Type) -> Option<Rule> {
    numbers(left, right).or_else(|| {
        Some(Rule::Mixed(match (left, right) {
            (Type::TimeSpan | Type::Dynamic, Type::TimeSpan) | (Type::TimeSpan, Type::Dynamic) => Type::TimeSpan,
            (Type::DateTime | Type::Dynamic, Type::DateTime) | (Type::DateTime, Type::Dynamic) => Type::TimeSpan,
            (Type::DateTime, Type::TimeSpan) | (Type::TimeSpan, Type::DateTime) => Type::DateTime,
            _ => return None,
        }))
    })
}

fn multiplication(left: Type, right: Type) -> Option<Rule> {
    numbers(left, right).or_else(|| {
        Some(Rule::Mixed(match (left, right) {
            (Type::TimeSpan, Type::TimeSpan) => Type::TimeSpan,
            (ty @ (Type::TimeSpan | Type::DateTime), other) | (other, ty @ (Type::TimeSpan | Type::DateTime))
                if other.is_numeric() =>
            {
                ty
            }
            _ => return None,
        }))
    })
}

fn division(left: Type, right: Type) -> Option<Rule> {
    numbers(left, right).or_else(|| {
        Some(Rule::Mixed(match (left, right) {
            (Type::TimeSpan, Type::TimeSpan) | (Type::DateTime, Type::DateTime | Type::TimeSpan) => Type::Real,
            (ty @ (Type::TimeSpan | Type::DateTime), other) if other.is_numeric() => ty,
            _ => return None,
        }))
    })
}

fn modulo(left: Type, right: Type) -> Option<Rule> {
    numbers(left, right).or_else(|| {
        Some(Rule::Mixed(match (left, right) {
            (Type::TimeSpan, Type::TimeSpan) | (Type::DateTime, Type::DateTime | Type::TimeSpan) => Type::TimeSpan,
            (ty @ (Type::TimeSpan | Type::DateTime), other) if other.is_numeric() => ty,
            _ => return None,
        }))
    })
}

fn symbol(operator: Binary) -> &'static str {
    match operator {
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::LessOrEqual => "<=",
        Binary::Greater => ">",
        Binary::GreaterOrEqual => ">=",
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Modulo => "%",
    }
}

/// The operator of the bound query, of one that is neither logical nor about texts.
pub(crate) fn operator(operator: BinaryOperator) -> Option<Binary> {
    Some(match operator {
        BinaryOperator::Equal => Binary::Equal,
        BinaryOperator::NotEqual => Binary::NotEqual,
        BinaryOperator::Less => Binary::Less,
        BinaryOperator::LessOrEqual => Binary::LessOrEqual,
        BinaryOperator::Greater => Binary::Greater,
        BinaryOperator::GreaterOrEqual => Binary::GreaterOrEqual,
        BinaryOperator::Add => Binary::Add,
        BinaryOperator::Subtract => Binary::Subtract,
        BinaryOperator::Multiply => Binary::Multiply,
        BinaryOperator::Divide => Binary::Divide,
        BinaryOperator::Modulo => Binary::Modulo,
        BinaryOperator::Or | BinaryOperator::And | BinaryOperator::String(_) => return None,
    })
}
