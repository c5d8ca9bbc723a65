//! What the rest of a query makes of the matches of its graph operators.
//!
//! A pattern with walks has as many matches as there are walks, and often only their ends are asked for. What is known
//! here lets the matcher look for the ends alone.

use std::collections::HashMap;
use std::sync::Arc;

use postern_kql::ir::{Op, Scalar, ScalarKind, Tabular};
use postern_kql::Value;

use crate::graph::Need;

/// The need of each graph operator of a query, by its address in the bound tree. One that is reached in two ways is
/// needed whole where they differ.
#[derive(Debug, Default)]
pub struct Needs {
    needs: HashMap<usize, Need>,
    /// Shared parts are looked at once for each need.
    seen: HashMap<usize, Vec<Need>>,
}

impl Needs {
    pub fn of(tables: &[&Arc<Tabular>]) -> Self {
        let mut needs = Self::default();
        for table in tables {
            needs.visit(table, Need::All);
        }
        needs
    }

    pub fn get(&self, table: &Arc<Tabular>) -> Need {
        self.needs.get(&address(table)).copied().unwrap_or_default()
    }

    fn visit(&mut self, table: &Arc<Tabular>, need: Need) {
        let seen = self.seen.entry(address(table)).or_default();
        if seen.contains(&need) {
            return;
        }
        seen.push(need);
        match &table.op {
            Op::GraphMatch { .. } => {
                self.needs
                    .entry(address(table))
                    .and_modify(|known| {
                        if *known != need {
                            *known = Need::All;
                        }
                    })
                    .or_insert(need);
            }
            Op::Summarize { input, aggregates, .. } => {
                let looks_once = aggregates.iter().all(|aggregate| is_of_distinct(&aggregate.function));
                self.visit(input, if looks_once { Need::Distinct } else { Need::All });
            }
            Op::Take { input, count } => self.visit(input, limit(count)),
            // The same rows, each by itself.
            Op::Project { input, values } if !values.iter().any(super::has_window) => self.visit(input, need),
            Op::Where { input, .. } => self.visit(input, if need == Need::Distinct { need } else { Need::All }),
            Op::Sort { input, .. } if need == Need::Distinct => self.visit(input, need),
            op => {
                for input in op.inputs() {
                    self.visit(input, Need::All);
                }
            }
        }
    }
}

/// Aggregates whose value is the same when equal rows are seen once.
fn is_of_distinct(function: &str) -> bool {
    matches!(function, "dcount" | "dcountif" | "count_distinct" | "count_distinctif" | "make_set" | "make_set_if" | "min" | "max")
}

fn limit(count: &Scalar) -> Need {
    match count.kind {
        ScalarKind::Constant(Value::Long(count)) => u64::try_from(count).map_or(Need::All, Need::Limit),
        ScalarKind::Constant(Value::Int(count)) => u64::try_from(count).map_or(Need::All, Need::Limit),
        _ => Need::All,
    }
}

fn address(table: &Arc<Tabular>) -> usize {
    Arc::as_ptr(table).cast::<()>() as usize
}
