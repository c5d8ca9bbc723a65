//! Aggregates: those that mean the same go to DataFusion, the rest to the accumulators of `kql-functions`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn as sql;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, ExprFunctionExt, GroupsAccumulator, Signature,
    Volatility, lit,
};
use datafusion::scalar::ScalarValue;
use postern_kql::Type;
use postern_kql::ir::Aggregate;
use postern_kql_functions::{Datum, aggregates};

use super::scalar::{Position, ScalarLowering, cast};
use crate::batch::{ColumnBuilder, ColumnReader};
use crate::error::HuntError;
use crate::world::arrow_type;

/// An aggregate, and what its result still needs.
pub struct LoweredAggregate {
    pub call: Expr,
    /// The value of a group without any value: SQL gives null where the language has a default.
    pub default: Option<ScalarValue>,
}

/// The call of an aggregate over rows of the input.
pub fn lower(aggregate: &Aggregate, input: &ScalarLowering<'_>) -> std::result::Result<LoweredAggregate, HuntError> {
    if let Some(native) = native(aggregate, input)? {
        return Ok(native);
    }
    let function = Accumulated::new(aggregate)?;
    let mut arguments = aggregate
        .arguments
        .iter()
        .map(|argument| input.lower(argument, Position::Value))
        .collect::<std::result::Result<Vec<_>, HuntError>>()?;
    if arguments.is_empty() {
        // DataFusion counts the rows of a batch by its arguments.
        arguments.push(lit(true));
    }
    Ok(LoweredAggregate {
        call: AggregateUDF::from(function).call(arguments),
        default: None,
    })
}

fn native(
    aggregate: &Aggregate,
    input: &ScalarLowering<'_>,
) -> std::result::Result<Option<LoweredAggregate>, HuntError> {
    let arguments = &aggregate.arguments;
    let plain = |call: Expr| Some(LoweredAggregate { call, default: None });
    let argument = |index: usize| input.lower(&arguments[index], Position::Value);
    let predicate = |index: usize| input.lower(&arguments[index], Position::Predicate);
    let first = arguments.first().map(|argument| argument.ty);
    let zero = || match aggregate.ty {
        Type::Real => Some(ScalarValue::Float64(Some(0.0))),
        _ => Some(ScalarValue::Int64(Some(0))),
    };
    let is_summable = matches!(first, Some(Type::Int | Type::Long | Type::Real | Type::TimeSpan));
    let is_number = matches!(first, Some(Type::Int | Type::Long | Type::Real));
    let is_comparable = first.is_some_and(|ty| !matches!(ty, Type::Dynamic | Type::Bool | Type::String | Type::Guid));
    Ok(match (aggregate.function.as_str(), arguments.len()) {
        ("count", 0) => plain(sql::count(lit(1_i64))),
        ("countif", 1) => plain(sql::count(lit(1_i64)).filter(predicate(0)?).build()?),
        ("sum", 1) if is_summable => Some(LoweredAggregate {
            call: sql::sum(cast(argument(0)?, aggregate.ty)),
            default: zero(),
        }),
        ("sumif", 2) if is_summable => Some(LoweredAggregate {
            call: sql::sum(cast(argument(0)?, aggregate.ty))
                .filter(predicate(1)?)
                .build()?,
            default: zero(),
        }),
        ("avg", 1) if is_number => Some(LoweredAggregate {
            call: sql::avg(cast(argument(0)?, Type::Real)),
            default: Some(ScalarValue::Float64(Some(f64::NAN))),
        }),
        ("min", 1) if is_comparable => plain(sql::min(argument(0)?)),
        ("max", 1) if is_comparable => plain(sql::max(argument(0)?)),
        ("minif", 2) if is_comparable => plain(sql::min(argument(0)?).filter(predicate(1)?).build()?),
        ("maxif", 2) if is_comparable => plain(sql::max(argument(0)?).filter(predicate(1)?).build()?),
        _ => None,
    })
}

/// An aggregate of the language as one of DataFusion. Its state is the bytes of the accumulator.
struct Accumulated {
    aggregate: Arc<Aggregate>,
    signature: Signature,
}

impl Accumulated {
    fn new(aggregate: &Aggregate) -> Result<Self> {
        let types: Vec<DataType> = match aggregate.arguments.as_slice() {
            [] => vec![DataType::Boolean],
            arguments => arguments.iter().map(|argument| arrow_type(argument.ty)).collect(),
        };
        let this = Self {
            aggregate: Arc::new(aggregate.clone()),
            signature: Signature::exact(types, Volatility::Immutable),
        };
        this.fresh()?;
        Ok(this)
    }

    fn fresh(&self) -> Result<Box<dyn aggregates::Accumulator>> {
        aggregates::accumulator(&self.aggregate).ok_or_else(|| {
            DataFusionError::Plan(format!(
                "the aggregate `{}` is not computed here",
                self.aggregate.function
            ))
        })
    }

    fn groups(&self) -> Result<Groups> {
        Ok(Groups {
            aggregate: Arc::clone(&self.aggregate),
            fresh: Accumulated {
                aggregate: Arc::clone(&self.aggregate),
                signature: self.signature.clone(),
            },
            groups: Vec::new(),
            bytes: Bytes::default(),
        })
    }
}

impl fmt::Debug for Accumulated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}#{}", self.aggregate.function, self.aggregate.output)
    }
}

impl PartialEq for Accumulated {
    fn eq(&self, other: &Self) -> bool {
        self.aggregate == other.aggregate
    }
}

impl Eq for Accumulated {}

impl Hash for Accumulated {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.aggregate.function.hash(state);
        self.aggregate.output.hash(state);
        self.aggregate.span.hash(state);
    }
}

impl AggregateUDFImpl for Accumulated {
    fn name(&self) -> &str {
        &self.aggregate.function
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(arrow_type(self.aggregate.ty))
    }

    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(OneGroup(self.groups()?)))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let name = format!("{}[state]", arguments.name);
        Ok(vec![Arc::new(Field::new(name, DataType::Binary, true))])
    }

    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.groups()?))
    }
}

/// One accumulator for each group.
struct Groups {
    aggregate: Arc<Aggregate>,
    fresh: Accumulated,
    groups: Vec<Box<dyn aggregates::Accumulator>>,
    bytes: Bytes,
}

/// Memory of all groups. Asking each of them after each batch would take time quadratic in their number, so what came
/// in since is added until it is as much as was held, and then all are asked.
#[derive(Default)]
struct Bytes {
    held: usize,
    taken_in: usize,
}

impl Groups {
    fn account(&mut self, values: &[ArrayRef]) {
        self.bytes.taken_in += values.iter().map(|array| array.get_array_memory_size()).sum::<usize>();
        if self.bytes.taken_in > self.bytes.held {
            let boxes = self.groups.capacity() * size_of::<Box<dyn aggregates::Accumulator>>();
            self.bytes.held = boxes + self.groups.iter().map(|group| group.size()).sum::<usize>();
            self.bytes.taken_in = 0;
        }
    }

    fn grow(&mut self, groups: usize) -> Result<()> {
        while self.groups.len() < groups {
            self.groups.push(self.fresh.fresh()?);
        }
        Ok(())
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Box<dyn aggregates::Accumulator>> {
        self.bytes = Bytes::default();
        match emit_to {
            EmitTo::All => std::mem::take(&mut self.groups),
            EmitTo::First(count) => self.groups.drain(..count).collect(),
        }
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_of: impl Fn(usize) -> usize,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let rows = values.first().map_or(0, Array::len);
        let readers = values
            .iter()
            .zip(&self.aggregate.arguments)
            .map(|(array, argument)| ColumnReader::new(array, argument.ty))
            .collect::<Result<Vec<_>>>()?;
        let mut row: Vec<Datum<'_>> = Vec::with_capacity(readers.len());
        for index in 0..rows {
            if filter.is_some_and(|filter| filter.is_null(index) || !filter.value(index)) {
                continue;
            }
            row.clear();
            row.extend(readers.iter().map(|reader| reader.get(index)));
            self.groups[group_of(index)].update(&row);
        }
        self.account(values);
        Ok(())
    }

    fn merge(&mut self, values: &[ArrayRef], group_of: impl Fn(usize) -> usize) -> Result<()> {
        let states = values[0].as_binary::<i32>();
        for index in 0..states.len() {
            if states.is_valid(index) {
                self.groups[group_of(index)]
                    .merge(states.value(index))
                    .map_err(|error| DataFusionError::External(Box::new(error)))?;
            }
        }
        self.account(values);
        Ok(())
    }
}

fn states(groups: &[Box<dyn aggregates::Accumulator>]) -> ArrayRef {
    let mut builder = BinaryBuilder::new();
    for group in groups {
        builder.append_value(group.state());
    }
    Arc::new(builder.finish())
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups)?;
        self.update(values, |row| group_indices[row], opt_filter)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut groups = self.take(emit_to);
        let mut builder = ColumnBuilder::new(self.aggregate.ty, groups.len());
        for group in &mut groups {
            builder.push(&group.finish());
        }
        Ok(builder.finish())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![states(&self.take(emit_to))])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.grow(total_num_groups)?;
        self.merge(values, |row| group_indices[row])
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut apart = self.fresh.groups()?;
        let rows = values.first().map_or(0, Array::len);
        apart.grow(rows)?;
        apart.update(values, |row| row, opt_filter)?;
        Ok(vec![states(&apart.groups)])
    }

    fn size(&self) -> usize {
        self.bytes.held + self.bytes.taken_in
    }
}

/// The same for an aggregate without keys.
struct OneGroup(Groups);

impl fmt::Debug for OneGroup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fresh.fmt(formatter)
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.grow(1)?;
        self.0.update(values, |_| 0, None)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.grow(1)?;
        let array = GroupsAccumulator::evaluate(&mut self.0, EmitTo::All)?;
        ScalarValue::try_from_array(&array, 0)
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.grow(1)?;
        let array = states(&self.0.groups);
        Ok(vec![ScalarValue::try_from_array(&array, 0)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.grow(1)?;
        self.0.merge(states, |_| 0)
    }
}
