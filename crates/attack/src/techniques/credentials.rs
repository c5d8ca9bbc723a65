//! Passwords that somebody else can read, replicate or guess.

pub(crate) mod as_rep_roast;
pub(crate) mod guessing;
pub(crate) mod kerberoast;

use std::collections::HashMap;

use postern_model::estate::NodeIndex;
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
        RelationKind::Kerberoast,
        RelationKind::AsRepRoast,
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
