//! ESC2: a template that anybody may enrol for issues certificates for any purpose, or without any.
//!
//! The conditions are those of "Certified Pre-Owned" (Schroeder and Christensen, 2021): enrolment at authority and
//! template, no approval, no signature, and any purpose or none. Two neighbours tell more, and stand beside or in place
//! of it: where a published template takes such a certificate as that of an enrolment agent, ESC3; a template by which
//! the requester names the subject of a certificate for logon is one of ESC1, and not told here again.

use postern_model::RelationKind;
use postern_model::estate::Node;

use super::Told;
use super::renaming::all;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::pki::{ANY_PURPOSE, Template};
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let mut told = Told::new(view, steps, RelationKind::AdcsEsc2);
    for published in view.pki.published() {
        let template = published.template;
        if let Some(conditions) = conditions(view, template) {
            let rights = [&template.enrollers, &published.authority.enrollers];
            let is_fit = |principal: &Node| template.can_name(principal);
            told.add(published, published.domain(), &rights, is_fit, &conditions);
        }
    }
}

fn conditions(view: &View<'_>, template: &Template<'_>) -> Option<Vec<Fact>> {
    let is_of_esc1 = template.lets_name_subject(view).is_some() && template.authenticates(view).is_some();
    if is_of_esc1 {
        return None;
    }
    all([
        template.needs_no_approval(view),
        template.needs_no_signature(view),
        for_any_purpose(view, template),
    ])
}

fn for_any_purpose(view: &View<'_>, template: &Template<'_>) -> Option<Fact> {
    let ekus = template.pki()?.effective_ekus.as_deref()?;
    let fact = |value: &str, text: &str| view.property_fact(template.node, "effectiveekus", value, text);
    if ekus.is_empty() {
        return Some(fact("", "issues certificates of which nothing says what they are for"));
    }
    let mut ekus = ekus.iter();
    ekus.any(|it| it == ANY_PURPOSE)
        .then(|| fact(ANY_PURPOSE, "issues certificates for any purpose"))
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

    fn estate(template: fn(&mut PkiAttributes)) -> Sketch {
        let mut sketch = services(template);
        sketch.relate("EVE", RelationKind::Enroll, "TEMPLATE");
        sketch
    }

    fn any_purpose() -> Sketch {
        estate(|template| {
            open(template);
            template.enrollee_supplies_subject = Some(false);
            template.effective_ekus = Some(["1.3.6.1.5.5.7.3.4".to_owned(), ANY_PURPOSE.to_owned()].into());
        })
    }

    fn no_purpose() -> Sketch {
        estate(|template| {
            open(template);
            template.effective_ekus = Some([].into());
        })
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc2,
            source: "EVE",
            target: DOMAIN,
            estate: any_purpose,
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
                ENABLED,
                ("may ask for the template", |it| {
                    it.unrelate("EVE", RelationKind::Enroll, "TEMPLATE");
                }),
                ("the certificate is good for any purpose", |it| {
                    it.edit("TEMPLATE", |it| {
                        pki(it).effective_ekus = Some(["1.3.6.1.5.5.7.3.2".to_owned()].into());
                    });
                }),
                ("a user has all names that the certificate holds", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_dns = Some(true));
                }),
                ("it is not ESC1 already", |it| {
                    it.edit("TEMPLATE", |it| pki(it).enrollee_supplies_subject = Some(true));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc2,
            source: "EVE",
            target: DOMAIN,
            estate: no_purpose,
            near_misses: &[
                ("it is known that the certificate names no purpose", |it| {
                    it.edit("TEMPLATE", |it| pki(it).effective_ekus = None);
                }),
                NO_SIGNATURE,
            ],
        },
    ];
}
