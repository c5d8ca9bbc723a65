//! Roles that control a whole tenant lead to the tenant, which contains the rest.

use postern_model::RelationKind;

use super::role::{self, Role};
use super::tenant_of;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>]) {
    for role in roles {
        let technique = match role.template.as_str() {
            role::GLOBAL_ADMINISTRATOR => RelationKind::AzGlobalAdmin,
            role::PRIVILEGED_ROLE_ADMINISTRATOR => RelationKind::AzPrivilegedRoleAdmin,
            role::PRIVILEGED_AUTHENTICATION_ADMINISTRATOR => RelationKind::AzPrivilegedAuthAdmin,
            _ => continue,
        };
        if let Some(tenant) = tenant_of(view, role.node) {
            steps.add(technique, role.index, tenant, vec![role.fact()]);
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, GLOBAL_ADMINISTRATOR, TENANT, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    const ROLE_ADMINISTRATOR: &str = "E8611AB8-C189-46E8-94E1-60213AB1F814@TENANT";
    const AUTHENTICATION_ADMINISTRATOR: &str = "7BE44C8A-ADAF-4E2A-84D6-AB2649E08A13@TENANT";

    fn roles() -> Sketch {
        let mut sketch = tenant();
        for role in [GLOBAL_ADMINISTRATOR, ROLE_ADMINISTRATOR, AUTHENTICATION_ADMINISTRATOR] {
            sketch.cloud(role, NodeKind::AzRole, |_| {});
        }
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzGlobalAdmin,
            source: GLOBAL_ADMINISTRATOR,
            target: TENANT,
            estate: roles,
            near_misses: &[
                ("is the role of that template", |it| {
                    it.edit_entra(GLOBAL_ADMINISTRATOR, |it| it.template = Some("another".to_owned()));
                }),
                ("is of the same tenant", |it| {
                    it.move_elsewhere(GLOBAL_ADMINISTRATOR);
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzPrivilegedRoleAdmin,
            source: ROLE_ADMINISTRATOR,
            target: TENANT,
            estate: roles,
            near_misses: &[
                ("is the role of that template", |it| {
                    it.edit_entra(ROLE_ADMINISTRATOR, |it| it.template = Some("another".to_owned()));
                }),
                ("is of the same tenant", |it| {
                    it.move_elsewhere(ROLE_ADMINISTRATOR);
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzPrivilegedAuthAdmin,
            source: AUTHENTICATION_ADMINISTRATOR,
            target: TENANT,
            estate: roles,
            near_misses: &[
                ("is the role of that template", |it| {
                    it.edit_entra(AUTHENTICATION_ADMINISTRATOR, |it| {
                        it.template = Some("another".to_owned())
                    });
                }),
                ("is of the same tenant", |it| {
                    it.move_elsewhere(AUTHENTICATION_ADMINISTRATOR);
                }),
            ],
        },
    ];
}
