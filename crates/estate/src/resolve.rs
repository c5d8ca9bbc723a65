//! Phase 1 and 2: snapshots in, estate out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use postern_catalog::KnownExploited;
use postern_model::estate::{
    EdgeIndex, Estate, Identifier, KnownIdentifier, Node, NodeIndex, OriginalObject, Relation, Seen, Told,
};
use postern_model::network::Cidr;
use postern_model::{EdgeId, Facet, NodeId, NodeKind, ObjectClass, RelationKind, Settings};
use roaring::RoaringBitmap;

use crate::attributes::{Properties, attributes, texts};
use crate::coverage::Looked;
use crate::devices::{self, Joined};
use crate::extensions::Described;
use crate::findings;
use crate::fold::Fold;
use crate::kinds::Kinds;
use crate::objects::{Gathered, Interner, Object, Sighting};
use crate::pool::{Pool, Sightings, share_texts};
use crate::relations::{self, RawRelation};
use crate::{
    EstateError, FactSource, Result, Snapshot, concluded, controllers, domains, entra, names, references, sign_in,
    tenants, well_known,
};

/// Assets are addressed by 32 bits; the last value is kept free.
const ASSETS_MAX: u32 = u32::MAX - 1;

/// Resolves snapshots to one estate.
///
/// * `snapshots` in any order: the result does not depend on it.
/// * `apart` holds original ids, in upper case, that a person has split off: they merge with nothing.
///
/// # Errors
/// [`EstateError::Read`] when the store fails, [`EstateError::TooManyAssets`] above 2^32 - 2 assets.
pub fn resolve(
    snapshots: &[Snapshot],
    facts: &dyn FactSource,
    settings: &Settings,
    kev: &KnownExploited,
    apart: &BTreeSet<String>,
) -> Result<Estate> {
    let mut snapshots = snapshots.to_vec();
    snapshots.sort_by(|a, b| a.id.cmp(&b.id));
    let homeless = tenants::place(&mut snapshots, facts)?;
    let fold = Fold::new(&snapshots, facts, settings)?;

    let mut keys = Interner::default();
    let mut kinds = Kinds::default();
    let mut gathered = Gathered::default();
    let mut raw_relations = Vec::new();
    let (mut raw_findings, mut raw_services) = (Vec::new(), Vec::new());
    let mut looked = Looked::default();
    let mut described = Described::default();
    for (position, snapshot) in snapshots.iter().enumerate() {
        let position = position as u32;
        looked.declare(snapshot);
        let of = fold.of(snapshot);
        if of.is_past() {
            continue;
        }
        gathered.add(&mut keys, &mut kinds, position, snapshot, &of, facts)?;
        relations::gather(
            &mut raw_relations,
            &mut keys,
            &mut kinds,
            position,
            snapshot,
            &of,
            facts,
        )?;
        findings::gather(&mut raw_findings, &mut raw_services, snapshot, &of, facts, kev)?;
        looked.add(snapshot, &of, facts)?;
        described.add(snapshot, &of, facts)?;
    }

    let (mut objects, deleted) = gathered.objects(&keys);
    tenants::name(&mut objects);
    let unclear_ends = references::resolve(&mut raw_relations, &objects, &keys);
    entra::resolve_applications(&mut raw_relations, &objects, &keys);
    entra::conclude_twins(&mut raw_relations, &objects, &mut keys);
    let principals_listed = fold.principals_listed();
    let missed = missed(&objects, &keys, &principals_listed);
    objects.retain(|key, object| !object.is_stub || missed(*key).is_none_or(|missed_at| object.last >= missed_at));
    // A relation seen before its end was gone went with it; one seen later shows that the id lives on.
    let is_gone = |end: u32, at: Timestamp| {
        deleted.get(&end).is_some_and(|&gone_at| at <= gone_at) || missed(end).is_some_and(|missed_at| at < missed_at)
    };
    raw_relations.retain(|it: &RawRelation| {
        !is_gone(it.source, it.at) && !is_gone(it.target, it.at) && may_join(it.source, it.target, it.kind)
    });

    entra::drop_missed(&mut raw_relations, &objects, &keys, &fold.tenants_listed());
    entra::drop_lonely_twins(&mut raw_relations, &objects, &keys, |domain| {
        looked.has_listed_users(domain)
    });

    add_stubs(&mut objects, &raw_relations, &keys);
    entra::find_tenants(&mut objects, &raw_relations, &keys);
    domains::find(&mut objects, &raw_relations, &keys);
    drop(missed);
    well_known::add(&mut objects, &mut keys);
    let domains = Domains::of(&objects, &keys);
    name_the_nameless(&mut objects, &keys, &domains);

    let sites = sites(&objects, &raw_relations, &snapshots);
    let (joined, mut conflicts) = devices::join(&objects, &keys, &sites, apart);
    conflicts.extend(unclear_ends);
    conflicts.extend(homeless);
    conflicts.extend(kinds.into_conflicts());
    let snapshot_ids: Vec<&str> = snapshots.iter().map(|snapshot| snapshot.id.as_str()).collect();
    let coverage = looked.report(&objects, &keys, &domains.names);
    let mut nodes = nodes(objects, &keys, &joined, &looked, &snapshot_ids)?;
    let by_key: HashMap<Arc<str>, NodeIndex> = (0..)
        .zip(&nodes)
        .flat_map(|(index, node)| node.facets.iter().map(move |facet| (facet.key.clone(), index)))
        .collect();
    let (mut relations, facet_keys) = settle_relations(raw_relations, &keys, &by_key, &nodes, &snapshot_ids);
    concluded::add(&nodes, &mut relations);
    concluded::mark_hosts(&mut nodes, &relations);
    concluded::mark_holders_of_two_roles(&mut nodes, &relations);
    controllers::mark_read_only(&mut nodes, &relations);
    entra::mark_roles(&mut nodes, &relations, &coverage);
    entra::mark_restricted(&mut nodes, &relations);
    sign_in::mark(&mut nodes, &relations, &coverage);
    let findings = findings::settle(raw_findings, |subject| {
        let index = *by_key.get(subject)?;
        Some((index, nodes[index as usize].id.0))
    });
    let mut services: Vec<_> = raw_services
        .into_iter()
        .filter_map(|raw| {
            let mut service = raw.service;
            service.node = *by_key.get(raw.subject.as_str())?;
            Some(service)
        })
        .collect();
    services.sort();
    services.dedup_by(|a, b| (a.node, &a.protocol, a.port) == (b.node, &b.protocol, b.port));
    debug_assert!(nodes.is_sorted_by(|a, b| a.id < b.id), "one asset per id");

    Ok(Estate {
        nodes,
        relations,
        findings,
        services,
        conflicts,
        coverage,
        kinds: described.into_kinds(),
        by_key,
        facet_keys,
        by_edge: EdgeIndex::default(),
    })
}

/// Whether a relation can be between these ends: hardly any is of a thing to itself.
fn may_join(source: u32, target: u32, kind: RelationKind) -> bool {
    source != target || kind.is_reflexive()
}

/// Tells when a whole look at its domain missed a principal, or the computer that it is local to: whatever was
/// said of it before is over. Otherwise a computer that has left would keep for ever the administrators that it
/// named when it was last asked.
fn missed<'a>(
    objects: &BTreeMap<u32, Object>,
    keys: &'a Interner,
    principals_listed: &'a HashMap<&str, Timestamp>,
) -> impl Fn(u32) -> Option<Timestamp> + use<'a> {
    let there: RoaringBitmap = objects
        .iter()
        .filter(|(_, object)| !object.is_stub)
        .map(|(&key, _)| key)
        .collect();
    move |key| {
        let principal = names::principal_of(keys.text(key))?;
        let missed_at = *principals_listed.get(names::domain_sid(principal)?)?;
        let is_there = keys.find(principal).is_some_and(|key| there.contains(key));
        (!is_there).then_some(missed_at)
    }
}

/// Every end of a relation is an asset, though no record of its own may be at hand.
fn add_stubs(objects: &mut BTreeMap<u32, Object>, relations: &[RawRelation], keys: &Interner) {
    let hints = relations::kind_hints(relations);
    for relation in relations {
        for end in [relation.source, relation.target] {
            let key = keys.text(end);
            let object = objects.entry(end).or_insert_with(|| Object {
                kind: NodeKind::Base,
                name: String::new(),
                boundary: boundary_of(key).to_owned(),
                is_stub: true,
                properties: Properties::new(),
                told: Vec::new(),
                snapshots: Vec::new(),
                first: relation.at,
                last: relation.at,
                last_own: None,
            });
            if object.kind == NodeKind::Base {
                object.kind = hints.get(&end).copied().unwrap_or(NodeKind::Base);
            }
            if object.is_stub {
                object.first = object.first.min(relation.at);
                object.last = object.last.max(relation.at);
                if object.snapshots.binary_search(&relation.snapshot).is_err() {
                    object.snapshots.push(relation.snapshot);
                    object.snapshots.sort_unstable();
                }
            }
        }
    }
}

/// The domain or tenant that an id names.
pub fn boundary_of(key: &str) -> &str {
    names::domain_sid(key)
        .or_else(|| entra::tenant_of_role(key))
        .unwrap_or_default()
}

/// Names of the domains and tenants, and the SID behind each name of a domain.
struct Domains {
    names: HashMap<String, String>,
    sids: HashMap<String, String>,
}

impl Domains {
    fn of(objects: &BTreeMap<u32, Object>, keys: &Interner) -> Self {
        let mut domains = Self {
            names: HashMap::new(),
            sids: HashMap::new(),
        };
        for (&key, object) in objects.iter().filter(|(_, object)| object.kind == NodeKind::Domain) {
            if !object.name.is_empty() {
                let (sid, name) = (keys.text(key).to_owned(), object.name.to_uppercase());
                // Of two domains of one name, the first by SID: any rule would do that knows no order of import.
                let first = domains.sids.entry(name.clone()).or_insert_with(|| sid.clone());
                if sid < *first {
                    first.clone_from(&sid);
                }
                domains.names.insert(sid, name);
            }
        }
        for (&key, object) in objects.iter().filter(|(_, object)| object.kind == NodeKind::AzTenant) {
            if !object.name.is_empty() {
                domains.names.insert(keys.text(key).to_owned(), object.name.clone());
            }
        }
        domains
    }
}

/// A person never reads a SID where a name is known, or follows from the id.
fn name_the_nameless(objects: &mut BTreeMap<u32, Object>, keys: &Interner, domains: &Domains) {
    let names_of_all: HashMap<u32, String> = objects
        .iter()
        .map(|(&key, object)| (key, object.name.clone()))
        .collect();
    for (&number, object) in objects.iter_mut() {
        let key = keys.text(number);
        if let Some((domain, _)) = names::split_domain_prefix(key)
            && object.boundary.is_empty()
            && let Some(sid) = domains.sids.get(domain)
        {
            object.boundary.clone_from(sid);
        }
        if object.kind == NodeKind::Base
            && let Some((_, kind)) = names::well_known(key)
        {
            object.kind = kind;
        }
        if !object.name.is_empty() {
            continue;
        }
        object.name = name_from_id(key, domains, |id| {
            keys.find(id).and_then(|id| names_of_all.get(&id)).cloned()
        })
        .or_else(|| first_name_of(object.properties.get("distinguishedname")?.as_str()?))
        .unwrap_or_else(|| key.to_owned());
    }
}

fn name_from_id(key: &str, domains: &Domains, name_of: impl Fn(&str) -> Option<String>) -> Option<String> {
    if let Some((domain, _)) = names::split_domain_prefix(key) {
        return names::well_known(key).map(|(name, _)| format!("{name}@{domain}"));
    }
    let sid = names::domain_sid(key)?;
    let rest = key[sid.len()..].trim_start_matches('-');
    if let Some((rid, group)) = rest.split_once('-') {
        let computer = name_of(&format!("{sid}-{rid}")).filter(|name| !name.is_empty())?;
        let group = names::local_group_name(group).map_or_else(|| format!("LOCAL GROUP {group}"), str::to_owned);
        return Some(format!("{group}@{computer}"));
    }
    let domain = domains.names.get(sid)?;
    Some(match names::well_known(key) {
        Some((name, _)) => format!("{name}@{domain}"),
        None => format!("({domain}) {key}"),
    })
}

/// `POLICIES` of `CN=POLICIES,CN=SYSTEM,DC=CORP,DC=LOCAL`.
fn first_name_of(distinguished_name: &str) -> Option<String> {
    let (_, rest) = distinguished_name.split_once('=')?;
    let name = rest.split(',').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Names of the sites of each device: names given with `--source`, and of the segments it lies in.
fn sites(
    objects: &BTreeMap<u32, Object>,
    relations: &[RawRelation],
    snapshots: &[Snapshot],
) -> HashMap<u32, BTreeSet<String>> {
    let mut sites = HashMap::<u32, BTreeSet<String>>::new();
    let segment_name = |key: u32| objects.get(&key).map(|segment| segment.name.clone());
    for relation in relations
        .iter()
        .filter(|relation| relation.kind == RelationKind::LocatedIn)
    {
        if let Some(name) = segment_name(relation.target) {
            sites.entry(relation.source).or_default().insert(name);
        }
    }
    let ranges: Vec<(Cidr, &str)> = objects
        .values()
        .filter(|object| object.kind == NodeKind::NetworkSegment)
        .flat_map(|segment| {
            texts(segment.properties.get("cidrs"))
                .into_iter()
                .filter_map(|text| Some((Cidr::parse(&text).ok()?, segment.name.as_str())))
        })
        .collect();
    for (&key, object) in objects
        .iter()
        .filter(|(_, object)| object.kind.is_device() && !object.is_stub)
    {
        let of = sites.entry(key).or_default();
        for &snapshot in &object.snapshots {
            of.extend(
                snapshots[snapshot as usize]
                    .site
                    .clone()
                    .filter(|site| !site.is_empty()),
            );
        }
        for address in texts(object.properties.get("ip"))
            .iter()
            .filter_map(|text| text.parse::<IpAddr>().ok())
        {
            let within: Vec<_> = ranges.iter().filter(|(range, _)| range.contains(address)).collect();
            let longest = within.iter().map(|(range, _)| range.prefix()).max();
            of.extend(
                within
                    .iter()
                    .filter(|(range, _)| Some(range.prefix()) == longest)
                    .map(|(_, name)| (*name).to_owned()),
            );
        }
    }
    sites
}

fn nodes(
    mut objects: BTreeMap<u32, Object>,
    keys: &Interner,
    joined: &Joined,
    looked: &Looked,
    snapshot_ids: &[&str],
) -> Result<Vec<Node>> {
    let mut parts = BTreeMap::<u32, Vec<u32>>::new();
    for &key in objects.keys() {
        let anchor = joined.get(&key).map_or(key, |(anchor, _)| *anchor);
        parts.entry(anchor).or_default().push(key);
    }
    if parts.len() > ASSETS_MAX as usize {
        return Err(EstateError::TooManyAssets { limit: ASSETS_MAX });
    }
    let mut shared = Shared::default();
    let mut nodes: Vec<Node> = parts
        .into_iter()
        .map(|(anchor, mut parts)| {
            parts.sort_by_key(|&part| (part != anchor, keys.text(part)));
            let parts = parts
                .into_iter()
                .filter_map(|part| Some((part, objects.remove(&part)?)))
                .collect();
            node(parts, keys, joined, looked, snapshot_ids, &mut shared)
        })
        .collect();
    nodes.sort_by_key(|node| node.id);
    Ok(nodes)
}

/// What many assets have in common.
#[derive(Default)]
struct Shared {
    texts: Pool<Arc<str>>,
    known: Pool<Arc<[Facet]>>,
    told: Pool<Arc<[Told]>>,
    sightings: Sightings<Vec<u32>>,
}

/// One asset out of its objects, the anchor first: what it says stands before what the others say.
fn node(
    parts: Vec<(u32, Object)>,
    keys: &Interner,
    joined: &Joined,
    looked: &Looked,
    snapshot_ids: &[&str],
    shared: &mut Shared,
) -> Node {
    let (anchor, own) = &parts[0];
    let key = keys.shared(*anchor);
    let (kind, is_stub) = (own.kind, own.is_stub);
    let (name, boundary) = (own.name.clone(), Arc::from(own.boundary.as_str()));
    let mut whole = own.sighting();
    let mut properties = Properties::new();
    let mut addresses = Vec::new();
    let mut identifiers = BTreeMap::<Identifier, Sighting>::new();
    let mut facets = Vec::new();
    let mut known = BTreeSet::new();
    let mut sight = |sighting: &Sighting| {
        let times = (sighting.first, sighting.last);
        seen(&mut shared.sightings, &sighting.snapshots, times, snapshot_ids)
    };
    for (part, object) in parts {
        let part_key = keys.text(part);
        for (identifier, sighting) in identifiers_of(part_key, &object) {
            let known = identifiers.entry(identifier).or_insert_with(|| sighting.clone());
            known.add(&sighting);
        }
        addresses.extend(attributes(&object.properties).addresses);
        known.extend(looked.known(&object.boundary, ObjectClass::of(object.kind), part_key));
        let sighting = object.sighting();
        let is_strongest = facets.is_empty();
        let taken = |name: &String| is_strongest || !properties.contains_key(name);
        let told: Vec<Told> = told(&object, taken, is_strongest)
            .into_iter()
            .map(|(sighting, names)| Told {
                seen: sight(&sighting),
                names,
            })
            .collect();
        facets.push(OriginalObject {
            key: keys.shared(part),
            kind: object.kind,
            reason: joined.get(&part).map_or("its own id", |(_, reason)| reason).into(),
            seen: sight(&sighting),
            told: shared.told.share(told.as_slice(), Arc::from),
        });
        whole.add(&sighting);
        for (name, value) in object.properties {
            properties.entry(name).or_insert(value);
        }
    }
    let identifiers = identifiers
        .into_iter()
        .map(|(identifier, sighting)| KnownIdentifier {
            identifier,
            seen: sight(&sighting),
        })
        .collect();
    addresses.sort();
    addresses.dedup();
    let mut attributes = attributes(&properties);
    attributes.addresses = addresses;
    let known: Vec<Facet> = known.into_iter().collect();
    let mut node = Node {
        id: NodeId::of(&key),
        key,
        kind,
        name,
        boundary,
        is_stub,
        properties: serde_json::to_string(&properties).expect("a map of JSON values is JSON"),
        attributes,
        known: shared.known.share(known.as_slice(), Arc::from),
        identifiers,
        facets,
        seen: sight(&whole),
    };
    share_texts(&mut node, &mut shared.texts);
    node
}

/// Who told the properties that an asset takes from one of its objects. What the strongest object is told by most is
/// told without names, and by nobody where all that speak of the object tell it.
fn told(object: &Object, is_taken: impl Fn(&String) -> bool, is_strongest: bool) -> Vec<(Sighting, Box<[Box<str>]>)> {
    let names_of = |names: &mut dyn Iterator<Item = &String>| -> Box<[Box<str>]> {
        names
            .filter(|name| is_taken(name))
            .map(|name| name.as_str().into())
            .collect()
    };
    if is_strongest {
        let groups = object.told.iter().enumerate();
        return groups
            .map(|(at, (sighting, names))| match at {
                0 => (sighting.clone(), Box::default()),
                _ => (sighting.clone(), names_of(&mut names.iter())),
            })
            .collect();
    }
    let mut told: Vec<_> = object
        .told
        .iter()
        .map(|(sighting, names)| (sighting.clone(), names_of(&mut names.iter())))
        .collect();
    if told.is_empty() {
        told.push((object.sighting(), names_of(&mut object.properties.keys())));
    }
    told.retain(|(_, names)| !names.is_empty());
    told
}

/// Who told us of something: positions of snapshots, sorted, and when the first and the last was observed.
fn seen(
    sightings: &mut Sightings<Vec<u32>>,
    snapshots: &[u32],
    times: (Timestamp, Timestamp),
    snapshot_ids: &[&str],
) -> Arc<Seen> {
    let sources = || {
        let ids = snapshots.iter().map(|&position| snapshot_ids[position as usize]);
        Ok::<_, Infallible>(ids.map(str::to_owned).collect())
    };
    let Ok(seen) = sightings.share(snapshots, times, <[u32]>::to_vec, sources);
    seen
}

/// Everything by which another source could know the same object.
fn identifiers_of(key: &str, object: &Object) -> Vec<(Identifier, Sighting)> {
    const FROM_PROPERTIES: [(&str, &str); 9] = [
        ("distinguishedname", "distinguished-name"),
        ("userprincipalname", "upn"),
        ("samaccountname", "sam-account-name"),
        ("dnshostname", "fqdn"),
        ("fqdn", "fqdn"),
        ("netbios", "netbios"),
        ("ip", "ip"),
        ("mac", "mac"),
        ("biosuuid", "bios-uuid"),
    ];
    let id_kind = match key {
        _ if matches!(object.kind, NodeKind::Other(_)) => "object-id",
        _ if names::domain_sid(key).is_some() || key.contains("S-1-") => "sid",
        _ if object.kind == NodeKind::Host => "scanner-host",
        _ if matches!(object.kind, NodeKind::NetworkSegment | NodeKind::Internet) => "segment",
        _ => "object-id",
    };
    let identifier = |kind: &str, value: &str| Identifier {
        kind: kind.into(),
        value: value.into(),
    };
    let mut identifiers = vec![(identifier(id_kind, key), object.sighting())];
    if object.kind == NodeKind::Computer && object.name.contains('.') {
        let fqdn = identifier("fqdn", &object.name.to_ascii_lowercase());
        identifiers.push((fqdn, object.sighting()));
    }
    for (property, kind) in FROM_PROPERTIES {
        for value in texts(object.properties.get(property)) {
            let value = if kind == "fqdn" {
                value.to_ascii_lowercase()
            } else {
                value
            };
            identifiers.push((identifier(kind, &value), object.told_by(property)));
        }
    }
    identifiers
}

/// The ids that files name as ends of relations, where one is not its asset's own.
type FacetKeys = HashMap<EdgeId, (Arc<str>, Arc<str>)>;

/// One relation per (source, target, kind), sorted by them; parallel reports are put together.
fn settle_relations(
    mut raw: Vec<RawRelation>,
    keys: &Interner,
    by_key: &HashMap<Arc<str>, NodeIndex>,
    nodes: &[Node],
    snapshot_ids: &[&str],
) -> (Vec<Relation>, FacetKeys) {
    let ends: Vec<Option<NodeIndex>> = keys.texts().map(|key| by_key.get(key).copied()).collect();
    let place = |relation: &RawRelation| {
        (
            ends[relation.source as usize],
            ends[relation.target as usize],
            relation.kind,
        )
    };
    raw.sort_unstable_by_key(place);
    let mut properties = relations::MergedProperties::default();
    let mut sightings = Sightings::default();
    let mut facet_keys = FacetKeys::new();
    let mut snapshots = Vec::new();
    let mut settled: Vec<_> = raw
        .chunk_by(|a, b| place(a) == place(b))
        .filter_map(|parallel| {
            let (Some(source), Some(target), kind) = place(&parallel[0]) else {
                return None;
            };
            // The two ends may have become one asset.
            if !may_join(source, target, kind) {
                return None;
            }
            let [source_node, target_node] = [source, target].map(|it| &nodes[it as usize]);
            let id = EdgeId::of(source_node.id, target_node.id, kind.label(), kind.as_str());
            let keys_of = |report: &RawRelation| (keys.text(report.source), keys.text(report.target));
            let named = parallel.iter().min_by_key(|report| keys_of(report))?;
            if keys_of(named) != (&*source_node.key, &*target_node.key) {
                facet_keys.insert(id, (keys.shared(named.source), keys.shared(named.target)));
            }
            snapshots.clear();
            snapshots.extend(parallel.iter().map(|report| report.snapshot));
            snapshots.sort_unstable();
            snapshots.dedup();
            let times = (
                parallel.iter().map(|report| report.at).min()?,
                parallel.iter().map(|report| report.at).max()?,
            );
            Some(Relation {
                id,
                source,
                target,
                kind,
                properties: properties.of(parallel, keys),
                seen: seen(&mut sightings, &snapshots, times, snapshot_ids),
            })
        })
        .collect();
    settled.shrink_to_fit();
    (settled, facet_keys)
}
