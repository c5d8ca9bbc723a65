//! Intune runs what its administrators send on the Windows devices that it manages.

use postern_model::estate::Node;
use postern_model::{NodeKind, RelationKind};

use super::of;
use super::role::{self, Role};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>]) {
    for role in roles.iter().filter(|it| it.template == role::INTUNE_ADMINISTRATOR) {
        let tenant = &role.node.boundary;
        for (device, node) in view
            .assets(NodeKind::AzDevice)
            .filter(|(_, node)| node.boundary == *tenant)
        {
            let os = node.attributes.operating_system.as_deref().unwrap_or_default();
            if os.to_ascii_lowercase().contains("windows")
                && let Some(managed) = is_managed(view, node)
            {
                steps.add(
                    RelationKind::AzExecuteCommand,
                    role.index,
                    device,
                    vec![role.fact(), managed],
                );
            }
        }
    }
}

/// A collector of the tenant always tells. Graphs of BloodHound Community Edition do not, and its analysis takes every
/// device for managed.
fn is_managed(view: &View<'_>, device: &Node) -> Option<Fact> {
    let (name, text) = ("ismanaged", "is managed by Intune");
    match of(device).is_managed {
        Some(true) => Some(view.property_fact(device, name, "true", text)),
        Some(false) => None,
        None => Some(Fact::product_default(device, name, "true", text)),
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, INTUNE_ADMINISTRATOR, tenant};
    use crate::planted::Plant;
    use crate::testing::{Sketch, step};

    fn managed() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud(INTUNE_ADMINISTRATOR, NodeKind::AzRole, |_| {});
        sketch.cloud("LAPTOP", NodeKind::AzDevice, |it| {
            it.operating_system = Some("Windows".into());
            it.entra.get_or_insert_default().is_managed = Some(true);
        });
        sketch
    }
    #[test]
    fn of_a_device_of_which_nobody_says_whether_it_is_managed_it_is_assumed() {
        let mut sketch = managed();
        sketch.edit_entra("LAPTOP", |it| it.is_managed = None);
        let derived = sketch.derived();
        let found = step(&derived, INTUNE_ADMINISTRATOR, RelationKind::AzExecuteCommand, "LAPTOP");
        assert!(found.is_some_and(|it| it.is_assumed));
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzExecuteCommand,
        source: INTUNE_ADMINISTRATOR,
        target: "LAPTOP",
        estate: managed,
        near_misses: &[
            ("is enabled", |it| {
                it.edit("LAPTOP", |it| it.enabled = Some(false));
            }),
            ("is of the same tenant", |it| {
                it.move_elsewhere("LAPTOP");
            }),
            ("runs Windows", |it| {
                it.edit("LAPTOP", |it| it.operating_system = Some("Android".into()));
            }),
            ("is managed by Intune", |it| {
                it.edit_entra("LAPTOP", |it| it.is_managed = Some(false));
            }),
            ("is the role of Intune", |it| {
                it.edit_entra(INTUNE_ADMINISTRATOR, |it| it.template = Some("another".to_owned()));
            }),
        ],
    }];
}
