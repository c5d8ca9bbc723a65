//! Small estates for tests, written as facts between names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use postern_catalog::Catalog;
use postern_model::estate::{
    Answered, Attributes, BoundaryCoverage, Classification, Estate, Finding, Node, NodeIndex, OriginalObject, Plane,
    Relation, Seen, Service,
};
use postern_model::{Criticality, EdgeId, Facet, NodeId, NodeKind, ObjectClass, RelationKind, Settings};

use crate::derived::{Derived, Step, derive};
use crate::paths::{Analysis, Path};
use crate::what_if::analyse;
use crate::world::{Removal, World};

pub static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().expect("the embedded catalog is valid"));

/// The SID of the domain that names without one belong to.
pub const DOMAIN: &str = "S-1-5-21-1-1-1";
/// Its name.
pub const FQDN: &str = "CORP.EXAMPLE";

/// An estate under construction. Assets are named by their keys; a relation makes the assets that it names.
#[derive(Clone, Default)]
pub struct Sketch {
    nodes: BTreeMap<String, Node>,
    relations: BTreeSet<(String, RelationKind, String, String)>,
    findings: Vec<(String, Finding)>,
    services: Vec<(String, u16)>,
    critical: BTreeMap<String, Criticality>,
    plane: BTreeSet<String>,
    sessions_covered: bool,
    covered: BTreeSet<(String, ObjectClass, Facet)>,
    pub settings: Settings,
}

/// A finished estate with all that a [`World`] borrows.
pub struct Built {
    pub estate: Estate,
    pub classification: Classification,
    pub settings: Settings,
}

impl Sketch {
    /// One domain with its domain object, Domain Users, and Domain Admins; the first and the last are the plane.
    pub fn domain() -> Self {
        let mut sketch = Self::default();
        sketch.node(DOMAIN, NodeKind::Domain, |node| node.name = FQDN.to_owned());
        sketch.node(&users(), NodeKind::Group, |_| {});
        sketch.node(&admins(), NodeKind::Group, |_| {});
        sketch.in_plane(DOMAIN);
        sketch.in_plane(&admins());
        sketch
    }

    pub fn node(&mut self, key: &str, kind: NodeKind, edit: impl FnOnce(&mut Node)) -> &mut Self {
        let node = self.nodes.entry(key.to_owned()).or_insert_with(|| blank(key, kind));
        node.kind = kind;
        edit(node);
        self
    }

    pub fn user(&mut self, key: &str) -> &mut Self {
        self.node(key, NodeKind::User, |_| {})
    }

    pub fn group(&mut self, key: &str) -> &mut Self {
        self.node(key, NodeKind::Group, |_| {})
    }

    pub fn computer(&mut self, key: &str) -> &mut Self {
        self.node(key, NodeKind::Computer, |_| {})
    }

    pub fn segment(&mut self, key: &str, ranges: &[&str]) -> &mut Self {
        let ranges = ranges.iter().map(|&it| it.to_owned()).collect();
        self.node(key, NodeKind::NetworkSegment, |node| node.attributes.addresses = ranges)
    }

    pub fn relate(&mut self, source: &str, kind: RelationKind, target: &str) -> &mut Self {
        self.relate_with(source, kind, target, "")
    }

    pub fn relate_with(&mut self, source: &str, kind: RelationKind, target: &str, properties: &str) -> &mut Self {
        for key in [source, target] {
            self.nodes
                .entry(key.to_owned())
                .or_insert_with(|| blank(key, NodeKind::Base));
        }
        self.relations
            .insert((source.to_owned(), kind, target.to_owned(), properties.to_owned()));
        self
    }

    /// Members of the local group of a computer with this end.
    pub fn local(&mut self, computer: &str, end: &str, members: &[&str]) -> &mut Self {
        let group = format!("{computer}{end}");
        self.node(&group, NodeKind::LocalGroup, |_| {});
        self.relate(&group, RelationKind::LocalToComputer, computer);
        for member in members {
            self.relate(member, RelationKind::MemberOfLocalGroup, &group);
        }
        self
    }

    /// An exploitable weakness on a port.
    pub fn weakness(&mut self, device: &str, locator: &str, is_kev: bool) -> &mut Self {
        let finding = Finding {
            id: EdgeId::of(NodeId::of(device), NodeId::of(device), "finding", locator),
            node: 0,
            weakness: "CVE-2020-0001".to_owned(),
            locator: locator.to_owned(),
            title: "Remote code execution".to_owned(),
            severity: "critical".to_owned(),
            cves: vec!["CVE-2020-0001".to_owned()],
            cvss_vector: String::new(),
            cvss_score_micro: None,
            exploit_available: Some(true),
            is_kev,
            is_exploitable: true,
            properties: String::new(),
            seen: seen(),
        };
        self.findings.push((device.to_owned(), finding));
        self
    }

    /// A weakness of this name, exploitable or not.
    pub fn weakness_of(&mut self, device: &str, cve: &str) -> &mut Self {
        self.weakness(device, "tcp/0", false);
        if let Some((_, finding)) = self.findings.last_mut() {
            finding.id = EdgeId::of(NodeId::of(device), NodeId::of(device), "finding", cve);
            finding.weakness = cve.to_owned();
            finding.cves = vec![cve.to_owned()];
        }
        self
    }

    pub fn listens(&mut self, device: &str, port: u16) -> &mut Self {
        self.services.push((device.to_owned(), port));
        self
    }

    pub fn critical(&mut self, key: &str, level: Criticality) -> &mut Self {
        self.critical.insert(key.to_owned(), level);
        self
    }

    pub fn in_plane(&mut self, key: &str) -> &mut Self {
        self.plane.insert(key.to_owned());
        self
    }

    pub fn cover_sessions(&mut self) -> &mut Self {
        self.sessions_covered = true;
        self
    }

    /// Somebody has looked at a facet of all objects of a class.
    pub fn cover(&mut self, boundary: &str, class: ObjectClass, facet: Facet) -> &mut Self {
        self.covered.insert((boundary.to_owned(), class, facet));
        self
    }

    pub fn without(&self, source: &str, kind: RelationKind, target: &str) -> Self {
        let mut left = self.clone();
        let count = left.relations.len();
        left.relations
            .retain(|it| (it.0.as_str(), it.1, it.2.as_str()) != (source, kind, target));
        assert_eq!(left.relations.len() + 1, count, "{source} {kind} {target}");
        left
    }

    /// Takes a relation out; as [`Self::without`], in place.
    pub fn unrelate(&mut self, source: &str, kind: RelationKind, target: &str) -> &mut Self {
        *self = self.without(source, kind, target);
        self
    }

    /// Changes the attributes of an asset that is there.
    pub fn edit(&mut self, key: &str, edit: impl FnOnce(&mut Attributes)) -> &mut Self {
        let node = self.nodes.get_mut(key).expect("an asset of the sketch");
        edit(&mut node.attributes);
        self
    }

    pub fn build(&self) -> Built {
        let mut nodes: Vec<_> = self.nodes.values().cloned().collect();
        nodes.sort_by_key(|node| node.id);
        let by_key: std::collections::HashMap<Arc<str>, _> = (0..)
            .zip(&nodes)
            .map(|(index, node)| (node.key.to_ascii_uppercase().into(), index))
            .collect();
        let at = |key: &str| -> NodeIndex { by_key[key.to_ascii_uppercase().as_str()] };
        let mut relations: Vec<_> = self
            .relations
            .iter()
            .map(|(source, kind, target, properties)| Relation {
                id: EdgeId::of(NodeId::of(source), NodeId::of(target), kind.label(), kind.as_str()),
                source: at(source),
                target: at(target),
                kind: *kind,
                properties: properties.as_str().into(),
                seen: seen(),
            })
            .collect();
        relations.sort_by_key(|it| (it.source, it.target, it.kind));
        let findings = self
            .findings
            .iter()
            .map(|(device, finding)| Finding {
                node: at(device),
                ..finding.clone()
            })
            .collect();
        let services = self.services.iter().map(|(device, port)| Service {
            node: at(device),
            protocol: "tcp".to_owned(),
            port: *port,
            name: String::new(),
        });
        let mut members: Vec<_> = self.plane.iter().map(|key| at(key)).collect();
        members.sort_unstable();
        let mut plane_of = vec![None; nodes.len()];
        for &member in &members {
            plane_of[member as usize] = Some(0);
        }
        let mut criticality = vec![None; nodes.len()];
        for (key, level) in &self.critical {
            criticality[at(key) as usize] = Some(*level);
        }
        let facets = if self.sessions_covered {
            BTreeMap::from([(
                (ObjectClass::Computers, Facet::Sessions),
                Answered { answered: 2, total: 21 },
            )])
        } else {
            BTreeMap::new()
        };
        let mut coverage = vec![BoundaryCoverage {
            boundary: DOMAIN.to_owned(),
            name: FQDN.to_owned(),
            facets,
        }];
        for (boundary, class, facet) in &self.covered {
            let facets = BTreeMap::from([((*class, facet.clone()), Answered { answered: 1, total: 1 })]);
            coverage.push(BoundaryCoverage {
                boundary: boundary.clone(),
                name: boundary.clone(),
                facets,
            });
        }
        let planes = vec![Plane {
            key: format!("plane:forest:{DOMAIN}"),
            name: format!("forest {FQDN}"),
            members,
            domains: vec![DOMAIN.to_owned()],
        }];
        Built {
            estate: Estate {
                services: services.collect(),
                nodes,
                relations,
                findings,
                coverage,
                by_key,
                ..Estate::default()
            },
            classification: Classification {
                planes,
                plane_of,
                criticality,
                reasons: Vec::new(),
            },
            settings: self.settings.clone(),
        }
    }

    /// The paths of the estate.
    pub fn analysis(&self) -> Analysis {
        self.build().analysis()
    }

    /// The steps of the estate.
    pub fn derived(&self) -> Derived {
        let built = self.build();
        derive(&built.world(), &Removal::default())
    }

    pub fn has_step(&self, source: &str, technique: RelationKind, target: &str) -> bool {
        step(&self.derived(), source, technique, target).is_some()
    }
}

impl Built {
    pub fn world(&self) -> World<'_> {
        World {
            estate: &self.estate,
            classification: &self.classification,
            catalog: &CATALOG,
            settings: &self.settings,
            now: now(),
        }
    }

    pub fn analysis(&self) -> Analysis {
        analyse(&self.world(), &Removal::default()).expect("a small graph")
    }

    pub fn index(&self, key: &str) -> NodeIndex {
        self.estate.find(key).expect("an asset of the sketch")
    }
}

/// The step between two keys, if there is one.
pub fn step<'d>(derived: &'d Derived, source: &str, technique: RelationKind, target: &str) -> Option<&'d Step> {
    let ends = (NodeId::of(source), NodeId::of(target));
    derived
        .steps
        .iter()
        .find(|it| (it.source, it.target) == ends && it.technique == technique)
}

/// The path between two keys, if there is one.
pub fn path<'p>(analysis: &'p Analysis, entry: &str, target: &str) -> Option<&'p Path> {
    let ends = (NodeId::of(entry), NodeId::of(target));
    analysis.paths.iter().find(|it| (it.entry, it.target) == ends)
}

pub fn users() -> String {
    format!("{DOMAIN}-513")
}

pub fn admins() -> String {
    format!("{DOMAIN}-512")
}

pub fn plane() -> String {
    format!("plane:forest:{DOMAIN}")
}

pub fn any_user() -> String {
    format!("entry:users:{DOMAIN}")
}

pub fn any_workstation() -> String {
    format!("entry:workstations:{DOMAIN}")
}

pub fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("a time")
}

fn seen() -> Arc<Seen> {
    Arc::new(Seen {
        sources: Vec::new(),
        first: now(),
        last: now(),
    })
}

fn blank(key: &str, kind: NodeKind) -> Node {
    let is_scanned = kind == NodeKind::Host;
    Node {
        id: NodeId::of(key),
        key: key.into(),
        kind,
        name: key.to_owned(),
        boundary: DOMAIN.into(),
        is_stub: false,
        properties: "{}".to_owned(),
        attributes: Default::default(),
        known: Arc::new([]),
        identifiers: Vec::new(),
        facets: is_scanned
            .then(|| OriginalObject {
                key: key.into(),
                kind,
                reason: "".into(),
                seen: seen(),
                told: Arc::new([]),
            })
            .into_iter()
            .collect(),
        seen: seen(),
    }
}
