//! Abuses of certificate services that let an attacker log on as somebody else, or as more than they are.
//!
//! One file for each, named after the number that the paper "Certified Pre-Owned" (Schroeder and Christensen, 2021) and
//! those that followed it gave the abuse. What they have in common is in [`crate::pki`].

pub(crate) mod esc1;
pub(crate) mod esc10;
pub(crate) mod esc13;
pub(crate) mod esc14;
pub(crate) mod esc15;
pub(crate) mod esc16;
pub(crate) mod esc2;
pub(crate) mod esc3;
pub(crate) mod esc4;
pub(crate) mod esc6;
pub(crate) mod esc7;
pub(crate) mod esc9;
pub(crate) mod golden_cert;
mod renaming;

use std::collections::HashMap;

use postern_model::RelationKind;
use postern_model::estate::{Node, NodeIndex};
use roaring::RoaringBitmap;

use self::renaming::Renaming;
use super::Family;
use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::forest::Forests;
use crate::pki::Published;
use crate::rights::{Holders, facts_of_all, principals_of_all};
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "certificates",
    techniques: &[
        RelationKind::GoldenCert,
        RelationKind::AdcsEsc1,
        RelationKind::AdcsEsc2,
        RelationKind::AdcsEsc3,
        RelationKind::AdcsEsc4,
        RelationKind::AdcsEsc6a,
        RelationKind::AdcsEsc6b,
        RelationKind::AdcsEsc7,
        RelationKind::AdcsEsc9a,
        RelationKind::AdcsEsc9b,
        RelationKind::AdcsEsc10a,
        RelationKind::AdcsEsc10b,
        RelationKind::AdcsEsc13,
        RelationKind::AdcsEsc14b,
        RelationKind::AdcsEsc14c,
        RelationKind::AdcsEsc14d,
        RelationKind::AdcsEsc15,
        RelationKind::AdcsEsc16,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    golden_cert::derive(view, steps);
    esc1::derive(view, steps);
    esc3::derive(view, steps);
    esc4::derive(view, steps);
    esc6::derive(view, steps);
    esc13::derive(view, steps);
    esc2::derive(view, steps);
    esc7::derive(view, steps);
    esc15::derive(view, steps);

    let (forests, renaming) = (Forests::of(view), Renaming::of(view));
    esc9::derive(view, steps, &forests, &renaming);
    esc10::derive(view, steps, &forests, &renaming);
    esc14::derive(view, steps, &forests, &renaming);
    esc16::derive(view, steps, &forests, &renaming);
}

/// So many reasons are told of each step, each with another template or authority. One is enough for the step to exist,
/// and what is left after a change is found by deriving anew.
const WAYS_MAX: usize = 4;

/// Hands over the steps of one technique, of each no more than [`WAYS_MAX`] reasons.
struct Told<'s, 'w, 'v, 'a> {
    view: &'s View<'a>,
    steps: &'s mut Steps<'w, 'v>,
    technique: RelationKind,
    manner: Manner,
    /// By source and target.
    ways: HashMap<(NodeIndex, NodeIndex), usize>,
    /// By target, the sources of which enough is told.
    done: HashMap<NodeIndex, RoaringBitmap>,
}

impl<'s, 'w, 'v, 'a> Told<'s, 'w, 'v, 'a> {
    fn new(view: &'s View<'a>, steps: &'s mut Steps<'w, 'v>, technique: RelationKind) -> Self {
        Self {
            view,
            steps,
            technique,
            manner: Manner::default(),
            ways: HashMap::new(),
            done: HashMap::new(),
        }
    }

    /// As another grade than the technique's own.
    fn with_manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    /// Steps from those who hold all rights, are fit, and do so for the first time or nearly.
    ///
    /// * `conditions`: what is wrong with template, authority and domain.
    fn add(
        &mut self,
        published: Published<'_, 'a>,
        target: NodeIndex,
        rights: &[&Holders],
        is_fit: impl Fn(&Node) -> bool,
        conditions: &[Fact],
    ) {
        let view = self.view;
        self.add_from(&principals_of_all(view, rights), target, |principal| {
            is_fit(view.node(principal)).then(|| {
                let rights = facts_of_all(view, rights, principal);
                published.with(view, rights, conditions)
            })
        });
    }

    /// A step from each of `sources` that has a reason for it, unless enough are told.
    fn add_from(
        &mut self,
        sources: &RoaringBitmap,
        target: NodeIndex,
        reason: impl Fn(NodeIndex) -> Option<Vec<Fact>>,
    ) {
        let done = self.done.entry(target).or_default();
        for source in sources - &*done {
            let Some(facts) = reason(source) else { continue };
            let ways = self.ways.entry((source, target)).or_default();
            *ways += 1;
            if *ways == WAYS_MAX {
                done.insert(source);
            }
            let (source, target) = (Vertex::Asset(source), Vertex::Asset(target));
            self.steps
                .add_between(self.technique, source, target, self.manner, facts);
        }
    }
}

/// A domain with certificate services, for the plants of this family.
#[cfg(test)]
pub(crate) mod sketch {
    use postern_model::estate::{Attributes, PkiAttributes};
    use postern_model::{NodeKind, RelationKind};

    use crate::planted::NearMiss;
    use crate::testing::{DOMAIN, Sketch};

    /// An authority in use on CAHOST that chains to a root of the domain, is in its store, and publishes TEMPLATE.
    /// USERS may ask the authority, and EVE is one of them; nobody may ask for the template yet.
    pub fn services(template: fn(&mut PkiAttributes)) -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .computer("CAHOST")
            .node("CA", NodeKind::EnterpriseCa, |ca| {
                pki(&mut ca.attributes).is_host_known = Some(true);
            })
            .node("ROOT", NodeKind::RootCa, |_| {})
            .node("STORE", NodeKind::NtAuthStore, |_| {})
            .relate("CAHOST", RelationKind::HostsCaService, "CA")
            .relate("CA", RelationKind::IssuedSignedBy, "ROOT")
            .relate("ROOT", RelationKind::RootCaFor, DOMAIN)
            .relate("CA", RelationKind::TrustedForNtAuth, "STORE")
            .relate("STORE", RelationKind::NtAuthStoreFor, DOMAIN)
            .user("EVE")
            .group("USERS")
            .relate("EVE", RelationKind::MemberOf, "USERS")
            .relate("USERS", RelationKind::Enroll, "CA");
        publish(&mut sketch, "TEMPLATE", template);
        sketch
    }

    /// One more template of the authority.
    pub fn publish(sketch: &mut Sketch, key: &str, edit: fn(&mut PkiAttributes)) {
        sketch
            .node(key, NodeKind::CertTemplate, |node| edit(pki(&mut node.attributes)))
            .relate(key, RelationKind::PublishedTo, "CA");
    }

    pub fn pki(attributes: &mut Attributes) -> &mut PkiAttributes {
        attributes.pki.get_or_insert_default()
    }

    /// A template whose certificates are good for logon, without approval or signature.
    pub fn open(template: &mut PkiAttributes) {
        template.schema_version = Some(2);
        template.authorized_signatures = Some(0);
        template.requires_manager_approval = Some(false);
        template.authentication_enabled = Some(true);
    }

    fn unrelate(sketch: &mut Sketch, source: &str, kind: RelationKind, target: &str) {
        sketch.unrelate(source, kind, target);
    }

    pub const PUBLISHED: NearMiss = ("the template is published", |it| {
        unrelate(it, "TEMPLATE", RelationKind::PublishedTo, "CA");
    });
    pub const CHAINED: NearMiss = ("the authority chains to a root", |it| {
        unrelate(it, "CA", RelationKind::IssuedSignedBy, "ROOT");
    });
    pub const ROOT_TRUSTED: NearMiss = ("the domain trusts the root", |it| {
        unrelate(it, "ROOT", RelationKind::RootCaFor, DOMAIN);
    });
    pub const IN_STORE: NearMiss = ("the authority is in the store for logon", |it| {
        unrelate(it, "CA", RelationKind::TrustedForNtAuth, "STORE");
    });
    pub const STORE_OF_DOMAIN: NearMiss = ("the store is that of the domain", |it| {
        unrelate(it, "STORE", RelationKind::NtAuthStoreFor, DOMAIN);
    });
    pub const IN_USE: NearMiss = ("the authority's computer is enabled", |it| {
        it.edit("CAHOST", |host| host.enabled = Some(false));
    });
    pub const MAY_ASK_AUTHORITY: NearMiss = ("may ask the authority", |it| {
        unrelate(it, "USERS", RelationKind::Enroll, "CA");
    });
    pub const NOT_OVERRULED: NearMiss = ("the authority's own list grants what the directory's does", |it| {
        it.edit("CA", |ca| ca.has_ca_list = Some(true));
    });
    pub const NO_APPROVAL: NearMiss = ("nobody has to approve", |it| {
        it.edit("TEMPLATE", |it| pki(it).requires_manager_approval = Some(true));
    });
    pub const APPROVAL_KNOWN: NearMiss = ("it is known that nobody has to approve", |it| {
        it.edit("TEMPLATE", |it| pki(it).requires_manager_approval = None);
    });
    pub const NO_SIGNATURE: NearMiss = ("no agent has to sign", |it| {
        it.edit("TEMPLATE", |it| pki(it).authorized_signatures = Some(1));
    });
    pub const FOR_LOGON: NearMiss = ("certificates of the template are good for logon", |it| {
        it.edit("TEMPLATE", |it| pki(it).authentication_enabled = Some(false));
    });
    pub const ENABLED: NearMiss = ("is enabled", |it| {
        it.edit("EVE", |eve| eve.enabled = Some(false));
    });
}
