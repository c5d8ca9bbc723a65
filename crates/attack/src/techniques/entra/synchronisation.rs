//! An account of Active Directory and its user of Entra: who has one has the other.

use postern_model::RelationKind;

use super::super::as_reported;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::SyncedToEntraUser]);
    for relation in view.relations(RelationKind::SyncedToAdUser) {
        // The synchronisation account has no right over accounts that the directory protects as administrators.
        if view.node(relation.target).attributes.admin_count != Some(true) {
            steps.add_reported(relation);
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::RelationKind;

    use crate::cloud_lookalikes::tenant;
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn twins() -> Sketch {
        let mut sketch = tenant();
        sketch.user("ADA");
        sketch.relate("ADA", RelationKind::SyncedToEntraUser, "BOB");
        sketch.relate("BOB", RelationKind::SyncedToAdUser, "ADA");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::SyncedToEntraUser,
            source: "ADA",
            target: "BOB",
            estate: twins,
            near_misses: &[
                ("the account is enabled", |it| {
                    it.edit("ADA", |it| it.enabled = Some(false));
                }),
                ("the user is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::SyncedToAdUser,
            source: "BOB",
            target: "ADA",
            estate: twins,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("ADA", |it| it.enabled = Some(false));
                }),
                ("is not protected as an administrator", |it| {
                    it.edit("ADA", |it| it.admin_count = Some(true));
                }),
            ],
        },
    ];
}
