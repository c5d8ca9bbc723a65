//! The content of storage accounts: by a role over the data, or with the account's keys, which open all of it.

use postern_model::{NodeKind, RelationKind};

use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for relation in view.relations(RelationKind::AzReadBlobs) {
        let kind = view.node(relation.target).kind;
        if matches!(kind, NodeKind::AzStorageAccount | NodeKind::AzStorageContainer) {
            steps.add_reported(relation);
        }
    }
    for relation in view.relations(RelationKind::AzListStorageKeys) {
        let account = view.node(relation.target);
        let setting = account.attributes.entra.as_deref().and_then(|it| it.takes_shared_keys);
        let (name, text) = ("allowsharedkeyaccess", "is opened by its keys");
        let fact = match setting {
            Some(false) => continue,
            Some(true) => view.property_fact(account, name, "true", text),
            None => Fact::product_default(account, name, "true", text),
        };
        if account.kind == NodeKind::AzStorageAccount {
            steps.add_reported_with(relation, vec![fact]);
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    fn account() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("ACCOUNT", NodeKind::AzStorageAccount, |_| {});
        sketch.relate("BOB", RelationKind::AzReadBlobs, "ACCOUNT");
        sketch.relate("BOB", RelationKind::AzListStorageKeys, "ACCOUNT");
        sketch
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzReadBlobs,
            source: "BOB",
            target: "ACCOUNT",
            estate: account,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is a storage account", |it| {
                    it.cloud("ACCOUNT", NodeKind::AzKeyVault, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzListStorageKeys,
            source: "BOB",
            target: "ACCOUNT",
            estate: account,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("takes shared keys", |it| {
                    it.edit_entra("ACCOUNT", |it| it.takes_shared_keys = Some(false));
                }),
                ("is a storage account", |it| {
                    it.cloud("ACCOUNT", NodeKind::AzKeyVault, |_| {});
                }),
            ],
        },
    ];
}
