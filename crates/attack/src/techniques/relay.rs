//! Making a computer authenticate to the attacker, and handing that on to somebody who takes it for the computer.
//!
//! NTLM proves who speaks, and not to whom, unless the server asks for signing or binds the proof to the channel. The
//! rules are those of BloodHound Community Edition's analysis; what they ask of a server must have been seen. Whoever
//! can log on to a domain can make its computers authenticate, so steps begin at its Authenticated Users.

pub(crate) mod adcs;
pub(crate) mod adcs_rpc;
pub(crate) mod ldap;
pub(crate) mod ldaps;
pub(crate) mod smb;

use std::collections::BTreeMap;

use postern_model::estate::{HostAttributes, Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use super::Family;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::protected_users::ProtectedUsers;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "relay",
    techniques: &[
        RelationKind::CoerceAndRelayNtlmToSmb,
        RelationKind::CoerceAndRelayNtlmToLdap,
        RelationKind::CoerceAndRelayNtlmToLdaps,
        RelationKind::CoerceAndRelayNtlmToAdcs,
        RelationKind::CoerceAndRelayNtlmToAdcsRpc,
    ],
    derive,
};

/// So many derivations of a step name a computer each. More of them would make no step more true.
const DERIVATIONS_MAX: usize = 3;

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let coercion = Coercion::of(view);
    smb::derive(view, steps, &coercion);
    ldap::derive(view, steps, &coercion);
    ldaps::derive(view, steps, &coercion);
    adcs::derive(view, steps, &coercion);
    adcs_rpc::derive(view, steps, &coercion);
}

/// Which computers can be made to send NTLM to the attacker, and by whom.
struct Coercion<'v, 'a> {
    view: &'v View<'a>,
    protected: ProtectedUsers,
    /// Those that can be made to. Accounts that are of no use are among them: nobody gets anywhere with those.
    computers: RoaringBitmap,
    /// Those of them that can log on.
    usable: RoaringBitmap,
    /// Those of them of which a source says that nothing forbids it.
    told: RoaringBitmap,
    /// Authenticated Users of each domain, by the domain's SID.
    everybody: BTreeMap<&'a str, NodeIndex>,
}

impl<'v, 'a> Coercion<'v, 'a> {
    fn of(view: &'v View<'a>) -> Self {
        let mut everybody = BTreeMap::new();
        for (index, node) in view.assets(NodeKind::Group) {
            if node.key.ends_with("S-1-5-11") {
                everybody.entry(&*node.boundary).or_insert(index);
            }
        }
        let protected = ProtectedUsers::of(view);
        let [mut computers, mut usable, mut told] = [(); 3].map(|()| RoaringBitmap::new());
        for (index, node) in view.assets(NodeKind::Computer) {
            let host = node.attributes.host.as_deref();
            let restriction = host.and_then(|host| host.restricts_outbound_ntlm);
            // A computer of an unknown domain can be in no domain's group, and is reached like any other.
            let is_reached = node.boundary.is_empty() || everybody.contains_key(&*node.boundary);
            if is_reached && restriction != Some(true) && !protected.contains(index) {
                computers.insert(index);
                if !node.is_unusable_account(view.world.now) {
                    usable.insert(index);
                }
                if host.is_some_and(is_told_to_send) {
                    told.insert(index);
                }
            }
        }
        Self {
            view,
            protected,
            computers,
            usable,
            told,
            everybody,
        }
    }

    /// Who can make computers of the domain of `computer` authenticate.
    fn attacker(&self, computer: &Node) -> Option<NodeIndex> {
        self.everybody.get(&*computer.boundary).copied()
    }

    /// Why a computer, one of those that can be made to, sends NTLM to the attacker.
    fn facts(&self, computer: NodeIndex) -> Vec<Fact> {
        const NAME: &str = "restrictoutboundntlm";
        let node = self.view.node(computer);
        let text = format!(
            "whoever can log on to the domain can make {} authenticate to a computer of their choice",
            node.name
        );
        let coerced = Fact::BuiltIn { text: text.into() };
        let host = node.attributes.host.as_deref();
        let sends = match host.and_then(|host| host.restricts_outbound_ntlm) {
            Some(_) if self.told.contains(computer) => {
                self.view
                    .property_fact(node, NAME, "false", "sends NTLM to any computer")
            }
            // Windows sends it unless a policy says otherwise ("Network security: Restrict NTLM: Outgoing NTLM traffic
            // to remote servers").
            Some(_) => Fact::product_default(
                node,
                NAME,
                "false",
                "sends NTLM to any computer, as no policy forbids it",
            ),
            None => Fact::product_default(
                node,
                NAME,
                "false",
                "sends NTLM to any computer; nobody looked whether a policy forbids it",
            ),
        };
        vec![coerced, sends, self.protected.absence_fact(self.view, computer)]
    }
}

/// Whether a policy lets a computer send NTLM, and not just no policy forbids it.
fn is_told_to_send(host: &HostAttributes) -> bool {
    host.restricts_outbound_ntlm == Some(false) && host.is_outbound_ntlm_default != Some(true)
}

/// A domain controller that takes what is handed on to it.
struct Taker {
    computer: NodeIndex,
    facts: Vec<Fact>,
}

/// The domain controllers that `takes` says something of, by domain and in order. A read-only one is left out: it sends
/// whoever wants to write to another.
fn takers<'a>(view: &View<'a>, takes: impl Fn(&Node) -> Option<Vec<Fact>>) -> BTreeMap<&'a str, Vec<Taker>> {
    let mut found: BTreeMap<_, Vec<Taker>> = BTreeMap::new();
    for (index, node) in view.assets(NodeKind::Computer) {
        if node.attributes.is_read_only_dc == Some(true) || node.is_unusable_account(view.world.now) {
            continue;
        }
        // Nearly every computer is no domain controller, and of those nobody tells what they take.
        if let Some(takes) = takes(node)
            && let Some((domain, controls)) = controlled_domain(view, index)
        {
            let facts = std::iter::once(controls).chain(takes).collect();
            found.entry(domain).or_default().push(Taker { computer: index, facts });
        }
    }
    found
}

/// The SID of the domain that a computer is a domain controller of, and why.
fn controlled_domain<'a>(view: &View<'a>, computer: NodeIndex) -> Option<(&'a str, Fact)> {
    let relations = view.relations(RelationKind::DcFor);
    let first = relations.partition_point(|it| it.source < computer);
    let stated: Option<&Relation> = relations.get(first).copied().filter(|it| it.source == computer);
    if let Some(relation) = stated {
        return Some((&view.node(relation.target).key, view.relation_fact(relation)));
    }
    let node = view.node(computer);
    let is_controller = node.attributes.is_dc == Some(true) && !node.boundary.is_empty();
    is_controller.then(|| {
        let fact = view.property_fact(node, "isdc", "true", "is a domain controller");
        (&*node.boundary, fact)
    })
}

/// Steps to each computer that can be made to speak HTTP to the attacker, which nobody signs, where a domain controller
/// other than itself takes what it says.
fn to_domain_controllers(
    view: &View<'_>,
    steps: &mut Steps<'_, '_>,
    coercion: &Coercion<'_, '_>,
    technique: RelationKind,
    takers: &BTreeMap<&str, Vec<Taker>>,
) {
    if takers.is_empty() {
        return;
    }
    for computer in &coercion.computers {
        let node = view.node(computer);
        let host = node.attributes.host.as_deref();
        if host.and_then(|host| host.runs_web_client) != Some(true) {
            continue;
        }
        let (Some(attacker), Some(takers)) = (coercion.attacker(node), takers.get(&*node.boundary)) else {
            continue;
        };
        for taker in takers.iter().filter(|it| it.computer != computer).take(DERIVATIONS_MAX) {
            let mut facts = coercion.facts(computer);
            facts.push(view.property_fact(
                node,
                "webclientrunning",
                "true",
                "authenticates over HTTP, which signs nothing",
            ));
            facts.extend_from_slice(&taker.facts);
            steps.add(technique, attacker, computer, facts);
        }
    }
}

#[cfg(test)]
mod testing {
    use postern_model::estate::{Attributes, DomainAttributes, HostAttributes};
    use postern_model::{NodeKind, RelationKind};

    use crate::planted::NearMiss;
    use crate::testing::{DOMAIN, FQDN, Sketch};

    /// Who can make computers authenticate.
    pub const EVERYBODY: &str = "CORP.EXAMPLE-S-1-5-11";
    pub const PROTECTED_USERS: &str = "S-1-5-21-1-1-1-525";
    const ABROAD: &str = "S-1-5-21-2-2-2";

    pub fn estate() -> Sketch {
        let mut sketch = Sketch::domain();
        assert_eq!(EVERYBODY, format!("{FQDN}-S-1-5-11"));
        assert_eq!(PROTECTED_USERS, format!("{DOMAIN}-525"));
        sketch.group(EVERYBODY).group(PROTECTED_USERS);
        sketch
    }

    pub fn host(attributes: &mut Attributes) -> &mut HostAttributes {
        attributes.host.get_or_insert_default()
    }

    /// A domain controller.
    pub fn controller(sketch: &mut Sketch, key: &str, edit: impl FnOnce(&mut HostAttributes)) {
        sketch.node(key, NodeKind::Computer, |node| {
            node.attributes.is_dc = Some(true);
            edit(host(&mut node.attributes));
        });
        sketch.relate(key, RelationKind::DcFor, DOMAIN);
    }

    /// Puts a computer into Protected Users, through a group.
    pub fn protect(sketch: &mut Sketch, computer: &str) {
        sketch
            .group("TIER0")
            .relate(computer, RelationKind::MemberOf, "TIER0")
            .relate("TIER0", RelationKind::MemberOf, PROTECTED_USERS);
    }

    pub fn set_level(sketch: &mut Sketch, level: &str) {
        sketch.edit(DOMAIN, |domain| {
            domain.domain = Some(Box::new(DomainAttributes {
                functional_level: Some(level.to_owned()),
                ..DomainAttributes::default()
            }));
        });
    }

    /// Near misses of the computer `PC`.
    pub const SENDS_NTLM: NearMiss = ("it sends NTLM", |it| {
        it.edit("PC", |pc| host(pc).restricts_outbound_ntlm = Some(true));
    });
    pub const NOT_PROTECTED: NearMiss = ("it is not in Protected Users", |it| protect(it, "PC"));
    pub const ENABLED: NearMiss = ("its account is enabled", |it| {
        it.edit("PC", |pc| pc.enabled = Some(false));
    });
    pub const RUNS_WEB_CLIENT: NearMiss = ("its web client runs", |it| {
        it.edit("PC", |pc| host(pc).runs_web_client = Some(false));
    });
    pub const WEB_CLIENT_KNOWN: NearMiss = ("somebody looked whether its web client runs", |it| {
        it.edit("PC", |pc| host(pc).runs_web_client = None);
    });
    /// Its domain has Authenticated Users too, and nothing else.
    pub const OF_DOMAIN: NearMiss = ("it is of the domain", |it| {
        it.node(ABROAD, NodeKind::Domain, |_| {});
        it.node("OTHER-S-1-5-11", NodeKind::Group, |group| {
            group.boundary = ABROAD.into()
        });
        it.node("PC", NodeKind::Computer, |pc| pc.boundary = ABROAD.into());
    });

    /// Near misses of the domain controller `DC`.
    pub const CONTROLLER_ENABLED: NearMiss = ("the domain controller is enabled", |it| {
        it.edit("DC", |dc| dc.enabled = Some(false));
    });
    pub const TAKES_CHANGES: NearMiss = ("the domain controller takes changes", |it| {
        it.edit("DC", |dc| dc.is_read_only_dc = Some(true));
    });
    pub const IS_CONTROLLER: NearMiss = ("it is a domain controller", |it| {
        it.unrelate("DC", RelationKind::DcFor, DOMAIN)
            .edit("DC", |dc| dc.is_dc = Some(false));
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::testing::{EVERYBODY, PROTECTED_USERS, estate, host, protect, set_level};
    use super::*;
    use crate::testing::{Sketch, step};
    use crate::{Removal, derive};

    const SMB: RelationKind = RelationKind::CoerceAndRelayNtlmToSmb;

    /// A computer that administers another one, which asks for no signing.
    fn relay() -> Sketch {
        let mut sketch = estate();
        sketch.computer("DEPLOY").computer("SERVER");
        sketch.edit("SERVER", |it| host(it).requires_smb_signing = Some(false));
        sketch.local("SERVER", "-544", &["DEPLOY"]);
        sketch
    }

    fn is_assumed(sketch: &Sketch) -> bool {
        let derived = sketch.derived();
        step(&derived, EVERYBODY, SMB, "SERVER").expect("a step").is_assumed
    }

    #[test]
    fn what_nobody_looked_at_is_assumed_and_said_to_be() {
        let mut sketch = relay();
        assert!(is_assumed(&sketch), "nobody looked");
        sketch.edit("DEPLOY", |it| {
            host(it).restricts_outbound_ntlm = Some(false);
            host(it).is_outbound_ntlm_default = Some(true);
        });
        assert!(is_assumed(&sketch), "the value is not set");
        let built = sketch.build();
        let derived = sketch.derived();
        let step = step(&derived, EVERYBODY, SMB, "SERVER").expect("a step");
        let texts: Vec<_> = step.derivations()[0]
            .facts
            .iter()
            .map(|it| it.text(&built.estate))
            .collect();
        assert!(
            texts.contains(&"default assumed: DEPLOY sends NTLM to any computer, as no policy forbids it".to_owned()),
            "{texts:?}"
        );
        sketch.edit("DEPLOY", |it| host(it).is_outbound_ntlm_default = Some(false));
        assert!(!is_assumed(&sketch), "a policy allows it");
    }

    #[test]
    fn a_domain_of_an_old_level_protects_nobody() {
        let mut sketch = relay();
        protect(&mut sketch, "DEPLOY");
        assert!(!sketch.has_step(EVERYBODY, SMB, "SERVER"));
        set_level(&mut sketch, "2016");
        assert!(!sketch.has_step(EVERYBODY, SMB, "SERVER"));
        set_level(&mut sketch, "2012");
        assert!(sketch.has_step(EVERYBODY, SMB, "SERVER"));
    }

    #[test]
    fn imagining_a_protection_away_makes_no_step() {
        let mut sketch = relay();
        protect(&mut sketch, "DEPLOY");
        let built = sketch.build();
        let membership = built
            .estate
            .relations
            .iter()
            .find(|it| it.kind == RelationKind::MemberOf);
        let by_edge = Removal {
            edges: BTreeSet::from([membership.expect("a membership").id]),
            ..Removal::default()
        };
        let by_asset = Removal {
            assets: BTreeSet::from([built.index(PROTECTED_USERS)]),
            ..Removal::default()
        };
        for removal in [by_edge, by_asset] {
            let derived = derive(&built.world(), &removal);
            assert!(step(&derived, EVERYBODY, SMB, "SERVER").is_none(), "{removal:?}");
        }
    }
}
