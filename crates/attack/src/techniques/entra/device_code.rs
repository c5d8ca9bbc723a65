//! Phishing by device code: a stranger asks for a code, and a user enters it where they always sign in.
//!
//! The user proves whatever is asked of them, a second factor too, and the stranger gets the session. Only a policy
//! that blocks the flow, or lets managed devices in alone, stands in the way. So it is known of nobody whose policies
//! were not read. One virtual entry point stands for the strangers of each tenant, with a step to each user.
//!
//! Source: Microsoft, "Authentication flows as a condition in Conditional Access policy", "Storm-2372 conducts device
//! code phishing campaign" (2025).

use std::sync::Arc;

use postern_model::estate::{Estate, Node};
use postern_model::{NodeKind, RelationKind};

use super::{has_password, of};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::view::View;

/// The key of the virtual entry point "whoever sends mail to users of a tenant".
pub fn entry_key(tenant: &str) -> String {
    format!("entry:device-code:{tenant}")
}

fn entry(tenant: &Node) -> Virtual {
    let name = format!("anyone who writes to users of {}", tenant.name);
    Virtual::new(entry_key(&tenant.key), name, NodeKind::EntryPoint)
}

/// Every entry point that these steps may begin at.
pub fn all_entries(estate: &Estate) -> impl Iterator<Item = Virtual> {
    let tenants = estate.nodes.iter().filter(|it| it.kind == NodeKind::AzTenant);
    tenants.map(entry)
}

/// Whether no policy keeps a user from it. A guest signs in to their own organisation, whose policies are not known
/// here.
pub fn is_phished_by_device_code(node: &Node) -> bool {
    node.kind == NodeKind::AzUser && of(node).blocks_device_code == Some(false) && has_password(node)
}

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for (_, tenant) in view.assets(NodeKind::AzTenant) {
        let strangers = entry(tenant);
        let id: &Arc<str> = &tenant.key;
        for (user, node) in view.assets(NodeKind::AzUser).filter(|(_, node)| node.boundary == *id) {
            if !is_phished_by_device_code(node) {
                continue;
            }
            let text = "is kept from signing in by device code by no policy of conditional access";
            let facts = vec![view.property_fact(node, "devicecodepolicies", "[]", text)];
            let (source, target) = (Vertex::Virtual(&strangers), Vertex::Asset(user));
            let technique = RelationKind::DeviceCodePhishing;
            steps.add_between(technique, source, target, Manner::default(), facts);
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use super::entry_key;
    use crate::cloud_lookalikes::{Cloud, TENANT, plain, tenant};
    use crate::planted::Plant;
    use crate::testing::{Sketch, path};

    fn unprotected() -> Sketch {
        let mut sketch = tenant();
        sketch.entra("EVE", NodeKind::AzUser, |it| {
            plain(it);
            it.blocks_device_code = Some(false);
            // A second factor is no help: the user shows that too.
            it.requires_mfa = Some(true);
        });
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::DeviceCodePhishing,
        source: "entry:device-code:TENANT",
        target: "EVE",
        estate: unprotected,
        near_misses: &[
            ("no policy blocks it", |it| {
                it.edit_entra("EVE", |eve| eve.blocks_device_code = Some(true));
            }),
            ("policies were read", |it| {
                it.edit_entra("EVE", |eve| eve.blocks_device_code = None);
            }),
            ("the user is no guest", |it| {
                it.edit_entra("EVE", |eve| eve.is_guest = Some(true));
            }),
            ("the user is enabled", |it| {
                it.edit("EVE", |eve| eve.enabled = Some(false));
            }),
        ],
    }];

    #[test]
    fn strangers_are_where_a_path_begins() {
        let mut sketch = unprotected();
        sketch.in_plane("EVE");
        assert!(path(&sketch.analysis(), &entry_key(TENANT), &crate::testing::plane()).is_some());
    }
}
