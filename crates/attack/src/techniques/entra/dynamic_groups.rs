//! Groups that a rule fills: who writes what the rule reads decides who is a member.
//!
//! Administrators of users write nearly all of it. Anybody of a tenant may invite guests, as a rule, and chooses what
//! they are called and where their mail goes. Source: Microsoft, "Manage rules for dynamic membership groups".

use std::collections::BTreeSet;

use postern_model::estate::Node;
use postern_model::{NodeKind, RelationKind};

use super::of;
use super::role::{self, Role};
use super::sets::{Set, Sets};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

/// Roles that write the attributes of users.
const ROLES: [&str; 2] = [role::USER_ADMINISTRATOR, role::DIRECTORY_WRITERS];

/// What an administrator of users does not write, in lower case.
const NOT_WRITTEN: [&str; 6] = [
    "objectid",
    "memberof",
    "dirsyncenabled",
    "onpremisessecurityidentifier",
    "onpremisesdistinguishedname",
    "assignedplans",
];

/// What whoever invites a guest decides, in lower case: the address, and what follows from it.
const OF_INVITATION: [&str; 4] = ["displayname", "mail", "othermails", "userprincipalname"];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, roles: &[Role<'_>], sets: &mut Sets) {
    let technique = RelationKind::AzJoinsByRule;
    let mut open_tenants = BTreeSet::new();
    let mut ruled_tenants = BTreeSet::new();
    for (_, group) in view.assets(NodeKind::AzGroup) {
        if writable(group).is_some() {
            ruled_tenants.insert(&group.boundary);
        }
        if open(group).is_some() {
            open_tenants.insert(&group.boundary);
        }
    }
    for role in roles.iter().filter(|it| it.is_one_of(&ROLES)) {
        if ruled_tenants.contains(&role.node.boundary) {
            sets.reach(view, steps, technique, role.index, Set::GroupsByRule, role.fact());
        }
    }
    if open_tenants.is_empty() {
        return;
    }
    for (user, node) in view.assets(NodeKind::AzUser) {
        if open_tenants.contains(&node.boundary) && of(node).is_guest != Some(true) {
            let text = "may invite guests, as everybody may";
            let fact = Fact::product_default(node, "allowinvitesfrom", "everyone", text);
            sets.reach(view, steps, technique, user, Set::GroupsByInvitation, fact);
        }
    }
}

/// The rule of a group of users of which all is written by administrators of users.
pub fn writable(group: &Node) -> Option<&str> {
    let rule = rule_of(group)?;
    let conditions = conditions(rule);
    let is_written = |it: &Condition| !NOT_WRITTEN.contains(&it.attribute.as_str());
    (!conditions.is_empty() && conditions.iter().all(is_written)).then_some(rule)
}

/// The rule of a group of which every condition is one that a guest meets whom one names for it.
pub fn open(group: &Node) -> Option<&str> {
    let rule = rule_of(group)?;
    let conditions = conditions(rule);
    let is_met = |it: &Condition| match it.attribute.as_str() {
        "usertype" => it.operator == "-eq" && it.value.eq_ignore_ascii_case("guest"),
        attribute => OF_INVITATION.contains(&attribute) && !it.is_negative(),
    };
    let names_guests = conditions.iter().any(|it| it.attribute != "usertype");
    (names_guests && conditions.iter().all(is_met)).then_some(rule)
}

/// The rule by which users become members; devices have other attributes, that other people write.
fn rule_of(group: &Node) -> Option<&str> {
    let rule = of(group).membership_rule.as_deref()?;
    (group.kind == NodeKind::AzGroup && !rule.to_ascii_lowercase().contains("device.")).then_some(rule)
}

/// `user.department -eq "Sales"`, taken apart.
struct Condition {
    /// In lower case.
    attribute: String,
    /// In lower case, with its hyphen.
    operator: String,
    value: String,
}

impl Condition {
    /// Whether it is met by not being something: most are that anyway, but a rule that leaves out one by name
    /// says nothing of the rest of it that can be chosen.
    fn is_negative(&self) -> bool {
        self.operator.starts_with("-not") || self.operator == "-ne"
    }
}

/// The conditions of a rule, in order, whatever joins them: all are asked for, which is more than a rule with `-or`
/// does.
fn conditions(rule: &str) -> Vec<Condition> {
    let lower = rule.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, prefix) in lower.match_indices("user.") {
        let rest = &rule[at + prefix.len()..];
        let end = rest
            .find(|it: char| !it.is_ascii_alphanumeric() && it != '_')
            .unwrap_or(rest.len());
        let (attribute, rest) = rest.split_at(end);
        let rest = rest.trim_start();
        let (operator, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let rest = rest.trim_start();
        let value = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => rest.split([')', ' ']).next().unwrap_or_default(),
        };
        found.push(Condition {
            attribute: attribute.to_ascii_lowercase(),
            operator: operator.to_ascii_lowercase(),
            value: value.to_owned(),
        });
    }
    found
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    const USER_ADMINISTRATOR: &str = "FE930BE7-5E62-47DB-91AF-98C3A49A38B1@TENANT";

    /// One group of a department, one of partners by their address.
    fn groups() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud(USER_ADMINISTRATOR, NodeKind::AzRole, |_| {});
        for (group, rule) in [
            (
                "SALES",
                r#"(user.department -eq "Sales") -and (user.accountEnabled -eq true)"#,
            ),
            (
                "PARTNERS",
                r#"(user.mail -contains "partner") -and (user.userType -eq "Guest")"#,
            ),
        ] {
            sketch.entra(group, NodeKind::AzGroup, |it| {
                it.membership_rule = Some(rule.to_owned())
            });
        }
        sketch
    }

    fn set_rule(sketch: &mut Sketch, group: &str, rule: &str) {
        sketch.edit_entra(group, |it| it.membership_rule = Some(rule.to_owned()));
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzJoinsByRule,
            source: USER_ADMINISTRATOR,
            target: "SALES",
            estate: groups,
            near_misses: &[
                ("has a rule that is not paused", |it| {
                    it.edit_entra("SALES", |it| it.membership_rule = None);
                }),
                ("reads what administrators of users write", |it| {
                    set_rule(
                        it,
                        "SALES",
                        r#"(user.department -eq "Sales") -and (user.dirSyncEnabled -eq true)"#,
                    );
                }),
                ("is about users", |it| {
                    set_rule(it, "SALES", r#"(device.deviceOwnership -eq "Company")"#)
                }),
                ("is of the same tenant", |it| it.move_elsewhere("SALES")),
                ("is the role over users", |it| {
                    it.edit_entra(USER_ADMINISTRATOR, |it| it.template = Some("another".to_owned()));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzJoinsByRule,
            source: "BOB",
            target: "PARTNERS",
            estate: groups,
            near_misses: &[
                ("is of the organisation itself", |it| {
                    it.edit_entra("BOB", |it| it.is_guest = Some(true))
                }),
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("takes in guests", |it| {
                    set_rule(
                        it,
                        "PARTNERS",
                        r#"(user.mail -contains "partner") -and (user.userType -eq "Member")"#,
                    );
                }),
                ("reads the address alone", |it| {
                    set_rule(
                        it,
                        "PARTNERS",
                        r#"(user.mail -contains "partner") -and (user.department -eq "Sales")"#,
                    );
                }),
                ("asks for something in the address", |it| {
                    set_rule(
                        it,
                        "PARTNERS",
                        r#"(user.mail -notContains "partner") -and (user.userType -eq "Guest")"#,
                    );
                }),
            ],
        },
    ];
}
