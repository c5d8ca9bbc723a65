//! Steps that a file states, although Postern would derive them: another program has found them out already.
//!
//! Collectors report what they have seen; exports of another program's graph also hold what that program made of it.
//! Such a relation is a step with the file as its source, beside those that are derived here.

use postern_model::RelationKind;

use super::as_reported;
use crate::derived::Steps;
use crate::view::View;

/// Kinds that no collector reports: families derive them from other relations.
const DERIVED: &[RelationKind] = &[
    RelationKind::AdminTo,
    RelationKind::CanRdp,
    RelationKind::CanPsRemote,
    RelationKind::ExecuteDcom,
    RelationKind::Owns,
    RelationKind::WriteOwner,
    RelationKind::CoerceAndRelayNtlmToSmb,
    RelationKind::CoerceAndRelayNtlmToLdap,
    RelationKind::CoerceAndRelayNtlmToLdaps,
    RelationKind::CoerceAndRelayNtlmToAdcs,
    RelationKind::CoerceAndRelayNtlmToAdcsRpc,
    RelationKind::ClaimSpecialIdentity,
    RelationKind::GpoAppliesTo,
    RelationKind::CanApplyGpo,
    RelationKind::HasTrustKeys,
    RelationKind::DcSync,
    RelationKind::SyncLapsPassword,
    RelationKind::Kerberoast,
    RelationKind::AsRepRoast,
    RelationKind::BadSuccessor,
    RelationKind::RodcRevealsPassword,
    RelationKind::ManagesRodc,
    RelationKind::WriteRodcPolicy,
    RelationKind::GoldenGmsa,
    RelationKind::PreCreatedComputer,
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
    RelationKind::ExploitRemoteCode,
    RelationKind::StealsSessionToken,
    RelationKind::HoldsSyncCredentials,
    RelationKind::SeamlessSso,
    RelationKind::AzJoinsByRule,
    RelationKind::AzGlobalAdmin,
    RelationKind::AzPrivilegedRoleAdmin,
    RelationKind::AzPrivilegedAuthAdmin,
    RelationKind::AzAddSecret,
    RelationKind::AzResetPassword,
    RelationKind::AzAddMembers,
    RelationKind::AzExecuteCommand,
    RelationKind::AzActsAsUser,
    RelationKind::AzMgAddSecret,
    RelationKind::AzMgAddMember,
    RelationKind::AzMgAddOwner,
    RelationKind::AzMgGrantRole,
    RelationKind::AzMgGrantAppRoles,
];

pub(crate) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, DERIVED);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use postern_model::NodeKind;

    use super::*;
    use crate::techniques::TECHNIQUES;
    use crate::testing::Sketch;
    use crate::{Removal, derive as derive_all};

    /// Techniques of Postern's own. Three begin at what is in no file: an assumed entry, strangers, a set of objects.
    /// Steps of the other have the names of their kinds.
    const OWN: [RelationKind; 4] = [
        RelationKind::AssumedFoothold,
        RelationKind::DeviceCodePhishing,
        RelationKind::AnyOf,
        RelationKind::Extension,
    ];

    /// One asset of each kind, named by it, and relations of one kind between all of them.
    fn all_related(kind: RelationKind) -> Sketch {
        let mut sketch = Sketch::domain();
        for &node in NodeKind::KNOWN {
            sketch.node(node.as_str(), node, |_| {});
        }
        for source in NodeKind::KNOWN {
            for target in NodeKind::KNOWN {
                sketch.relate(source.as_str(), kind, target.as_str());
            }
        }
        sketch
    }

    #[test]
    fn a_technique_that_a_file_states_is_a_step_between_assets_of_some_kind() {
        let techniques: BTreeSet<_> = TECHNIQUES.iter().flat_map(|family| family.techniques).collect();
        assert!(DERIVED.iter().all(|kind| techniques.contains(kind)), "{DERIVED:?}");
        let without_step = techniques.into_iter().filter(|&&kind| {
            let derived = derive_all(&all_related(kind).build().world(), &Removal::default());
            let mut steps = derived.steps.iter().filter(|step| step.technique == kind);
            !steps.any(|step| derived.virtual_vertex(step.source).is_none())
        });
        let without_step: BTreeSet<_> = without_step.copied().collect();
        assert_eq!(
            without_step,
            BTreeSet::from(OWN),
            "they are derived only: `DERIVED` lacks them"
        );
    }
}
