//! A computer account that was made ahead and never used: with the option for systems before Windows 2000 its password
//! is its name. O. Moe, TrustedSec, "Diving into Pre-Created Computer Accounts", May 2022.
//!
//! The option leaves a flag behind, which the first computer to join takes away.

use postern_model::estate::Node;
use postern_model::{NodeKind, RelationKind};

use super::anybody;
use crate::derived::{Manner, Steps, Vertex};
use crate::view::View;

/// `WORKSTATION_TRUST_ACCOUNT` and `PASSWD_NOTREQD` of `userAccountControl`.
const PRE_CREATED: i64 = 0x1000 | 0x20;

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let technique = RelationKind::PreCreatedComputer;
    let anybody = anybody(view);
    for (computer, node) in view.assets(NodeKind::Computer) {
        let Some(flags) = flags_of_unused(node) else {
            continue;
        };
        let Some(&group) = anybody.get(&*node.boundary) else {
            continue;
        };
        let facts = vec![
            view.property_fact(
                node,
                "useraccountcontrol",
                &flags.to_string(),
                "has the flags of an account made for a system before Windows 2000",
            ),
            view.property_fact(node, "lastlogontimestamp", "never", "has never logged on"),
        ];
        let (source, target) = (Vertex::Asset(group), Vertex::Asset(computer));
        steps.add_between(technique, source, target, Manner::default(), facts);
    }
}

/// The flags of an account that was made so and never used. What is not told is not so: nearly every account is
/// another.
fn flags_of_unused(node: &Node) -> Option<i64> {
    let account = node.attributes.account.as_deref()?;
    let flags = account.user_account_control?;
    let is_unused = account.has_never_logged_on == Some(true) && node.attributes.enabled == Some(true);
    (is_unused && flags & PRE_CREATED == PRE_CREATED && node.attributes.is_dc != Some(true)).then_some(flags)
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::testing::Sketch;

    const ANYBODY: &str = "CORP.EXAMPLE-S-1-5-11";

    fn ahead() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch.group(ANYBODY).computer("TILL7").edit("TILL7", |it| {
            it.enabled = Some(true);
            let account = it.account.get_or_insert_default();
            account.user_account_control = Some(4128);
            account.has_never_logged_on = Some(true);
        });
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::PreCreatedComputer,
        source: ANYBODY,
        target: "TILL7",
        estate: ahead,
        near_misses: &[
            ("was made with the option", |it| {
                it.edit("TILL7", |till| {
                    till.account.get_or_insert_default().user_account_control = Some(4096);
                });
            }),
            ("its flags are known", |it| {
                it.edit("TILL7", |till| {
                    till.account.get_or_insert_default().user_account_control = None
                });
            }),
            ("no computer ever joined", |it| {
                it.edit("TILL7", |till| {
                    till.account.get_or_insert_default().has_never_logged_on = Some(false);
                });
            }),
            ("is enabled", |it| {
                it.edit("TILL7", |till| till.enabled = Some(false));
            }),
            ("is known to be enabled", |it| {
                it.edit("TILL7", |till| till.enabled = None);
            }),
            ("is no domain controller", |it| {
                it.edit("TILL7", |till| till.is_dc = Some(true));
            }),
            ("is a computer", |it| {
                it.user("TILL7");
            }),
            ("is of the domain", |it| {
                it.node("TILL7", NodeKind::Computer, |till| {
                    till.boundary = "S-1-5-21-2-2-2".into()
                });
            }),
        ],
    }];
}
