//! `narrow`: a row for each cell, with the number of the row, the name of the column and the value as text.

use postern_kql::Column;

use super::super::{Out, RowError, RowOperator, names};
use crate::{Context, Datum, convert};

pub(super) struct Narrow {
    columns: Vec<String>,
    next: i64,
}

impl Narrow {
    pub(super) fn new(input: &[Column]) -> Self {
        Self {
            columns: names(input).map(str::to_owned).collect(),
            next: 0,
        }
    }
}

impl RowOperator for Narrow {
    fn push(&mut self, row: &[Datum<'_>], _cx: &Context, out: &mut Out<'_>) -> Result<(), RowError> {
        for (name, value) in self.columns.iter().zip(row) {
            let value = Datum::String(convert::text(value));
            out(&[Datum::Long(self.next), Datum::string(name.as_str()), value])?;
        }
        self.next += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Type;
    use postern_kql::ir::Op;

    use super::*;
    use crate::rows::testing::{lines, node, run, table};

    #[test]
    fn every_cell_is_a_row() {
        let op = Op::Evaluate {
            plugin: "narrow".to_owned(),
            input: Some(table(&[("a", Type::Long), ("b", Type::Bool)])),
            arguments: Vec::new(),
        };
        let node = node(
            op,
            &[("Row", Type::Long), ("Column", Type::String), ("Value", Type::String)],
        );
        let rows = [
            vec![Datum::Long(5), Datum::Bool(true)],
            vec![Datum::Null, Datum::Bool(false)],
        ];
        assert_eq!(
            lines(&run(&node, &rows).unwrap().unwrap()),
            ["0|a|5", "0|b|True", "1|a|", "1|b|False"]
        );
    }
}
