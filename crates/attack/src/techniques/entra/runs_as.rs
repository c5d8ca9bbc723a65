//! Who has the credentials of an application signs in as its service principal.

use postern_model::RelationKind;

use super::super::as_reported;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::AzRunsAs]);
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn application() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("APP", NodeKind::AzApp, |_| {});
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
        sketch.relate("APP", RelationKind::AzRunsAs, "SP");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzRunsAs,
        source: "APP",
        target: "SP",
        estate: application,
        near_misses: &[("is enabled", |it| {
            it.edit("SP", |it| it.enabled = Some(false));
        })],
    }];
}
