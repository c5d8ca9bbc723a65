//! Federated credentials: an application takes the tokens of another in place of a secret.

use postern_model::{NodeKind, RelationKind};

use super::takes_secrets;
use crate::derived::Steps;
use crate::view::View;

/// Whose tokens an application takes. It takes them for itself; the identity of a resource signs in otherwise.
pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzAuthenticatesTo) {
        let is_credential = view.node(relation.target).kind == NodeKind::AzFederatedIdentityCredential;
        if is_credential || takes_secrets(view.node(relation.target)) {
            steps.add_reported(relation);
        }
    }
}
