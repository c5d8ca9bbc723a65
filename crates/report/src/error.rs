//! Why a question has no answer.

pub type Result<T, E = ReportError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A value of a query that means nothing.
    #[error("{field}: {reason}{}", among(allowed))]
    BadQuery {
        /// Name of the parameter.
        field: &'static str,
        reason: String,
        /// What it could be; empty where that is no short list.
        allowed: Vec<String>,
    },
    /// An id that nothing of this generation has.
    #[error("there is no {what} {id} in this generation")]
    NoSuch {
        /// What was asked for, in a word or two: `asset`, `attack path`.
        what: &'static str,
        id: String,
    },
    /// An attack path of an earlier generation.
    #[error("the attack path {id} is {status}: {reason}")]
    PathGone {
        id: String,
        /// `resolved` or `unconfirmed`.
        status: String,
        reason: String,
    },
    /// * `hint`: `; did you mean …?`, or nothing.
    #[error("nothing has the id or name {text}{hint}")]
    NothingNamed { text: String, hint: String },
    #[error("several assets are named {text}; name one by its id: {ids}")]
    Ambiguous { text: String, ids: String },
    #[error("{name} is no single asset")]
    NotOneAsset { name: String },
    /// * `example`: `, such as …`, or nothing.
    #[error("{name} is {members}, and who holds one of them holds it all; name one{example}")]
    ControlPlane {
        name: String,
        members: String,
        example: String,
    },
    #[error("{text} is no id of a step, relation or finding; `paths` shows them: 6 or more of their 32 digits")]
    NotAnId { text: String },
    #[error("no step, relation or finding has the id {text} in generation {generation}")]
    NoSuchEdge { text: String, generation: i64 },
    #[error("{ids} ids begin with {text}; give more digits")]
    ShortId { text: String, ids: usize },
    #[error(transparent)]
    Engine(#[from] postern_engine::EngineError),
    #[error(transparent)]
    Attack(#[from] postern_attack::AttackError),
    #[error(transparent)]
    Ledger(#[from] postern_ledger::LedgerError),
}

fn among(allowed: &[String]) -> String {
    match allowed {
        [] => String::new(),
        allowed => format!("; it is one of {}", allowed.join(", ")),
    }
}
