//! Why a step exists: derivations, each a conjunction of facts.

use postern_model::{EdgeId, NodeId};
use serde::{Deserialize, Serialize};

/// One reason for a step: while all of these facts hold, so does the step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Derivation {
    /// What the step costs for this reason; a step costs as much as its cheapest derivation.
    pub cost: u32,
    /// In the order in which a person would tell them.
    pub facts: Vec<Fact>,
}

impl Derivation {
    /// Whether it rests on a setting instead of on something that was seen.
    pub fn is_assumed(&self) -> bool {
        self.facts.iter().any(|fact| matches!(fact, Fact::Setting { .. }))
    }

    /// Whether anybody can undo one of its facts.
    pub fn is_changeable(&self) -> bool {
        self.facts.iter().any(|fact| {
            matches!(
                fact,
                Fact::Relation { .. } | Fact::Property { .. } | Fact::Finding { .. } | Fact::Service { .. }
            )
        })
    }
}

/// One thing that is so. `text` is a sentence for people, without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// A relation as reported.
    Relation {
        #[serde(with = "hexadecimal")]
        id: EdgeId,
        text: String,
    },
    /// A property of an asset.
    Property {
        #[serde(with = "hexadecimal")]
        node: NodeId,
        name: String,
        value: String,
        text: String,
    },
    /// A scanner's result.
    Finding {
        #[serde(with = "hexadecimal")]
        id: EdgeId,
        text: String,
    },
    /// An open port.
    Service {
        #[serde(with = "hexadecimal")]
        node: NodeId,
        protocol: String,
        port: u16,
        text: String,
    },
    /// Something that was looked for and isn't there.
    Absence {
        #[serde(with = "hexadecimal")]
        node: NodeId,
        name: String,
        text: String,
    },
    /// A setting of Postern that takes the place of an observation.
    Setting { name: String, text: String },
    /// How the system works for everybody, without anybody having configured it.
    BuiltIn { text: String },
    /// Where the analysis lets an attacker begin.
    Assumption { text: String },
}

impl Fact {
    pub fn text(&self) -> &str {
        match self {
            Self::Relation { text, .. }
            | Self::Property { text, .. }
            | Self::Finding { text, .. }
            | Self::Service { text, .. }
            | Self::Absence { text, .. }
            | Self::Setting { text, .. }
            | Self::BuiltIn { text }
            | Self::Assumption { text } => text,
        }
    }
}

/// Ids in JSON, as the 32 hexadecimal digits that they print as.
pub(crate) mod hexadecimal {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<T: Display, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derivation_reads_back_from_its_json() {
        let derivation = Derivation {
            cost: 2,
            facts: vec![
                Fact::Relation {
                    id: EdgeId(7),
                    text: "A is a member of B".to_owned(),
                },
                Fact::Service {
                    node: NodeId(1),
                    protocol: "tcp".to_owned(),
                    port: 445,
                    text: "open".to_owned(),
                },
                Fact::BuiltIn {
                    text: "always".to_owned(),
                },
            ],
        };
        let json = serde_json::to_string(&derivation).expect("plain data");
        assert!(json.contains("\"00000000000000000000000000000007\""), "{json}");
        assert_eq!(
            serde_json::from_str::<Derivation>(&json).expect("just written"),
            derivation
        );
    }
}
