//! Members of Protected Users: accounts that neither send NTLM nor let anybody delegate.
//!
//! Protection is something that takes steps away, so it is read from the estate as a whole: a what-if that takes a
//! membership out makes nobody an easier victim.

use postern_model::estate::{Node, NodeIndex};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use crate::fact::{AbsenceFact, Fact};
use crate::view::View;

/// End of the group's SID.
const PROTECTED_USERS: &str = "-525";

/// Functional levels at which domain controllers do not enforce what the group stands for: those before 2012 R2, as
/// collectors write them. Source: Microsoft, "Protected Users security group".
const LEVELS_WITHOUT: [&str; 8] = [
    "2000 Mixed/Native",
    "2000 Mixed",
    "2000 Native",
    "2003 Interim",
    "2003",
    "2008",
    "2008 R2",
    "2012",
];

pub struct ProtectedUsers {
    /// At any depth, of groups whose domain enforces the protection.
    members: RoaringBitmap,
    /// At any depth, of the other ones.
    members_in_name: RoaringBitmap,
}

impl ProtectedUsers {
    pub fn of(view: &View<'_>) -> Self {
        let estate = view.world.estate;
        let (mut enforced, mut in_name) = (RoaringBitmap::new(), RoaringBitmap::new());
        for (index, node) in (0..).zip(&estate.nodes) {
            if node.kind == NodeKind::Group && node.key.ends_with(PROTECTED_USERS) {
                let is_enforced = old_level(view, node).is_none();
                if is_enforced { &mut enforced } else { &mut in_name }.insert(index);
            }
        }
        Self {
            members: expansion(view, &enforced),
            members_in_name: expansion(view, &in_name),
        }
    }

    pub fn contains(&self, account: NodeIndex) -> bool {
        self.members.contains(account)
    }

    /// Why an account that they do not contain is not protected.
    pub fn absence_fact(&self, view: &View<'_>, account: NodeIndex) -> Fact {
        let node = view.node(account);
        if self.members_in_name.contains(account)
            && let Some((domain, level)) = old_level(view, node)
        {
            let text = format!("has functional level {level}, at which Protected Users protects nobody");
            return view.property_fact(domain, "functionallevel", level, &text);
        }
        Fact::Absence(Box::new(AbsenceFact {
            node: node.id,
            name: "protectedusers".to_owned(),
            text: format!("{} is not in Protected Users", node.name),
        }))
    }
}

/// The domain of a node and its functional level, if that is too old. An unknown level is taken for a new one.
fn old_level<'a>(view: &View<'a>, node: &Node) -> Option<(&'a Node, &'a str)> {
    let domain = view.domain_of(node)?;
    let level = domain.attributes.domain.as_deref()?.functional_level.as_deref()?;
    let is_old = LEVELS_WITHOUT.iter().any(|it| it.eq_ignore_ascii_case(level.trim()));
    is_old.then_some((domain, level))
}

/// Members of some groups at any depth, whatever a removal takes away.
fn expansion(view: &View<'_>, groups: &RoaringBitmap) -> RoaringBitmap {
    let mut found = RoaringBitmap::new();
    if view.removal.edges.is_empty() && view.removal.assets.is_empty() {
        for group in groups {
            found |= &*view.memberships.expansion(group);
        }
        return found;
    }
    let mut behind = groups.clone();
    while !behind.is_empty() {
        let members =
            view.world.estate.relations.iter().filter(|it| {
                it.kind == RelationKind::MemberOf && behind.contains(it.target) && !found.contains(it.source)
            });
        behind = members.map(|it| it.source).collect();
        found |= &behind;
    }
    found
}
