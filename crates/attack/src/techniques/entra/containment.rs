//! What lies in a tenant, or in a part of it, is in the hands of who controls that.

use postern_model::{NodeKind, RelationKind};

use super::{of, takes_secrets};
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzContains) {
        let content = view.node(relation.target);
        let is_reached = match content.kind {
            // Control of the tenant is administration of the devices that joined it, not of those that are only known.
            NodeKind::AzDevice => of(content).is_joined == Some(true),
            // Members of a synchronised group are changed in Active Directory.
            NodeKind::AzGroup => of(content).is_synchronised != Some(true),
            NodeKind::AzServicePrincipal => takes_secrets(content),
            // Who may change a vault may not read it where roles protect its content, and changing resources is all
            // that some of those can who control the group around it.
            NodeKind::AzKeyVault => of(content).is_protected_by_roles != Some(true),
            _ => true,
        };
        if is_reached {
            steps.add_reported(relation);
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, TENANT, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn contents() -> Sketch {
        let mut sketch = tenant();
        sketch.entra("LAPTOP", NodeKind::AzDevice, |it| it.is_joined = Some(true));
        sketch.entra("CREW", NodeKind::AzGroup, |it| it.is_synchronised = Some(false));
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
        sketch.cloud("RESOURCES", NodeKind::AzResourceGroup, |_| {});
        sketch.entra("VAULT", NodeKind::AzKeyVault, |it| {
            it.is_protected_by_roles = Some(false)
        });
        for content in ["BOB", "LAPTOP", "CREW", "SP"] {
            sketch.relate(TENANT, RelationKind::AzContains, content);
        }
        sketch.relate("RESOURCES", RelationKind::AzContains, "VAULT");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzContains,
            source: TENANT,
            target: "BOB",
            estate: contents,
            near_misses: &[("is enabled", |it| {
                it.edit("BOB", |it| it.enabled = Some(false));
            })],
        },
        Plant {
            technique: RelationKind::AzContains,
            source: TENANT,
            target: "LAPTOP",
            estate: contents,
            near_misses: &[("has joined Entra", |it| {
                it.edit_entra("LAPTOP", |it| it.is_joined = Some(false));
            })],
        },
        Plant {
            technique: RelationKind::AzContains,
            source: TENANT,
            target: "CREW",
            estate: contents,
            near_misses: &[("is changed in Entra", |it| {
                it.edit_entra("CREW", |it| it.is_synchronised = Some(true));
            })],
        },
        Plant {
            technique: RelationKind::AzContains,
            source: TENANT,
            target: "SP",
            estate: contents,
            near_misses: &[("takes credentials", |it| {
                it.edit_entra("SP", |it| it.is_managed_identity = Some(true));
            })],
        },
        Plant {
            technique: RelationKind::AzContains,
            source: "RESOURCES",
            target: "VAULT",
            estate: contents,
            near_misses: &[("is protected by policies", |it| {
                it.edit_entra("VAULT", |it| it.is_protected_by_roles = Some(true));
            })],
        },
    ];
}
