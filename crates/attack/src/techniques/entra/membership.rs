//! Members of a group hold what the group is granted.

use postern_model::RelationKind;

use super::super::as_reported;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::AzMemberOf]);
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn member() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("CREW", NodeKind::AzGroup, |_| {});
        sketch.relate("BOB", RelationKind::AzMemberOf, "CREW");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AzMemberOf,
        source: "BOB",
        target: "CREW",
        estate: member,
        near_misses: &[("is enabled", |it| {
            it.edit("BOB", |it| it.enabled = Some(false));
        })],
    }];
}
