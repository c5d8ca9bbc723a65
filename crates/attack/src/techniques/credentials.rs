//! Passwords that somebody else can read.

use postern_model::{NodeKind, RelationKind};

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::techniques::acl::laps_facts;
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "credentials",
    techniques: &[
        RelationKind::ReadLapsPassword,
        RelationKind::ReadGmsaPassword,
        RelationKind::DumpSmsaPassword,
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
}
