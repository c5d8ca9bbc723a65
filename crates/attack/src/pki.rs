//! Certificate services, as the techniques that abuse them read them.
//!
//! Start at [`Pki::published`]: each template that an enterprise authority issues by, with each domain that lets the
//! holders of its certificates log on. What a template or authority has to be like is asked of [`Template`] and
//! [`Authority`]: each question is answered by the fact that makes it so, or by nothing. The rules are those of
//! BloodHound Community Edition's analysis; what no source tells counts as not so.
//!
//! ```text
//! template -PublishedTo-> authority -(IssuedSignedBy | EnterpriseCAFor)*-> root -RootCAFor-> domain
//!                         authority -TrustedForNTAuth-> store -NTAuthStoreFor-> domain
//! ```

use std::collections::{BTreeMap, VecDeque};

use postern_model::estate::{Node, NodeIndex, PkiAttributes, Relation};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use crate::fact::{AbsenceFact, Fact};
use crate::rights::{Holders, extend, holders_of};
use crate::techniques::acl::is_overruled;
use crate::view::View;

/// Purposes of certificates for logon by TLS.
const CLIENT_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.2";
pub const ANY_PURPOSE: &str = "2.5.29.37.0";

/// Rights over a template by which one may ask for its certificates.
const ENROL: [RelationKind; 3] = [
    RelationKind::Enroll,
    RelationKind::GenericAll,
    RelationKind::AllExtendedRights,
];

#[derive(Default)]
pub struct Pki<'a> {
    authorities: BTreeMap<NodeIndex, Authority<'a>>,
    templates: BTreeMap<NodeIndex, Template<'a>>,
}

/// An enterprise authority that publishes templates, or that a store of certificates for logon holds.
pub struct Authority<'a> {
    pub index: NodeIndex,
    pub node: &'a Node,
    /// Who may ask it for certificates, of whichever template.
    pub enrollers: Holders,
    /// Computers in use that it runs on. Empty where no source names one.
    pub hosts: Vec<&'a Relation>,
    /// The domains that take its certificates for logon, in order. None where it is out of service.
    pub trusts: Vec<Trust>,
    /// That it runs, and where.
    pub running: Option<Fact>,
    /// `PublishedTo`, in the order of templates.
    published: Vec<&'a Relation>,
}

/// That a domain takes the certificates of an authority for logon.
pub struct Trust {
    pub domain: NodeIndex,
    /// The chain to the root, the root, and the store.
    pub facts: Vec<Fact>,
}

pub struct Template<'a> {
    pub index: NodeIndex,
    pub node: &'a Node,
    /// Who may ask for its certificates, from whichever authority.
    pub enrollers: Holders,
    /// `PublishedTo`, in the order of authorities.
    published: Vec<&'a Relation>,
}

/// A template, an authority that issues by it, and a domain that takes the certificates for logon.
#[derive(Clone, Copy)]
pub struct Published<'p, 'a> {
    pub template: &'p Template<'a>,
    pub authority: &'p Authority<'a>,
    pub trust: &'p Trust,
    relation: &'a Relation,
}

impl<'a> Pki<'a> {
    pub fn of(view: &View<'a>) -> Self {
        let published = view.relations(RelationKind::PublishedTo);
        let indices: RoaringBitmap = published.iter().map(|it| it.source).collect();
        let mut enrollers = holders_of(view, &ENROL, &indices);
        let mut templates: BTreeMap<_, _> = indices
            .iter()
            .map(|index| {
                let template = Template {
                    index,
                    node: view.node(index),
                    enrollers: enrollers.remove(&index).unwrap_or_default(),
                    published: Vec::new(),
                };
                (index, template)
            })
            .collect();

        let trusted = view
            .relations(RelationKind::TrustedForNtAuth)
            .iter()
            .map(|it| it.source);
        let indices: RoaringBitmap = published.iter().map(|it| it.target).chain(trusted).collect();
        let mut authorities = authorities(view, &indices);
        for &relation in published {
            if let Some(template) = templates.get_mut(&relation.source) {
                template.published.push(relation);
            }
            if let Some(authority) = authorities.get_mut(&relation.target) {
                authority.published.push(relation);
            }
        }
        Self { authorities, templates }
    }

    pub fn authorities(&self) -> impl Iterator<Item = &Authority<'a>> {
        self.authorities.values()
    }

    /// A template that some authority publishes.
    pub fn template(&self, index: NodeIndex) -> Option<&Template<'a>> {
        self.templates.get(&index)
    }

    /// The authorities that publish a template, whether or not a domain trusts them.
    pub fn publishers(&self, template: &Template<'a>) -> impl Iterator<Item = (&Authority<'a>, &'a Relation)> {
        let published = template.published.iter();
        published.filter_map(|&relation| Some((self.authorities.get(&relation.target)?, relation)))
    }

    /// Each template that an authority issues by, for each domain that takes the certificates for logon.
    pub fn published(&self) -> impl Iterator<Item = Published<'_, 'a>> {
        self.authorities.values().flat_map(move |authority| {
            authority.published.iter().flat_map(move |&relation| {
                let template = self.templates.get(&relation.source);
                template.into_iter().flat_map(move |template| {
                    authority.trusts.iter().map(move |trust| Published {
                        template,
                        authority,
                        trust,
                        relation,
                    })
                })
            })
        })
    }
}

fn authorities<'a>(view: &View<'a>, indices: &RoaringBitmap) -> BTreeMap<NodeIndex, Authority<'a>> {
    if indices.is_empty() {
        return BTreeMap::new();
    }
    let mut hosts: BTreeMap<NodeIndex, Vec<&Relation>> = BTreeMap::new();
    for &relation in view.relations(RelationKind::HostsCaService) {
        if !view.node(relation.source).is_unusable_account(view.world.now) {
            hosts.entry(relation.target).or_default().push(relation);
        }
    }
    let mut enrollers: BTreeMap<NodeIndex, Holders> = BTreeMap::new();
    for &relation in view.relations(RelationKind::Enroll) {
        if indices.contains(relation.target) && !is_overruled(view, relation) {
            let holders = enrollers.entry(relation.target).or_default();
            holders.add(relation.source, vec![view.relation_fact(relation)]);
        }
    }
    let chains = Chains::of(view);
    indices
        .iter()
        .map(|index| {
            let node = view.node(index);
            let hosts = hosts.remove(&index).unwrap_or_default();
            let running = match hosts.first() {
                Some(host) => Some(view.relation_fact(host)),
                None if is_host_known(node) => None,
                None => Some(unknown_host(node)),
            };
            let mut authority = Authority {
                index,
                node,
                enrollers: enrollers.remove(&index).unwrap_or_default(),
                hosts,
                trusts: Vec::new(),
                running,
                published: Vec::new(),
            };
            if authority.running.is_some() {
                authority.trusts = chains.trusts(view, authority.index);
            }
            (index, authority)
        })
        .collect()
}

/// A property and no relation, so that a removal does not make a host unknown: an authority whose last computer is
/// taken away is out of service.
fn is_host_known(authority: &Node) -> bool {
    let pki = authority.attributes.pki.as_deref();
    pki.is_some_and(|it| it.is_host_known == Some(true))
}

/// Exports of graphs leave out the computer now and then; nothing says then that the authority is out of service.
fn unknown_host(authority: &Node) -> Fact {
    Fact::Absence(Box::new(AbsenceFact {
        node: authority.id,
        name: "host".to_owned(),
        text: format!(
            "no source names the computer of {}, which is taken to be running",
            authority.name
        ),
    }))
}

/// Relations between certificates, stores and domains.
struct Chains<'a> {
    /// From a certificate to what signed it, or is the same.
    up: BTreeMap<NodeIndex, Vec<&'a Relation>>,
    roots: BTreeMap<NodeIndex, Vec<&'a Relation>>,
    stores: BTreeMap<NodeIndex, Vec<&'a Relation>>,
    domains_of_stores: BTreeMap<NodeIndex, Vec<&'a Relation>>,
}

impl<'a> Chains<'a> {
    fn of(view: &View<'a>) -> Self {
        let by_source = |kinds: &[RelationKind]| {
            let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for &relation in kinds.iter().flat_map(|&kind| view.relations(kind)) {
                found.entry(relation.source).or_default().push(relation);
            }
            found
        };
        Self {
            up: by_source(&[RelationKind::IssuedSignedBy, RelationKind::EnterpriseCaFor]),
            roots: by_source(&[RelationKind::RootCaFor]),
            stores: by_source(&[RelationKind::TrustedForNtAuth]),
            domains_of_stores: by_source(&[RelationKind::NtAuthStoreFor]),
        }
    }

    /// The domains that trust the root of an authority, and hold it in a store of certificates for logon.
    fn trusts(&self, view: &View<'_>, authority: NodeIndex) -> Vec<Trust> {
        let mut in_store: BTreeMap<NodeIndex, [&Relation; 2]> = BTreeMap::new();
        for &store in self.stores.get(&authority).into_iter().flatten() {
            for &domain in self.domains_of_stores.get(&store.target).into_iter().flatten() {
                in_store.entry(domain.target).or_insert([store, domain]);
            }
        }
        let to_root = self.to_root(authority);
        in_store
            .into_iter()
            .filter_map(|(domain, store)| {
                let chain = to_root.get(&domain)?.iter().copied().chain(store);
                let facts = chain.map(|relation| view.relation_fact(relation)).collect();
                Some(Trust { domain, facts })
            })
            .collect()
    }

    /// The shortest chain from an authority to each domain that trusts its root.
    fn to_root(&self, authority: NodeIndex) -> BTreeMap<NodeIndex, Vec<&'a Relation>> {
        let mut found: BTreeMap<NodeIndex, Vec<&Relation>> = BTreeMap::new();
        let mut came_by: BTreeMap<NodeIndex, Option<&Relation>> = BTreeMap::from([(authority, None)]);
        let mut waiting = VecDeque::from([authority]);
        while let Some(at) = waiting.pop_front() {
            for &root in self.roots.get(&at).into_iter().flatten() {
                found.entry(root.target).or_insert_with(|| {
                    let mut chain = vec![root];
                    let mut back = at;
                    while let Some(Some(relation)) = came_by.get(&back) {
                        chain.push(*relation);
                        back = relation.source;
                    }
                    chain.reverse();
                    chain
                });
            }
            for &relation in self.up.get(&at).into_iter().flatten() {
                came_by.entry(relation.target).or_insert_with(|| {
                    waiting.push_back(relation.target);
                    Some(relation)
                });
            }
        }
        found
    }
}

impl Published<'_, '_> {
    pub fn domain(&self) -> NodeIndex {
        self.trust.domain
    }

    /// That the authority publishes the template, and that the domain takes its certificates for logon.
    pub fn facts(&self, view: &View<'_>) -> Vec<Fact> {
        let mut facts = vec![view.relation_fact(self.relation)];
        facts.extend(self.trust.facts.iter().chain(&self.authority.running).cloned());
        facts
    }

    /// All facts of a step, in the order in which a person would tell them: who may ask, what is wrong with the
    /// template or authority, and what trusts the certificate.
    pub fn with(&self, view: &View<'_>, rights: Vec<Fact>, conditions: &[Fact]) -> Vec<Fact> {
        let mut facts = rights;
        extend(&mut facts, conditions.iter().cloned());
        extend(&mut facts, self.facts(view));
        facts
    }
}

impl<'a> Authority<'a> {
    fn pki(&self) -> Option<&'a PkiAttributes> {
        self.node.attributes.pki.as_deref()
    }

    /// Whoever asks may name the subject of the certificate, whatever the template says.
    pub fn lets_name_subject(&self, view: &View<'_>) -> Option<Fact> {
        let text = "lets whoever asks name the subject (EDITF_ATTRIBUTESUBJECTALTNAME2)";
        (self.pki()?.does_user_specify_san == Some(true))
            .then(|| view.property_fact(self.node, "isuserspecifiessanenabled", "true", text))
    }

    /// Only named agents may enrol on behalf of others. Without a word on it anybody may, which is how authorities are
    /// set up.
    pub fn restricts_agents(&self, view: &View<'_>) -> Option<Fact> {
        let text = "lets only named agents enrol on behalf of others";
        (self.pki()?.has_enrollment_agent_restrictions == Some(true))
            .then(|| view.property_fact(self.node, "hasenrollmentagentrestrictions", "true", text))
    }
}

impl<'a> Template<'a> {
    pub fn pki(&self) -> Option<&'a PkiAttributes> {
        self.node.attributes.pki.as_deref()
    }

    /// The flag with this name is as wanted.
    fn flag(&self, view: &View<'_>, told: Option<bool>, is_wanted: bool, name: &str, text: &str) -> Option<Fact> {
        (told == Some(is_wanted)).then(|| view.property_fact(self.node, name, &is_wanted.to_string(), text))
    }

    /// Nobody has to approve a request.
    pub fn needs_no_approval(&self, view: &View<'_>) -> Option<Fact> {
        let text = "asks for no approval by a manager";
        let told = self.pki()?.requires_manager_approval;
        self.flag(view, told, false, "requiresmanagerapproval", text)
    }

    /// A request needs no signature of somebody else. Templates of the first version cannot ask for one.
    pub fn needs_no_signature(&self, view: &View<'_>) -> Option<Fact> {
        let pki = self.pki()?;
        let fact = |name: &str, value: i64, text: &str| view.property_fact(self.node, name, &value.to_string(), text);
        match (pki.schema_version, pki.authorized_signatures) {
            (_, Some(count @ ..=0)) => Some(fact("authorizedsignatures", count, "asks for no signature of an agent")),
            (Some(version @ ..=1), _) => {
                let text = "is of version 1, which can ask for no signature of an agent";
                Some(fact("schemaversion", version, text))
            }
            _ => None,
        }
    }

    /// Its certificates are good for logon by Kerberos.
    pub fn authenticates(&self, view: &View<'_>) -> Option<Fact> {
        let text = "issues certificates that are good for logon";
        self.flag(
            view,
            self.pki()?.authentication_enabled,
            true,
            "authenticationenabled",
            text,
        )
    }

    /// Its certificates are good for logon by TLS (Schannel). Where nobody says so, their purposes do.
    pub fn authenticates_by_tls(&self, view: &View<'_>) -> Option<Fact> {
        let pki = self.pki()?;
        let text = "issues certificates that are good for logon by TLS";
        if pki.schannel_enabled.is_some() {
            return self.flag(view, pki.schannel_enabled, true, "schannelauthenticationenabled", text);
        }
        let Some(ekus) = pki.effective_ekus.as_deref() else {
            // What is good for Kerberos mostly has the purpose that TLS asks for.
            return self.authenticates(view);
        };
        let is_good = ekus.is_empty() || ekus.iter().any(|it| it == CLIENT_AUTHENTICATION || it == ANY_PURPOSE);
        is_good.then(|| view.property_fact(self.node, "effectiveekus", &ekus.join(", "), text))
    }

    /// Whoever asks names the subject.
    pub fn lets_name_subject(&self, view: &View<'_>) -> Option<Fact> {
        let text = "lets whoever asks name the subject";
        let told = self.pki()?.enrollee_supplies_subject;
        self.flag(view, told, true, "enrolleesuppliessubject", text)
    }

    /// Its certificates do not hold the SID of who asked.
    pub fn leaves_out_sid(&self, view: &View<'_>) -> Option<Fact> {
        let text = "issues certificates without the SID of who asked";
        self.flag(
            view,
            self.pki()?.no_security_extension,
            true,
            "nosecurityextension",
            text,
        )
    }

    /// Its certificates hold a DNS name, which the authority looks up in the directory.
    pub fn needs_dns_name(&self) -> bool {
        self.pki()
            .is_some_and(|it| it.san_requires_dns == Some(true) || it.san_requires_domain_dns == Some(true))
    }

    /// Whether a principal can be named in its certificates: users have no DNS name, save service accounts that the
    /// directory manages.
    pub fn can_name(&self, principal: &Node) -> bool {
        let attributes = &principal.attributes;
        let is_managed = attributes.is_gmsa == Some(true) || attributes.is_smsa == Some(true);
        !self.needs_dns_name() || principal.kind != NodeKind::User || is_managed
    }
}
