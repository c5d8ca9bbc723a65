//! Nodes and relations of any kind, as files state them that do not say what they looked at.
//!
//! A collector of one directory says what it listed, so that what is missing is known to be gone. Files of nodes and
//! edges say only what there is. All their rows are therefore mentions ([`Coverage::Mention`]): they add, and nothing
//! follows from what they leave out. Start at [`Statements`], which finds the cell of each row. A row of a kind that
//! collectors look at too lies in the collectors' own cell, so that a newer look ends it; all others lie in cells of
//! the class [`ObjectClass::Extensions`], at which nobody looks: they stay until their source is removed.
//!
//! Ids are given in upper case ([`upper`]), kinds as text: a kind need not be one that Postern knows.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use postern_model::kind::KIND_CHARACTERS_MAX;
use postern_model::reference::REFERENCE_PREFIX;
use postern_model::{Cell, CellCoverage, Coverage, Facet, NodeKind, ObjectClass, RelationKind, hash128};

use crate::chunks::Chunks;
pub(crate) use crate::sharphound::output::upper;

/// A file may name so many domains, tenants and environments.
pub const BOUNDARIES_MAX: usize = 1_000;

/// Of so many nodes of a file it is kept what their relations need: here at about 70 bytes each, and where the file has
/// ids of its own for them, at about as many again beside the text of their ids.
pub const NODES_MAX: usize = 2_000_000;

/// Bytes of an id.
pub const ID_BYTES_MAX: usize = 2_048;

/// A node may have so many kinds; BloodHound takes three.
pub const KINDS_OF_NODE_MAX: usize = 16;

/// A file may name so many distinct kinds; extensions have a hundred.
pub const KINDS_MAX: usize = 2_000;

/// Kinds beginning so, in any letter case, are kept by BloodHound for itself.
const RESERVED_PREFIX: &str = "tag_";

/// The cells of one file.
pub(crate) struct Statements {
    boundaries: Vec<String>,
    by_boundary: HashMap<String, u16>,
    cells: Vec<(u16, ObjectClass, Facet)>,
    by_cell: HashMap<(u16, ObjectClass, Facet), u16>,
    /// Hash of the id → what a node with that id is.
    homes: HashMap<u128, Home>,
    /// There are more nodes than [`NODES_MAX`].
    is_full: bool,
}

/// What is known of a node by which the cells of its relations are found.
#[derive(Clone, Copy, Default)]
struct Home {
    class: Option<ObjectClass>,
    boundary: Option<u16>,
}

/// A node, and what it says about where it belongs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Node<'a, 't> {
    pub id: &'a str,
    /// See [`main_kind`].
    pub kind: &'t str,
    /// SID of its domain, id of its tenant, or id of whatever it is part of; empty where it does not say.
    pub domain: &'t str,
    pub tenant: &'t str,
    pub environment: &'t str,
}

/// One end of a relation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End<'a> {
    pub id: &'a str,
    /// Empty where the relation does not say; the node may have been added before.
    pub kind: &'a str,
}

impl<'a> End<'a> {
    /// The kind as it stands in the tables.
    pub fn kind_or_base(self) -> &'a str {
        if self.kind.is_empty() {
            NodeKind::Base.as_str()
        } else {
            self.kind
        }
    }
}

/// Where a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub cell: u16,
    /// The object that a collector would have to look at to see the same.
    pub subject: &'a str,
}

/// More boundaries, or cells, than a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl std::fmt::Display for TooMany {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the file names more than {BOUNDARIES_MAX} domains, tenants and environments; \
             those behind them are left out, split the file"
        )
    }
}

/// The boundary of what says of none: that of the file, which may be known at its end only.
const OF_FILE: u16 = 0;

impl Statements {
    pub fn new() -> Self {
        Self {
            boundaries: vec![String::new()],
            by_boundary: HashMap::new(),
            cells: Vec::new(),
            by_cell: HashMap::new(),
            homes: HashMap::new(),
            is_full: false,
        }
    }

    /// Where a node's row belongs.
    pub fn node<'a>(&mut self, node: Node<'a, '_>) -> Result<Place<'a>, TooMany> {
        let known = NodeKind::parse(node.kind);
        let class = known.and_then(ObjectClass::of);
        let boundary = self.boundary(boundary_of(known, &node))?;
        self.remember(
            hash128([node.id.as_bytes()]),
            Home {
                class: class.or(known.is_none().then_some(ObjectClass::Extensions)),
                boundary: Some(boundary),
            },
        );
        let (class, facet, subject) = match known {
            Some(NodeKind::LocalGroup | NodeKind::LocalUser) => {
                (ObjectClass::Computers, Facet::LocalGroups, computer_of(node.id))
            }
            // Only the id of a principal is known: it is named, as the end of a relation is, and not described.
            Some(NodeKind::Base) if domain_of(node.id).is_some() => {
                (ObjectClass::Extensions, Facet::Statements, node.id)
            }
            _ => (class.unwrap_or(ObjectClass::Extensions), Facet::Properties, node.id),
        };
        let cell = self.cell(boundary, class, facet)?;
        Ok(Place { cell, subject })
    }

    /// Where the row of a relation belongs.
    pub fn relation<'a>(&mut self, kind: &str, source: End<'a>, target: End<'a>) -> Result<Place<'a>, TooMany> {
        let [of_source, of_target] = [self.home(source)?, self.home(target)?];
        if let Some(look) = RelationKind::parse(kind).and_then(look_of) {
            let (end, home) = match look.at {
                At::Source => (source, of_source),
                At::Target | At::ComputerOfTarget => (target, of_target),
            };
            let is_of_collectors = |class: &ObjectClass| *class != ObjectClass::Extensions;
            if let Some(class) = look.class.or(home.class).filter(is_of_collectors) {
                let subject = match look.at {
                    At::ComputerOfTarget => computer_of(end.id),
                    _ => end.id,
                };
                let facet = match class {
                    ObjectClass::EnterpriseCas if look.facet == Facet::Acl => Facet::CaRegistry,
                    _ => look.facet,
                };
                let cell = self.cell(home.boundary.unwrap_or(OF_FILE), class, facet)?;
                return Ok(Place { cell, subject });
            }
        }
        let boundary = of_source.boundary.or(of_target.boundary).unwrap_or(OF_FILE);
        let cell = self.cell(boundary, ObjectClass::Extensions, Facet::Statements)?;
        Ok(Place {
            cell,
            subject: source.id,
        })
    }

    /// The place of a cell that the caller declares itself, in what [`Self::finish`] returns.
    pub fn reserve(&mut self) -> Result<u16, TooMany> {
        let index = u16::try_from(self.cells.len()).map_err(|_| TooMany)?;
        self.cells.push((OF_FILE, ObjectClass::Extensions, Facet::Statements));
        Ok(index)
    }

    /// Counts an id that is no node or end of these statements.
    pub fn see(&mut self, id: &str) {
        self.remember(hash128([id.as_bytes()]), Home::default());
    }

    /// How many distinct ids nodes and ends have.
    pub fn nodes(&self) -> u64 {
        self.homes.len() as u64
    }

    /// What could not be kept, in a sentence.
    pub fn fault(&self) -> Option<String> {
        self.is_full.then(|| {
            format!(
                "there are more than {NODES_MAX} nodes; those behind them are read but not counted, and newer looks of \
                 collectors do not end their relations: split the file"
            )
        })
    }

    /// * `boundary`: that of the nodes and relations that say of none.
    pub fn finish(self, boundary: &str) -> Vec<CellCoverage> {
        let mut boundaries = self.boundaries;
        boundary.clone_into(&mut boundaries[usize::from(OF_FILE)]);
        let cells = self.cells.into_iter();
        cells
            .map(|(boundary, class, facet)| CellCoverage {
                cell: Cell::new(&*boundaries[usize::from(boundary)], class, facet),
                coverage: Coverage::Mention,
            })
            .collect()
    }

    /// What is known of the end of a relation.
    fn home(&mut self, end: End<'_>) -> Result<Home, TooMany> {
        let key = hash128([end.id.as_bytes()]);
        if let Some(home) = self.homes.get(&key)
            && home.boundary.is_some()
        {
            return Ok(*home);
        }
        let known = NodeKind::parse(end.kind).or_else(|| kind_of_id(end.id));
        let boundary = match domain_of(end.id) {
            Some(domain) => Some(self.boundary(domain)?),
            None => None,
        };
        if !end.id.starts_with(REFERENCE_PREFIX) {
            self.remember(key, Home::default());
        }
        Ok(Home {
            class: known.and_then(ObjectClass::of),
            boundary,
        })
    }

    /// What a node says stands before what is known of an end.
    fn remember(&mut self, key: u128, home: Home) {
        let is_full = self.homes.len() >= NODES_MAX;
        match self.homes.entry(key) {
            Entry::Occupied(mut known) if known.get().boundary.is_none() => *known.get_mut() = home,
            Entry::Vacant(place) if !is_full => drop(place.insert(home)),
            Entry::Vacant(_) => self.is_full = true,
            Entry::Occupied(_) => {}
        }
    }

    fn boundary(&mut self, name: &str) -> Result<u16, TooMany> {
        if name.is_empty() {
            return Ok(OF_FILE);
        }
        if let Some(&index) = self.by_boundary.get(name) {
            return Ok(index);
        }
        if self.boundaries.len() > BOUNDARIES_MAX {
            return Err(TooMany);
        }
        let index = u16::try_from(self.boundaries.len()).map_err(|_| TooMany)?;
        self.boundaries.push(name.to_owned());
        self.by_boundary.insert(name.to_owned(), index);
        Ok(index)
    }

    fn cell(&mut self, boundary: u16, class: ObjectClass, facet: Facet) -> Result<u16, TooMany> {
        let key = (boundary, class, facet);
        if let Some(&index) = self.by_cell.get(&key) {
            return Ok(index);
        }
        let index = u16::try_from(self.cells.len()).map_err(|_| TooMany)?;
        self.cells.push(key.clone());
        self.by_cell.insert(key, index);
        Ok(index)
    }
}

/// The kind that a node with several is known by: the first that Postern knows, else the first. `Base` and `AZBase`,
/// which every object of a directory has beside its own, stand back behind all others. Kinds that Postern knows are
/// given in its own spelling.
pub(crate) fn main_kind<'a>(kinds: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut first = None;
    let mut is_base = false;
    for kind in kinds {
        match NodeKind::parse(kind) {
            Some(NodeKind::Base) => is_base = true,
            Some(known) => return Some(known.as_str()),
            None if kind.eq_ignore_ascii_case("AZBase") => is_base = true,
            None => first = first.or(Some(kind)),
        }
    }
    first.or(is_base.then_some(NodeKind::Base.as_str()))
}

/// The kinds that a file names.
#[derive(Default)]
pub(crate) struct Kinds(HashSet<String>);

impl Kinds {
    /// Whether a file may state this kind; otherwise why not.
    pub fn check(&mut self, kind: &str) -> Result<(), String> {
        if self.0.contains(kind) {
            return Ok(());
        }
        if let Some(fault) = kind_fault(kind) {
            return Err(fault);
        }
        if self.0.len() == KINDS_MAX {
            return Err(format!(
                "the file names more than {KINDS_MAX} kinds; those behind them are left out, {kind} among them"
            ));
        }
        self.0.insert(kind.to_owned());
        Ok(())
    }

    /// As [`Self::check`], of the kind of a relation.
    pub fn check_relation(&mut self, kind: &str) -> Result<(), String> {
        match RelationKind::parse(kind) {
            Some(
                own @ (RelationKind::AssumedFoothold
                | RelationKind::DeviceCodePhishing
                | RelationKind::AnyOf
                | RelationKind::Extension),
            ) => Err(own_kind(own.as_str())),
            _ => self.check(kind),
        }
    }
}

/// Nodes and relations that are left out for their kind: the first of a kind is told with the reason, the others are
/// counted.
#[derive(Default)]
pub(crate) struct Refused(BTreeMap<(&'static str, String), u64>);

/// Kinds that are refused by name; elements of those behind them are refused one by one.
const REFUSED_KINDS_MAX: usize = 100;

impl Refused {
    /// Gives the reason back where it is to be told now.
    ///
    /// * `what`: where the element stands, as `nodes`.
    pub fn add(&mut self, what: &'static str, kind: &str, reason: String) -> Result<(), String> {
        let key = (what, kind.chars().take(KIND_CHARACTERS_MAX).collect());
        if self.0.len() == REFUSED_KINDS_MAX && !self.0.contains_key(&key) {
            return Err(reason);
        }
        let count = self.0.entry(key).or_default();
        *count += 1;
        match *count {
            1 => Err(reason),
            _ => Ok(()),
        }
    }

    /// Tells how many were left out beside the first of each kind.
    pub fn finish(self, chunks: &mut Chunks<'_>) {
        for ((what, kind), count) in self.0 {
            if count > 1 {
                let reason = format!("kind {kind:?} is left out {} more times for the same reason", count - 1);
                chunks.reject(what.to_owned(), reason);
            }
        }
    }
}

/// Refuses what cannot be an id.
pub(crate) fn check_id(id: &str, missing: impl FnOnce() -> String) -> Result<(), String> {
    if id.is_empty() {
        return Err(missing());
    }
    if id.len() > ID_BYTES_MAX {
        return Err(format!("its id has more than {ID_BYTES_MAX} bytes"));
    }
    let start = id.get(..REFERENCE_PREFIX.len());
    match start.is_some_and(|start| start.eq_ignore_ascii_case(REFERENCE_PREFIX)) {
        true => Err(format!("no id begins with {REFERENCE_PREFIX}")),
        false => Ok(()),
    }
}

fn kind_fault(kind: &str) -> Option<String> {
    let is_word = kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if kind.is_empty() || kind.len() > KIND_CHARACTERS_MAX || !is_word {
        let shown: String = kind.chars().take(KIND_CHARACTERS_MAX).collect();
        return Some(format!(
            "\"{shown}\" is no kind; a kind is 1 to {KIND_CHARACTERS_MAX} letters, digits and underscores"
        ));
    }
    let is_reserved = kind
        .get(..RESERVED_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(RESERVED_PREFIX));
    if is_reserved {
        return Some(format!(
            "kinds that begin with {RESERVED_PREFIX} are reserved; this is {kind}"
        ));
    }
    match NodeKind::parse(kind) {
        Some(own @ (NodeKind::EntryPoint | NodeKind::ControlPlane | NodeKind::ObjectSet)) => {
            Some(own_kind(own.as_str()))
        }
        _ => None,
    }
}

fn own_kind(own: &str) -> String {
    format!("{own} is a kind of Postern's own, which no file may state")
}

/// A node's name as it is kept: objects of a directory have theirs in upper case, as its collectors write them.
pub(crate) fn stated_name<'a>(kind: &str, name: &'a str) -> Cow<'a, str> {
    let name = name.trim();
    let is_of_directory = NodeKind::parse(kind).is_some_and(|kind| {
        !matches!(
            kind,
            NodeKind::Host | NodeKind::NetworkSegment | NodeKind::Internet | NodeKind::LocalUser
        )
    });
    match is_of_directory && name.chars().any(char::is_lowercase) {
        true => Cow::Owned(name.to_uppercase()),
        false => Cow::Borrowed(name),
    }
}

/// The SID of the domain in the SID of a principal, and in ids that begin with one.
pub(crate) fn domain_of(id: &str) -> Option<&str> {
    let rest = id.strip_prefix("S-1-5-21-")?;
    let mut ends = rest.match_indices('-').map(|(at, _)| at);
    let (_, second) = (ends.next()?, ends.next()?);
    let end = ends.next().unwrap_or(rest.len());
    let is_sid = end > second + 1 && rest[..end].bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_sid.then(|| &id[..id.len() - rest.len() + end])
}

/// The computer in the id of one of its local groups or accounts, `<computer SID>-<relative id>`; the id itself where
/// it is no such id.
fn computer_of(id: &str) -> &str {
    let is_within_computer =
        domain_of(id).is_some_and(|domain| id[domain.len()..].bytes().filter(|it| *it == b'-').count() > 1);
    match id.rsplit_once('-') {
        Some((computer, _)) if is_within_computer => computer,
        _ => id,
    }
}

/// What an id alone tells.
fn kind_of_id(id: &str) -> Option<NodeKind> {
    (domain_of(id)? == id).then_some(NodeKind::Domain)
}

fn boundary_of<'t>(kind: Option<NodeKind>, node: &Node<'t, 't>) -> &'t str {
    let is_of_tenant = |class: ObjectClass| class.is_of_tenant();
    match kind {
        Some(NodeKind::AzTenant) => node.id,
        Some(kind) if ObjectClass::of(kind).is_some_and(is_of_tenant) => {
            let of_role = node.id.split_once('@').map(|(_, tenant)| tenant);
            let said = (!node.tenant.is_empty()).then_some(node.tenant);
            said.or(of_role).unwrap_or(node.environment)
        }
        Some(NodeKind::Host | NodeKind::NetworkSegment | NodeKind::Internet) => "",
        Some(_) => {
            // An environment may be anything, as may a domain's SID be in another program's graph.
            let environment = Some(node.environment).filter(|it| domain_of(it).is_some());
            let said = Some(node.domain).filter(|it| !it.is_empty());
            domain_of(node.id).or(said).or(environment).unwrap_or_default()
        }
        None => node.environment,
    }
}

/// Where collectors see a relation.
struct Look {
    at: At,
    facet: Facet,
    /// The class of the object that is looked at, where the kind of relation tells.
    class: Option<ObjectClass>,
}

#[derive(Clone, Copy)]
enum At {
    Source,
    Target,
    ComputerOfTarget,
}

/// `None` for relations that no collector looks at, and for those of which it depends on more than the two ends.
fn look_of(kind: RelationKind) -> Option<Look> {
    use At::{ComputerOfTarget, Source, Target};
    use ObjectClass::{
        Computers, DirectoryRoles, Domains, EnterpriseCas, EntraGroups, EntraUsers, Groups, KeyVaults,
        ServicePrincipals, Users,
    };
    use RelationKind as Is;
    let (at, facet, class) = match kind {
        Is::MemberOf => (Target, Facet::Members, Some(Groups)),
        Is::HasSession => (Source, Facet::Sessions, Some(Computers)),
        Is::AdminTo | Is::CanRdp | Is::CanPsRemote | Is::ExecuteDcom | Is::LocalToComputer => {
            (Target, Facet::LocalGroups, Some(Computers))
        }
        Is::MemberOfLocalGroup => (ComputerOfTarget, Facet::LocalGroups, Some(Computers)),
        Is::RemoteInteractiveLogonRight => (Target, Facet::UserRights, Some(Computers)),
        Is::SqlAdmin => (Source, Facet::SpnTargets, Some(Users)),
        Is::AllowedToDelegate | Is::HasSidHistory | Is::CoerceToTgt => (Source, Facet::Properties, None),
        Is::DumpSmsaPassword | Is::DcFor => (Source, Facet::Properties, Some(Computers)),
        Is::AllowedToAct => (Target, Facet::Properties, Some(Computers)),
        Is::ContainsIdentity => (Target, Facet::Properties, None),
        Is::Contains => (Target, Facet::Containment, None),
        Is::PropagatesAcesTo => (Target, Facet::Acl, None),
        Is::GpLink => (Target, Facet::GpoLinks, None),
        Is::SameForestTrust | Is::CrossForestTrust => (Source, Facet::Trusts, Some(Domains)),
        Is::SpoofSidHistory | Is::AbuseTgtDelegation => (Target, Facet::Trusts, Some(Domains)),
        Is::PublishedTo | Is::HostsCaService => (Target, Facet::CertServices, Some(EnterpriseCas)),
        Is::RootCaFor => (Source, Facet::CertServices, Some(ObjectClass::RootCas)),
        Is::NtAuthStoreFor => (Source, Facet::CertServices, Some(ObjectClass::NtAuthStores)),
        Is::OidGroupLink => (Source, Facet::CertServices, Some(ObjectClass::IssuancePolicies)),
        // The restriction stands in the registry of a CA, which is neither end.
        Is::DelegatedEnrollmentAgent => return None,
        Is::DcSync | Is::GetChanges | Is::GetChangesAll | Is::GetChangesInFilteredSet => {
            (Target, Facet::Acl, Some(Domains))
        }
        Is::AddMember | Is::AddSelf => (Target, Facet::Acl, Some(Groups)),
        Is::AddAllowedToAct | Is::ReadLapsPassword => (Target, Facet::Acl, Some(Computers)),
        Is::ForceChangePassword | Is::ReadGmsaPassword => (Target, Facet::Acl, Some(Users)),
        right if right.is_acl_right() => (Target, Facet::Acl, None),
        Is::AzMemberOf => (Target, Facet::Members, Some(EntraGroups)),
        Is::AzOwns => (Target, Facet::Owners, None),
        Is::AzHasRole => (Target, Facet::RoleAssignments, Some(DirectoryRoles)),
        Is::AzRoleEligible => (Target, Facet::RoleEligibility, Some(DirectoryRoles)),
        Is::AzOwner
        | Is::AzContributor
        | Is::AzUserAccessAdministrator
        | Is::AzVmContributor
        | Is::AzVmAdminLogin
        | Is::AzVmUserLogin
        | Is::AzAksClusterAdmin
        | Is::AzListStorageKeys
        | Is::AzReadBlobs
        | Is::AzKeyVaultContributor => (Target, Facet::RoleAssignments, None),
        Is::AzGetSecrets => (Target, Facet::AccessPolicies, Some(KeyVaults)),
        Is::AzRunsAs => (Target, Facet::Properties, Some(ServicePrincipals)),
        Is::AzManagedIdentity => (Source, Facet::Properties, None),
        Is::SyncedToEntraUser => (Target, Facet::Properties, Some(EntraUsers)),
        Is::SyncedToAdUser => (Source, Facet::Properties, Some(EntraUsers)),
        _ => return None,
    };
    Some(Look { at, facet, class })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: &str = "S-1-5-21-1-2-3";
    const COMPUTER: &str = "S-1-5-21-1-2-3-1104";

    fn end<'a>(id: &'a str, kind: &'a str) -> End<'a> {
        End { id, kind }
    }

    /// The cell of the only row, and its subject.
    fn placed<'a>(place: impl FnOnce(&mut Statements) -> Result<Place<'a>, TooMany>) -> (Cell, &'a str) {
        let mut statements = Statements::new();
        let place = place(&mut statements).unwrap();
        let cell = statements.finish("tool").swap_remove(usize::from(place.cell));
        assert_eq!(cell.coverage, Coverage::Mention);
        (cell.cell, place.subject)
    }

    #[test]
    fn the_main_kind_is_the_first_known_one_and_base_stands_back() {
        for (kinds, expected) in [
            (&["Base", "user"][..], Some("User")),
            (&["User", "Base"], Some("User")),
            (&["GH_OrgRole", "GH_Role"], Some("GH_OrgRole")),
            (&["MSSQL_Base", "Computer"], Some("Computer")),
            (&["AZBase", "X_Y"], Some("X_Y")),
            (&["AZBase"], Some("Base")),
            (&[], None),
        ] {
            assert_eq!(main_kind(kinds.iter().copied()), expected, "{kinds:?}");
        }
    }

    #[test]
    fn kinds_are_words_and_neither_reserved_nor_our_own() {
        let mut kinds = Kinds::default();
        assert_eq!(kinds.check("MSSQL_Login"), Ok(()));
        for (kind, part) in [
            ("", "is no kind"),
            ("has space", "is no kind"),
            ("Tag_Tier_Zero", "reserved"),
            ("controlplane", "Postern's own"),
            ("ObjectSet", "Postern's own"),
        ] {
            let fault = kinds.check(kind).unwrap_err();
            assert!(fault.contains(part), "{fault}");
        }
        assert!(kinds.check_relation("AnyOf").unwrap_err().contains("Postern's own"));
        assert!(kinds.check_relation("has space").unwrap_err().contains("is no kind"));
        for number in 1..KINDS_MAX {
            assert_eq!(kinds.check(&format!("K{number}")), Ok(()));
        }
        assert!(kinds.check("OneMore").unwrap_err().contains("more than 2000 kinds"));
        assert_eq!(kinds.check("MSSQL_Login"), Ok(()));
    }

    #[test]
    fn more_nodes_than_can_be_kept_are_told() {
        let mut statements = Statements::new();
        statements.homes = (1..NODES_MAX as u128).map(|key| (key, Home::default())).collect();
        let node = |id| Node {
            id,
            kind: "User",
            ..Node::default()
        };
        statements.node(node("A")).unwrap();
        statements.node(node("A")).unwrap();
        assert_eq!((statements.nodes(), statements.fault()), (NODES_MAX as u64, None));
        statements.node(node("B")).unwrap();
        assert_eq!(statements.nodes(), NODES_MAX as u64);
        assert!(
            statements
                .fault()
                .unwrap()
                .starts_with("there are more than 2000000 nodes")
        );
    }

    #[test]
    fn a_relation_that_collectors_see_lies_in_their_cell() {
        let of = |kind: &'static str, source, target| placed(|it| it.relation(kind, source, target));
        let group = end("S-1-5-21-1-2-3-512", "");
        let user = end("S-1-5-21-1-2-3-1105", "");
        let computer = end(COMPUTER, "");
        for (kind, source, target, class, facet, subject) in [
            ("memberof", user, group, ObjectClass::Groups, Facet::Members, group.id),
            (
                "HasSession",
                computer,
                user,
                ObjectClass::Computers,
                Facet::Sessions,
                computer.id,
            ),
            (
                "AdminTo",
                user,
                computer,
                ObjectClass::Computers,
                Facet::LocalGroups,
                computer.id,
            ),
            (
                "ForceChangePassword",
                group,
                user,
                ObjectClass::Users,
                Facet::Acl,
                user.id,
            ),
            (
                "DCSync",
                user,
                end(DOMAIN, ""),
                ObjectClass::Domains,
                Facet::Acl,
                DOMAIN,
            ),
            (
                "GenericAll",
                user,
                end(DOMAIN, ""),
                ObjectClass::Domains,
                Facet::Acl,
                DOMAIN,
            ),
            (
                "GenericAll",
                user,
                end(COMPUTER, "Computer"),
                ObjectClass::Computers,
                Facet::Acl,
                COMPUTER,
            ),
        ] {
            assert_eq!(
                of(kind, source, target),
                (Cell::new(DOMAIN, class, facet), subject),
                "{kind}"
            );
        }
        let local_group = "S-1-5-21-1-2-3-1104-544";
        let (cell, subject) = of("MemberOfLocalGroup", user, end(local_group, ""));
        assert_eq!((cell.facet, subject), (Facet::LocalGroups, COMPUTER));
    }

    #[test]
    fn a_relation_that_no_collector_sees_stays_with_the_file() {
        let server = "S-1-5-21-1-2-3-1104:1433";
        for (source, target, boundary) in [
            ("ORG", "REPO", "tool"),
            (server, "REPO", DOMAIN),
            ("ORG", server, DOMAIN),
        ] {
            for kind in ["MSSQL_Contains", "AZGlobalAdmin", "GenericAll"] {
                let (cell, subject) = placed(|it| it.relation(kind, end(source, ""), end(target, "")));
                let expected = Cell::new(boundary, ObjectClass::Extensions, Facet::Statements);
                assert_eq!((cell, subject), (expected, source));
            }
        }
    }

    #[test]
    fn the_nodes_of_a_file_tell_the_class_of_what_its_relations_end_at() {
        let mut statements = Statements::new();
        let unit = Node {
            id: "1DFDF6E9-1C57-46D1-9653-A07EA42D424C",
            kind: "OU",
            environment: DOMAIN,
            ..Node::default()
        };
        statements.node(unit).unwrap();
        let place = statements
            .relation("GenericAll", end("S-1-5-21-1-2-3-1105", ""), end(unit.id, ""))
            .unwrap();
        assert_eq!(place.subject, unit.id);
        let cells = statements.finish("");
        assert_eq!(
            cells[usize::from(place.cell)].cell,
            Cell::new(DOMAIN, ObjectClass::Ous, Facet::Acl)
        );
    }

    #[test]
    fn a_node_belongs_to_its_domain_its_tenant_or_its_environment() {
        let node = |id, kind, domain, tenant, environment| Node {
            id,
            kind,
            domain,
            tenant,
            environment,
        };
        for (node, boundary, class, facet) in [
            (
                node(COMPUTER, "Computer", "", "", "X"),
                DOMAIN,
                ObjectClass::Computers,
                Facet::Properties,
            ),
            (
                node("GUID", "OU", DOMAIN, "", ""),
                DOMAIN,
                ObjectClass::Ous,
                Facet::Properties,
            ),
            (
                node("GUID", "OU", "CORP", "", DOMAIN),
                "CORP",
                ObjectClass::Ous,
                Facet::Properties,
            ),
            (
                node("GUID", "OU", "", "", "X"),
                "tool",
                ObjectClass::Ous,
                Facet::Properties,
            ),
            (
                node("GUID", "AZUser", "", "T", ""),
                "T",
                ObjectClass::EntraUsers,
                Facet::Properties,
            ),
            (
                node("R@T", "AZRole", "", "", ""),
                "T",
                ObjectClass::DirectoryRoles,
                Facet::Properties,
            ),
            (
                node("1", "GH_User", DOMAIN, "", "ORG"),
                "ORG",
                ObjectClass::Extensions,
                Facet::Properties,
            ),
            (
                node("1", "GH_User", "", "", ""),
                "tool",
                ObjectClass::Extensions,
                Facet::Properties,
            ),
            (
                node(COMPUTER, "Base", "", "", ""),
                DOMAIN,
                ObjectClass::Extensions,
                Facet::Statements,
            ),
            (
                node("X", "Base", "", "", ""),
                "tool",
                ObjectClass::Extensions,
                Facet::Properties,
            ),
        ] {
            let (cell, subject) = placed(|it| it.node(node));
            assert_eq!((cell, subject), (Cell::new(boundary, class, facet), node.id));
        }
    }

    #[test]
    fn boundaries_have_a_limit() {
        let mut statements = Statements::new();
        let mut add = |environment: &str| {
            statements
                .node(Node {
                    id: "1",
                    kind: "X",
                    environment,
                    ..Node::default()
                })
                .map(|place| place.cell)
        };
        for number in 0..BOUNDARIES_MAX {
            assert!(add(&number.to_string()).is_ok());
        }
        assert_eq!(add("one more"), Err(TooMany));
        assert!(add("0").is_ok());
    }

    #[test]
    fn a_sid_tells_its_domain_and_what_only_looks_like_one_does_not() {
        assert_eq!(domain_of("S-1-5-21-1-2-3-500"), Some(DOMAIN));
        assert_eq!(domain_of("S-1-5-21-1-2-3-1109:1433\\CM-1"), Some(DOMAIN));
        assert_eq!(domain_of(DOMAIN), Some(DOMAIN));
        for id in [
            "S-1-5-21-1-2-3:1433",
            "S-1-5-21-1-2",
            "S-1-5-32-544",
            "S-1-5-21-A-B-C-500",
            "",
        ] {
            assert_eq!(domain_of(id), None, "{id}");
        }
    }

    #[test]
    fn names_of_a_directory_are_in_upper_case_and_others_stay_as_they_are() {
        assert_eq!(stated_name("User", " jane@corp.example "), "JANE@CORP.EXAMPLE");
        assert_eq!(stated_name("GH_User", "Jane"), "Jane");
    }
}
