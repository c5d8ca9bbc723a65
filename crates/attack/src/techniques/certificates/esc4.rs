//! ESC4: rights over a template that are enough to make it fit for [ESC1](super::esc1).

use std::collections::BTreeMap;

use postern_model::RelationKind;
use postern_model::estate::NodeIndex;
use roaring::RoaringBitmap;

use super::Told;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::pki::Published;
use crate::rights::{Holders, holders_of};
use crate::view::View;

/// Rights to give oneself every other right.
const CONTROL: [RelationKind; 4] = [
    RelationKind::Owns,
    RelationKind::GenericAll,
    RelationKind::WriteDacl,
    RelationKind::WriteOwner,
];

/// Rights to enrol that no control comes with.
const ENROL: [RelationKind; 2] = [RelationKind::Enroll, RelationKind::AllExtendedRights];

/// Who may change what of the templates.
struct Rights {
    control: BTreeMap<NodeIndex, Holders>,
    write: BTreeMap<NodeIndex, Holders>,
    enrol: BTreeMap<NodeIndex, Holders>,
    name_flag: BTreeMap<NodeIndex, Holders>,
    enrolment_flag: BTreeMap<NodeIndex, Holders>,
}

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let templates: RoaringBitmap = view.pki.published().map(|it| it.template.index).collect();
    let of = |kinds: &[RelationKind]| holders_of(view, kinds, &templates);
    let rights = Rights {
        control: of(&CONTROL),
        write: of(&[RelationKind::GenericWrite]),
        enrol: of(&ENROL),
        name_flag: of(&[RelationKind::WritePkiNameFlag]),
        enrolment_flag: of(&[RelationKind::WritePkiEnrollmentFlag]),
    };
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc4);
    for published in view.pki.published() {
        rights.derive(view, published, &mut told);
    }
}

impl Rights {
    fn derive<'a>(&self, view: &View<'a>, published: Published<'_, 'a>, told: &mut Told<'_, '_, '_, 'a>) {
        let template = published.template;
        let nobody = Holders::default();
        let [control, write, enrol, name_flag, enrolment_flag] = [
            &self.control,
            &self.write,
            &self.enrol,
            &self.name_flag,
            &self.enrolment_flag,
        ]
        .map(|right| right.get(&template.index).unwrap_or(&nobody));

        let mut add = |rights: &[&Holders], conditions: &[Fact]| {
            let rights: Vec<_> = rights.iter().copied().chain([&published.authority.enrollers]).collect();
            told.add(published, published.domain(), &rights, |_| true, conditions);
        };
        add(&[control], &[]);
        add(&[write, enrol], &[]);
        // What the flags cannot change has to be right already.
        let (Some(logon), Some(signature)) = (template.authenticates(view), template.needs_no_signature(view)) else {
            return;
        };
        let conditions = [logon, signature];
        add(&[enrol, name_flag, enrolment_flag], &conditions);
        if let Some(subject) = template.lets_name_subject(view) {
            add(&[enrol, enrolment_flag], &[&conditions[..], &[subject]].concat());
        }
        if let Some(approval) = template.needs_no_approval(view) {
            add(&[enrol, name_flag], &[&conditions[..], &[approval]].concat());
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::estate::PkiAttributes;

    use super::super::sketch::*;
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    /// A template of which nothing is known.
    fn with(rights: &[RelationKind]) -> Sketch {
        flagged(|_| {}, rights)
    }

    fn flagged(template: fn(&mut PkiAttributes), rights: &[RelationKind]) -> Sketch {
        let mut sketch = services(template);
        for &right in rights {
            sketch.relate("EVE", right, "TEMPLATE");
        }
        sketch
    }

    /// Approval is needed, and the directory names the subject: both flags have to be changed.
    fn closed(template: &mut PkiAttributes) {
        open(template);
        template.requires_manager_approval = Some(true);
        template.enrollee_supplies_subject = Some(false);
    }

    fn supplied(template: &mut PkiAttributes) {
        closed(template);
        template.enrollee_supplies_subject = Some(true);
    }

    const fn plant(estate: fn() -> Sketch, near_misses: &'static [crate::planted::NearMiss]) -> Plant {
        Plant {
            technique: RelationKind::AdcsEsc4,
            source: "EVE",
            target: DOMAIN,
            estate,
            near_misses,
        }
    }

    pub(crate) const PLANTS: &[Plant] = &[
        plant(
            || with(&[RelationKind::WriteDacl]),
            &[
                PUBLISHED,
                CHAINED,
                ROOT_TRUSTED,
                IN_STORE,
                STORE_OF_DOMAIN,
                IN_USE,
                MAY_ASK_AUTHORITY,
                ENABLED,
                ("may change the template's rights", |it| {
                    it.unrelate("EVE", RelationKind::WriteDacl, "TEMPLATE");
                }),
            ],
        ),
        plant(
            || with(&[RelationKind::OwnsRaw]),
            &[("owns the template", |it| {
                it.unrelate("EVE", RelationKind::OwnsRaw, "TEMPLATE");
            })],
        ),
        plant(
            || with(&[RelationKind::WriteOwner]),
            &[("may become the owner", |it| {
                it.unrelate("EVE", RelationKind::WriteOwner, "TEMPLATE");
            })],
        ),
        plant(
            || with(&[RelationKind::GenericWrite, RelationKind::Enroll]),
            &[
                ("may write every property", |it| {
                    it.unrelate("EVE", RelationKind::GenericWrite, "TEMPLATE");
                }),
                ("may ask for the template", |it| {
                    it.unrelate("EVE", RelationKind::Enroll, "TEMPLATE");
                }),
            ],
        ),
        plant(
            || {
                let rights = [
                    RelationKind::AllExtendedRights,
                    RelationKind::WritePkiNameFlag,
                    RelationKind::WritePkiEnrollmentFlag,
                ];
                flagged(closed, &rights)
            },
            &[
                NO_SIGNATURE,
                FOR_LOGON,
                ("may change who names the subject", |it| {
                    it.unrelate("EVE", RelationKind::WritePkiNameFlag, "TEMPLATE");
                }),
                ("may take the approval away", |it| {
                    it.unrelate("EVE", RelationKind::WritePkiEnrollmentFlag, "TEMPLATE");
                }),
                ("may ask for the template", |it| {
                    it.unrelate("EVE", RelationKind::AllExtendedRights, "TEMPLATE");
                }),
            ],
        ),
        plant(
            || flagged(supplied, &[RelationKind::Enroll, RelationKind::WritePkiEnrollmentFlag]),
            &[("whoever asks names the subject", |it| {
                it.edit("TEMPLATE", |it| pki(it).enrollee_supplies_subject = Some(false));
            })],
        ),
        plant(
            || flagged(open, &[RelationKind::Enroll, RelationKind::WritePkiNameFlag]),
            &[NO_APPROVAL, NO_SIGNATURE, FOR_LOGON],
        ),
    ];
}
