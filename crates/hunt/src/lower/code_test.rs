//! Predicates over a string column that is held as codes: asked once for each distinct string, then looked up.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result as SqlResult;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;
use postern_kql::ir::{Scalar, ScalarKind};
use postern_kql_functions::{Context, Datum, Values};

use super::interpreted::compile;
use super::walk;
use crate::error::HuntError;
use crate::world::Codes;

/// For each code whether the predicate holds. Null counts as false, and is told from it.
#[derive(Debug, PartialEq, Eq)]
pub struct CodeTest {
    answers: Arc<Vec<Option<bool>>>,
    has_null: bool,
    /// Bit `code` is the answer, where there are at most 64 codes.
    mask: Option<u64>,
    signature: Signature,
}

impl CodeTest {
    /// `column` is the one that the predicate reads.
    pub fn new(scalar: &Scalar, column: usize, codes: &Codes, now: i64) -> Result<Self, HuntError> {
        let mut scalar = scalar.clone();
        walk::scalars_mut(&mut scalar, &mut |part| {
            if let ScalarKind::Column(index) = &mut part.kind
                && *index == column
            {
                *index = 0;
            }
        });
        let program = compile(&scalar)?;
        let context = Context::new(now);
        let answers: Vec<Option<bool>> = codes
            .values()
            .iter()
            .map(
                |value| match program.run(&Values(&[Datum::string(value.as_str())]), &context) {
                    Datum::Bool(answer) => Some(answer),
                    _ => None,
                },
            )
            .collect();
        let mask = answers.len() <= 64;
        let bits = answers.iter().enumerate().filter(|(_, answer)| **answer == Some(true));
        Ok(Self {
            has_null: answers.contains(&None),
            mask: mask.then(|| bits.fold(0, |mask, (code, _)| mask | 1 << code)),
            answers: Arc::new(answers),
            signature: Signature::exact(vec![DataType::Int32], Volatility::Immutable),
        })
    }

    fn answer(&self, code: i32) -> Option<bool> {
        usize::try_from(code)
            .ok()
            .and_then(|code| self.answers.get(code).copied())
            .flatten()
    }

    fn test(&self, codes: &ArrayRef) -> BooleanArray {
        let codes = codes.as_primitive::<Int32Type>();
        if self.has_null {
            return codes.iter().map(|code| self.answer(code?)).collect();
        }
        let values = codes.values();
        // Few strings: all answers are the bits of one number, which stays in a register.
        let bits = match self.mask {
            Some(mask) => BooleanBuffer::collect_bool(values.len(), |row| (mask >> (values[row] & 63)) & 1 == 1),
            None => BooleanBuffer::collect_bool(values.len(), |row| self.answer(values[row]) == Some(true)),
        };
        BooleanArray::new(bits, None)
    }
}

impl Hash for CodeTest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.answers.len().hash(state);
    }
}

impl ScalarUDFImpl for CodeTest {
    fn name(&self) -> &str {
        "kql_code"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> SqlResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn schema_name(&self, arguments: &[datafusion::logical_expr::Expr]) -> SqlResult<String> {
        let argument = arguments.first().map(ToString::to_string).unwrap_or_default();
        Ok(format!("kql_code({argument}, {:p})", Arc::as_ptr(&self.answers)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> SqlResult<ColumnarValue> {
        match &arguments.args[0] {
            ColumnarValue::Scalar(scalar) => {
                let answer = self.test(&scalar.to_array()?);
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?))
            }
            ColumnarValue::Array(codes) => Ok(ColumnarValue::Array(Arc::new(self.test(codes)))),
        }
    }
}
