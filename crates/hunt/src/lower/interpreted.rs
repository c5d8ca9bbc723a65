//! The one function that runs the row interpreter over batches.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hash, Hasher};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use postern_kql::Type;
use postern_kql::ir::{Scalar, ScalarKind};
use postern_kql_functions::evaluate::{Program, Row, Values};
use postern_kql_functions::{Context, Datum};

use super::scalar::is_volatile;
use super::walk;
use crate::batch::{ColumnBuilder, ColumnReader};
use crate::budget::{Cuts, Partial};
use crate::error::HuntError;
use crate::world::arrow_type;

thread_local! {
    /// Patterns and other things worth keeping, for each thread that computes.
    static CONTEXT: RefCell<Context> = RefCell::default();
}

/// The expression ready to be computed.
///
/// # Errors
/// It holds what only an operator can compute: a fault of the lowering, or a function without a kernel.
pub fn compile(scalar: &Scalar) -> Result<Program, HuntError> {
    Program::new(scalar, &|_| None).map_err(|diagnostic| HuntError::Query(vec![diagnostic]))
}

/// The value of an expression that reads no row.
pub fn constant(scalar: &Scalar, context: &Context) -> Result<Datum<'static>, HuntError> {
    Ok(compile(scalar)?.run(&Values(&[]), context).into_owned())
}

/// Tells of values that a limit made smaller than what was asked for.
pub fn tell(context: &Context, cuts: &Cuts) {
    for limit in context.take_reached() {
        cuts.note(Partial::new("value size", limit));
    }
}

/// A row of a batch, read where it is asked for.
struct BatchRow<'r, 'a> {
    readers: &'r [ColumnReader<'a>],
    row: usize,
}

impl<'a> Row<'a> for BatchRow<'_, 'a> {
    fn column(&self, index: usize) -> Datum<'a> {
        self.readers
            .get(index)
            .map_or(Datum::Null, |reader| reader.get(self.row))
    }
}

/// An expression of the language as a function of the columns that it reads.
#[derive(Debug)]
pub struct Interpreted {
    scalar: Scalar,
    program: Program,
    /// Which columns of the input are the arguments, and their types.
    columns: Vec<usize>,
    types: Vec<Type>,
    now: i64,
    cuts: Cuts,
    signature: Signature,
    /// Stands for the expression in names.
    digest: u64,
}

/// What is written, as a hash.
#[derive(Default)]
struct Digest(DefaultHasher);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

fn digest(scalar: &Scalar) -> u64 {
    let mut digest = Digest::default();
    write!(digest, "{scalar:?}").expect("a hash takes any text");
    digest.0.finish()
}

impl Interpreted {
    /// `types` are those of all columns of the input.
    pub fn new(scalar: &Scalar, types: &[Type], now: i64, cuts: &Cuts) -> Result<Self, HuntError> {
        let mut scalar = scalar.clone();
        let mut columns: Vec<usize> = Vec::new();
        let mut volatility = Volatility::Immutable;
        walk::scalars_mut(&mut scalar, &mut |part| match &mut part.kind {
            ScalarKind::Column(index) => {
                let place = columns.iter().position(|column| column == index).unwrap_or_else(|| {
                    columns.push(*index);
                    columns.len() - 1
                });
                *index = place;
            }
            ScalarKind::Call { function, .. } if is_volatile(function) => volatility = Volatility::Volatile,
            _ => {}
        });
        let types: Vec<Type> = columns.iter().map(|column| types[*column]).collect();
        let signature = if columns.is_empty() {
            Signature::nullary(volatility)
        } else {
            Signature::exact(types.iter().map(|ty| arrow_type(*ty)).collect(), volatility)
        };
        Ok(Self {
            program: compile(&scalar)?,
            digest: digest(&scalar),
            scalar,
            columns,
            types,
            now,
            cuts: cuts.clone(),
            signature,
        })
    }

    pub fn columns(&self) -> &[usize] {
        &self.columns
    }
}

impl PartialEq for Interpreted {
    fn eq(&self, other: &Self) -> bool {
        self.columns == other.columns && self.now == other.now && self.scalar == other.scalar
    }
}

impl Eq for Interpreted {}

impl Hash for Interpreted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.columns.hash(state);
        self.digest.hash(state);
    }
}

impl ScalarUDFImpl for Interpreted {
    fn name(&self) -> &str {
        "kql"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(arrow_type(self.scalar.ty))
    }

    fn schema_name(&self, arguments: &[datafusion::logical_expr::Expr]) -> Result<String> {
        // DataFusion takes two expressions of one name for the same. Where they are written does not tell them apart:
        // the body of a function stands for each of its calls.
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        Ok(format!("kql[{:016x}]({})", self.digest, arguments.join(", ")))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_one = arguments
            .args
            .iter()
            .all(|argument| matches!(argument, ColumnarValue::Scalar(_)))
            && self.signature.volatility != Volatility::Volatile;
        let rows = if is_one { 1 } else { arguments.number_rows };
        let arrays = arguments
            .args
            .into_iter()
            .map(|argument| argument.into_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let readers = arrays
            .iter()
            .zip(&self.types)
            .map(|(array, ty)| ColumnReader::new(array, *ty))
            .collect::<Result<Vec<_>>>()?;
        let mut builder = ColumnBuilder::new(self.scalar.ty, rows);
        CONTEXT.with_borrow_mut(|context| {
            context.now = self.now;
            for row in 0..rows {
                let row = BatchRow { readers: &readers, row };
                builder.push(&self.program.run(&row, context));
            }
            tell(context, &self.cuts);
        });
        let array = builder.finish();
        if is_one {
            return Ok(ColumnarValue::Scalar(datafusion::scalar::ScalarValue::try_from_array(
                &array, 0,
            )?));
        }
        Ok(ColumnarValue::Array(array))
    }
}
