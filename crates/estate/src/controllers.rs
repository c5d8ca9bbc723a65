//! Read-only domain controllers of collections whose collector does not say that they are.

use postern_model::NodeKind;
use postern_model::RelationKind;
use postern_model::estate::{Node, NodeIndex, Relation};

use crate::attributes::{attributes, parse};
use crate::names::domain_sid;

/// The group of a domain's read-only controllers, which is the primary group of each.
const READ_ONLY: &str = "-521";

const PROPERTY: &str = "isreadonlydc";

/// Writes down which computers are read-only domain controllers: those in the group of them, where nothing else is
/// said.
pub fn mark_read_only(nodes: &mut [Node], relations: &[Relation]) {
    let is_group = |node: &Node| domain_sid(&node.key).is_some_and(|domain| &node.key[domain.len()..] == READ_ONLY);
    let members: Vec<NodeIndex> = relations
        .iter()
        .filter(|it| it.kind == RelationKind::MemberOf && is_group(&nodes[it.target as usize]))
        .map(|it| it.source)
        .collect();
    for member in members {
        let node = &mut nodes[member as usize];
        if node.kind != NodeKind::Computer || node.attributes.is_read_only_dc.is_some() {
            continue;
        }
        let mut properties = parse(&node.properties);
        properties.insert(PROPERTY.to_owned(), true.into());
        node.attributes = attributes(&properties);
        node.properties = serde_json::to_string(&properties).expect("a map of JSON values is JSON");
    }
}
