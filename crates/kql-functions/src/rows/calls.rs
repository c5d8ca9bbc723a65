//! What several machines need: groups of rows by their keys, and calls of aggregates.

use postern_kql::ir::Aggregate;
use postern_kql::{Code, Diagnostic};

use super::{Preparation, owned, row_size};
use crate::aggregates::{Accumulator, accumulator};
use crate::bytes::Writer;
use crate::evaluate::{Program, Values};
use crate::keys::KeySet;
use crate::{Context, Datum};

/// Keys of groups, numbered in the order in which they came.
#[derive(Default)]
pub(crate) struct Groups {
    set: KeySet,
    keys: Vec<Vec<Datum<'static>>>,
    held: usize,
    scratch: Writer,
}

impl Groups {
    /// The number of the group, and whether it is new.
    pub(crate) fn number(&mut self, key: &[Datum<'_>]) -> (usize, bool) {
        self.scratch.0.clear();
        key.iter().for_each(|value| self.scratch.key(value));
        let (number, is_new) = self.set.insert(&self.scratch.0);
        if is_new {
            self.held += row_size(key);
            self.keys.push(owned(key));
        }
        (number, is_new)
    }

    pub(crate) fn keys(&self) -> &[Vec<Datum<'static>>] {
        &self.keys
    }

    pub(crate) fn size(&self) -> usize {
        self.set.size() + self.held
    }
}

/// A call of an aggregate, ready to make accumulators and to feed them.
pub(crate) struct Call {
    aggregate: Aggregate,
    arguments: Vec<Program>,
}

impl Call {
    pub(crate) fn new(aggregate: &Aggregate, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        if accumulator(aggregate).is_none() {
            let message = format!("the aggregate {} is not supported", aggregate.function);
            return Err(Diagnostic::error(Code::Unsupported, aggregate.span, message));
        }
        Ok(Self {
            aggregate: aggregate.clone(),
            arguments: with.programs(&aggregate.arguments)?,
        })
    }

    pub(crate) fn aggregate(&self) -> &Aggregate {
        &self.aggregate
    }

    /// # Panics
    /// Never: [`Call::new`] made one before.
    pub(crate) fn start(&self) -> Box<dyn Accumulator> {
        accumulator(&self.aggregate).expect("there is an accumulator, as when the call was made")
    }

    pub(crate) fn update(&self, accumulator: &mut dyn Accumulator, row: &[Datum<'_>], cx: &Context) {
        let arguments: Vec<Datum<'_>> = self
            .arguments
            .iter()
            .map(|program| program.run(&Values(row), cx))
            .collect();
        accumulator.update(&arguments);
    }
}
