//! Roles that add secrets to any application.

use postern_model::RelationKind;

use super::role::{self, Role};
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::view::View;

const ROLES: [&str; 2] = [role::APPLICATION_ADMINISTRATOR, role::CLOUD_APPLICATION_ADMINISTRATOR];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>], sets: &mut Sets) {
    for role in roles.iter().filter(|it| it.is_one_of(&ROLES)) {
        let technique = RelationKind::AzAddSecret;
        sets.reach(view, steps, technique, role.index, Set::Applications, role.fact());
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{APPLICATION_ADMINISTRATOR, Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn applications() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud(APPLICATION_ADMINISTRATOR, NodeKind::AzRole, |_| {});
        sketch.cloud("APP", NodeKind::AzApp, |_| {});
        sketch.cloud("SP", NodeKind::AzServicePrincipal, |_| {});
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzAddSecret,
            source: APPLICATION_ADMINISTRATOR,
            target: "APP",
            estate: applications,
            near_misses: &[
                ("is of the same tenant", |it| {
                    it.move_elsewhere("APP");
                }),
                ("is a role over applications", |it| {
                    it.edit_entra(APPLICATION_ADMINISTRATOR, |it| it.template = Some("another".to_owned()));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzAddSecret,
            source: APPLICATION_ADMINISTRATOR,
            target: "SP",
            estate: applications,
            near_misses: &[
                ("is of the same tenant", |it| {
                    it.move_elsewhere("SP");
                }),
                ("is enabled", |it| {
                    it.edit("SP", |it| it.enabled = Some(false));
                }),
                ("takes credentials", |it| {
                    it.edit_entra("SP", |it| it.is_managed_identity = Some(true));
                }),
            ],
        },
    ];
}
