//! The estate as the phases after resolution see it: assets, reported relations, findings, coverage.
//!
//! Indices are positions in [`Estate::nodes`], which is sorted by [`NodeId`]; they are valid inside one
//! generation only.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::cell::{Facet, ObjectClass};
use crate::grade::Criticality;
use crate::id::{EdgeId, NodeId};
use crate::kind::{NodeKind, RelationKind};

/// Position of an asset in [`Estate::nodes`].
pub type NodeIndex = u32;

#[derive(Debug, Default)]
pub struct Estate {
    /// Sorted by id.
    pub nodes: Vec<Node>,
    /// Sorted by (source, target, kind).
    pub relations: Vec<Relation>,
    pub findings: Vec<Finding>,
    pub services: Vec<Service>,
    pub conflicts: Vec<Conflict>,
    pub coverage: Vec<BoundaryCoverage>,
    /// Original id, upper-cased → node: the strongest ids and those of facets.
    pub by_key: HashMap<String, NodeIndex>,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub id: NodeId,
    /// The strongest original id, as the source spells it (SIDs and object ids in upper case).
    pub key: String,
    pub kind: NodeKind,
    /// What a person calls it; the key where no name is known.
    pub name: String,
    /// Domain SID or scanned site; empty when unknown.
    pub boundary: String,
    /// Named by another object's record only; its own record was never read.
    pub is_stub: bool,
    /// Canonical JSON object.
    pub properties: String,
    pub attributes: Attributes,
    /// Facets that some source has looked at, sorted.
    pub known: Vec<Facet>,
    pub identifiers: Vec<Identifier>,
    pub facets: Vec<OriginalObject>,
    pub seen: Seen,
}

/// The properties that rules read, parsed once. `None` means that no source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    pub enabled: Option<bool>,
    /// When the account expires; `None` also for "never".
    pub expires_at: Option<Timestamp>,
    pub is_dc: Option<bool>,
    pub is_read_only_dc: Option<bool>,
    pub is_acl_protected: Option<bool>,
    pub operating_system: Option<String>,
    pub has_laps: Option<bool>,
    pub has_spn: Option<bool>,
    pub dont_require_preauth: Option<bool>,
    pub unconstrained_delegation: Option<bool>,
    /// "Account is sensitive and cannot be delegated."
    pub is_sensitive: Option<bool>,
    pub is_gmsa: Option<bool>,
    pub is_smsa: Option<bool>,
    pub has_user_rights: Option<bool>,
    pub admin_count: Option<bool>,
    /// The CA's own access list was collected; it overrules that of the directory object.
    pub has_ca_list: Option<bool>,
    pub ds_heuristics: Option<String>,
    pub distinguished_name: Option<String>,
    pub sam_account_name: Option<String>,
    /// Address ranges of a network segment, IP addresses of a host.
    pub addresses: Vec<String>,
}

/// Who told us, and between which times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Snapshot ids, sorted.
    pub sources: Vec<String>,
    pub first: Timestamp,
    pub last: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier {
    /// `sid`, `object-id`, `fqdn`, `netbios`, `ip`, `mac`, `bios-uuid`, `distinguished-name`, `upn`, ...
    pub kind: String,
    pub value: String,
}

/// One original object behind an asset, and why it belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginalObject {
    pub key: String,
    pub kind: NodeKind,
    pub reason: String,
}

/// A relation as a file reports it.
#[derive(Clone, Debug)]
pub struct Relation {
    pub id: EdgeId,
    pub source: NodeIndex,
    pub target: NodeIndex,
    /// Ids of the facets that the file names.
    pub source_key: String,
    pub target_key: String,
    pub kind: RelationKind,
    /// Canonical JSON object, or empty.
    pub properties: String,
    pub seen: Seen,
}

#[derive(Clone, Debug)]
pub struct Finding {
    pub id: EdgeId,
    pub node: NodeIndex,
    pub weakness: String,
    /// `tcp/445`, or empty for a check without a port.
    pub locator: String,
    pub title: String,
    pub severity: String,
    pub cves: Vec<String>,
    pub cvss_vector: String,
    pub cvss_score_micro: Option<i64>,
    pub exploit_available: Option<bool>,
    pub is_kev: bool,
    /// Known to be exploited or exploit at hand, over the network and without an account.
    pub is_exploitable: bool,
    pub properties: String,
    pub seen: Seen,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    pub node: NodeIndex,
    pub protocol: String,
    pub port: u16,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Kind of the identifier that two objects share.
    pub kind: String,
    pub value: String,
    pub keys: Vec<String>,
    pub reason: String,
}

/// What was looked at inside one boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundaryCoverage {
    pub boundary: String,
    /// Name of the domain or site, for people.
    pub name: String,
    /// For each looked-at facet of a class: how many subjects answered, of how many known ones.
    pub facets: BTreeMap<(ObjectClass, Facet), Answered>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    pub answered: u64,
    pub total: u64,
}

impl Estate {
    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index as usize]
    }

    /// Finds an asset by original id, in any letter case, or by NodeId.
    pub fn find(&self, id: &str) -> Option<NodeIndex> {
        if let Some(&index) = self.by_key.get(&id.to_ascii_uppercase()) {
            return Some(index);
        }
        self.by_id(id.parse().ok()?)
    }

    pub fn by_id(&self, id: NodeId) -> Option<NodeIndex> {
        self.nodes
            .binary_search_by_key(&id, |node| node.id)
            .ok()
            .map(|index| index as NodeIndex)
    }

    /// Whether a source has looked at this facet of this class inside a boundary.
    pub fn is_covered(&self, boundary: &str, class: ObjectClass, facet: &Facet) -> bool {
        self.coverage
            .iter()
            .any(|it| it.boundary == boundary && it.facets.contains_key(&(class, facet.clone())))
    }
}

impl Node {
    /// An account that nobody can log on with at `now`: disabled or expired. Unknown counts as usable.
    pub fn is_unusable_account(&self, now: Timestamp) -> bool {
        matches!(self.kind, NodeKind::User | NodeKind::Computer)
            && (self.attributes.enabled == Some(false)
                || self.attributes.expires_at.is_some_and(|expires_at| expires_at <= now))
    }
}

/// The assets whose control is control of all of a forest, and what is critical beside them (phase 3).
#[derive(Debug, Default)]
pub struct Classification {
    pub planes: Vec<Plane>,
    /// For each node: its plane, as a position in `planes`.
    pub plane_of: Vec<Option<u32>>,
    /// For each node: its level; members of a plane have none of their own here.
    pub criticality: Vec<Option<Criticality>>,
    /// Why, for people: every membership and every level, sorted by node.
    pub reasons: Vec<Reason>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// `plane:forest:<SID of the forest's root, or of the domain where trusts are unknown>`.
    pub key: String,
    pub name: String,
    /// Sorted.
    pub members: Vec<NodeIndex>,
    /// SIDs of the domains inside, sorted.
    pub domains: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    pub node: NodeIndex,
    /// Id of the catalog's rule, or `decision`.
    pub rule: String,
    pub text: String,
}
