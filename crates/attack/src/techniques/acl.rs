//! Rights over directory objects that amount to control of them.

pub(crate) mod add_allowed_to_act;
pub(crate) mod key_credentials;

use postern_catalog::Foothold;
use postern_model::estate::{Node, Relation};
use postern_model::{NodeKind, RelationKind};

use self::key_credentials::KeyLogon;
use super::Family;
use crate::derived::{Steps, Vertex};
use crate::fact::Fact;
use crate::techniques::credentials::guessing::{Guess, has_guessable_password};
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "acl",
    techniques: &[
        RelationKind::GenericAll,
        RelationKind::GenericWrite,
        RelationKind::WriteDacl,
        RelationKind::AllExtendedRights,
        RelationKind::ForceChangePassword,
        RelationKind::AddMember,
        RelationKind::AddSelf,
        RelationKind::WriteSpn,
        RelationKind::AddKeyCredentialLink,
        RelationKind::AddAllowedToAct,
        RelationKind::WriteAccountRestrictions,
        RelationKind::WriteGpLink,
        RelationKind::WriteAltSecurityIdentities,
        RelationKind::WritePublicInformation,
        RelationKind::ManageCa,
        RelationKind::ManageCertificates,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let key_logon = KeyLogon::of(view);
    for &kind in FAMILY.techniques {
        for relation in view.relations(kind) {
            let target = view.node(relation.target);
            let is_futile = kind == RelationKind::WriteSpn && !has_guessable_password(target);
            if !gives_control(kind, target.kind) || is_overruled(view, relation) || is_futile {
                continue;
            }
            if kind == RelationKind::AddKeyCredentialLink {
                if key_logon.is_possible(target) {
                    let manner = key_logon.manner(view, target);
                    let facts = vec![view.relation_fact(relation)];
                    let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
                    steps.add_between(kind, source, target, manner, facts);
                }
                continue;
            }
            if add_allowed_to_act::is_right(kind, target.kind) {
                add_allowed_to_act::derive(view, steps, relation);
                continue;
            }
            // With a name of a service the account's password can be guessed, as likely as any other's.
            if kind == RelationKind::WriteSpn {
                let guess = Guess::of(view, target);
                let manner = guess.manner(view, kind);
                let facts = std::iter::once(view.relation_fact(relation))
                    .chain(guess.facts)
                    .collect();
                let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
                steps.add_between(kind, source, target, manner, facts);
                continue;
            }
            // On a computer the extended right that counts is reading its LAPS password.
            if kind == RelationKind::AllExtendedRights && target.kind == NodeKind::Computer {
                match target.attributes.has_laps {
                    Some(false) => {}
                    known => steps.add_reported_with(relation, laps_facts(view, target, known)),
                }
                continue;
            }
            // On a container the property that counts is the list of linked policies; permissions are no property.
            if kind == RelationKind::GenericWrite && target.kind == NodeKind::Ou {
                steps.add_reported_held(relation, Foothold::Admin, Foothold::User);
                continue;
            }
            steps.add_reported(relation);
        }
    }
}

/// That LAPS manages the password of a computer, when a source says so.
pub fn laps_facts(view: &View<'_>, computer: &Node, known: Option<bool>) -> Vec<Fact> {
    known
        .map(|_| {
            view.property_fact(
                computer,
                "haslaps",
                "true",
                "has its administrator's password managed by LAPS",
            )
        })
        .into_iter()
        .collect()
}

/// Rights at a CA come from the CA's own list where that was collected; the rows of the directory object are then a
/// copy that nobody enforces, save what they grant the computer that the CA runs on.
pub(crate) fn is_overruled(view: &View<'_>, relation: &Relation) -> bool {
    matches!(
        relation.kind,
        RelationKind::ManageCa | RelationKind::ManageCertificates | RelationKind::Enroll
    ) && view.node(relation.target).attributes.has_ca_list == Some(true)
        && relation.flag("islistofca") != Some(true)
        && view
            .relation(RelationKind::HostsCaService, relation.source, relation.target)
            .is_none()
}

/// Whether this right over such an object lets an attacker control it. A right over other kinds of objects is granted
/// now and then, and leads nowhere: every property of a plain container, say, is harmless.
fn gives_control(right: RelationKind, target: NodeKind) -> bool {
    use NodeKind::{Computer, Container, Domain, EnterpriseCa, Group, Ou, User};
    match right {
        RelationKind::GenericWrite => target != Container,
        RelationKind::AllExtendedRights => matches!(target, User | Computer | Domain),
        RelationKind::ForceChangePassword | RelationKind::WriteSpn => target == User,
        RelationKind::AddMember | RelationKind::AddSelf => target == Group,
        RelationKind::AddKeyCredentialLink
        | RelationKind::WriteAccountRestrictions
        | RelationKind::WriteAltSecurityIdentities
        | RelationKind::WritePublicInformation => matches!(target, User | Computer),
        RelationKind::AddAllowedToAct => target == Computer,
        RelationKind::WriteGpLink => matches!(target, Ou | Domain),
        RelationKind::ManageCa | RelationKind::ManageCertificates => target == EnterpriseCa,
        _ => true,
    }
}
