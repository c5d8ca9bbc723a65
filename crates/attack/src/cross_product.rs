//! Who holds several rights at once, told in as few principals as possible.
//!
//! Start at [`holders_of_all`]. The rule is that of BloodHound Community Edition's analysis: groups that hold
//! everything stand for their members, and a right that everybody holds narrows nothing.

use std::collections::BTreeSet;
use std::rc::Rc;

use postern_model::estate::NodeIndex;
use roaring::RoaringBitmap;

use crate::membership::Memberships;

/// The principals that hold every one of some rights, through groups or directly.
///
/// * `rights`: for each right, who it is granted to.
/// * A group in the result stands for all its members; none of them is listed because of the rights that the group
///   brings, save a group that was found to hold all rights before a larger one around it was.
/// * Empty when a right is granted to nobody.
pub fn holders_of_all(memberships: &Memberships<'_>, rights: &[RoaringBitmap]) -> BTreeSet<NodeIndex> {
    if rights.iter().any(RoaringBitmap::is_empty) {
        return BTreeSet::new();
    }
    let narrowing: Vec<_> = rights
        .iter()
        .map(|direct| (direct, expand(memberships, direct)))
        .filter(|(_, expansion)| expansion.is_disjoint(memberships.everybody()))
        .collect();
    match narrowing.as_slice() {
        [] => return rights.iter().flatten().collect(),
        [(direct, _)] => return direct.iter().collect(),
        _ => {}
    }

    let mut in_others = narrowing[1].1.clone();
    for (_, expansion) in &narrowing[2..] {
        in_others &= expansion;
    }
    let mut found = BTreeSet::new();
    let mut left = RoaringBitmap::new();
    for holder in narrowing[0].0 {
        if in_others.contains(holder) {
            found.insert(holder);
        } else if memberships.groups().contains(holder) {
            left |= &*memberships.expansion(holder);
        }
    }

    let mut groups: Vec<_> = (&left & memberships.groups())
        .iter()
        .map(|it| (memberships.expansion(it).len(), it))
        .collect();
    groups.sort_unstable();
    for (_, group) in groups {
        if left.remove(group) && in_others.contains(group) {
            found.insert(group);
            left -= &*memberships.expansion(group);
        }
    }
    found.extend(left & in_others);
    found
}

/// As [`holders_of_all`], for rights that are granted alike over many objects: answers are kept.
pub fn holders_of_all_kept(memberships: &Memberships<'_>, rights: &[&RoaringBitmap]) -> Rc<RoaringBitmap> {
    let mut asked = Vec::new();
    for right in rights {
        asked.extend(right.iter());
        asked.push(NodeIndex::MAX);
    }
    if let Some(known) = memberships.together.borrow().get(asked.as_slice()) {
        return Rc::clone(known);
    }
    let rights: Vec<_> = rights.iter().map(|&it| it.clone()).collect();
    let found: RoaringBitmap = holders_of_all(memberships, &rights).into_iter().collect();
    let found = Rc::new(found);
    let mut kept = memberships.together.borrow_mut();
    kept.insert(asked.into(), Rc::clone(&found));
    found
}

/// The holders of a right and, of those that are groups, all members.
pub fn expand(memberships: &Memberships<'_>, direct: &RoaringBitmap) -> RoaringBitmap {
    let mut all = direct.clone();
    for holder in direct & memberships.groups() {
        all |= &*memberships.expansion(holder);
    }
    all
}
