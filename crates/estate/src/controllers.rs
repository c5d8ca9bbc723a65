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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use postern_model::estate::Seen;
    use postern_model::{EdgeId, NodeId};

    use super::*;

    fn seen() -> Arc<Seen> {
        Arc::new(Seen {
            sources: Vec::new(),
            first: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
        })
    }

    /// What is known of a member of this group after marking.
    fn marked(group: &str, kind: NodeKind, properties: &str) -> (Option<bool>, String) {
        let node = |key: &str, kind, properties: &str| Node {
            id: NodeId::of(key),
            key: key.into(),
            kind,
            name: key.to_owned(),
            boundary: "S-1-5-21-1-2-3".into(),
            is_stub: false,
            properties: properties.to_owned(),
            attributes: attributes(&parse(properties)),
            known: Arc::new([]),
            identifiers: Vec::new(),
            facets: Vec::new(),
            seen: seen(),
        };
        let mut nodes = [node("MEMBER", kind, properties), node(group, NodeKind::Group, "{}")];
        let relation = Relation {
            id: EdgeId::of(nodes[0].id, nodes[1].id, "member of", "MemberOf"),
            source: 0,
            target: 1,
            kind: RelationKind::MemberOf,
            properties: "".into(),
            seen: seen(),
        };
        mark_read_only(&mut nodes, &[relation]);
        let [member, _] = nodes;
        (member.attributes.is_read_only_dc, member.properties)
    }

    #[test]
    fn a_computer_in_the_group_is_read_only_unless_it_is_told_otherwise() {
        let group = "S-1-5-21-1-2-3-521";
        let yes = (Some(true), r#"{"isdc":true,"isreadonlydc":true}"#.to_owned());
        assert_eq!(marked(group, NodeKind::Computer, r#"{"isdc":true}"#), yes);
        assert_eq!(marked(group, NodeKind::User, "{}").0, None);
        assert_eq!(marked("S-1-5-21-1-2-3-516", NodeKind::Computer, "{}").0, None);
        assert_eq!(marked("S-1-5-21-1-2-3-1104-521", NodeKind::Computer, "{}").0, None);
        let told = r#"{"isreadonlydc":false}"#;
        assert_eq!(marked(group, NodeKind::Computer, told).0, Some(false));
    }
}
