//! Who belongs to which group, at any depth, and by what chain of facts.
//!
//! Start at [`Memberships::of`]. Besides reported memberships it knows those that the directory gives everybody:
//! Domain Users and Domain Computers are authenticated users, and these are part of Everyone. Those of a domain are so
//! too in each domain that trusts theirs, unless the trust lets in only whom somebody has named.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use postern_model::estate::{Estate, Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

/// Groups that hold everybody: a right granted to one of them keeps nobody out.
const EVERYBODY: [&str; 2] = ["S-1-5-11", "S-1-1-0"];

/// One hop from a member to its group.
#[derive(Clone, Copy)]
pub struct Membership<'a> {
    pub member: NodeIndex,
    pub group: NodeIndex,
    /// The reported membership, or the trust that it follows from; `None` where it is built in.
    pub relation: Option<&'a Relation>,
}

/// Who holds all of some rights, by who is granted each.
type Together = HashMap<Box<[NodeIndex]>, Rc<RoaringBitmap>>;

impl Membership<'_> {
    /// Whether a file says that the one is a member of the other.
    fn is_reported(&self) -> bool {
        self.relation.is_some_and(|it| KINDS.contains(&it.kind))
    }
}

pub struct Memberships<'a> {
    /// Sorted by (member, group).
    up: Vec<Membership<'a>>,
    /// Sorted by (group, member).
    down: Vec<Membership<'a>>,
    everybody: RoaringBitmap,
    groups: RoaringBitmap,
    /// Whatever belongs to some group.
    members: RoaringBitmap,
    expanded: RefCell<HashMap<NodeIndex, Rc<RoaringBitmap>>>,
    /// Answers of [`crate::cross_product`], by what was asked.
    pub(crate) together: RefCell<Together>,
}

impl<'a> Memberships<'a> {
    /// * `reported`: relations of [`KINDS`].
    /// * `trusts`: relations of [`TRUSTS`].
    /// * `is_there`: whether an asset takes part.
    pub fn of(
        estate: &'a Estate,
        reported: impl Iterator<Item = &'a Relation>,
        trusts: impl Iterator<Item = &'a Relation>,
        is_there: impl Fn(NodeIndex) -> bool,
    ) -> Self {
        let mut up: Vec<_> = reported
            .map(|relation| Membership {
                member: relation.source,
                group: relation.target,
                relation: Some(relation),
            })
            .collect();
        up.extend(
            built_in(estate)
                .into_iter()
                .chain(across(estate, trusts))
                .filter(|it| is_there(it.member) && is_there(it.group)),
        );
        // A reported membership stands before the built-in one of the same ends, which is then left out.
        up.sort_by_key(|it| {
            (
                it.member,
                it.group,
                !it.is_reported(),
                it.relation.map(|relation| relation.id),
            )
        });
        up.dedup_by_key(|it| (it.member, it.group));
        let mut down = up.clone();
        down.sort_by_key(|it| (it.group, it.member));
        let everybody = (0..)
            .zip(&estate.nodes)
            .filter(|(_, node)| node.kind == NodeKind::Group && EVERYBODY.iter().any(|end| node.key.ends_with(end)))
            .map(|(index, _)| index)
            .collect();
        let groups = down.iter().map(|it| it.group).collect();
        let members = up.iter().map(|it| it.member).collect();
        Self {
            up,
            down,
            everybody,
            groups,
            members,
            expanded: RefCell::default(),
            together: RefCell::default(),
        }
    }

    /// Those that no file reports.
    pub fn concluded(&self) -> impl Iterator<Item = &Membership<'a>> {
        self.up.iter().filter(|it| !it.is_reported())
    }

    /// Authenticated Users and Everyone of each domain.
    pub fn everybody(&self) -> &RoaringBitmap {
        &self.everybody
    }

    pub fn groups_of(&self, member: NodeIndex) -> &[Membership<'a>] {
        let start = self.up.partition_point(|it| it.member < member);
        let end = self.up.partition_point(|it| it.member <= member);
        &self.up[start..end]
    }

    pub fn members_of(&self, group: NodeIndex) -> &[Membership<'a>] {
        let start = self.down.partition_point(|it| it.group < group);
        let end = self.down.partition_point(|it| it.group <= group);
        &self.down[start..end]
    }

    /// Assets that have members.
    pub fn groups(&self) -> &RoaringBitmap {
        &self.groups
    }

    /// Members of `group` at any depth. Answers are kept. The group itself is among them only if it is a member of its
    /// members.
    pub fn expansion(&self, group: NodeIndex) -> Rc<RoaringBitmap> {
        if let Some(known) = self.expanded.borrow().get(&group) {
            return Rc::clone(known);
        }
        let mut found = RoaringBitmap::new();
        let mut waiting = vec![group];
        while let Some(at) = waiting.pop() {
            for membership in self.members_of(at) {
                if found.insert(membership.member) {
                    waiting.push(membership.member);
                }
            }
        }
        let found = Rc::new(found);
        self.expanded.borrow_mut().insert(group, Rc::clone(&found));
        found
    }

    /// As [`Self::expansion`], for the many groups that are asked for once: what is kept is that of their members.
    pub fn expansion_once(&self, group: NodeIndex) -> RoaringBitmap {
        let direct: RoaringBitmap = self.members_of(group).iter().map(|it| it.member).collect();
        let mut found = direct.clone();
        for member in direct & &self.groups {
            found |= &*self.expansion(member);
        }
        found
    }

    /// The shortest chain of memberships from `member` up to any group in `groups`: the hops, and the group. Empty
    /// when `member` itself is in `groups`; `None` when there is no chain.
    pub fn chain(&self, member: NodeIndex, groups: &RoaringBitmap) -> Option<(Vec<Membership<'a>>, NodeIndex)> {
        if groups.contains(member) {
            return Some((Vec::new(), member));
        }
        let mut came_by: BTreeMap<NodeIndex, Option<Membership<'a>>> = BTreeMap::from([(member, None)]);
        let mut waiting = VecDeque::from([member]);
        while let Some(at) = waiting.pop_front() {
            let above = self.groups_of(at);
            if let Some(last) = first_into(above, groups) {
                let mut hops = vec![last];
                let mut back = at;
                while let Some(Some(hop)) = came_by.get(&back) {
                    hops.push(*hop);
                    back = hop.member;
                }
                hops.reverse();
                return Some((hops, last.group));
            }
            // Of the many groups that administrators are in most are local ones of a computer, which lead nowhere.
            for membership in above.iter().filter(|it| self.members.contains(it.group)) {
                came_by.entry(membership.group).or_insert_with(|| {
                    waiting.push_back(membership.group);
                    Some(*membership)
                });
            }
        }
        None
    }
}

/// The first of a member's memberships that is in one of `groups`.
fn first_into<'a>(above: &[Membership<'a>], groups: &RoaringBitmap) -> Option<Membership<'a>> {
    // Whichever are fewer are looked at one by one: administrators are in a local group of every computer.
    if groups.len() < above.len() as u64 {
        let mut places = groups
            .iter()
            .filter_map(|group| above.binary_search_by_key(&group, |it| it.group).ok());
        return places.next().map(|at| above[at]);
    }
    above.iter().find(|it| groups.contains(it.group)).copied()
}

/// The memberships that a directory doesn't list, between those of the groups that exist.
fn built_in<'a>(estate: &Estate) -> Vec<Membership<'a>> {
    let mut found = Vec::new();
    for domain in estate.nodes.iter().filter(|node| node.kind == NodeKind::Domain) {
        let find = |key: String| estate.by_key.get(key.to_ascii_uppercase().as_str()).copied();
        let authenticated = find(format!("{}-S-1-5-11", domain.name));
        let everyone = find(format!("{}-S-1-1-0", domain.name));
        for part in ["513", "515"] {
            // Where only Everyone is known, the membership skips what lies between.
            if let (Some(member), Some(group)) = (find(format!("{}-{part}", domain.key)), authenticated.or(everyone)) {
                found.push((member, group));
            }
        }
        found.extend(authenticated.zip(everyone));
    }
    found
        .into_iter()
        .map(|(member, group)| Membership {
            member,
            group,
            relation: None,
        })
        .collect()
}

/// The memberships that follow from trusts, between the groups of everybody of two domains that were looked at.
fn across<'a>(estate: &Estate, trusts: impl Iterator<Item = &'a Relation>) -> Vec<Membership<'a>> {
    let mut found = Vec::new();
    for trust in trusts.filter(|it| !is_selective(it)) {
        let (trusting, trusted) = (estate.node(trust.source), estate.node(trust.target));
        if trusting.is_stub || trusted.is_stub {
            continue;
        }
        for end in EVERYBODY {
            let find = |domain: &Node| {
                let key = format!("{}-{end}", domain.name).to_ascii_uppercase();
                estate.by_key.get(key.as_str()).copied()
            };
            if let (Some(member), Some(group)) = (find(trusted), find(trusting)) {
                found.push(Membership {
                    member,
                    group,
                    relation: Some(trust),
                });
            }
        }
    }
    found
}

/// Whether those of the trusted domain are let in one by one ("selective authentication"): the attribute
/// TRUST_ATTRIBUTE_CROSS_ORGANIZATION of [MS-ADTS] 6.1.6.7.9.
fn is_selective(trust: &Relation) -> bool {
    const CROSS_ORGANIZATION: i64 = 0x10;
    let properties: serde_json::Value = serde_json::from_str(&trust.properties).unwrap_or_default();
    ["trustattributesoutbound", "trustattributesinbound"]
        .iter()
        .any(|name| {
            let attributes = &properties[*name];
            let number = attributes.as_i64().or_else(|| attributes.as_str()?.trim().parse().ok());
            number.is_some_and(|it| it & CROSS_ORGANIZATION != 0)
        })
}

/// The kinds of relations between domains from which memberships follow.
pub const TRUSTS: [RelationKind; 2] = [RelationKind::SameForestTrust, RelationKind::CrossForestTrust];

/// The kinds of relations that [`Memberships`] is made of.
pub const KINDS: [RelationKind; 3] = [
    RelationKind::MemberOf,
    RelationKind::MemberOfLocalGroup,
    RelationKind::AzMemberOf,
];

#[cfg(test)]
mod tests {
    use crate::testing::Sketch;
    use crate::view::View;
    use crate::world::Removal;

    use super::*;

    #[test]
    fn a_chain_is_the_shortest_and_no_other_group_of_a_member_is_in_its_way() {
        let mut sketch = Sketch::domain();
        for (member, group) in [
            ("EVE", "A"),
            ("A", "B"),
            ("B", "GOAL"),
            ("EVE", "C"),
            ("C", "GOAL"),
            ("GOAL", "A"),
        ] {
            sketch.relate(member, RelationKind::MemberOf, group);
        }
        for computer in ["PC1", "PC2", "PC3", "PC4", "PC5"] {
            sketch.computer(computer).local(computer, "-544", &["EVE", "C"]);
        }
        let built = sketch.build();
        let (world, removal) = (built.world(), Removal::default());
        let view = View::new(&world, &removal);
        let chain = |member: &str, groups: &[&str]| {
            let groups = groups.iter().map(|key| built.index(key)).collect();
            let (hops, end) = view.memberships.chain(built.index(member), &groups)?;
            let keys = hops.iter().map(|hop| view.node(hop.member).key.to_string());
            Some((keys.collect::<Vec<_>>().join(" "), view.node(end).key.to_string()))
        };
        let told = |hops: &str, end: &str| Some((hops.to_owned(), end.to_owned()));
        assert_eq!(chain("EVE", &["GOAL"]), told("EVE C", "GOAL"));
        assert_eq!(chain("EVE", &["GOAL", "B"]).map(|it| it.0.len()), Some("EVE C".len()));
        assert_eq!(chain("EVE", &["PC3-544"]), told("EVE", "PC3-544"));
        assert_eq!(chain("A", &["PC3-544"]), None);
        assert_eq!(chain("GOAL", &["GOAL"]), told("", "GOAL"));
        assert_eq!(chain("GOAL", &["B"]), told("GOAL A", "B"));
    }
}
