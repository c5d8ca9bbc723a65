//! Access control lists: rights, owners, and what OWNER RIGHTS does to owners.
//!
//! Whoever owns an object may change its access control list, unless entries for OWNER RIGHTS (S-1-3-4)
//! say what owners may do. Such entries stay when the owner changes if they are inherited, and go if they
//! are not. So a file yields raw edges where the answer depends on settings of the domain, limited ones
//! where the list itself gives it, and none where ownership gives nothing.

use postern_model::{NodeKind, RelationKind};

use super::cells::Slot;
use super::output::{End, Place, json_text, push_json_text, upper};
use super::shape::{Ace, Flag, ObjectProperties, Record};
use super::{Reader, Subject, kind_of};
use crate::IngestError;

const OWNER_RIGHTS: &str = "S-1-3-4";

impl Reader<'_> {
    pub(super) fn acl(
        &mut self,
        subject: &Subject<'_>,
        record: &Record<'_>,
        told: &ObjectProperties<'_>,
    ) -> Result<(), IngestError> {
        if record.aces.is_empty() {
            return Ok(());
        }
        let at = self.place(subject, Slot::Acl)?;
        let object = subject.end;
        let host = upper(&record.hosting_computer);
        let has_ca_security = record.ca_registry.security.is_collected.is_true();

        let mut owner: Option<&Ace<'_>> = None;
        let mut owner_id: Option<&str> = None;
        let mut owner_writers: Vec<&Ace<'_>> = Vec::new();
        let mut owner_rights: Vec<(RelationKind, bool)> = Vec::new();
        for ace in record.aces.iter() {
            let principal = upper(&ace.principal);
            let Some(right) = right_of(&ace.right) else {
                self.unknown_right(&ace.right);
                continue;
            };
            if principal.is_empty() {
                continue;
            }
            let is_owner = matches!(right, RelationKind::Owns | RelationKind::OwnsRaw);
            if is_owner && owner_id.is_none() {
                owner_id = Some(&ace.principal);
            }
            if *principal == *object.id {
                continue;
            }
            // The CA enforces its own list, in which its host always stands; the directory's other rows of the
            // kind are reported as what they are.
            let is_in_force = is_ca_right(right) && has_ca_security && *principal == *host;
            let more = if is_in_force { LIST_OF_CA } else { "" };
            if is_owner {
                owner = Some(ace);
            } else if matches!(right, RelationKind::WriteOwner | RelationKind::WriteOwnerRaw) {
                owner_writers.push(ace);
            } else if principal.ends_with(OWNER_RIGHTS) {
                let right = (right, ace.is_inherited.is_true());
                // Each stands in the privileges of every owner to be.
                if !owner_rights.contains(&right) {
                    owner_rights.push(right);
                }
            } else {
                let principal = End {
                    id: &principal,
                    kind: kind_of(&ace.kind),
                };
                self.right(at, principal, object, right, ace, more)?;
            }
        }

        if let Some(owner_id) = owner_id {
            let text = &mut self.ace_properties;
            text.clear();
            text.push_str("{\"ownersid\":");
            push_json_text(text, &upper(owner_id));
            text.push('}');
            self.output.object(at, object, "", text)?;
        }
        let ownership = Ownership::of(&owner_rights, told);
        if let (Some(ace), Some((kind, privileges))) = (owner, &ownership.owner) {
            // An owner is never inherited.
            let mut ace = ace.clone();
            ace.is_inherited = Flag(Some(false));
            self.right_of_ace(at, object, *kind, &ace, &privileges_member(privileges))?;
        }
        if let Some((kind, privileges)) = &ownership.owner_writers {
            for ace in owner_writers {
                self.right_of_ace(at, object, *kind, ace, &privileges_member(privileges))?;
            }
        }
        Ok(())
    }

    /// The list that a CA keeps in its registry.
    pub(super) fn ca_security(
        &mut self,
        at: Place<'_>,
        subject: &Subject<'_>,
        entries: &[Ace<'_>],
    ) -> Result<(), IngestError> {
        for ace in entries {
            match right_of(&ace.right) {
                None => self.unknown_right(&ace.right),
                Some(RelationKind::Owns | RelationKind::OwnsRaw) => {}
                Some(_) if kind_of(&ace.kind) == NodeKind::LocalGroup => {}
                Some(RelationKind::WriteOwner) => {
                    self.right_of_ace(at, subject.end, RelationKind::WriteOwnerRaw, ace, LIST_OF_CA)?;
                }
                Some(right) => self.right_of_ace(at, subject.end, right, ace, LIST_OF_CA)?,
            }
        }
        Ok(())
    }

    fn right_of_ace(
        &mut self,
        at: Place<'_>,
        object: End<'_>,
        right: RelationKind,
        ace: &Ace<'_>,
        more: &str,
    ) -> Result<(), IngestError> {
        let id = upper(&ace.principal);
        if id.is_empty() || *id == *object.id {
            return Ok(());
        }
        self.right(
            at,
            End {
                id: &id,
                kind: kind_of(&ace.kind),
            },
            object,
            right,
            ace,
            more,
        )
    }

    fn right(
        &mut self,
        at: Place<'_>,
        principal: End<'_>,
        object: End<'_>,
        right: RelationKind,
        ace: &Ace<'_>,
        more: &str,
    ) -> Result<(), IngestError> {
        let start = match ace.is_inherited.is_true() {
            false => r#"{"isacl":true,"isinherited":false}"#,
            true => r#"{"isacl":true,"isinherited":true}"#,
        };
        if ace.inheritance_hash.is_empty() && more.is_empty() {
            self.output.right(at, principal, object, right, start)?;
            return Ok(());
        }
        let text = &mut self.ace_properties;
        text.clear();
        text.push_str(&start[..start.len() - 1]);
        if !ace.inheritance_hash.is_empty() {
            text.push_str(",\"inheritancehash\":");
            push_json_text(text, &ace.inheritance_hash);
        }
        text.push_str(more);
        text.push('}');
        self.output.right(at, principal, object, right, text)?;
        Ok(())
    }
}

/// Marks a right that stands in the list of a CA, which it keeps beside that of its directory object.
const LIST_OF_CA: &str = ",\"islistofca\":true";

/// Privileges, themselves JSON, as one more member of an edge's properties.
fn privileges_member(privileges: &str) -> String {
    match privileges {
        "" => String::new(),
        _ => format!(",\"privileges\":{privileges}"),
    }
}

/// What owning an object, and being able to, comes to: the kind of the edge, and its privileges as JSON.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ownership {
    owner: Option<(RelationKind, String)>,
    owner_writers: Option<(RelationKind, String)>,
}

impl Ownership {
    /// `owner_rights` are the rights that the list grants to OWNER RIGHTS and that can be abused, each with
    /// whether it is inherited. The object's properties tell of those that cannot be abused.
    fn of(owner_rights: &[(RelationKind, bool)], told: &ObjectProperties<'_>) -> Self {
        let raw = |kind| Some((kind, String::new()));
        let is_any_inherited = told.any_inherited_ace_grants_owner_rights.is_true();
        if !owner_rights.is_empty() {
            let list = |rights: &mut dyn Iterator<Item = &(RelationKind, bool)>| {
                let texts: Vec<_> = rights.map(|(right, _)| json_text(right.as_str())).collect();
                format!("[{}]", texts.join(","))
            };
            let is_inherited = |right: &&(RelationKind, bool)| right.1;
            return Self {
                owner: Some((RelationKind::OwnsLimitedRights, list(&mut owner_rights.iter()))),
                owner_writers: if owner_rights.iter().any(|right| right.1) {
                    let inherited = list(&mut owner_rights.iter().filter(is_inherited));
                    Some((RelationKind::WriteOwnerLimitedRights, inherited))
                } else if is_any_inherited {
                    None
                } else {
                    raw(RelationKind::WriteOwnerRaw)
                },
            };
        }
        if told.any_ace_grants_owner_rights.is_true() {
            return Self {
                owner: None,
                owner_writers: if is_any_inherited {
                    None
                } else {
                    raw(RelationKind::WriteOwnerRaw)
                },
            };
        }
        Self {
            owner: raw(RelationKind::OwnsRaw),
            owner_writers: raw(RelationKind::WriteOwnerRaw),
        }
    }
}

fn is_ca_right(right: RelationKind) -> bool {
    matches!(
        right,
        RelationKind::ManageCa | RelationKind::ManageCertificates | RelationKind::Enroll
    )
}

/// The right of this name; the common spellings first, because there is one for each entry of each list.
fn right_of(name: &str) -> Option<RelationKind> {
    Some(match name {
        "GenericAll" => RelationKind::GenericAll,
        "WriteDacl" => RelationKind::WriteDacl,
        "WriteOwner" => RelationKind::WriteOwner,
        "Owns" => RelationKind::Owns,
        "GenericWrite" => RelationKind::GenericWrite,
        "AllExtendedRights" => RelationKind::AllExtendedRights,
        "AddKeyCredentialLink" => RelationKind::AddKeyCredentialLink,
        "ForceChangePassword" => RelationKind::ForceChangePassword,
        "AddMember" => RelationKind::AddMember,
        "WriteSPN" => RelationKind::WriteSpn,
        "Enroll" => RelationKind::Enroll,
        other => return RelationKind::parse(other).filter(|right| right.is_acl_right()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: (Option<RelationKind>, Option<RelationKind>) =
        (Some(RelationKind::OwnsRaw), Some(RelationKind::WriteOwnerRaw));

    /// The kinds for: rights of OWNER RIGHTS, and whether any entry, any inherited entry, is for it.
    fn kinds(
        rights: &[(RelationKind, bool)],
        any: Option<bool>,
        any_inherited: Option<bool>,
    ) -> (Option<RelationKind>, Option<RelationKind>) {
        let told = ObjectProperties {
            any_ace_grants_owner_rights: Flag(any),
            any_inherited_ace_grants_owner_rights: Flag(any_inherited),
            ..ObjectProperties::default()
        };
        let ownership = Ownership::of(rights, &told);
        (ownership.owner.map(|it| it.0), ownership.owner_writers.map(|it| it.0))
    }

    #[test]
    fn without_entries_for_owners_both_edges_are_raw() {
        assert_eq!(kinds(&[], None, None), RAW);
        assert_eq!(kinds(&[], Some(false), Some(false)), RAW);
    }

    #[test]
    fn harmless_entries_for_owners_take_the_owner_s_right() {
        assert_eq!(
            kinds(&[], Some(true), Some(false)),
            (None, Some(RelationKind::WriteOwnerRaw))
        );
        assert_eq!(kinds(&[], Some(true), Some(true)), (None, None));
    }

    #[test]
    fn entries_for_owners_limit_both_when_inherited() {
        let limited = Some(RelationKind::OwnsLimitedRights);
        let inherited = [(RelationKind::GenericAll, false), (RelationKind::WriteDacl, true)];
        assert_eq!(
            kinds(&inherited, None, None),
            (limited, Some(RelationKind::WriteOwnerLimitedRights))
        );
        assert_eq!(
            kinds(&inherited[..1], None, None),
            (limited, Some(RelationKind::WriteOwnerRaw))
        );
        assert_eq!(kinds(&inherited[..1], Some(true), Some(true)), (limited, None));
        let ownership = Ownership::of(&inherited, &ObjectProperties::default());
        assert_eq!(ownership.owner.unwrap().1, r#"["GenericAll","WriteDacl"]"#);
        assert_eq!(ownership.owner_writers.unwrap().1, r#"["WriteDacl"]"#);
    }
}
