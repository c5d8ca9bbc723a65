//! Collections of older collectors: what versions 3 to 5 say in another place is put where version 6 says it, so
//! that the reader knows one shape of a record.
//!
//! * Versions 3 to 5 list the members of four local groups by name of the list (`LocalAdmins`, …), and name the domain
//!   of an object in its properties at most.
//! * Version 3 (2020 to 2021) names domains by their names and no methods of the collection, lists what lies in a
//!   container by type (`Users`, `Computers`, `ChildOus`), and splits the rights of an access control list into a class
//!   and a type (`ExtendedRight`, `GetChanges`).
//!
//! Differences of spelling alone are read where the shapes are declared. Start at [`modern`]; [`DomainSids`] finds
//! out, before the file is read, which SID the domain has whose name the records give.
//!
//! Sources: what SharpHound 3 and BloodHound.py write, and what BloodHound 4.0 to 4.3 read of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use postern_model::NodeKind;

use super::cells::BOUNDARIES_MAX;
use super::domain_of_id;
use super::envelope::{Position, Step, Visit, element};
use super::output::{ID_BYTES_MAX, upper};
use super::shape::{Ace, Flag, List, LocalGroup, Members, Principal, Record, Text};
use crate::IngestError;

/// The oldest version whose records hold SIDs. Those before name everything by its name.
pub const VERSION_MIN: i64 = 3;

/// The newest version that splits rights and leaves the domain out.
const VERSION_OF_NAMED_DOMAINS: i64 = 3;

/// The first version that names the domain of an object beside its properties; from then on only of those that it is
/// sure of.
const VERSION_OF_DOMAIN_FIELD: i64 = 6;

/// So many SIDs are weighed against each other for one name.
const CANDIDATES_MAX: usize = 16;

/// The relative id of the group of domain controllers, which is the primary group of each.
const DOMAIN_CONTROLLERS: &str = "-516";

/// The relative id of the administrators of a domain.
const DOMAIN_ADMINS: &str = "-512";

/// Whether records of a version name their domain by its name alone.
pub fn names_domains(version: Option<i64>) -> bool {
    version.is_some_and(|version| version <= VERSION_OF_NAMED_DOMAINS)
}

/// Brings a record into the shape of the newest version.
///
/// * `domains`: for a file that names its domains only
pub fn modern(record: &mut Record<'_>, kind: NodeKind, version: Option<i64>, domains: Option<&DomainSids>) {
    // Accounts are trusted for delegation to services of computers.
    name_kind(&mut record.allowed_to_delegate, "Computer");
    match kind {
        NodeKind::Computer => {
            local_groups(record);
            let is_told = record.is_dc.0.or(record.properties.is_dc.0).is_some();
            if !is_told && record.primary_group.ends_with(DOMAIN_CONTROLLERS) {
                record.is_dc = Flag(Some(true));
            }
        }
        NodeKind::Domain | NodeKind::Ou => content(record),
        _ => {}
    }
    if let Some(domains) = domains {
        for ace in &mut record.aces.0 {
            ace.right = right(ace);
        }
        if record.properties.domain_sid.is_empty()
            && let Some(sid) = domains.sid_of(record)
        {
            record.domain_sid = Text(Cow::Owned(sid.to_owned()));
        }
    } else if record.domain_sid.is_empty() && version.is_some_and(|version| version < VERSION_OF_DOMAIN_FIELD) {
        record.domain_sid = record.properties.domain_sid.clone();
    }
}

/// Says what the principals of a list are of which only the ids are told.
fn name_kind(principals: &mut List<Principal<'_>>, kind: &'static str) {
    for principal in &mut principals.0 {
        if principal.kind.is_empty() {
            principal.kind = Text(Cow::Borrowed(kind));
        }
    }
}

/// The four lists of a computer as local groups.
fn local_groups(record: &mut Record<'_>) {
    let lists: [(&str, &str, Members<'_>); 4] = [
        ("544", "ADMINISTRATORS", std::mem::take(&mut record.local_admins)),
        (
            "555",
            "REMOTE DESKTOP USERS",
            std::mem::take(&mut record.remote_desktop_users),
        ),
        ("562", "DISTRIBUTED COM USERS", std::mem::take(&mut record.dcom_users)),
        (
            "580",
            "REMOTE MANAGEMENT USERS",
            std::mem::take(&mut record.ps_remote_users),
        ),
    ];
    for (rid, name, members) in lists {
        if !members.is_collected.is_true() {
            continue;
        }
        let of_host = match &*record.properties.name {
            "" => String::new(),
            host => format!("{name}@{host}"),
        };
        let mut group = LocalGroup::default();
        group.is_collected = Flag(Some(true));
        group.id = Text(Cow::Owned(format!("{}-{rid}", record.id.trim())));
        group.name = Text(Cow::Owned(of_host));
        group.results = members.results;
        record.local_groups.0.push(group);
    }
}

/// What lies in a container, and what policies change on the computers in it.
fn content(record: &mut Record<'_>) {
    let changes = &mut record.gpo_changes;
    for (list, members) in [
        (&mut changes.local_admins, &mut record.local_admins),
        (&mut changes.remote_desktop_users, &mut record.remote_desktop_users),
        (&mut changes.dcom_users, &mut record.dcom_users),
        (&mut changes.ps_remote_users, &mut record.ps_remote_users),
    ] {
        list.0.append(&mut members.results.0);
    }
    changes.affected_computers.0.extend_from_slice(&record.computers);
    for (kind, list) in [
        ("User", &mut record.users),
        ("Computer", &mut record.computers),
        ("OU", &mut record.child_ous),
    ] {
        name_kind(list, kind);
        record.child_objects.0.append(&mut list.0);
    }
}

/// The name that a right has today.
fn right<'a>(ace: &mut Ace<'a>) -> Text<'a> {
    let name = match (&*ace.right, &*ace.ace_type) {
        ("Owner", _) => "Owns",
        ("ExtendedRight", "All" | "") => "AllExtendedRights",
        ("ExtendedRight", "User-Force-Change-Password") => "ForceChangePassword",
        ("WriteProperty" | "Self", "AllowedToAct") => "AddAllowedToAct",
        ("Self", "AddMember") => "AddSelf",
        ("ExtendedRight" | "WriteProperty" | "Self", kind) if !kind.is_empty() => {
            return std::mem::take(&mut ace.ace_type);
        }
        _ => return std::mem::take(&mut ace.right),
    };
    Text(Cow::Borrowed(name))
}

/// The SIDs of the domains that a file names by their names, as its own records tell. A security principal has its
/// domain's SID in its own; a container, in those of the accounts in it. A policy has neither: its domain is that
/// whose administrators have rights on it.
#[derive(Debug, Default)]
pub struct DomainSids {
    by_name: HashMap<String, String>,
    /// Per name, how much speaks for which SID.
    votes: BTreeMap<String, BTreeMap<String, u64>>,
}

impl DomainSids {
    /// Ends the count.
    pub fn decide(&mut self) {
        for (name, votes) in std::mem::take(&mut self.votes) {
            // Of equal counts the last in order, so that the answer does not depend on the order of records.
            if let Some((sid, _)) = votes.into_iter().max_by_key(|(_, votes)| *votes) {
                self.by_name.insert(name, sid);
            }
        }
    }

    fn sid_of(&self, record: &Record<'_>) -> Option<&str> {
        let name = upper(&record.properties.domain);
        self.by_name.get(&*name).map(String::as_str)
    }

    fn vote(&mut self, record: &Record<'_>) {
        let name = upper(&record.properties.domain);
        let is_counted = self.votes.contains_key(&*name) || self.votes.len() < BOUNDARIES_MAX;
        if name.is_empty() || name.len() > ID_BYTES_MAX || !is_counted {
            return;
        }
        let children = || {
            record
                .users
                .iter()
                .chain(record.computers.iter())
                .map(|child| &*child.id)
        };
        let admins = || {
            record
                .aces
                .iter()
                .map(|ace| &*ace.principal)
                .filter(|it| it.ends_with(DOMAIN_ADMINS))
        };
        let found = domain_of_id(&upper(&record.id)).map(str::to_owned);
        let found = found
            .or_else(|| children().find_map(|id| domain_of_id(&upper(id)).map(str::to_owned)))
            .or_else(|| admins().find_map(|id| domain_of_id(&upper(id)).map(str::to_owned)));
        if let Some(sid) = found {
            let votes = self.votes.entry(name.into_owned()).or_default();
            if votes.contains_key(&sid) || votes.len() < CANDIDATES_MAX {
                *votes.entry(sid).or_default() += 1;
            }
        }
    }
}

impl Visit for DomainSids {
    fn element(&mut self, text: &str, _: Position) -> Result<Step, IngestError> {
        match element::<Record<'_>>(text) {
            Ok((record, length)) => {
                self.vote(&record);
                Ok(Step::Done(length))
            }
            Err(step) => Ok(step),
        }
    }

    fn rejected(&mut self, _: &[u8], _: Position, _: String) {}

    fn data(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn value(&mut self, _: &str, _: &str) {}
}
