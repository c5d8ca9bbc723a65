//! Which cells a file looks at, and how far (DESIGN 3.1).
//!
//! AzureHound does not say what it was asked for. Where its file holds the record of the tenant that it was pointed
//! at, it has listed the directory, and every kind of directory object that it holds at all is there as a whole. A
//! file without that record (one kind of object, or a part that was cut out of a larger file) has looked at its own
//! records only. So it is for resources always: they can be listed for some subscriptions.

use std::collections::{HashMap, HashSet};

use postern_model::{Cell, CellCoverage, Coverage, Facet, ObjectClass};

/// A file may name so many tenants.
pub const TENANTS_MAX: usize = 500;

/// With more records that cannot be read than this, nothing counts as seen as a whole.
const UNREAD_MAX: usize = 10_000;

#[derive(Default)]
pub struct Cells {
    /// Tenant → what of it was looked at → position in `list`.
    tenants: HashMap<String, HashMap<(ObjectClass, Facet), u16>>,
    list: Vec<Cell>,
    /// The last subject that was marked as looked at in each cell: several records in a row tell of one.
    last: Vec<String>,
    unread: HashMap<ObjectClass, Vec<String>>,
    /// Classes of which a record without a readable id was left out.
    broken: HashSet<ObjectClass>,
    has_unknown_unread: bool,
    unread_count: usize,
}

impl Cells {
    /// The cell of a row; `None` when its tenant would be one too many.
    pub fn cell(&mut self, tenant: &str, class: ObjectClass, facet: Facet) -> Option<u16> {
        if !self.tenants.contains_key(tenant) {
            if self.tenants.len() == TENANTS_MAX {
                return None;
            }
            self.tenants.insert(tenant.to_owned(), HashMap::new());
        }
        let of = self.tenants.get_mut(tenant)?;
        Some(*of.entry((class, facet)).or_insert_with_key(|(class, facet)| {
            let index = u16::try_from(self.list.len()).expect("tenants and facets are too few to pass 65,535");
            self.list.push(Cell::new(tenant, *class, facet.clone()));
            self.last.push(String::new());
            index
        }))
    }

    /// Whether a subject is to be marked as looked at, because the record before told of another.
    pub fn is_new_subject(&mut self, cell: u16, subject: &str) -> bool {
        let last = &mut self.last[usize::from(cell)];
        let is_new = last != subject;
        if is_new {
            subject.clone_into(last);
        }
        is_new
    }

    /// A record that could not be read, as far as is known what it was.
    pub fn add_unread(&mut self, class: Option<ObjectClass>, id: Option<String>) {
        self.unread_count += 1;
        match (class, id) {
            (Some(class), Some(id)) if self.unread_count <= UNREAD_MAX => {
                self.unread.entry(class).or_default().push(id);
            }
            (Some(class), None) => drop(self.broken.insert(class)),
            _ => self.has_unknown_unread = true,
        }
    }

    /// * `home`: the tenant that was listed as a whole, if one was.
    /// * `foreign`: tenants of which only the name is known.
    pub fn finish(mut self, home: Option<&str>, foreign: &HashSet<String>) -> Vec<CellCoverage> {
        let cells = std::mem::take(&mut self.list);
        cells
            .into_iter()
            .map(|cell| {
                let coverage = if cell.class == ObjectClass::Tenants && foreign.contains(&cell.boundary) {
                    Coverage::Mention
                } else if home == Some(cell.boundary.as_str()) && self.is_whole(&cell) {
                    Coverage::Whole {
                        unread: self.unread.get(&cell.class).cloned().unwrap_or_default(),
                    }
                } else {
                    Coverage::Subjects
                };
                CellCoverage { cell, coverage }
            })
            .collect()
    }

    /// Members, owners and holders of roles are listed object by object, and one that did not answer is missing
    /// without a word: of those each record stands for its own object. Eligible roles and permissions of applications
    /// come as one record each, so that where there is none left nothing says so but the list as a whole.
    fn is_whole(&self, cell: &Cell) -> bool {
        let is_listed = matches!(
            cell.class,
            ObjectClass::Tenants
                | ObjectClass::EntraUsers
                | ObjectClass::EntraGroups
                | ObjectClass::EntraDevices
                | ObjectClass::Applications
                | ObjectClass::ServicePrincipals
                | ObjectClass::DirectoryRoles
        );
        let is_of_one_list = match cell.facet {
            Facet::Properties | Facet::RoleEligibility => true,
            Facet::RoleAssignments => cell.class == ObjectClass::ServicePrincipals,
            _ => false,
        };
        is_listed && is_of_one_list && !self.has_unknown_unread && !self.broken.contains(&cell.class)
    }
}
