//! Which tenant a file is of that does not say.
//!
//! Answers of Microsoft Graph hold ids and settings, and not the tenant that was asked. It is told by the ids: the
//! tenant whose own collection has records of the most of them. Where no collection has any, it is the only tenant
//! there is. Where that leaves several, or none, what the file says stays without a tenant, and a conflict tells so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postern_model::estate::Conflict;
use postern_model::schema::{OBJECTS, RELATIONS};
use postern_model::{Coverage, Facet, NodeKind};

use crate::attributes::{parse, texts};
use crate::fold::{cell_of, each_row};
use crate::objects::Object;
use crate::{FactSource, Result, Snapshot};

const TENANT_ID: &str = "tenantid";

/// Gives the cells of such files the tenant that they are of.
pub fn place(snapshots: &mut [Snapshot], facts: &dyn FactSource) -> Result<Vec<Conflict>> {
    let homeless: Vec<usize> = (0..snapshots.len()).filter(|&at| is_homeless(&snapshots[at])).collect();
    if homeless.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids = HashMap::<String, BTreeSet<usize>>::new();
    for &at in &homeless {
        let mut name = |id: &str| {
            ids.entry(id.to_owned()).or_default().insert(at);
        };
        each_row(&snapshots[at], facts, &OBJECTS, |table, row| {
            name(table.text(row, 2));
            // A policy names whom it is for in its settings.
            if NodeKind::parse(table.text(row, 3)) == Some(NodeKind::AzConditionalAccessPolicy) {
                let settings = parse(table.text(row, 5));
                let named = settings
                    .values()
                    .filter(|it| it.is_array())
                    .flat_map(|it| texts(Some(it)));
                named.for_each(|id| name(&id.to_ascii_uppercase()));
            }
        })?;
        each_row(&snapshots[at], facts, &RELATIONS, |table, row| {
            name(table.text(row, 2));
            name(table.text(row, 4));
        })?;
    }
    let tenants: BTreeSet<String> = snapshots.iter().flat_map(tenants_of).map(str::to_owned).collect();
    let mut votes = BTreeMap::<usize, BTreeMap<&str, BTreeSet<String>>>::new();
    for snapshot in snapshots.iter().filter(|it| tenants_of(it).next().is_some()) {
        each_row(snapshot, facts, &OBJECTS, |table, row| {
            let (declared, id) = (&snapshot.cells[usize::from(cell_of(table, row))], table.text(row, 2));
            let is_own = declared.cell.facet == Facet::Properties && declared.coverage != Coverage::Mention;
            let Some(named_in) = ids.get(id).filter(|_| is_own) else {
                return;
            };
            if let Some(tenant) = tenants.get(&declared.cell.boundary) {
                for &at in named_in {
                    votes
                        .entry(at)
                        .or_default()
                        .entry(tenant)
                        .or_default()
                        .insert(id.to_owned());
                }
            }
        })?;
    }
    let chosen: Vec<(usize, Option<String>)> = homeless
        .into_iter()
        .map(|at| (at, choose(votes.get(&at), &tenants).map(str::to_owned)))
        .collect();
    let mut conflicts = Vec::new();
    for (at, tenant) in chosen {
        let Some(tenant) = tenant else {
            conflicts.push(Conflict {
                kind: "file of a tenant".to_owned(),
                value: snapshots[at].id.clone(),
                keys: tenants.iter().cloned().collect(),
                reason: "it does not say which tenant it is of, and what it names is in none, or in several; import \
                         the tenant's own collection, or the answer to /organization"
                    .to_owned(),
            });
            continue;
        };
        for declared in snapshots[at].cells.iter_mut().filter(|it| it.cell.boundary.is_empty()) {
            declared.cell.boundary.clone_from(&tenant);
        }
    }
    Ok(conflicts)
}

/// The tenant with the most votes; without any, the only one.
fn choose<'t>(votes: Option<&BTreeMap<&'t str, BTreeSet<String>>>, tenants: &'t BTreeSet<String>) -> Option<&'t str> {
    let Some(votes) = votes else {
        return match tenants.first() {
            Some(only) if tenants.len() == 1 => Some(only),
            _ => None,
        };
    };
    let most = votes.values().map(BTreeSet::len).max()?;
    let mut first = votes.iter().filter(|(_, ids)| ids.len() == most);
    match (first.next(), first.next()) {
        (Some((tenant, _)), None) => Some(tenant),
        _ => None,
    }
}

/// Whether a file has looked at a tenant without saying which.
fn is_homeless(snapshot: &Snapshot) -> bool {
    snapshot
        .cells
        .iter()
        .any(|it| it.cell.boundary.is_empty() && it.cell.class.is_of_tenant())
}

/// The tenants of whose directory a file has records.
fn tenants_of(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    let cells = snapshot.cells.iter().filter(|it| {
        !it.cell.boundary.is_empty() && it.cell.class.is_of_directory() && it.coverage != Coverage::Mention
    });
    cells.map(|it| it.cell.boundary.as_str())
}

/// Objects of a tenant name it. Those of which only such files tell are given its name here.
pub fn name(objects: &mut BTreeMap<u32, Object>) {
    for object in objects.values_mut() {
        let is_told_by_them = matches!(
            object.kind,
            NodeKind::AzAdministrativeUnit | NodeKind::AzConditionalAccessPolicy
        );
        if is_told_by_them && !object.boundary.is_empty() {
            let boundary = &object.boundary;
            let named = object.properties.entry(TENANT_ID.to_owned());
            named.or_insert_with(|| boundary.as_str().into());
        }
    }
}
