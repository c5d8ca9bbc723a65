//! Intune runs what its administrators send on the Windows devices that it manages.

use postern_model::{NodeKind, RelationKind};

use super::of;
use super::role::{self, Role};
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>]) {
    for role in roles.iter().filter(|it| it.template == role::INTUNE_ADMINISTRATOR) {
        let tenant = &role.node.boundary;
        for (device, node) in view
            .assets(NodeKind::AzDevice)
            .filter(|(_, node)| node.boundary == *tenant)
        {
            let os = node.attributes.operating_system.as_deref().unwrap_or_default();
            let is_windows = os.to_ascii_lowercase().contains("windows");
            if is_windows && of(node).is_managed == Some(true) {
                let facts = vec![
                    role.fact(),
                    view.property_fact(node, "ismanaged", "true", "is managed by Intune"),
                ];
                steps.add(RelationKind::AzExecuteCommand, role.index, device, facts);
            }
        }
    }
}
