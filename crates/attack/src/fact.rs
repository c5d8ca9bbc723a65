//! Why a step exists: derivations, each a conjunction of facts.
//!
//! There are millions of facts and few are ever read by a person, so a fact names what it is about, and its sentence
//! is made when it is asked for: see [`Fact::text`].

use postern_model::estate::{Estate, Finding, Node};
use postern_model::{EdgeId, NodeId};
use serde::{Deserialize, Serialize};

use crate::sentence::sentence;

/// One reason for a step: while all of these facts hold, so does the step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Derivation {
    /// What the step costs for this reason; a step costs as much as its cheapest derivation.
    pub cost: u32,
    /// In the order in which a person would tell them.
    pub facts: Box<[Fact]>,
}

impl Derivation {
    /// Whether it rests on a setting, or on the default of a product, instead of on something that was seen.
    pub fn is_assumed(&self) -> bool {
        self.facts
            .iter()
            .any(|fact| matches!(fact, Fact::Setting(_) | Fact::Default(_)))
    }

    /// Whether anybody can undo one of its facts.
    pub fn is_changeable(&self) -> bool {
        self.facts.iter().any(|fact| {
            matches!(
                fact,
                Fact::Relation { .. }
                    | Fact::Property(_)
                    | Fact::Finding { .. }
                    | Fact::Service(_)
                    | Fact::Query { .. }
            )
        })
    }
}

/// One thing that is so. Facts that occur for every asset hold no text of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// A relation as reported.
    Relation {
        #[serde(with = "hexadecimal")]
        id: EdgeId,
    },
    /// A property of an asset.
    Property(Box<PropertyFact>),
    /// A scanner's result.
    Finding {
        #[serde(with = "hexadecimal")]
        id: EdgeId,
    },
    /// An open port.
    Service(Box<ServiceFact>),
    /// Something that was looked for and isn't there.
    Absence(Box<AbsenceFact>),
    /// A setting of Postern that takes the place of an observation.
    Setting(Box<SettingFact>),
    /// What a product does unless it is told otherwise, where nobody looked whether it was told.
    Default(Box<DefaultFact>),
    /// How the system works for everybody, without anybody having configured it.
    BuiltIn { text: Box<str> },
    /// A query of the catalog that selects the ends of the step.
    Query { text: Box<str> },
    /// Where the analysis lets an attacker begin.
    Assumption { text: Box<str> },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PropertyFact {
    #[serde(with = "hexadecimal")]
    pub node: NodeId,
    pub name: String,
    pub value: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceFact {
    #[serde(with = "hexadecimal")]
    pub node: NodeId,
    pub protocol: String,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AbsenceFact {
    #[serde(with = "hexadecimal")]
    pub node: NodeId,
    pub name: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DefaultFact {
    #[serde(with = "hexadecimal")]
    pub node: NodeId,
    /// The property that nobody looked at.
    pub name: String,
    /// The value that the product starts with.
    pub value: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SettingFact {
    pub name: String,
    pub text: String,
}

impl Fact {
    /// What a product does by default, where no source tells of `node`; `text` is appended to the asset's name.
    pub fn product_default(node: &Node, name: &str, value: &str, text: &str) -> Self {
        Self::Default(Box::new(DefaultFact {
            node: node.id,
            name: name.to_owned(),
            value: value.to_owned(),
            text: format!("{} {text}", node.name),
        }))
    }

    /// A sentence for people, without a full stop; of the estate that the fact was found in.
    pub fn text(&self, estate: &Estate) -> String {
        let name = |id: NodeId| match estate.by_id(id) {
            Some(node) => estate.node(node).name.clone(),
            None => id.to_string(),
        };
        match self {
            Self::Relation { id } => match estate.relation(*id) {
                Some(it) => sentence(it.kind, &estate.node(it.source).name, &estate.node(it.target).name),
                None => format!("relation {id}"),
            },
            Self::Finding { id } => match estate.finding(*id) {
                Some(finding) => weakness(estate, finding),
                None => format!("finding {id}"),
            },
            Self::Service(it) => format!("{} listens on {}/{}", name(it.node), it.protocol, it.port),
            Self::Property(it) => it.text.clone(),
            Self::Absence(it) => it.text.clone(),
            Self::Default(it) => format!("default assumed: {}", it.text),
            Self::Setting(it) => it.text.clone(),
            Self::BuiltIn { text } | Self::Query { text } | Self::Assumption { text } => text.to_string(),
        }
    }
}

fn weakness(estate: &Estate, finding: &Finding) -> String {
    let how = if finding.is_kev {
        "known to be exploited"
    } else {
        "with an exploit at hand"
    };
    let name = &estate.node(finding.node).name;
    let Finding { locator, title, .. } = finding;
    format!("{name} has a weakness on {locator}, {how}: {title}")
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
    fn a_fact_is_two_ids_wide_at_most() {
        assert!(size_of::<Fact>() <= 2 * size_of::<EdgeId>());
    }

    #[test]
    fn a_derivation_reads_back_from_its_json() {
        let derivation = Derivation {
            cost: 2,
            facts: Box::new([
                Fact::Relation { id: EdgeId(7) },
                Fact::Service(Box::new(ServiceFact {
                    node: NodeId(1),
                    protocol: "tcp".to_owned(),
                    port: 445,
                })),
                Fact::BuiltIn { text: "always".into() },
            ]),
        };
        let json = serde_json::to_string(&derivation).expect("plain data");
        assert!(json.contains("\"00000000000000000000000000000007\""), "{json}");
        assert_eq!(
            serde_json::from_str::<Derivation>(&json).expect("just written"),
            derivation
        );
    }
}
