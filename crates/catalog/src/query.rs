//! What a rule asks of the estate, and who answers.

use postern_model::Phase;
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::error::{EvaluateError, Mistake};

/// A question whose answer is a set of assets: the name of one that is built in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    pub builtin: String,
}

/// Answers queries over one estate.
pub trait Evaluate {
    /// The assets that `query` selects, as node indices, for a rule that runs in `phase`.
    ///
    /// # Errors
    /// [`EvaluateError::Unknown`] for a name that [`Self::queries`] does not list, and
    /// [`EvaluateError::Phase`] when the query reads what `phase` or a later one makes.
    fn nodes(&self, query: &Query, phase: Phase) -> Result<RoaringBitmap, EvaluateError>;

    /// The names of all queries there are.
    fn queries(&self) -> &[&str];

    /// The last phase whose tables `query` reads; `None` when there is no such query.
    fn reads(&self, query: &Query) -> Option<Phase>;
}

/// A mistake for each rule, given by file and query, that `evaluate` cannot answer in `phase`.
pub(crate) fn refusals<'a>(
    evaluate: &dyn Evaluate,
    rules: impl Iterator<Item = (String, &'a Query)>,
    phase: Phase,
) -> Vec<Mistake> {
    rules
        .filter_map(|(file, query)| {
            let reason = refusal(evaluate, query, phase)?;
            Some(Mistake {
                file,
                position: String::new(),
                reason,
            })
        })
        .collect()
}

fn refusal(evaluate: &dyn Evaluate, query: &Query, phase: Phase) -> Option<String> {
    let name = query.builtin.as_str();
    let made_by = evaluate
        .queries()
        .contains(&name)
        .then(|| evaluate.reads(query))
        .flatten();
    match made_by {
        None => {
            let unknown = EvaluateError::Unknown { query: name.to_owned() };
            Some(format!("{unknown}; there are {}", evaluate.queries().join(", ")))
        }
        Some(made_by) if made_by >= phase => Some(EvaluateError::phase(name, made_by, phase).to_string()),
        Some(_) => None,
    }
}
