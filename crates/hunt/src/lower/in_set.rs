//! Membership in a list of constants, hashed once.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;
use postern_kql::ir::{Scalar, ScalarKind};
use postern_kql::{Type, Value};
use postern_kql_functions::text::folded;

use crate::world::arrow_type;

/// `x in (...)` for strings and whole numbers, where each element is a constant that is not null. What it does not take
/// (dynamic lists, reals, computed elements) goes to the interpreter.
#[derive(Debug)]
pub struct InSet {
    ty: Type,
    members: Members,
    is_case_sensitive: bool,
    is_negated: bool,
    signature: Signature,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Members {
    /// Folded where case does not count.
    Strings(Arc<HashSet<String>>),
    /// Of int, long, datetime and timespan.
    Numbers(Arc<HashSet<i64>>),
}

impl InSet {
    pub fn new(ty: Type, list: &[Scalar], is_case_sensitive: bool, is_negated: bool) -> Option<Self> {
        let constants = list.iter().map(|element| match &element.kind {
            ScalarKind::Constant(value) if element.ty == ty => Some(value),
            _ => None,
        });
        let members = match ty {
            Type::String => {
                let mut strings = HashSet::with_capacity(list.len());
                for constant in constants {
                    let Value::String(text) = constant? else { return None };
                    strings.insert(if is_case_sensitive {
                        text.clone()
                    } else {
                        folded(text).into_owned()
                    });
                }
                Members::Strings(Arc::new(strings))
            }
            Type::Int | Type::Long | Type::DateTime | Type::TimeSpan => {
                let mut numbers = HashSet::with_capacity(list.len());
                for constant in constants {
                    numbers.insert(match constant? {
                        Value::Int(value) => i64::from(*value),
                        Value::Long(value) | Value::DateTime(value) | Value::TimeSpan(value) => *value,
                        _ => return None,
                    });
                }
                Members::Numbers(Arc::new(numbers))
            }
            _ => return None,
        };
        Some(Self {
            ty,
            members,
            is_case_sensitive,
            is_negated,
            signature: Signature::exact(vec![arrow_type(ty)], Volatility::Immutable),
        })
    }

    fn test(&self, array: &ArrayRef) -> BooleanArray {
        let rows = array.len();
        let negated = self.is_negated;
        let bits = match (&self.members, self.ty) {
            (Members::Strings(set), _) => {
                let texts = array.as_string_view();
                BooleanBuffer::collect_bool(rows, |row| {
                    let text = if texts.is_null(row) { "" } else { texts.value(row) };
                    let found = if self.is_case_sensitive {
                        set.contains(text)
                    } else {
                        set.contains(folded(text).as_ref())
                    };
                    found != negated
                })
            }
            (Members::Numbers(set), Type::Int) => {
                let values = array.as_primitive::<Int32Type>();
                BooleanBuffer::collect_bool(rows, |row| {
                    (values.is_valid(row) && set.contains(&i64::from(values.value(row)))) != negated
                })
            }
            (Members::Numbers(set), Type::DateTime) => {
                let values = array.as_primitive::<TimestampMicrosecondType>();
                BooleanBuffer::collect_bool(rows, |row| {
                    (values.is_valid(row) && set.contains(&values.value(row))) != negated
                })
            }
            (Members::Numbers(set), _) => {
                let values = array.as_primitive::<Int64Type>();
                BooleanBuffer::collect_bool(rows, |row| {
                    (values.is_valid(row) && set.contains(&values.value(row))) != negated
                })
            }
        };
        BooleanArray::new(bits, None)
    }
}

impl PartialEq for InSet {
    fn eq(&self, other: &Self) -> bool {
        self.is_negated == other.is_negated
            && self.is_case_sensitive == other.is_case_sensitive
            && self.members == other.members
    }
}

impl Eq for InSet {}

impl Hash for InSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.is_negated.hash(state);
        match &self.members {
            Members::Strings(set) => set.len().hash(state),
            Members::Numbers(set) => set.len().hash(state),
        }
    }
}

impl ScalarUDFImpl for InSet {
    fn name(&self) -> &str {
        "kql_in"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn schema_name(&self, arguments: &[datafusion::logical_expr::Expr]) -> Result<String> {
        // The set itself would make names of megabytes; its address tells two of them apart.
        let argument = arguments.first().map(ToString::to_string).unwrap_or_default();
        let place = match &self.members {
            Members::Strings(set) => Arc::as_ptr(set).cast::<()>(),
            Members::Numbers(set) => Arc::as_ptr(set).cast::<()>(),
        };
        Ok(format!(
            "kql_in({argument}, {place:?}, {}, {})",
            self.is_case_sensitive, self.is_negated
        ))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match &arguments.args[0] {
            ColumnarValue::Scalar(scalar) => {
                let answer = self.test(&scalar.to_array()?);
                Ok(ColumnarValue::Scalar(ScalarValue::Boolean(Some(answer.value(0)))))
            }
            ColumnarValue::Array(array) => Ok(ColumnarValue::Array(Arc::new(self.test(array)))),
        }
    }
}
