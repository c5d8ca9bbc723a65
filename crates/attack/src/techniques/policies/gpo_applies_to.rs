//! `GPOAppliesTo`: whoever controls a policy controls the accounts that it applies to.

use postern_model::RelationKind;
use postern_model::estate::Node;

use super::reach::{Half, Reach, Strength, is_place};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, reach: &mut Reach) {
    for link in view.relations(RelationKind::GpLink) {
        if !is_place(view.node(link.target).kind) || link.flag("enabled") == Some(false) {
            continue;
        }
        let strength = match link.flag("enforced") {
            Some(true) => Strength::Enforced,
            _ => Strength::Ordinary,
        };
        for half in Half::BOTH {
            let Some(status) = in_force(view, view.node(link.source), half) else {
                continue;
            };
            let facts = vec![view.relation_fact(link), status];
            let way = (RelationKind::GpoAppliesTo, link.source);
            reach.add(view, steps, way, (link.target, strength, half), facts);
        }
    }
}

/// That one half of a policy counts; `None` when it is switched off.
fn in_force(view: &View<'_>, policy: &Node, half: Half) -> Option<Fact> {
    let text = match half {
        Half::Computers => "has its settings for computers switched on",
        Half::Users => "has its settings for users switched on",
    };
    let told = policy
        .attributes
        .domain
        .as_ref()
        .and_then(|it| it.gpo_status.as_deref());
    let Some(status) = told else {
        return Some(Fact::product_default(policy, "gpostatus", "0", text));
    };
    (!is_off(status, half)).then(|| view.property_fact(policy, "gpostatus", status, text))
}

/// Whether the status of a policy says that a half is switched off: the attribute `flags` of [MS-GPOL] (1: users,
/// 2: computers), or the words of the management console for them.
fn is_off(status: &str, half: Half) -> bool {
    let flag = match half {
        Half::Users => 1,
        Half::Computers => 2,
    };
    if let Ok(flags) = status.trim().parse::<i64>() {
        return flags & flag != 0;
    }
    let words = status.to_ascii_lowercase();
    let is_said_of = |half: Half| match half {
        Half::Users => words.contains("user"),
        Half::Computers => words.contains("computer"),
    };
    let is_of_neither = !Half::BOTH.into_iter().any(is_said_of);
    words.contains("disabled") && (is_said_of(half) || is_of_neither)
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::NodeKind;

    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch, step};

    /// A domain with a unit in a unit, in which a computer and a user are, and a policy that is linked to `place`.
    fn policy(place: &str, link: &str) -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .node("OUTER", NodeKind::Ou, |_| {})
            .node("INNER", NodeKind::Ou, |_| {})
            .node("POLICY", NodeKind::Gpo, |_| {})
            .computer("PC")
            .user("ADA")
            .relate(DOMAIN, RelationKind::Contains, "OUTER")
            .relate("OUTER", RelationKind::Contains, "INNER")
            .relate("INNER", RelationKind::Contains, "PC")
            .relate("INNER", RelationKind::Contains, "ADA")
            .relate_with("POLICY", RelationKind::GpLink, place, link);
        for unit in ["OUTER", "INNER"] {
            sketch.edit(unit, |it| {
                it.domain.get_or_insert_default().blocks_inheritance = Some(false)
            });
        }
        sketch.edit("POLICY", |it| {
            it.domain.get_or_insert_default().gpo_status = Some("0".to_owned());
        });
        sketch
    }

    fn block(sketch: &mut Sketch, unit: &str) {
        sketch.edit(unit, |it| {
            it.domain.get_or_insert_default().blocks_inheritance = Some(true)
        });
    }

    fn status(sketch: &mut Sketch, text: &str) {
        let text = text.to_owned();
        sketch.edit("POLICY", |it| it.domain.get_or_insert_default().gpo_status = Some(text));
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::GpoAppliesTo,
            source: "POLICY",
            target: "PC",
            estate: || policy(DOMAIN, r#"{"enforced":false}"#),
            near_misses: &[
                ("the unit around the computer inherits policies", |it| {
                    block(it, "INNER")
                }),
                ("a unit on the way inherits policies", |it| block(it, "OUTER")),
                ("the settings for computers are switched on", |it| status(it, "2")),
                ("the policy is switched on", |it| status(it, "AllSettingsDisabled")),
                ("the policy is linked", |it| {
                    it.unrelate("POLICY", RelationKind::GpLink, DOMAIN);
                }),
                ("the link is switched on", |it| {
                    *it = policy(DOMAIN, r#"{"enabled":false}"#)
                }),
                ("the computer lies below the link", |it| {
                    it.unrelate("INNER", RelationKind::Contains, "PC");
                }),
                ("the computer is enabled", |it| {
                    it.edit("PC", |pc| pc.enabled = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::GpoAppliesTo,
            source: "POLICY",
            target: "ADA",
            estate: || {
                let mut sketch = policy("OUTER", r#"{"enforced":true}"#);
                block(&mut sketch, "INNER");
                sketch
            },
            near_misses: &[
                ("the link is enforced where a unit blocks", |it| {
                    *it = policy("OUTER", r#"{"enforced":false}"#);
                    block(it, "INNER");
                }),
                ("the settings for users are switched on", |it| {
                    status(it, "User configuration settings disabled");
                }),
            ],
        },
    ];

    #[test]
    fn a_half_that_is_switched_off_leaves_the_other() {
        for (text, computers, users) in [
            ("0", true, true),
            ("1", true, false),
            ("2", false, true),
            ("3", false, false),
            ("AllSettingsEnabled", true, true),
            ("UserSettingsDisabled", true, false),
            ("Computer configuration settings disabled", false, true),
            ("All settings disabled", false, false),
            ("Enabled", true, true),
        ] {
            assert_eq!(
                (!is_off(text, Half::Computers), !is_off(text, Half::Users)),
                (computers, users),
                "{text}"
            );
        }
    }

    #[test]
    fn what_no_collector_told_is_a_default_assumed() {
        let mut sketch = policy(DOMAIN, "");
        sketch.edit("INNER", |it| it.domain = None);
        let derived = sketch.derived();
        let chained = step(
            &derived,
            "set:policy-users:OUTER",
            RelationKind::AnyOf,
            "set:policy-users:INNER",
        );
        assert!(chained.expect("a step").is_assumed);
        let told = step(
            &derived,
            &format!("set:policy-users:{DOMAIN}"),
            RelationKind::AnyOf,
            "set:policy-users:OUTER",
        );
        assert!(!told.expect("a step").is_assumed);
    }

    #[test]
    fn a_policy_of_a_domain_is_a_step_for_each_account_and_unit_and_no_pair() {
        let mut sketch = policy(DOMAIN, r#"{"enforced":true}"#);
        for number in 0..100 {
            sketch
                .user(&format!("U{number}"))
                .relate("INNER", RelationKind::Contains, &format!("U{number}"))
                .node(&format!("P{number}"), NodeKind::Gpo, |_| {})
                .relate(&format!("P{number}"), RelationKind::GpLink, DOMAIN);
        }
        let derived = sketch.derived();
        let of_policies = derived
            .steps
            .iter()
            .filter(|step| matches!(step.technique, RelationKind::GpoAppliesTo | RelationKind::AnyOf));
        // Each policy leads to two sets, and each account is in the enforced and in the ordinary one.
        assert!(of_policies.count() < 2 * 101 + 2 * 102 + 20);
    }
}
