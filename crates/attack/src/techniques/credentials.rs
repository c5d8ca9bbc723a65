//! Passwords that somebody else can read, replicate or guess.

pub(crate) mod as_rep_roast;
pub(crate) mod bad_successor;
pub(crate) mod golden_gmsa;
pub(crate) mod guessing;
pub(crate) mod kerberoast;
pub(crate) mod pre_created_computer;
pub(crate) mod rodc;

use std::collections::HashMap;

use postern_model::estate::{Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::techniques::acl::laps_facts;
use crate::techniques::ownership::withholds_owner_rights;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "credentials",
    techniques: &[
        RelationKind::ReadLapsPassword,
        RelationKind::ReadGmsaPassword,
        RelationKind::DumpSmsaPassword,
        RelationKind::Kerberoast,
        RelationKind::AsRepRoast,
        RelationKind::BadSuccessor,
        RelationKind::RodcRevealsPassword,
        RelationKind::ManagesRodc,
        RelationKind::WriteRodcPolicy,
        RelationKind::GoldenGmsa,
        RelationKind::PreCreatedComputer,
    ],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(
        view,
        steps,
        &[RelationKind::ReadGmsaPassword, RelationKind::DumpSmsaPassword],
    );
    // The right to read a password that nobody manages gives nothing.
    for relation in view.relations(RelationKind::ReadLapsPassword) {
        let computer = view.node(relation.target);
        let known = computer.attributes.has_laps;
        if computer.kind == NodeKind::Computer && known != Some(false) {
            steps.add_reported_with(relation, laps_facts(view, computer, known));
        }
    }
    kerberoast::derive(view, steps);
    as_rep_roast::derive(view, steps);
    bad_successor::derive(view, steps);
    rodc::derive(view, steps);
    golden_gmsa::derive(view, steps);
    pre_created_computer::derive(view, steps);
}

/// Rights over an object with which one writes any of its properties, at once or after one more move.
const WRITING: [RelationKind; 7] = [
    RelationKind::GenericAll,
    RelationKind::GenericWrite,
    RelationKind::WriteDacl,
    RelationKind::Owns,
    RelationKind::OwnsRaw,
    RelationKind::WriteOwner,
    RelationKind::WriteOwnerRaw,
];

/// Whether one of [`WRITING`] gives what it says: those of owners are withheld in some forests.
fn is_in_force(view: &View<'_>, right: &Relation) -> bool {
    let is_of_owners = !matches!(
        right.kind,
        RelationKind::GenericAll | RelationKind::GenericWrite | RelationKind::WriteDacl
    );
    !is_of_owners || !withholds_owner_rights(view, view.node(right.target))
}

/// Whether control of an asset is control of a forest already. What it takes such an asset to control that forest in
/// one more way is not worth a step, and there would be very many.
fn is_in_plane(view: &View<'_>, asset: NodeIndex) -> bool {
    let plane_of = &view.world.classification.plane_of;
    plane_of.get(asset as usize).is_some_and(Option::is_some)
}

/// Whether it is a delegated managed service account, as a property or, in other programs' graphs, its kind says.
pub(crate) fn is_delegated_account(node: &Node) -> bool {
    node.attributes.account.as_ref().and_then(|it| it.is_dmsa) == Some(true)
        || node.kind.as_str().eq_ignore_ascii_case("DelegatedMSA")
}

/// By domain, the group of everybody who can log on there: where a step begins that any account can take, once for
/// each target. Where Authenticated Users is not known it is Domain Users.
fn anybody<'a>(view: &View<'a>) -> HashMap<&'a str, NodeIndex> {
    let by_key = &view.world.estate.by_key;
    view.assets(NodeKind::Domain)
        .filter_map(|(_, domain)| {
            let groups = [format!("{}-S-1-5-11", domain.name), format!("{}-513", domain.key)];
            let group = groups
                .iter()
                .find_map(|key| by_key.get(key.to_ascii_uppercase().as_str()))?;
            Some((&*domain.key, *group))
        })
        .collect()
}
