//! What lies in a tenant, or in a part of it, is in the hands of who controls that.

use postern_model::{NodeKind, RelationKind};

use super::{of, takes_secrets};
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzContains) {
        let content = view.node(relation.target);
        let is_reached = match content.kind {
            // Control of the tenant is administration of the devices that joined it, not of those that are only known.
            NodeKind::AzDevice => of(content).is_joined == Some(true),
            // Members of a synchronised group are changed in Active Directory.
            NodeKind::AzGroup => of(content).is_synchronised != Some(true),
            NodeKind::AzServicePrincipal => takes_secrets(content),
            // Who may change a vault may not read it where roles protect its content, and changing resources is all
            // that some of those can who control the group around it.
            NodeKind::AzKeyVault => of(content).is_protected_by_roles != Some(true),
            _ => true,
        };
        if is_reached {
            steps.add_reported(relation);
        }
    }
}
