//! Tests of texts against a constant: `has`, `contains`, `startswith`, `=~` and their kin, a batch at a time.

use std::hash::{Hash, Hasher};

use datafusion::arrow::array::{Array, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;
use postern_kql::ir::{StringOperator, StringTest};
use postern_kql_functions::text::Needle;

/// A test of a string column. Strings are never null, and neither is the answer.
#[derive(Debug)]
pub struct TextTest {
    operator: StringOperator,
    constant: String,
    needle: Needle<'static>,
    signature: Signature,
}

impl TextTest {
    /// `None` for tests that are not of a fixed text (`matches regex`, `like`).
    pub fn new(operator: StringOperator, needle: &str) -> Option<Self> {
        if matches!(operator.test, StringTest::MatchesRegex | StringTest::Like) {
            return None;
        }
        Some(Self {
            operator,
            constant: needle.to_owned(),
            needle: Needle::new(needle.to_owned(), operator.is_case_sensitive),
            signature: Signature::exact(vec![DataType::Utf8View], Volatility::Immutable),
        })
    }

    fn holds(&self, text: &str) -> bool {
        let found = match self.operator.test {
            StringTest::Equal => self.needle.equals(text),
            StringTest::Has => self.needle.is_term_in(text),
            StringTest::HasPrefix => self.needle.is_term_prefix_in(text),
            StringTest::HasSuffix => self.needle.is_term_suffix_in(text),
            StringTest::Contains => self.needle.is_in(text),
            StringTest::StartsWith => self.needle.starts(text),
            StringTest::EndsWith => self.needle.ends(text),
            // `new` took none of these.
            StringTest::MatchesRegex | StringTest::Like => false,
        };
        found != self.operator.is_negated
    }
}

impl PartialEq for TextTest {
    fn eq(&self, other: &Self) -> bool {
        self.operator == other.operator && self.constant == other.constant
    }
}

impl Eq for TextTest {}

impl Hash for TextTest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.operator.hash(state);
        self.constant.hash(state);
    }
}

impl ScalarUDFImpl for TextTest {
    fn name(&self) -> &str {
        "kql_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn schema_name(&self, arguments: &[datafusion::logical_expr::Expr]) -> Result<String> {
        let argument = arguments.first().map(ToString::to_string).unwrap_or_default();
        Ok(format!("{:?}({argument}, {:?})", self.operator, self.constant))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match &arguments.args[0] {
            ColumnarValue::Scalar(scalar) => {
                let array = scalar.to_array()?;
                let texts = array.as_string_view();
                let text = if texts.is_null(0) { "" } else { texts.value(0) };
                Ok(ColumnarValue::Scalar(ScalarValue::Boolean(Some(self.holds(text)))))
            }
            ColumnarValue::Array(array) => {
                let texts = array.as_string_view();
                let bits = BooleanBuffer::collect_bool(texts.len(), |row| {
                    self.holds(if texts.is_null(row) { "" } else { texts.value(row) })
                });
                Ok(ColumnarValue::Array(std::sync::Arc::new(BooleanArray::new(bits, None))))
            }
        }
    }
}
