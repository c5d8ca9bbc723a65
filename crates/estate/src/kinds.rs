//! The kinds that rows name.
//!
//! A process tells only so many kinds apart. One file cannot name more of them, but all files together may. What is
//! beyond is not dropped in silence: a conflict says how much it is.

use postern_model::estate::Conflict;
use postern_model::kind::OTHER_KINDS_MAX;
use postern_model::{NodeKind, RelationKind};

/// Other names of known kinds: those that BloodHound's pages, and programs that follow them, use.
const ALIASES: &[(&str, RelationKind)] = &[("AZKeyVaultKVContributor", RelationKind::AzKeyVaultContributor)];

/// Reads kinds, and keeps count of rows with those for which there is no room any more.
#[derive(Default)]
pub struct Kinds {
    objects: Beyond,
    relations: Beyond,
}

#[derive(Default)]
struct Beyond {
    rows: u64,
    /// The first kind by name.
    first: Option<String>,
}

impl Beyond {
    fn count(&mut self, kind: &str) {
        self.rows += 1;
        if self.first.as_deref().is_none_or(|first| kind < first) {
            self.first = Some(kind.to_owned());
        }
    }

    fn conflict(&self, of: &str, what: &str) -> Option<Conflict> {
        let first = self.first.as_deref()?;
        let rows = self.rows;
        Some(Conflict {
            kind: "kinds".to_owned(),
            value: format!("more than {OTHER_KINDS_MAX}"),
            keys: Vec::new(),
            reason: format!("{of} of kinds beyond these {what}: {rows}, {first} among them; remove a source"),
        })
    }
}

impl Kinds {
    pub fn of_object(&mut self, text: &str) -> NodeKind {
        NodeKind::of(text).unwrap_or_else(|| {
            self.objects.count(text);
            NodeKind::Base
        })
    }

    pub fn of_relation(&mut self, text: &str) -> Option<RelationKind> {
        let alias = ALIASES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        let kind = alias.map(|(_, kind)| *kind).or_else(|| RelationKind::of(text));
        if kind.is_none() {
            self.relations.count(text);
        }
        kind
    }

    pub fn into_conflicts(self) -> impl Iterator<Item = Conflict> {
        let objects = self.objects.conflict("objects", "are of unknown kind");
        let relations = self.relations.conflict("relations", "are left out");
        objects.into_iter().chain(relations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_two_names_is_one_kind() {
        let mut kinds = Kinds::default();
        let names = [
            "AZKeyVaultKVContributor",
            "azkeyvaultkvcontributor",
            "AZKeyVaultContributor",
        ];
        let found = names.map(|name| kinds.of_relation(name));
        assert_eq!(found, [Some(RelationKind::AzKeyVaultContributor); 3]);
    }

    #[test]
    fn rows_of_kinds_that_cannot_be_kept_are_counted_and_told() {
        let mut kinds = Kinds::default();
        assert_eq!(kinds.of_object("user"), NodeKind::User);
        assert_eq!(kinds.of_relation("MemberOf"), Some(RelationKind::MemberOf));
        // What is no name stands for a name that there is no room for: filling all room would disturb other tests.
        assert_eq!(kinds.of_object("no name"), NodeKind::Base);
        for text in ["z no name", "a no name"] {
            assert_eq!(kinds.of_relation(text), None);
        }
        let reasons: Vec<_> = kinds.into_conflicts().map(|it| it.reason).collect();
        assert_eq!(
            reasons,
            [
                "objects of kinds beyond these are of unknown kind: 1, no name among them; remove a source",
                "relations of kinds beyond these are left out: 2, a no name among them; remove a source",
            ]
        );
        assert_eq!(Kinds::default().into_conflicts().count(), 0);
    }
}
