//! Who belongs to which group, at any depth, and by what chain of facts.
//!
//! Start at [`Memberships::of`]. Besides reported memberships it knows those that the directory gives everybody:
//! Domain Users and Domain Computers are authenticated users, and these are part of Everyone.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use postern_model::estate::{Estate, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

/// Groups that hold everybody: a right granted to one of them keeps nobody out.
const EVERYBODY: [&str; 2] = ["S-1-5-11", "S-1-1-0"];

/// One hop from a member to its group; the reported relation, or `None` for a membership that is built in.
#[derive(Clone, Copy)]
pub struct Membership<'a> {
    pub member: NodeIndex,
    pub group: NodeIndex,
    pub relation: Option<&'a Relation>,
}

pub struct Memberships<'a> {
    /// Sorted by (member, group).
    up: Vec<Membership<'a>>,
    /// Sorted by (group, member).
    down: Vec<Membership<'a>>,
    everybody: RoaringBitmap,
    groups: RoaringBitmap,
    expanded: RefCell<HashMap<NodeIndex, Rc<RoaringBitmap>>>,
}

impl<'a> Memberships<'a> {
    /// * `reported`: relations of [`KINDS`].
    /// * `is_there`: whether an asset takes part.
    pub fn of(
        estate: &'a Estate,
        reported: impl Iterator<Item = &'a Relation>,
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
                .filter(|it| is_there(it.member) && is_there(it.group)),
        );
        // A reported membership stands before the built-in one of the same ends, which is then left out.
        up.sort_by_key(|it| {
            (
                it.member,
                it.group,
                it.relation.is_none(),
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
        Self {
            up,
            down,
            everybody,
            groups,
            expanded: RefCell::default(),
        }
    }

    pub fn built_in(&self) -> impl Iterator<Item = &Membership<'a>> {
        self.up.iter().filter(|it| it.relation.is_none())
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
        let mut came_by: BTreeMap<NodeIndex, Option<Membership<'a>>> = BTreeMap::from([(member, None)]);
        let mut waiting = VecDeque::from([member]);
        while let Some(at) = waiting.pop_front() {
            if groups.contains(at) {
                let mut hops = Vec::new();
                let mut back = at;
                while let Some(Some(hop)) = came_by.get(&back) {
                    hops.push(*hop);
                    back = hop.member;
                }
                hops.reverse();
                return Some((hops, at));
            }
            for membership in self.groups_of(at) {
                came_by.entry(membership.group).or_insert_with(|| {
                    waiting.push_back(membership.group);
                    Some(*membership)
                });
            }
        }
        None
    }
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

/// The kinds of relations that [`Memberships`] is made of.
pub const KINDS: [RelationKind; 3] = [
    RelationKind::MemberOf,
    RelationKind::MemberOfLocalGroup,
    RelationKind::AzMemberOf,
];
