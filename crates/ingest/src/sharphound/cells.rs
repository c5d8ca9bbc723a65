//! Which cells a file looks at, and how far (DESIGN 3.1).
//!
//! A file has looked at the whole of one domain at most, its *home*: the one to which most of its records
//! belong, the forest-wide configuration partition left out, because every domain of a forest shows that.
//! Of other domains it has looked at the records it holds. Which domain is home is known at the end, so
//! the subjects of every domain are kept until then ([`OBJECTS_MAX`] of them).

use std::collections::HashMap;

use postern_model::{Cell, CellCoverage, Coverage, Facet, ObjectClass};

use super::output::ID_BYTES_MAX;

/// A file may hold so many objects; the ids of all are kept until its end, about 50 bytes each.
pub const OBJECTS_MAX: usize = 4_000_000;

/// The ids of all objects of a file may take so many bytes: as many as [`OBJECTS_MAX`] of the usual length.
pub const SUBJECT_BYTES_MAX: usize = 192 * 1024 * 1024;

/// With more records that cannot be read than this, no domain counts as seen as a whole.
const UNREAD_MAX: usize = 10_000;

/// A file may name so many domains.
pub const BOUNDARIES_MAX: usize = 2_000;

/// The facets of this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Properties,
    Acl,
    Containment,
    Members,
    Trusts,
    GpoLinks,
    GpoChanges,
    SpnTargets,
    CertServices,
    Sessions,
    PrivilegedSessions,
    RegistrySessions,
    LocalGroups,
    UserRights,
    Smb,
    Ntlm,
    WebClient,
    Ldap,
    DcRegistry,
    HostSettings,
    CaRegistry,
    Tombstones,
}

const SLOTS: usize = Slot::Tombstones as usize + 1;

impl Slot {
    fn facet(self) -> Facet {
        match self {
            Self::Properties => Facet::Properties,
            Self::Acl => Facet::Acl,
            Self::Containment => Facet::Containment,
            Self::Members => Facet::Members,
            Self::Trusts => Facet::Trusts,
            Self::GpoLinks => Facet::GpoLinks,
            Self::GpoChanges => Facet::GpoChanges,
            Self::SpnTargets => Facet::SpnTargets,
            Self::CertServices => Facet::CertServices,
            Self::Sessions => Facet::Sessions,
            Self::PrivilegedSessions => Facet::PrivilegedSessions,
            Self::RegistrySessions => Facet::RegistrySessions,
            Self::LocalGroups => Facet::LocalGroups,
            Self::UserRights => Facet::UserRights,
            Self::Smb => Facet::Smb,
            Self::Ntlm => Facet::Ntlm,
            Self::WebClient => Facet::WebClient,
            Self::Ldap => Facet::Ldap,
            Self::DcRegistry => Facet::DcRegistry,
            Self::HostSettings => Facet::HostSettings,
            Self::CaRegistry => Facet::CaRegistry,
            Self::Tombstones => Facet::Tombstones,
        }
    }

    /// The bits of `meta.methods` with which a collector looks at this facet of each object it lists.
    /// Source: the collection methods that SharpHound documents. Facets of hosts have none: a host may
    /// not answer, so its own record says whether it did.
    fn methods(self, class: ObjectClass) -> i64 {
        const GROUP: i64 = 1 << 0;
        const GPO_LOCAL_GROUP: i64 = 1 << 2;
        const TRUSTS: i64 = 1 << 5;
        const ACL: i64 = 1 << 6;
        const CONTAINER: i64 = 1 << 7;
        const OBJECT_PROPS: i64 = 1 << 9;
        const SPN_TARGETS: i64 = 1 << 13;
        const CERT_SERVICES: i64 = 1 << 18;
        match self {
            Self::Properties if is_certificate_class(class) => OBJECT_PROPS | CERT_SERVICES,
            Self::Properties => OBJECT_PROPS,
            Self::Acl => ACL,
            Self::Containment | Self::GpoLinks => CONTAINER,
            Self::Members => GROUP,
            Self::Trusts => TRUSTS,
            Self::GpoChanges => GPO_LOCAL_GROUP,
            Self::SpnTargets => SPN_TARGETS,
            Self::CertServices => CERT_SERVICES,
            _ => 0,
        }
    }

    /// The facets that a directory tells of each object of a class.
    fn of_directory(class: ObjectClass) -> &'static [Self] {
        match class {
            ObjectClass::Users => &[
                Self::Properties,
                Self::Acl,
                Self::Containment,
                Self::Members,
                Self::SpnTargets,
            ],
            ObjectClass::Computers | ObjectClass::Groups => {
                &[Self::Properties, Self::Acl, Self::Containment, Self::Members]
            }
            ObjectClass::Domains => &[
                Self::Properties,
                Self::Acl,
                Self::Containment,
                Self::Trusts,
                Self::GpoLinks,
                Self::GpoChanges,
            ],
            ObjectClass::Ous => &[
                Self::Properties,
                Self::Acl,
                Self::Containment,
                Self::GpoLinks,
                Self::GpoChanges,
            ],
            ObjectClass::Containers | ObjectClass::Gpos => &[Self::Properties, Self::Acl, Self::Containment],
            class if is_certificate_class(class) => {
                &[Self::Properties, Self::Acl, Self::Containment, Self::CertServices]
            }
            _ => &[],
        }
    }
}

fn is_certificate_class(class: ObjectClass) -> bool {
    matches!(
        class,
        ObjectClass::CertTemplates
            | ObjectClass::EnterpriseCas
            | ObjectClass::RootCas
            | ObjectClass::AiaCas
            | ObjectClass::NtAuthStores
            | ObjectClass::IssuancePolicies
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundaryIndex(usize);

struct Boundary {
    id: String,
    cells: [Option<u16>; SLOTS],
    /// Subjects one behind the other, and where each ends.
    subjects: String,
    ends: Vec<usize>,
    records: u64,
    records_outside_configuration: u64,
}

/// The cells of one file.
pub struct Cells {
    class: ObjectClass,
    methods: i64,
    boundaries: Vec<Boundary>,
    by_id: HashMap<String, BoundaryIndex>,
    last: Option<BoundaryIndex>,
    list: Vec<(BoundaryIndex, Slot)>,
    /// Facets that some record says something about.
    has_content: [bool; SLOTS],
    subjects: usize,
    subject_bytes: usize,
    unread: Vec<String>,
    has_unknown_unread: bool,
}

impl Cells {
    /// For a file of objects of one class, made with these collection methods; 0 when they are not told.
    pub fn new(class: ObjectClass, methods: i64) -> Self {
        Self {
            class,
            methods,
            boundaries: Vec::new(),
            by_id: HashMap::new(),
            last: None,
            list: Vec::new(),
            has_content: [false; SLOTS],
            subjects: 0,
            subject_bytes: 0,
            unread: Vec::new(),
            has_unknown_unread: false,
        }
    }

    /// The boundary of this name, in upper case; `None` when that would be one too many.
    pub fn boundary(&mut self, id: &str) -> Option<BoundaryIndex> {
        if let Some(last) = self.last
            && self.boundaries[last.0].id == id
        {
            return Some(last);
        }
        let index = match self.by_id.get(id) {
            Some(&index) => index,
            None if self.boundaries.len() == BOUNDARIES_MAX => return None,
            None => {
                let index = BoundaryIndex(self.boundaries.len());
                self.boundaries.push(Boundary {
                    id: id.to_owned(),
                    cells: [None; SLOTS],
                    subjects: String::new(),
                    ends: Vec::new(),
                    records: 0,
                    records_outside_configuration: 0,
                });
                self.by_id.insert(id.to_owned(), index);
                index
            }
        };
        self.last = Some(index);
        Some(index)
    }

    /// Counts a record towards the boundary's being home.
    pub fn count(&mut self, boundary: BoundaryIndex, is_in_configuration: bool) {
        let boundary = &mut self.boundaries[boundary.0];
        boundary.records += 1;
        boundary.records_outside_configuration += u64::from(!is_in_configuration);
    }

    /// Remembers that the file looked at this object. False when there are too many.
    pub fn add_subject(&mut self, boundary: BoundaryIndex, subject: &str) -> bool {
        self.subjects += 1;
        self.subject_bytes += subject.len();
        let boundary = &mut self.boundaries[boundary.0];
        boundary.subjects.push_str(subject);
        boundary.ends.push(boundary.subjects.len());
        self.subjects <= OBJECTS_MAX && self.subject_bytes <= SUBJECT_BYTES_MAX
    }

    /// A record that could not be read. Without its id, no domain can be said to be seen as a whole.
    pub fn add_unread(&mut self, id: Option<&str>) {
        match id {
            Some(id) if self.unread.len() < UNREAD_MAX && id.len() <= ID_BYTES_MAX => self.unread.push(id.to_owned()),
            _ => self.has_unknown_unread = true,
        }
    }

    /// The cell of a row. Rows are content, save those of [`Slot::Properties`]: see [`Self::mark_attributes`].
    pub fn cell(&mut self, boundary: BoundaryIndex, slot: Slot) -> u16 {
        self.has_content[slot as usize] |= slot != Slot::Properties;
        self.declare(boundary, slot)
    }

    fn declare(&mut self, boundary: BoundaryIndex, slot: Slot) -> u16 {
        *self.boundaries[boundary.0].cells[slot as usize].get_or_insert_with(|| {
            let index = u16::try_from(self.list.len()).expect("boundaries and facets are too few to pass 65,535");
            self.list.push((boundary, slot));
            index
        })
    }

    /// A record says more of its object than every collection does.
    pub fn mark_attributes(&mut self) {
        self.has_content[Slot::Properties as usize] = true;
    }

    /// Whether the collection methods leave this facet out although a record has something of it. Then
    /// that record alone is covered.
    pub fn is_beside_methods(&self, slot: Slot) -> bool {
        slot != Slot::Properties
            && Slot::of_directory(self.class).contains(&slot)
            && self.methods != 0
            && self.methods & slot.methods(self.class) == 0
    }

    /// Whether the collection methods say that this facet of every object was looked at.
    pub fn is_looked_at(&self, slot: Slot) -> bool {
        self.methods & slot.methods(self.class) != 0
    }

    /// The domain of which the file shows all that was looked at.
    pub fn home(&self) -> Option<BoundaryIndex> {
        if self.has_unknown_unread {
            return None;
        }
        let most = |key: fn(&Boundary) -> u64| {
            let most = self.boundaries.iter().map(key).max().filter(|most| *most > 0)?;
            let mut having = (0..self.boundaries.len()).filter(|at| key(&self.boundaries[*at]) == most);
            Some((having.next().map(BoundaryIndex), having.next().is_none()))
        };
        let (home, is_alone) =
            most(|boundary| boundary.records_outside_configuration).or_else(|| most(|boundary| boundary.records))?;
        home.filter(|_| is_alone)
    }

    /// The coverage of every cell; calls `each_covered` with (cell, subject) for the subjects of domains
    /// that are not home.
    pub fn finish<E>(
        mut self,
        mut each_covered: impl FnMut(u16, &str) -> Result<(), E>,
    ) -> Result<Vec<CellCoverage>, E> {
        let home = self.home();
        let looked_at: Vec<Slot> = Slot::of_directory(self.class)
            .iter()
            .copied()
            .filter(|slot| match self.methods {
                0 => self.has_content[*slot as usize],
                methods => methods & slot.methods(self.class) != 0,
            })
            .collect();
        for at in 0..self.boundaries.len() {
            let boundary = BoundaryIndex(at);
            if self.boundaries[at].records == 0 {
                continue;
            }
            for &slot in &looked_at {
                let cell = self.declare(boundary, slot);
                if home != Some(boundary) {
                    let boundary = &self.boundaries[at];
                    let mut start = 0;
                    for &end in &boundary.ends {
                        each_covered(cell, &boundary.subjects[start..end])?;
                        start = end;
                    }
                }
            }
        }
        Ok(self
            .list
            .iter()
            .map(|&(boundary, slot)| CellCoverage {
                cell: Cell {
                    boundary: self.boundaries[boundary.0].id.clone(),
                    class: if slot == Slot::Tombstones {
                        ObjectClass::Deleted
                    } else {
                        self.class
                    },
                    facet: slot.facet(),
                },
                coverage: match slot {
                    Slot::Tombstones => Coverage::Mention,
                    _ if looked_at.contains(&slot) && home == Some(boundary) => Coverage::Whole {
                        unread: self.unread.clone(),
                    },
                    Slot::Properties if !looked_at.contains(&slot) => Coverage::Mention,
                    _ => Coverage::Subjects,
                },
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: i64 = 1 << 9 | 1 << 6;

    fn finish(cells: Cells) -> (Vec<CellCoverage>, Vec<(u16, String)>) {
        let mut covered = Vec::new();
        let list = cells.finish(|cell, subject| {
            covered.push((cell, subject.to_owned()));
            Ok::<(), std::convert::Infallible>(())
        });
        let Ok(list) = list;
        (list, covered)
    }

    fn see(cells: &mut Cells, boundary: &str, subject: &str, is_in_configuration: bool) {
        let boundary = cells.boundary(boundary).unwrap();
        cells.count(boundary, is_in_configuration);
        assert!(cells.add_subject(boundary, subject));
        cells.cell(boundary, Slot::Properties);
    }

    fn coverage_of<'a>(list: &'a [CellCoverage], boundary: &str, facet: Facet) -> Option<&'a Coverage> {
        list.iter()
            .find(|it| it.cell.boundary == boundary && it.cell.facet == facet)
            .map(|it| &it.coverage)
    }

    #[test]
    fn records_of_the_configuration_partition_do_not_make_a_domain_home() {
        let mut cells = Cells::new(ObjectClass::Containers, METHODS);
        see(&mut cells, "CHILD", "a", false);
        see(&mut cells, "ROOT", "b", true);
        see(&mut cells, "ROOT", "c", true);
        let (list, covered) = finish(cells);
        assert_eq!(
            coverage_of(&list, "CHILD", Facet::Acl),
            Some(&Coverage::Whole { unread: vec![] })
        );
        assert_eq!(coverage_of(&list, "ROOT", Facet::Acl), Some(&Coverage::Subjects));
        assert_eq!(coverage_of(&list, "CHILD", Facet::Containment), None);
        assert_eq!(covered.len(), 4, "two subjects of the other domain in two facets each");
    }

    #[test]
    fn a_tie_has_no_home() {
        let mut cells = Cells::new(ObjectClass::Users, METHODS);
        see(&mut cells, "A", "a", false);
        see(&mut cells, "B", "b", false);
        let (list, _) = finish(cells);
        assert!(list.iter().all(|it| it.coverage == Coverage::Subjects));
    }

    #[test]
    fn a_record_without_a_readable_id_leaves_nothing_whole() {
        let mut cells = Cells::new(ObjectClass::Users, METHODS);
        see(&mut cells, "A", "a", false);
        cells.add_unread(None);
        let (list, covered) = finish(cells);
        assert!(list.iter().all(|it| it.coverage == Coverage::Subjects));
        assert_eq!(covered.len(), 2);
    }

    #[test]
    fn without_the_properties_method_objects_are_only_mentioned() {
        let mut cells = Cells::new(ObjectClass::Computers, 1 << 3);
        see(&mut cells, "A", "a", false);
        let (list, covered) = finish(cells);
        assert_eq!(list.len(), 1);
        assert_eq!(coverage_of(&list, "A", Facet::Properties), Some(&Coverage::Mention));
        assert!(covered.is_empty());
    }

    #[test]
    fn untold_methods_cover_the_facets_that_have_content() {
        let mut cells = Cells::new(ObjectClass::Users, 0);
        see(&mut cells, "A", "a", false);
        let boundary = cells.boundary("A").unwrap();
        cells.cell(boundary, Slot::Acl);
        let (list, _) = finish(cells);
        assert_eq!(
            coverage_of(&list, "A", Facet::Acl),
            Some(&Coverage::Whole { unread: vec![] })
        );
        assert_eq!(coverage_of(&list, "A", Facet::Properties), Some(&Coverage::Mention));
        assert_eq!(coverage_of(&list, "A", Facet::Members), None);
    }
}
