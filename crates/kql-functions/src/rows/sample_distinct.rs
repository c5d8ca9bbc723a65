//! `sample-distinct`: some distinct values, the first ones.

use postern_kql::Diagnostic;
use postern_kql::ir::Scalar;

use super::calls::Groups;
use super::{Out, Preparation, RowError, RowOperator};
use crate::evaluate::{Program, Values};
use crate::order::whole;
use crate::{Context, Datum};

pub(super) struct SampleDistinct {
    count: usize,
    of: Program,
    seen: Groups,
}

impl SampleDistinct {
    pub(super) fn new(count: &Scalar, of: &Scalar, with: &Preparation<'_>) -> Result<Self, Diagnostic> {
        let count = whole(&with.constant(count)?).unwrap_or(0);
        Ok(Self {
            count: usize::try_from(count).unwrap_or(0),
            of: with.program(of)?,
            seen: Groups::default(),
        })
    }
}

impl RowOperator for SampleDistinct {
    fn push(&mut self, row: &[Datum<'_>], cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        if self.seen.keys().len() >= self.count {
            return Err(RowError::Enough);
        }
        let value = [self.of.run(&Values(row), cx)];
        if self.seen.number(&value).1 {
            out(&value)
        } else {
            Ok(())
        }
    }

    fn size(&self) -> usize {
        self.seen.size()
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Type;
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{column, constant, node, run, table};

    #[test]
    fn it_stops_when_it_has_enough() {
        let of_two = |count: i64| Op::SampleDistinct {
            input: table(&[("x", Type::Long)]),
            count: constant(Datum::Long(count)),
            of: column(0, Type::Long),
        };
        let rows: Vec<_> = [3, 3, 1, 3].iter().map(|value| vec![Datum::Long(*value)]).collect();
        let found = run(&node(of_two(2), &[("x", Type::Long)]), &rows).unwrap();
        assert_eq!(found, Err(RowError::Enough));
        let found = run(&node(of_two(9), &[("x", Type::Long)]), &rows).unwrap();
        assert_eq!(found, Ok(vec![vec![Datum::Long(3)], vec![Datum::Long(1)]]));
    }
}
