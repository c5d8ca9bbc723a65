//! The identities that resources run with.

use postern_model::RelationKind;

use super::super::as_reported;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::AzManagedIdentity]);
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn machine() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("VM", NodeKind::AzVm, |_| {});
        sketch.cloud("IDENTITY", NodeKind::AzServicePrincipal, |_| {});
        sketch.relate("VM", RelationKind::AzManagedIdentity, "IDENTITY");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzManagedIdentity,
        source: "VM",
        target: "IDENTITY",
        estate: machine,
        near_misses: &[
            ("is enabled", |it| {
                it.edit("IDENTITY", |it| it.enabled = Some(false));
            }),
            ("runs with it", |it| {
                it.unrelate("VM", RelationKind::AzManagedIdentity, "IDENTITY");
            }),
        ],
    }];
}
