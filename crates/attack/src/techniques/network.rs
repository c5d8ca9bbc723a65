//! Weaknesses that can be exploited from where traffic comes from.
//!
//! An exploit is a conjunction: a weakness on a port, and a way for traffic to that port. The way may take several
//! routes, each of which has to let the port through, so it is followed here for each port, and not by the search for
//! paths: a step leads from every segment (or the Internet) whose traffic arrives straight to the device. Routes are
//! steps too, to be seen and to be closed; the search for paths doesn't take them.
//!
//! Start at [`derive`]. Without segments there is no step, unless the setting "flat network within a site" puts all
//! hosts of a scanned site into one; what rests on the setting says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use postern_model::estate::{Finding, Node, NodeIndex, Relation};
use postern_model::network::{Cidr, PortSet};
use postern_model::{NodeKind, RelationKind};
use serde::Deserialize;

use super::{Family, as_reported};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::{Fact, ServiceFact, SettingFact};
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "network",
    techniques: &[
        RelationKind::LocatedIn,
        RelationKind::RoutesTrafficTo,
        RelationKind::ExploitRemoteCode,
    ],
    derive,
};

/// What the catalog calls a weakness that has an exploit and is not known to be exploited.
const EXPLOIT_AVAILABLE: &str = "exploit-available";

/// An exploitable weakness: its device, and the port at which it is reached.
struct Exposure<'a> {
    device: NodeIndex,
    port: Port<'a>,
    finding: &'a Finding,
    /// Whether a port scan saw the port open too.
    is_listed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Port<'a> {
    protocol: &'a str,
    number: u16,
}

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::RoutesTrafficTo]);
    let exposures = exposures(view);
    let locations = Locations::of(view);
    for (&(device, segment), facts) in &locations.facts {
        steps.add(RelationKind::LocatedIn, device, segment, facts.clone());
    }
    let mut ways = Ways::of(view);
    for exposure in &exposures {
        let mut ends: Vec<_> = locations.of_device(exposure.device).collect();
        // A route may also lead to one device alone, as a forwarded port does.
        ends.push((exposure.device, &[]));
        for (end, location_facts) in ends {
            for (source, routes) in ways.arriving_in(end, exposure.port) {
                let mut facts = weakness_facts(view, exposure);
                facts.extend_from_slice(location_facts);
                facts.extend(routes.iter().map(|route| view.relation_fact(route)));
                add_exploit(view, steps, Vertex::Asset(*source), exposure, facts);
            }
        }
    }
    if view.world.settings.flat_network_within_a_site {
        derive_flat(view, steps, &exposures);
    }
}

/// One virtual segment for each scanned site on which something can be exploited.
fn derive_flat(view: &View<'_>, steps: &mut Steps<'_, '_>, exposures: &[Exposure<'_>]) {
    let exposed: BTreeSet<_> = exposures.iter().flat_map(|it| sites(view.node(it.device))).collect();
    let segments: BTreeMap<_, _> = exposed.into_iter().map(|site| (site, site_segment(site))).collect();
    for (index, node) in view.all_assets() {
        for segment in sites(node).into_iter().filter_map(|site| segments.get(site)) {
            let facts = vec![setting_fact()];
            steps.add_between(
                RelationKind::LocatedIn,
                Vertex::Asset(index),
                Vertex::Virtual(segment),
                Manner::default(),
                facts,
            );
        }
    }
    for exposure in exposures {
        for segment in sites(view.node(exposure.device))
            .into_iter()
            .filter_map(|site| segments.get(site))
        {
            let mut facts = weakness_facts(view, exposure);
            facts.push(setting_fact());
            add_exploit(view, steps, Vertex::Virtual(segment), exposure, facts);
        }
    }
}

fn setting_fact() -> Fact {
    Fact::Setting(Box::new(SettingFact {
        name: "flat-network-within-a-site".to_owned(),
        text: "every host of a site is assumed to reach every other".to_owned(),
    }))
}

/// The virtual segment that holds every host of a site.
pub fn site_segment(site: &str) -> Virtual {
    Virtual::new(
        format!("site:{site}"),
        format!("the network of {site}"),
        NodeKind::NetworkSegment,
    )
}

/// The scanned sites that a device belongs to: those of the scanner's own names for it (`host:<site>:<name>`).
pub fn sites(node: &Node) -> BTreeSet<&str> {
    let own = (node.kind == NodeKind::Host).then_some(&*node.key);
    let facets = node
        .facets
        .iter()
        .filter(|facet| facet.kind == NodeKind::Host)
        .map(|facet| &*facet.key);
    own.into_iter()
        .chain(facets)
        .filter_map(|key| {
            let (scheme, rest) = key.split_once(':')?;
            let (site, _) = rest.split_once(':')?;
            (scheme.eq_ignore_ascii_case("host") && !site.is_empty()).then_some(site)
        })
        .collect()
}

fn add_exploit(
    view: &View<'_>,
    steps: &mut Steps<'_, '_>,
    source: Vertex<'_>,
    exposure: &Exposure<'_>,
    facts: Vec<Fact>,
) {
    let technique = RelationKind::ExploitRemoteCode;
    let known = view.world.catalog.technique(technique);
    let grade = known
        .filter(|_| !exposure.finding.is_kev)
        .map(|it| it.grade_when(EXPLOIT_AVAILABLE));
    let manner = Manner {
        grade,
        ..Manner::default()
    };
    steps.add_between(technique, source, Vertex::Asset(exposure.device), manner, facts);
}

fn weakness_facts(view: &View<'_>, exposure: &Exposure<'_>) -> Vec<Fact> {
    let Exposure {
        device,
        port: Port { protocol, number },
        finding,
        is_listed,
    } = exposure;
    let mut facts = vec![Fact::Finding { id: finding.id }];
    if *is_listed {
        facts.push(Fact::Service(Box::new(ServiceFact {
            node: view.node(*device).id,
            protocol: (*protocol).to_owned(),
            port: *number,
        })));
    }
    facts
}

/// Exploitable findings on a port of a device. A finding on a port is itself a sight of an open one; a finding without
/// a port says of no service that it is reached there.
fn exposures<'a>(view: &View<'a>) -> Vec<Exposure<'a>> {
    let services = &view.world.estate.services;
    let listed: BTreeSet<_> = services
        .iter()
        .map(|it| (it.node, it.port, it.protocol.to_ascii_lowercase()))
        .collect();
    let mut found: Vec<_> = view
        .findings()
        .filter(|finding| finding.is_exploitable && view.node(finding.node).kind.is_device())
        .filter_map(|finding| {
            let (protocol, number) = finding.locator.split_once('/')?;
            let number = number.parse().ok().filter(|&number: &u16| number > 0)?;
            Some(Exposure {
                device: finding.node,
                port: Port { protocol, number },
                finding,
                is_listed: listed.contains(&(finding.node, number, protocol.to_ascii_lowercase())),
            })
        })
        .collect();
    found.sort_by_key(|it| (it.device, it.port, it.finding.id));
    found
}

/// In which segments each device is, and why.
struct Locations {
    facts: BTreeMap<(NodeIndex, NodeIndex), Vec<Fact>>,
}

impl Locations {
    fn of(view: &View<'_>) -> Self {
        let mut facts = BTreeMap::new();
        for relation in view.relations(RelationKind::LocatedIn) {
            if view.node(relation.source).kind.is_device() && is_zone(view.node(relation.target)) {
                facts.insert((relation.source, relation.target), vec![view.relation_fact(relation)]);
            }
        }
        let ranges = Ranges::of(view);
        for (device, node) in view.all_assets().filter(|(_, node)| node.kind.is_device()) {
            for text in &node.attributes.addresses {
                let found = text.parse().ok().and_then(|address| ranges.find(address));
                let Some((segment, range)) = found.filter(|(segment, _)| !view.removal.assets.contains(segment)) else {
                    continue;
                };
                facts.entry((device, segment)).or_insert_with(|| {
                    let why = format!(
                        "has the address {text}, which lies in {range} of {}",
                        view.node(segment).name
                    );
                    vec![view.property_fact(node, "address", text, &why)]
                });
            }
        }
        Self { facts }
    }

    fn of_device(&self, device: NodeIndex) -> impl Iterator<Item = (NodeIndex, &[Fact])> {
        self.facts
            .range((device, NodeIndex::MIN)..=(device, NodeIndex::MAX))
            .map(|(&(_, segment), facts)| (segment, facts.as_slice()))
    }
}

/// What traffic can come from.
fn is_zone(node: &Node) -> bool {
    matches!(node.kind, NodeKind::NetworkSegment | NodeKind::Internet)
}

/// Address ranges of segments, the narrowest first. Also those of segments that a removal takes out: their hosts don't
/// move to a wider one.
struct Ranges {
    ranges: Vec<(Cidr, NodeIndex)>,
}

impl Ranges {
    fn of(view: &View<'_>) -> Self {
        let mut ranges: Vec<_> = (0..)
            .zip(&view.world.estate.nodes)
            .filter(|(_, node)| node.kind == NodeKind::NetworkSegment)
            .flat_map(|(index, node)| node.attributes.addresses.iter().map(move |text| (text, index)))
            .filter_map(|(text, index)| Some((Cidr::parse(text).ok()?, index)))
            .collect();
        ranges.sort_by_key(|(range, index)| (std::cmp::Reverse(range.prefix()), *index));
        Self { ranges }
    }

    fn find(&self, address: IpAddr) -> Option<(NodeIndex, Cidr)> {
        let found = self.ranges.iter().find(|(range, _)| range.contains(address));
        found.map(|&(range, segment)| (segment, range))
    }
}

/// For each port, from where traffic arrives in a zone. Answers are kept, as many devices share a zone.
struct Ways<'v, 'a> {
    view: &'v View<'a>,
    /// Routes by the zone they lead to.
    routes: BTreeMap<NodeIndex, Vec<(&'a Relation, PortSet)>>,
    known: BTreeMap<(NodeIndex, Port<'a>), Vec<Way<'a>>>,
}

/// A source of traffic, and the routes from it to the zone, in the direction of travel.
type Way<'a> = (NodeIndex, Vec<&'a Relation>);

impl<'v, 'a> Ways<'v, 'a> {
    fn of(view: &'v View<'a>) -> Self {
        let mut routes: BTreeMap<NodeIndex, Vec<_>> = BTreeMap::new();
        for &relation in view.relations(RelationKind::RoutesTrafficTo) {
            routes
                .entry(relation.target)
                .or_default()
                .push((relation, ports(relation)));
        }
        Self {
            view,
            routes,
            known: BTreeMap::new(),
        }
    }

    /// The zones whose traffic to `port` arrives in `zone`, the zone itself among them.
    fn arriving_in(&mut self, zone: NodeIndex, port: Port<'a>) -> &[Way<'a>] {
        let Self { view, routes, known } = self;
        known.entry((zone, port)).or_insert_with(|| {
            let mut found: BTreeMap<NodeIndex, Vec<&Relation>> = BTreeMap::from([(zone, Vec::new())]);
            let mut waiting = VecDeque::from([zone]);
            while let Some(at) = waiting.pop_front() {
                for (route, ports) in routes.get(&at).into_iter().flatten() {
                    if ports.allows(port.protocol, port.number) && !found.contains_key(&route.source) {
                        let mut way = vec![*route];
                        way.extend(&found[&at]);
                        found.insert(route.source, way);
                        waiting.push_back(route.source);
                    }
                }
            }
            found.retain(|&source, _| is_zone(view.node(source)));
            found.into_iter().collect()
        })
    }
}

/// The ports that a route lets through. A route that doesn't say, or not in words we know, lets none through.
fn ports(route: &Relation) -> PortSet {
    #[derive(Default, Deserialize)]
    struct Properties {
        #[serde(default)]
        ports: Vec<String>,
    }
    let properties: Properties = serde_json::from_str(&route.properties).unwrap_or_default();
    PortSet::parse(&properties.ports).unwrap_or_default()
}
