//! To the RPC interface of an authority (ESC11): where it does not ask for encryption, it issues the attacker a
//! certificate in the name of the coerced computer.
//!
//! The flag is IF_ENFORCEENCRYPTICERTREQUEST of [MS-ICPR]; it is on unless somebody took it away, so what nobody looked
//! at makes no step.

use postern_model::RelationKind;

use super::Coercion;
use super::adcs::to_authorities;
use crate::derived::Steps;
use crate::view::View;

#[cfg(test)]
pub(crate) use tests::PLANTS;

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, coercion: &Coercion<'_, '_>) {
    let technique = RelationKind::CoerceAndRelayNtlmToAdcsRpc;
    to_authorities(view, steps, coercion, technique, |authority| {
        let is_open = authority.node.attributes.pki.as_deref()?.requires_rpc_encryption == Some(false);
        let text = "takes requests over RPC that are not encrypted";
        is_open.then(|| view.property_fact(authority.node, "rpcencryptionenforced", "false", text))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::techniques::certificates::sketch::*;
    use crate::techniques::relay::adcs::tests::{MAY_ASK_TEMPLATE, NOT_HOST, enrolling};
    use crate::techniques::relay::testing::{self as relay, *};
    use crate::testing::Sketch;

    fn estate() -> Sketch {
        enrolling(|ca| ca.requires_rpc_encryption = Some(false))
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::CoerceAndRelayNtlmToAdcsRpc,
        source: EVERYBODY,
        target: "PC",
        estate,
        near_misses: &[
            PUBLISHED,
            CHAINED,
            ROOT_TRUSTED,
            IN_STORE,
            STORE_OF_DOMAIN,
            IN_USE,
            MAY_ASK_AUTHORITY,
            NOT_OVERRULED,
            NO_APPROVAL,
            APPROVAL_KNOWN,
            NO_SIGNATURE,
            FOR_LOGON,
            MAY_ASK_TEMPLATE,
            NOT_HOST,
            SENDS_NTLM,
            NOT_PROTECTED,
            relay::ENABLED,
            OF_DOMAIN,
            ("requests over RPC need not be encrypted", |it| {
                it.edit("CA", |ca| pki(ca).requires_rpc_encryption = Some(true));
            }),
            ("somebody looked whether they must be", |it| {
                it.edit("CA", |ca| pki(ca).requires_rpc_encryption = None);
            }),
            (
                "it is the RPC interface, and not web enrolment, that was looked at",
                |it| {
                    it.edit("CA", |ca| {
                        pki(ca).requires_rpc_encryption = None;
                        pki(ca).has_vulnerable_endpoint = Some(true);
                    });
                },
            ),
        ],
    }];
}
