//! For each technique an estate that has it, and estates that lack one thing for it: recall and precision, told apart.
//!
//! A technique's own file holds its plants, as `PLANTS`; those of techniques that are little more than a relation stand
//! together in files of this folder. [`ALL`] lists them. The tests below plant each, take away one precondition at a
//! time, and count.

mod directory;
mod machines;
mod rights;

use std::collections::BTreeSet;
use std::convert::Infallible;

use postern_model::{NodeId, RelationKind};

use crate::derived::Derived;
use crate::expand::without_sets;
use crate::techniques;
use crate::testing::Sketch;

/// An instance of a technique.
pub struct Plant {
    pub technique: RelationKind,
    pub source: &'static str,
    pub target: &'static str,
    pub estate: fn() -> Sketch,
    /// Each alone takes the step away.
    pub near_misses: &'static [NearMiss],
}

/// What has to be so, and an edit after which it is not.
pub type NearMiss = (&'static str, fn(&mut Sketch));

/// Every file's plants.
const ALL: &[&[Plant]] = &[
    directory::PLANTS,
    machines::PLANTS,
    rights::PLANTS,
    techniques::acl::add_allowed_to_act::PLANTS,
    techniques::acl::key_credentials::PLANTS,
    techniques::azure::identity::PLANTS,
    techniques::azure::kubernetes::PLANTS,
    techniques::azure::resource_role::PLANTS,
    techniques::azure::scope_role::PLANTS,
    techniques::azure::storage::PLANTS,
    techniques::azure::vault::PLANTS,
    techniques::certificates::esc10::PLANTS,
    techniques::certificates::esc13::PLANTS,
    techniques::certificates::esc14::PLANTS,
    techniques::certificates::esc15::PLANTS,
    techniques::certificates::esc16::PLANTS,
    techniques::certificates::esc1::PLANTS,
    techniques::certificates::esc2::PLANTS,
    techniques::certificates::esc3::PLANTS,
    techniques::certificates::esc4::PLANTS,
    techniques::certificates::esc6::PLANTS,
    techniques::certificates::esc7::PLANTS,
    techniques::certificates::esc9::PLANTS,
    techniques::certificates::golden_cert::PLANTS,
    techniques::credentials::as_rep_roast::PLANTS,
    techniques::credentials::bad_successor::PLANTS,
    techniques::credentials::golden_gmsa::PLANTS,
    techniques::credentials::kerberoast::PLANTS,
    techniques::credentials::pre_created_computer::PLANTS,
    techniques::credentials::rodc::PLANTS,
    techniques::delegation::coerce_to_tgt::PLANTS,
    techniques::delegation::constrained::PLANTS,
    techniques::delegation::resource_based::PLANTS,
    techniques::entra::acts_as_user::PLANTS,
    techniques::entra::add_members::PLANTS,
    techniques::entra::add_secret::PLANTS,
    techniques::entra::administrative_units::PLANTS,
    techniques::entra::app_admin::PLANTS,
    techniques::entra::containment::PLANTS,
    techniques::entra::device_code::PLANTS,
    techniques::entra::dynamic_groups::PLANTS,
    techniques::entra::execute_command::PLANTS,
    techniques::entra::federation::PLANTS,
    techniques::entra::membership::PLANTS,
    techniques::entra::mg_add_member::PLANTS,
    techniques::entra::mg_add_owner::PLANTS,
    techniques::entra::mg_add_secret::PLANTS,
    techniques::entra::mg_grant_app_roles::PLANTS,
    techniques::entra::mg_grant_role::PLANTS,
    techniques::entra::ownership::PLANTS,
    techniques::entra::reset_password::PLANTS,
    techniques::entra::role_approval::PLANTS,
    techniques::entra::role_assignment::PLANTS,
    techniques::entra::role_eligibility::PLANTS,
    techniques::entra::runs_as::PLANTS,
    techniques::entra::seamless_sso::PLANTS,
    techniques::entra::sync_server::PLANTS,
    techniques::entra::synchronisation::PLANTS,
    techniques::entra::tenant_admin::PLANTS,
    techniques::membership::claim_special_identity::PLANTS,
    techniques::policies::CAN_APPLY_GPO,
    techniques::policies::GPO_APPLIES_TO,
    techniques::relay::adcs::PLANTS,
    techniques::relay::adcs_rpc::PLANTS,
    techniques::relay::ldap::PLANTS,
    techniques::relay::ldaps::PLANTS,
    techniques::relay::smb::PLANTS,
    techniques::replication::PLANTS,
    techniques::sessions::session_token::PLANTS,
    techniques::trusts::has_trust_keys::PLANTS,
    techniques::trusts::spoof_sid_history::PLANTS,
];

/// Whether a step leads from one key to another, by itself or through sets that the target belongs to.
fn is_there(derived: &Derived, source: &str, technique: RelationKind, target: &str) -> bool {
    let ends = (NodeId::of(source), NodeId::of(target));
    let mut is_found = false;
    let Ok(()) = without_sets(derived, &Derived::default(), |it| {
        is_found |= (it.source, it.target) == ends && it.technique == technique;
        Ok::<_, Infallible>(())
    });
    is_found
}

#[test]
fn every_plant_is_found_and_no_near_miss_is() {
    let mut mistakes = Vec::new();
    for plant in ALL.iter().copied().flatten() {
        let Plant {
            technique,
            source,
            target,
            ..
        } = *plant;
        let is_found = |sketch: &Sketch| is_there(&sketch.derived(), source, technique, target);
        let estate = (plant.estate)();
        if !is_found(&estate) {
            mistakes.push(format!("{technique} from {source} to {target} was not found"));
        }
        if plant.near_misses.is_empty() {
            mistakes.push(format!("{technique} from {source} to {target} has no near miss"));
        }
        for (precondition, spoil) in plant.near_misses {
            let mut spoiled = estate.clone();
            spoil(&mut spoiled);
            if is_found(&spoiled) {
                mistakes.push(format!("{technique} was found, although not: {precondition}"));
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

/// Techniques without a plant, with the reason.
const UNPLANTED: &[(RelationKind, &str)] = &[
    (RelationKind::AnyOf, "from a set to its members: no way by itself"),
    (
        RelationKind::AssumedFoothold,
        "where an attack begins, assumed and not derived",
    ),
    (RelationKind::Extension, "stands for kinds that a file brings with it"),
];

#[test]
fn every_technique_has_a_plant() {
    let planted: BTreeSet<_> = ALL.iter().copied().flatten().map(|it| it.technique).collect();
    let excused: BTreeSet<_> = UNPLANTED.iter().map(|(technique, _)| *technique).collect();
    let all = techniques::TECHNIQUES.iter().flat_map(|family| family.techniques);
    let missing: Vec<_> = all
        .filter(|it| !planted.contains(it) && !excused.contains(it))
        .collect();
    assert!(missing.is_empty(), "without a plant: {missing:?}");
    let both: Vec<_> = planted.intersection(&excused).collect();
    assert!(both.is_empty(), "planted, and excused: {both:?}");
}
