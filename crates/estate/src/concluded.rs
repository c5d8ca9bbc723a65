//! Relations that follow from two objects which name the same thing: a thumbprint, an object identifier, a domain.
//!
//! No collector reports them, and techniques of certificate services are made of them. They are relations of the
//! estate like any other, so that facts, searches and exports can name them; [`Relation::is_concluded`] tells them
//! apart. What a file states itself stays as the file says it. The rules are those of BloodHound Community Edition's
//! analysis.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use postern_model::estate::{BECAUSE, IS_CONCLUDED, Node, NodeIndex, PkiAttributes, Relation, Seen};
use postern_model::{EdgeId, NodeKind, RelationKind};
use serde_json::{Value, json};

use crate::attributes::{attributes, stored};

/// Property of an authority that [`mark_hosts`] sets.
pub const IS_HOST_KNOWN: &str = "ishostknown";

/// Property of an authority that [`mark_holders_of_two_roles`] sets.
pub const HOLDERS_OF_TWO_ROLES: &str = "holdersoftworoles";

/// Certificate Request Agent: its holder may ask for certificates of others.
const AGENT: &str = "1.3.6.1.4.1.311.20.2.1";
const ANY_PURPOSE: &str = "2.5.29.37.0";
/// The container whose access list the directory copies to privileged accounts; the name of the domain follows.
const ADMIN_SD_HOLDER: &str = "CN=ADMINSDHOLDER,CN=SYSTEM,";

const KINDS: [RelationKind; 6] = [
    RelationKind::TrustedForNtAuth,
    RelationKind::IssuedSignedBy,
    RelationKind::EnterpriseCaFor,
    RelationKind::ExtendedByPolicy,
    RelationKind::EnrollOnBehalfOf,
    RelationKind::ProtectAdminGroups,
];

/// Adds what follows to the relations of the estate, which stay sorted by (source, target, kind).
pub fn add(nodes: &[Node], relations: &mut Vec<Relation>) {
    for stated in relations.iter_mut().filter(|it| KINDS.contains(&it.kind)) {
        take_back_mark(stated);
    }
    let mut found = Found::new(nodes);
    found.certificates();
    found.policies();
    found.enrolment_agents(relations);
    found.protected_accounts();

    let place = |it: &Relation| (it.source, it.target, it.kind);
    let mut concluded: Vec<Relation> = found
        .reasons
        .iter()
        .filter(|(at, _)| relations.binary_search_by_key(*at, place).is_err())
        .map(|(&at, because)| relation(nodes, at, because))
        .collect();
    if concluded.is_empty() {
        return;
    }
    relations.reserve_exact(concluded.len());
    relations.append(&mut concluded);
    // Two runs that are in order each: this merges them.
    relations.sort_by_key(place);
}

/// Writes down for which authorities a source names the computer that they run on. Where none does, nothing says that
/// an authority is out of service; where one does, it is once the computer is.
pub fn mark_hosts(nodes: &mut [Node], relations: &[Relation]) {
    let hosted: BTreeSet<NodeIndex> = relations
        .iter()
        .filter(|it| it.kind == RelationKind::HostsCaService)
        .map(|it| it.target)
        .collect();
    for index in hosted {
        set_property(&mut nodes[index as usize], IS_HOST_KNOWN, true.into());
    }
}

/// Writes down for each authority that separates its roles whom two of them are granted to: they can use neither. This
/// is a property, so that imagining one role away gives nobody the other.
pub fn mark_holders_of_two_roles(nodes: &mut [Node], relations: &[Relation]) {
    let mut officers: BTreeMap<NodeIndex, BTreeSet<NodeIndex>> = BTreeMap::new();
    let mut administrators = officers.clone();
    for relation in relations {
        let holders = match relation.kind {
            RelationKind::ManageCa => &mut administrators,
            RelationKind::ManageCertificates => &mut officers,
            _ => continue,
        };
        if is_of_own_list(&nodes[relation.target as usize], relation) {
            holders.entry(relation.target).or_default().insert(relation.source);
        }
    }
    for (index, administrators) in administrators {
        let pki = nodes[index as usize].attributes.pki.as_deref();
        let is_separating = pki.is_some_and(|it| it.separates_roles == Some(true));
        let officers = officers.remove(&index).unwrap_or_default();
        let of_both: Vec<_> = administrators
            .intersection(&officers)
            .map(|&holder| nodes[holder as usize].key.to_string())
            .collect();
        if is_separating && !of_both.is_empty() {
            set_property(&mut nodes[index as usize], HOLDERS_OF_TWO_ROLES, of_both.into());
        }
    }
}

/// Whether an authority enforces a right: where its own list was collected, only what stands there.
fn is_of_own_list(authority: &Node, relation: &Relation) -> bool {
    authority.attributes.has_ca_list != Some(true) || relation.flag("islistofca") == Some(true)
}

fn set_property(authority: &mut Node, name: &str, value: Value) {
    let mut properties = stored(&authority.properties);
    properties.insert(name.to_owned(), value);
    authority.attributes.pki = attributes(&properties).pki;
    authority.properties = serde_json::to_string(&properties).expect("a map of JSON values is JSON");
}

/// Only this module says what is concluded: an export of Postern's own that is read again states its relations.
fn take_back_mark(relation: &mut Relation) {
    if !relation.is_concluded() {
        return;
    }
    let mut properties: BTreeMap<String, Value> = serde_json::from_str(&relation.properties).unwrap_or_default();
    properties.remove(IS_CONCLUDED);
    let text = serde_json::to_string(&properties).expect("a map of JSON values is JSON");
    relation.properties = text.as_str().into();
}

fn relation(nodes: &[Node], (source, target, kind): Place, because: &str) -> Relation {
    let ends = [source, target].map(|it| &nodes[it as usize]);
    Relation {
        id: EdgeId::of(ends[0].id, ends[1].id, kind.label(), kind.as_str()),
        source,
        target,
        kind,
        properties: json!({ BECAUSE: because, IS_CONCLUDED: true })
            .to_string()
            .as_str()
            .into(),
        seen: seen_of_both(ends),
    }
}

/// Known since both ends were, and as fresh as the staler of the two.
fn seen_of_both([source, target]: [&Node; 2]) -> Arc<Seen> {
    if source.seen == target.seen {
        return Arc::clone(&source.seen);
    }
    let (a, b) = (&source.seen, &target.seen);
    let sources: BTreeSet<&String> = a.sources.iter().chain(&b.sources).collect();
    let first = a.first.max(b.first);
    Arc::new(Seen {
        sources: sources.into_iter().cloned().collect(),
        first,
        last: a.last.min(b.last).max(first),
    })
}

/// Source, target and kind.
type Place = (NodeIndex, NodeIndex, RelationKind);

struct Found<'n> {
    nodes: &'n [Node],
    /// Objects of certificate services that tell something.
    pki: Vec<(NodeIndex, &'n Node, &'n PkiAttributes)>,
    /// Why, for people.
    reasons: BTreeMap<Place, String>,
}

impl<'n> Found<'n> {
    fn new(nodes: &'n [Node]) -> Self {
        let pki = (0..)
            .zip(nodes)
            .filter_map(|(index, node)| Some((index, node, node.attributes.pki.as_deref()?)))
            .collect();
        Self {
            nodes,
            pki,
            reasons: BTreeMap::new(),
        }
    }

    fn add(&mut self, source: NodeIndex, kind: RelationKind, target: NodeIndex, because: impl FnOnce() -> String) {
        if source != target || kind.is_reflexive() {
            self.reasons.entry((source, target, kind)).or_insert_with(because);
        }
    }

    /// By thumbprint: what signed a certificate, what else holds the same one, which store trusts it.
    fn certificates(&mut self) {
        let mut authorities: HashMap<&str, Vec<(NodeIndex, NodeKind)>> = HashMap::new();
        for &(index, node, pki) in &self.pki {
            if is_authority(node.kind)
                && let Some(thumbprint) = thumbprint(pki)
            {
                authorities.entry(thumbprint).or_default().push((index, node.kind));
            }
        }
        let with = |thumbprint: &str| authorities.get(thumbprint).into_iter().flatten().copied();
        for (index, node, pki) in self.pki.clone() {
            match node.kind {
                NodeKind::NtAuthStore => {
                    for thumbprint in &pki.thumbprints {
                        for (ca, _) in with(thumbprint).filter(|(_, kind)| *kind == NodeKind::EnterpriseCa) {
                            self.add(ca, RelationKind::TrustedForNtAuth, index, || {
                                format!("the store holds the certificate {thumbprint}")
                            });
                        }
                    }
                }
                kind if is_authority(kind) => {
                    if let [_, issuer, ..] = &*pki.chain {
                        for (parent, _) in with(issuer) {
                            self.add(index, RelationKind::IssuedSignedBy, parent, || {
                                format!("its chain goes on with the certificate {issuer}")
                            });
                        }
                    }
                    if let (NodeKind::EnterpriseCa, Some(own)) = (kind, thumbprint(pki)) {
                        for (same, _) in with(own).filter(|(_, kind)| *kind != NodeKind::EnterpriseCa) {
                            self.add(index, RelationKind::EnterpriseCaFor, same, || {
                                format!("both are the certificate {own}")
                            });
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Which templates issue certificates with a policy of their domain.
    fn policies(&mut self) {
        let mut policies: HashMap<(&str, &str), Vec<NodeIndex>> = HashMap::new();
        for &(index, node, pki) in &self.pki {
            if let (NodeKind::IssuancePolicy, Some(oid)) = (node.kind, &pki.template_oid)
                && !node.boundary.is_empty()
            {
                policies.entry((&node.boundary, oid)).or_default().push(index);
            }
        }
        for (template, node, pki) in self.pki.clone() {
            if node.kind != NodeKind::CertTemplate {
                continue;
            }
            for oid in pki.certificate_policies.iter().flatten() {
                for &policy in policies.get(&(&*node.boundary, oid)).into_iter().flatten() {
                    self.add(template, RelationKind::ExtendedByPolicy, policy, || {
                        format!("its certificates carry the policy {oid}")
                    });
                }
            }
        }
    }

    /// Which templates make enrolment agents that others accept, where authorities of one domain publish both.
    fn enrolment_agents(&mut self, relations: &[Relation]) {
        let domains = self.domains_of_templates(relations);
        let templates: Vec<_> = self
            .pki
            .iter()
            .filter(|(_, node, _)| node.kind == NodeKind::CertTemplate)
            .filter_map(|&(index, _, pki)| Some((index, pki, domains.get(&index)?)))
            .collect();
        let accepting: Vec<_> = templates
            .iter()
            .filter_map(|&(index, pki, domains)| Some((index, Accepts::of(pki)?, domains)))
            .collect();
        for &(agent, pki, of_agent) in &templates {
            let Some(ekus) = &pki.effective_ekus else { continue };
            for &(target, accepts, of_target) in &accepting {
                let is_other_or_same = agent != target || accepts == Accepts::AnyAgent;
                if is_other_or_same && accepts.takes(ekus) && !of_agent.is_disjoint(of_target) {
                    self.add(agent, RelationKind::EnrollOnBehalfOf, target, || {
                        accepts.because().to_owned()
                    });
                }
            }
        }
    }

    /// The domains that trust, as a root, what a published template's authority chains to.
    fn domains_of_templates(&self, relations: &[Relation]) -> HashMap<NodeIndex, BTreeSet<NodeIndex>> {
        let mut up: HashMap<NodeIndex, Vec<NodeIndex>> = HashMap::new();
        let mut roots: HashMap<NodeIndex, Vec<NodeIndex>> = HashMap::new();
        let mut published = Vec::new();
        let stated = relations.iter().map(|it| (it.source, it.target, it.kind));
        for (source, target, kind) in stated.chain(self.reasons.keys().copied()) {
            match kind {
                RelationKind::IssuedSignedBy | RelationKind::EnterpriseCaFor => {
                    up.entry(source).or_default().push(target);
                }
                RelationKind::RootCaFor => roots.entry(source).or_default().push(target),
                RelationKind::PublishedTo => published.push((source, target)),
                _ => {}
            }
        }
        let mut of_authority: HashMap<NodeIndex, BTreeSet<NodeIndex>> = HashMap::new();
        let mut of_template: HashMap<NodeIndex, BTreeSet<NodeIndex>> = HashMap::new();
        for (template, authority) in published {
            let domains = of_authority.entry(authority).or_insert_with(|| {
                let mut around = BTreeSet::from([authority]);
                let mut waiting = vec![authority];
                while let Some(at) = waiting.pop() {
                    let next = up.get(&at).into_iter().flatten().copied();
                    waiting.extend(next.filter(|&next| around.insert(next)));
                }
                around
                    .iter()
                    .flat_map(|at| roots.get(at).into_iter().flatten())
                    .copied()
                    .collect()
            });
            of_template.entry(template).or_default().extend(domains.iter().copied());
        }
        of_template
    }

    /// Whose access list is that of the AdminSDHolder of their domain.
    fn protected_accounts(&mut self) {
        let mut holders: BTreeMap<&str, Vec<NodeIndex>> = BTreeMap::new();
        for (index, node) in (0..).zip(self.nodes) {
            let name = node.attributes.distinguished_name.as_deref().unwrap_or_default();
            let is_holder = node.kind == NodeKind::Container
                && name
                    .get(..ADMIN_SD_HOLDER.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(ADMIN_SD_HOLDER));
            if is_holder && !node.boundary.is_empty() {
                holders.entry(&node.boundary).or_default().push(index);
            }
        }
        for (index, node) in (0..).zip(self.nodes) {
            let account = node.attributes.account.as_deref();
            let is_protected = matches!(node.kind, NodeKind::User | NodeKind::Group | NodeKind::Computer)
                && account.is_some_and(|it| it.is_admin_sd_holder_protected == Some(true));
            if is_protected {
                for &holder in holders.get(&*node.boundary).into_iter().flatten() {
                    self.add(holder, RelationKind::ProtectAdminGroups, index, || {
                        "its access list is a copy".to_owned()
                    });
                }
            }
        }
    }
}

fn is_authority(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::EnterpriseCa | NodeKind::RootCa | NodeKind::AiaCa)
}

/// Of an authority's own certificate, with which its chain begins.
fn thumbprint(pki: &PkiAttributes) -> Option<&str> {
    pki.thumbprint.as_deref().or_else(|| Some(pki.chain.first()?.as_str()))
}

/// Which certificates a template takes as those of an enrolment agent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accepts {
    /// A template of the first version checks no policy: whatever can be an agent's.
    AnyAgent,
    /// It asks for a signature of an agent.
    Agent,
}

impl Accepts {
    fn of(pki: &PkiAttributes) -> Option<Self> {
        let asks_for_agent = || {
            let mut policies = pki.application_policies.iter().flatten();
            pki.authorized_signatures.is_some_and(|count| count >= 1) && policies.any(|it| it == AGENT)
        };
        match pki.schema_version? {
            1 => Some(Self::AnyAgent),
            2.. if asks_for_agent() => Some(Self::Agent),
            _ => None,
        }
    }

    fn takes(self, ekus: &[String]) -> bool {
        let has = |purpose: &str| ekus.iter().any(|it| it == purpose);
        match self {
            Self::AnyAgent => ekus.is_empty() || has(AGENT) || has(ANY_PURPOSE),
            Self::Agent => has(AGENT) && !has(ANY_PURPOSE),
        }
    }

    const fn because(self) -> &'static str {
        match self {
            Self::AnyAgent => "a template of version 1 takes the signature of any enrolment agent",
            Self::Agent => "the template asks for the signature of an enrolment agent",
        }
    }
}
