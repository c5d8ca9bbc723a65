//! Certificates of accounts that somebody else can rename: what ESC9, ESC10, ESC14 and ESC16 have in common.
//!
//! The attacker controls an account, the *victim*, that may enrol. It gives the victim another's name, asks for a
//! certificate as the victim, and gives the name back. Start at [`Way`]: what is asked for where, and by whom.
//! [`Renaming::add`] then finds who controls a victim.

use std::collections::BTreeMap;

use postern_model::estate::NodeIndex;
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use super::WAYS_MAX;
use crate::cross_product::expand;
use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::pki::{Published, Template};
use crate::rights::extend;
use crate::techniques::ownership::{Owners, RAW};
use crate::view::View;

/// Rights over an account by which any of its names can be changed.
const CONTROL: [RelationKind; 5] = [
    RelationKind::GenericAll,
    RelationKind::GenericWrite,
    RelationKind::WriteDacl,
    RelationKind::Owns,
    RelationKind::WriteOwner,
];

/// The name that is changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// One of the property set Public-Information: `userPrincipalName`, `mail`, `cn` ([MS-ADTS] 3.1.1.2.3.3).
    Public,
    /// `dNSHostName`, which only computers have.
    Dns,
}

/// A certificate that victims may ask for.
pub struct Way<'p, 'a> {
    pub published: Published<'p, 'a>,
    pub name: Name,
    /// What is wrong with the template, the authority and the domain controllers.
    pub conditions: Vec<Fact>,
}

pub struct Renaming<'v, 'a> {
    view: &'v View<'a>,
    /// Accounts in use that a directory can be asked for certificates of.
    users: RoaringBitmap,
    /// Those of [`Self::users`] that the directory manages and knows a DNS name of.
    managed: RoaringBitmap,
    computers: RoaringBitmap,
}

impl<'v, 'a> Renaming<'v, 'a> {
    pub fn of(view: &'v View<'a>) -> Self {
        let mut it = Self {
            view,
            users: RoaringBitmap::new(),
            managed: RoaringBitmap::new(),
            computers: RoaringBitmap::new(),
        };
        for (index, node) in view.all_assets() {
            if node.is_unusable_account(view.world.now) {
                continue;
            }
            match node.kind {
                NodeKind::Computer => {
                    it.computers.insert(index);
                }
                NodeKind::User => {
                    it.users.insert(index);
                    if node.attributes.is_gmsa == Some(true) || node.attributes.is_smsa == Some(true) {
                        it.managed.insert(index);
                    }
                }
                _ => {}
            }
        }
        it
    }

    /// Who may ask for the certificate of a way, and can be given the name. The rule is that of BloodHound Community
    /// Edition's analysis: a right that everybody holds narrows nothing.
    fn victims(&self, way: &Way<'_, '_>) -> RoaringBitmap {
        let Published {
            template, authority, ..
        } = way.published;
        let memberships = &self.view.memberships;
        let [of_template, of_authority] =
            [&template.enrollers, &authority.enrollers].map(|holders| expand(memberships, holders.direct()));
        let narrows = |holders: &RoaringBitmap| holders.is_disjoint(memberships.everybody());
        let enrollers = match (narrows(&of_template), narrows(&of_authority)) {
            (true, true) => of_template & of_authority,
            (true, false) => of_template,
            (false, true) => of_authority,
            (false, false) => of_template | of_authority,
        };
        match way.name {
            Name::Dns => enrollers & &self.computers,
            Name::Public if template.needs_dns_name() => enrollers & (&self.computers | &self.managed),
            Name::Public => enrollers & (&self.computers | &self.users),
        }
    }

    /// Adds the steps of techniques that differ in the name alone, to each domain that takes the certificates.
    pub fn add_by_name(
        &self,
        steps: &mut Steps<'_, '_>,
        techniques: [(RelationKind, Name); 2],
        conditions: impl Fn(Published<'_, 'a>, Name) -> Option<Vec<Fact>>,
    ) {
        for (technique, name) in techniques {
            let ways = self.view.pki.published().filter_map(|published| {
                let conditions = conditions(published, name)?;
                Some(Way {
                    published,
                    name,
                    conditions,
                })
            });
            self.add(steps, technique, &by_domain(ways));
        }
    }

    /// Adds a step to each target from everybody who controls a victim of one of its ways; whether there is any.
    pub fn add(
        &self,
        steps: &mut Steps<'_, '_>,
        technique: RelationKind,
        targets: &[(Vertex<'_>, Vec<Way<'_, '_>>)],
    ) -> bool {
        let hunted: Vec<_> = targets
            .iter()
            .map(|(target, ways)| {
                let ways = ways.iter().map(|way| (way, self.victims(way)));
                (*target, ways.collect::<Vec<_>>())
            })
            .collect();
        let [public, dns] = [Name::Public, Name::Dns].map(|name| {
            let ways = hunted.iter().flat_map(|(_, ways)| ways);
            let victims = ways.filter(|(way, _)| way.name == name).map(|(_, victims)| victims);
            Controllers::of(
                self.view,
                name,
                &victims.fold(RoaringBitmap::new(), |all, some| all | some),
            )
        });
        let sources: RoaringBitmap = public.controlled.keys().chain(dns.controlled.keys()).copied().collect();
        let mut is_any = false;
        for source in sources {
            if self.view.node(source).is_unusable_account(self.view.world.now) {
                continue;
            }
            for (target, ways) in &hunted {
                let hits = ways.iter().filter_map(|(way, victims)| {
                    let controllers = if way.name == Name::Public { &public } else { &dns };
                    // Most who control anybody control a few, and who controls many controls a victim soon.
                    let mut controlled = controllers.controlled.get(&source)?.iter();
                    let victim = controlled.find(|it| victims.contains(*it))?;
                    Some(self.facts(way, controllers, source, victim))
                });
                for facts in hits.take(WAYS_MAX) {
                    steps.add_between(technique, Vertex::Asset(source), *target, Manner::default(), facts);
                    is_any = true;
                }
            }
        }
        is_any
    }

    fn facts(
        &self,
        way: &Way<'_, '_>,
        controllers: &Controllers<'_, '_>,
        source: NodeIndex,
        victim: NodeIndex,
    ) -> Vec<Fact> {
        let Published {
            template, authority, ..
        } = way.published;
        let mut rights = controllers.facts(source, victim);
        extend(&mut rights, template.enrollers.facts(self.view, victim));
        extend(&mut rights, authority.enrollers.facts(self.view, victim));
        way.published.with(self.view, rights, &way.conditions)
    }
}

/// Who may change a name of which victims.
struct Controllers<'v, 'a> {
    view: &'v View<'a>,
    owners: Owners<'v, 'a>,
    name: Name,
    controlled: BTreeMap<NodeIndex, RoaringBitmap>,
}

impl<'v, 'a> Controllers<'v, 'a> {
    fn of(view: &'v View<'a>, name: Name, victims: &RoaringBitmap) -> Self {
        let mut it = Self {
            view,
            owners: Owners::of(view),
            name,
            controlled: BTreeMap::new(),
        };
        if victims.is_empty() {
            return it;
        }
        let raw = RAW.iter().map(|(raw, _)| *raw);
        for kind in it.kinds().chain(raw) {
            for relation in view.relations(kind) {
                if victims.contains(relation.target) && (!is_raw(kind) || it.owners.facts(relation).is_some()) {
                    it.controlled
                        .entry(relation.source)
                        .or_default()
                        .insert(relation.target);
                }
            }
        }
        it
    }

    fn kinds(&self) -> impl Iterator<Item = RelationKind> + use<> {
        let public = (self.name == Name::Public).then_some(RelationKind::WritePublicInformation);
        CONTROL.into_iter().chain(public)
    }

    /// The first right by which `source` changes the name of `victim`.
    fn facts(&self, source: NodeIndex, victim: NodeIndex) -> Vec<Fact> {
        let mut reported = self
            .kinds()
            .filter_map(|kind| self.view.relation(kind, source, victim))
            .map(|relation| vec![self.view.relation_fact(relation)]);
        let mut owned = RAW
            .iter()
            .filter_map(|&(raw, _)| self.owners.facts(self.view.relation(raw, source, victim)?));
        reported.next().or_else(|| owned.next()).unwrap_or_default()
    }
}

fn is_raw(kind: RelationKind) -> bool {
    RAW.iter().any(|(raw, _)| *raw == kind)
}

/// What a template that names its subjects from the directory puts into certificates.
impl Template<'_> {
    /// The user principal name stands in the certificate; [MS-CRTD] has two flags for that.
    pub fn holds_user_principal_name(&self, view: &View<'_>) -> Option<Fact> {
        let pki = self.pki()?;
        let (_, name) = [
            (pki.san_requires_upn, "subjectaltrequireupn"),
            (pki.san_requires_spn, "subjectaltrequirespn"),
        ]
        .into_iter()
        .find(|(told, _)| *told == Some(true))?;
        let text = "puts the user principal name into certificates";
        Some(view.property_fact(self.node, name, "true", text))
    }

    pub fn holds_dns_name(&self, view: &View<'_>) -> Option<Fact> {
        let text = "puts the DNS name of the computer into certificates";
        (self.pki()?.san_requires_dns == Some(true))
            .then(|| view.property_fact(self.node, "subjectaltrequiredns", "true", text))
    }

    /// The names come from the directory, as far as anybody says.
    pub fn takes_names_from_directory(&self, view: &View<'_>) -> Option<Vec<Fact>> {
        const NAME: &str = "enrolleesuppliessubject";
        let text = "takes the subject's names from the directory";
        match self.pki()?.enrollee_supplies_subject {
            Some(true) => None,
            Some(false) => Some(vec![view.property_fact(self.node, NAME, "false", text)]),
            None => Some(Vec::new()),
        }
    }
}

/// The ways to each domain that takes the certificates.
pub fn by_domain<'p, 'a>(ways: impl Iterator<Item = Way<'p, 'a>>) -> Vec<(Vertex<'p>, Vec<Way<'p, 'a>>)> {
    let mut found: BTreeMap<NodeIndex, Vec<Way<'_, '_>>> = BTreeMap::new();
    for way in ways {
        found.entry(way.published.domain()).or_default().push(way);
    }
    found
        .into_iter()
        .map(|(domain, ways)| (Vertex::Asset(domain), ways))
        .collect()
}

/// All of some conditions, or none where one is not so.
pub fn all<const N: usize>(conditions: [Option<Fact>; N]) -> Option<Vec<Fact>> {
    conditions.into_iter().collect()
}

/// A domain in which EVE controls VICTIM, for the plants of what rests on that.
#[cfg(test)]
pub(crate) mod sketch {
    use postern_model::estate::{HostAttributes, PkiAttributes};
    use postern_model::{NodeKind, RelationKind};

    use crate::planted::NearMiss;
    use crate::techniques::certificates::sketch::*;
    use crate::testing::{DOMAIN, Sketch};

    /// VICTIM, of this kind, may enrol for TEMPLATE; EVE has full control of VICTIM; DC is a domain controller.
    pub fn victim(kind: NodeKind, template: fn(&mut PkiAttributes), controller: HostAttributes) -> Sketch {
        let mut sketch = services(template);
        sketch
            .node("VICTIM", kind, |_| {})
            .relate("VICTIM", RelationKind::MemberOf, "USERS")
            .relate("VICTIM", RelationKind::Enroll, "TEMPLATE")
            .relate("EVE", RelationKind::GenericAll, "VICTIM")
            .computer("DC")
            .edit("DC", |dc| dc.host = Some(Box::new(controller)))
            .relate("DC", RelationKind::DcFor, DOMAIN);
        sketch
    }

    /// A domain controller that takes certificates without a SID.
    pub fn binding(value: i64) -> HostAttributes {
        HostAttributes {
            strong_certificate_binding: Some(value),
            ..HostAttributes::default()
        }
    }

    /// A domain controller that maps certificates in these ways.
    pub fn mapping(methods: i64) -> HostAttributes {
        HostAttributes {
            certificate_mapping_methods: Some(methods),
            ..HostAttributes::default()
        }
    }

    /// A template that names its subjects from the directory, and leaves out the SID.
    pub fn without_sid(template: &mut PkiAttributes) {
        open(template);
        template.enrollee_supplies_subject = Some(false);
        template.no_security_extension = Some(true);
    }

    pub fn host(sketch: &mut Sketch, edit: fn(&mut HostAttributes)) {
        sketch.edit("DC", |dc| edit(dc.host.get_or_insert_default()));
    }

    fn template(sketch: &mut Sketch, edit: fn(&mut PkiAttributes)) {
        sketch.edit("TEMPLATE", |it| edit(pki(it)));
    }

    pub const CONTROLLED: NearMiss = ("somebody controls the victim", |it| {
        it.unrelate("EVE", RelationKind::GenericAll, "VICTIM");
    });
    pub const CONTROL_IS_ENOUGH: NearMiss = ("the control of the victim is over its names", |it| {
        it.unrelate("EVE", RelationKind::GenericAll, "VICTIM").relate(
            "EVE",
            RelationKind::ForceChangePassword,
            "VICTIM",
        );
    });
    pub const VICTIM_ENABLED: NearMiss = ("the victim is enabled", |it| {
        it.edit("VICTIM", |victim| victim.enabled = Some(false));
    });
    pub const VICTIM_MAY_ENROL: NearMiss = ("the victim may ask for the template", |it| {
        it.unrelate("VICTIM", RelationKind::Enroll, "TEMPLATE");
    });
    pub const VICTIM_MAY_ASK_AUTHORITY: NearMiss = ("the victim may ask the authority", |it| {
        it.unrelate("VICTIM", RelationKind::MemberOf, "USERS");
    });
    pub const VICTIM_CAN_BE_NAMED: NearMiss = ("the victim has all names that the certificate holds", |it| {
        template(it, |it| it.san_requires_domain_dns = Some(true));
    });
    pub const NO_SID: NearMiss = ("certificates do not hold the SID", |it| {
        template(it, |it| it.no_security_extension = Some(false));
    });
    pub const NO_SID_KNOWN: NearMiss = ("it is known that certificates do not hold the SID", |it| {
        template(it, |it| it.no_security_extension = None);
    });
    pub const FROM_DIRECTORY: NearMiss = ("names come from the directory", |it| {
        template(it, |it| it.enrollee_supplies_subject = Some(true));
    });
    pub const BINDING_WEAK: NearMiss = ("a domain controller binds weakly", |it| {
        host(it, |dc| dc.strong_certificate_binding = Some(2));
    });
    pub const BINDING_KNOWN: NearMiss = ("somebody looked at how domain controllers bind", |it| {
        host(it, |dc| dc.strong_certificate_binding = None);
    });
    pub const CONTROLLER_ENABLED: NearMiss = ("the domain controller is enabled", |it| {
        it.edit("DC", |dc| dc.enabled = Some(false));
    });
    pub const CONTROLLER_OF_FOREST: NearMiss = ("the domain controller is of the forest", |it| {
        it.unrelate("DC", RelationKind::DcFor, DOMAIN)
            .node("FOREIGN", NodeKind::Domain, |_| {})
            .relate("DC", RelationKind::DcFor, "FOREIGN")
            .relate("FOREIGN", RelationKind::CrossForestTrust, DOMAIN);
    });
}
