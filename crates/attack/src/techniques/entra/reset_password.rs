//! Roles that set the passwords of users.

use postern_model::{NodeKind, RelationKind};

use super::role::Role;
use super::sets::{Set, Sets};
use super::{has_password, is_managed_by_tenant, of, synchronised};
use crate::derived::{Manner, Steps, Vertex};
use crate::view::View;

/// Whose password a role may set.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    Everybody,
    /// Users whose password comes from Active Directory.
    Synchronised,
    /// Users who hold no other roles than these. Source: Microsoft, "Who can reset passwords".
    Below(&'static [&'static str]),
}

pub(super) fn password_reach(template: &str) -> Option<Reach> {
    use super::role::*;
    Some(match template {
        GLOBAL_ADMINISTRATOR | PRIVILEGED_AUTHENTICATION_ADMINISTRATOR | PARTNER_TIER2_SUPPORT => Reach::Everybody,
        // What the synchronisation writes is the hash of a password, whoever's it is.
        DIRECTORY_SYNCHRONIZATION_ACCOUNTS => Reach::Synchronised,
        PARTNER_TIER1_SUPPORT => Reach::Below(&[]),
        USER_ADMINISTRATOR => Reach::Below(&[
            USER_ADMINISTRATOR,
            REPORTS_READER,
            MESSAGE_CENTER_READER,
            HELPDESK_ADMINISTRATOR,
            GUEST_INVITER,
            DIRECTORY_READERS,
            PASSWORD_ADMINISTRATOR,
            USAGE_SUMMARY_REPORTS_READER,
            GROUPS_ADMINISTRATOR,
        ]),
        HELPDESK_ADMINISTRATOR => Reach::Below(&[
            REPORTS_READER,
            MESSAGE_CENTER_READER,
            HELPDESK_ADMINISTRATOR,
            GUEST_INVITER,
            DIRECTORY_READERS,
            PASSWORD_ADMINISTRATOR,
            USAGE_SUMMARY_REPORTS_READER,
        ]),
        AUTHENTICATION_ADMINISTRATOR => Reach::Below(&[
            REPORTS_READER,
            MESSAGE_CENTER_READER,
            AUTHENTICATION_ADMINISTRATOR,
            GUEST_INVITER,
            DIRECTORY_READERS,
            PASSWORD_ADMINISTRATOR,
            USAGE_SUMMARY_REPORTS_READER,
        ]),
        PASSWORD_ADMINISTRATOR => Reach::Below(&[PASSWORD_ADMINISTRATOR, GUEST_INVITER, DIRECTORY_READERS]),
        _ => return None,
    })
}

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>], sets: &mut Sets) {
    for role in roles {
        let set = match password_reach(&role.template) {
            Some(Reach::Everybody) => Set::Users,
            Some(Reach::Synchronised) => Set::SynchronisedUsers,
            Some(Reach::Below(allowed)) => {
                lesser_users(view, steps, role, allowed);
                Set::UsersWithoutRoles
            }
            None => continue,
        };
        sets.reach(view, steps, RelationKind::AzResetPassword, role.index, set, role.fact());
    }
}

/// Users whose password a role may set although they hold roles: lesser ones all. There are few.
fn lesser_users(view: &View<'_>, steps: &mut Steps<'_, '_>, role: &Role<'_>, allowed: &[&str]) {
    let technique = view.world.catalog.technique(RelationKind::AzResetPassword);
    for (user, target) in view.assets(NodeKind::AzUser) {
        let of_user = of(target);
        let Some(held) = of_user.roles.as_ref().filter(|held| !held.is_empty()) else {
            continue;
        };
        let is_below = held.iter().all(|it| allowed.contains(&it.as_str()));
        let is_protected = of_user.is_in_role_group != Some(false) || !is_managed_by_tenant(target);
        if target.boundary != role.node.boundary || !has_password(target) || !is_below || is_protected {
            continue;
        }
        let mut facts = vec![
            role.fact(),
            view.property_fact(target, "directoryroles", &held.join(", "), "holds lesser roles only"),
        ];
        let mut grade = None;
        if let Some(fact) = synchronised(view, target) {
            grade = technique.map(|it| it.grade_when("synchronised"));
            facts.push(fact);
        }
        let manner = Manner {
            grade,
            ..Manner::default()
        };
        let (source, target) = (Vertex::Asset(role.index), Vertex::Asset(user));
        steps.add_between(RelationKind::AzResetPassword, source, target, manner, facts);
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, GLOBAL_ADMINISTRATOR, HELPDESK, plain, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn desk() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud(HELPDESK, NodeKind::AzRole, |_| {});
        sketch.cloud(GLOBAL_ADMINISTRATOR, NodeKind::AzRole, |_| {});
        sketch.entra("EVE", NodeKind::AzUser, plain);
        sketch.entra("READER", NodeKind::AzUser, |it| {
            plain(it);
            it.roles = Some(vec!["88d8e3e3-8f55-4a1e-953a-9b9898b8876b".to_owned()]);
        });
        sketch
    }
    const SYNCHRONISATION: &str = "D29B2B05-8046-44BA-8758-1E26182FCF32@TENANT";

    fn synchronising() -> Sketch {
        let mut sketch = desk();
        sketch.cloud(SYNCHRONISATION, NodeKind::AzRole, |_| {});
        sketch.edit_entra("READER", |it| it.is_synchronised = Some(true));
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzResetPassword,
            source: SYNCHRONISATION,
            target: "READER",
            estate: synchronising,
            near_misses: &[
                ("is synchronised", |it| {
                    it.edit_entra("READER", |it| it.is_synchronised = Some(false));
                }),
                ("is enabled", |it| {
                    it.edit("READER", |it| it.enabled = Some(false));
                }),
                ("is of the same tenant", |it| {
                    it.move_elsewhere("READER");
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzResetPassword,
            source: HELPDESK,
            target: "EVE",
            estate: desk,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("EVE", |it| it.enabled = Some(false));
                }),
                ("is of the same tenant", |it| {
                    it.move_elsewhere("EVE");
                }),
                ("has a password in the tenant", |it| {
                    it.edit_entra("EVE", |it| it.is_guest = Some(true));
                }),
                ("holds no role", |it| {
                    it.edit_entra("EVE", |it| {
                        it.roles = Some(vec!["62e90394-69f5-4237-9190-012177145e10".to_owned()])
                    });
                }),
                ("somebody looked at roles", |it| {
                    it.edit_entra("EVE", |it| it.roles = None);
                }),
                ("is in no group for roles", |it| {
                    it.edit_entra("EVE", |it| it.is_in_role_group = Some(true));
                }),
                ("is a role over passwords", |it| {
                    it.edit_entra(HELPDESK, |it| it.template = Some("another".to_owned()));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzResetPassword,
            source: HELPDESK,
            target: "READER",
            estate: desk,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("READER", |it| it.enabled = Some(false));
                }),
                ("is of the same tenant", |it| {
                    it.move_elsewhere("READER");
                }),
                ("has a password in the tenant", |it| {
                    it.edit_entra("READER", |it| it.is_guest = Some(true));
                }),
                ("holds lesser roles only", |it| {
                    it.edit_entra("READER", |it| {
                        it.roles
                            .get_or_insert_default()
                            .push("62e90394-69f5-4237-9190-012177145e10".to_owned())
                    });
                }),
                ("is in no group for roles", |it| {
                    it.edit_entra("READER", |it| it.is_in_role_group = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzResetPassword,
            source: GLOBAL_ADMINISTRATOR,
            target: "READER",
            estate: desk,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("READER", |it| it.enabled = Some(false));
                }),
                ("is of the same tenant", |it| {
                    it.move_elsewhere("READER");
                }),
                ("has a password in the tenant", |it| {
                    it.edit_entra("READER", |it| it.is_guest = Some(true));
                }),
            ],
        },
    ];
}
