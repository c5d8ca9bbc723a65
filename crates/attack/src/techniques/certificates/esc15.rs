//! ESC15: an authority takes over what a request says the certificate is for (CVE-2024-49019).
//!
//! Where a template of the first version lets the requester name the subject, its certificates can so be made good for
//! logon. An authority with the updates of November 2024 ignores what the request says. A scan of its computer that
//! logged on there, since that month, tells; where there was none, the step rests on the program as it was before, and
//! has a lower grade. A template whose certificates are good for logon anyway is one of ESC1, and not told here again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postern_model::estate::{Finding, Node, NodeIndex};
use postern_model::{Facet, NodeKind, RelationKind};

use super::Told;
use super::renaming::all;
use crate::derived::{Manner, Steps};
use crate::fact::Fact;
use crate::pki::{Authority, Template};
use crate::view::View;

const WEAKNESS: &str = "CVE-2024-49019";

/// When the update came: 12 November 2024.
const UPDATED_AT: Timestamp = Timestamp::constant(1_731_369_600, 0);

/// What the catalog calls an authority that is known to lack the update.
const UNPATCHED: &str = "unpatched";

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let technique = RelationKind::AdcsEsc15;
    let unpatched = view
        .world
        .catalog
        .technique(technique)
        .map(|it| it.grade_when(UNPATCHED));
    let findings = view.findings_of(WEAKNESS);
    // Reasons of both grades are told: the better one must not be among those that are too many.
    for (grade, is_known) in [(unpatched, true), (None, false)] {
        let manner = Manner {
            grade,
            ..Manner::default()
        };
        let mut told = Told::new(view, steps, technique).with_manner(manner);
        for published in view.pki.published() {
            let (template, authority) = (published.template, published.authority);
            let Some(conditions) = conditions(view, template) else {
                continue;
            };
            let update = match lacks_update(view, authority, &findings) {
                Some(Update::Missing(finding)) if is_known => finding,
                Some(Update::Unknown(default)) if !is_known => default,
                _ => continue,
            };
            let rights = [&template.enrollers, &authority.enrollers];
            let conditions = [&[update], &conditions[..]].concat();
            told.add(published, published.domain(), &rights, |_| true, &conditions);
        }
    }
}

fn conditions(view: &View<'_>, template: &Template<'_>) -> Option<Vec<Fact>> {
    if template.authenticates(view).is_some() {
        return None;
    }
    let version = (template.pki()?.schema_version == Some(1)).then(|| {
        let text = "is of version 1, which does not say what its certificates are for in the same way as later ones";
        view.property_fact(template.node, "schemaversion", "1", text)
    });
    all([
        version,
        template.lets_name_subject(view),
        template.needs_no_approval(view),
    ])
}

/// That an authority lacks the update.
enum Update {
    /// A scanner says so.
    Missing(Fact),
    /// Nobody looked.
    Unknown(Fact),
}

fn lacks_update(
    view: &View<'_>,
    authority: &Authority<'_>,
    findings: &BTreeMap<NodeIndex, Option<&Finding>>,
) -> Option<Update> {
    let hosts = || authority.hosts.iter().map(|host| host.source);
    if let Some(finding) = hosts().find_map(|host| findings.get(&host).copied().flatten()) {
        return Some(Update::Missing(Fact::Finding { id: finding.id }));
    }
    let was_looked_at = |host: NodeIndex| findings.contains_key(&host) || was_scanned_since(view.node(host));
    let is_updated = !authority.hosts.is_empty() && hosts().all(was_looked_at);
    (!is_updated).then(|| {
        let text = "issues by what requests say that certificates are for, as nobody looked for the update of \
                    November 2024";
        Update::Unknown(Fact::product_default(authority.node, WEAKNESS, "not updated", text))
    })
}

/// Whether a scanner that logged on to a computer looked at it after the update had come: it would tell if that lacked.
fn was_scanned_since(host: &Node) -> bool {
    let is_credentialed = |facet: &Facet| matches!(facet, Facet::Plugins { credentialed: true, .. });
    let mut scans = host.facets.iter().filter(|it| it.kind == NodeKind::Host);
    host.known.iter().any(is_credentialed) && scans.any(|scan| scan.seen.last >= UPDATED_AT)
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use postern_model::estate::{OriginalObject, Seen};

    use super::super::sketch::*;
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch, step};
    use crate::{Removal, derive as derive_all};

    fn estate() -> Sketch {
        let mut sketch = services(|template| {
            template.schema_version = Some(1);
            template.requires_manager_approval = Some(false);
            template.authentication_enabled = Some(false);
            template.enrollee_supplies_subject = Some(true);
        });
        sketch.relate("EVE", RelationKind::Enroll, "TEMPLATE");
        sketch
    }

    /// A scanner looked at the computer of the authority at this time, and logged on there or not.
    fn scan(sketch: &mut Sketch, at: &str, credentialed: bool) {
        let at: Timestamp = at.parse().expect("a time");
        let seen = Arc::new(Seen {
            sources: Vec::new(),
            first: at,
            last: at,
        });
        sketch.node("CAHOST", NodeKind::Computer, |host| {
            let family = "Windows : Microsoft Bulletins".to_owned();
            host.known = Arc::new([Facet::Plugins { family, credentialed }]);
            host.facets = vec![OriginalObject {
                key: "192.0.2.1".into(),
                kind: NodeKind::Host,
                reason: "".into(),
                seen,
                told: Arc::new([]),
            }];
        });
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::AdcsEsc15,
        source: "EVE",
        target: DOMAIN,
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
            ENABLED,
            ("may ask for the template", |it| {
                it.unrelate("EVE", RelationKind::Enroll, "TEMPLATE");
            }),
            ("the template is of version 1", |it| {
                it.edit("TEMPLATE", |it| {
                    let template = pki(it);
                    template.schema_version = Some(2);
                    template.authorized_signatures = Some(0);
                });
            }),
            ("the requester names the subject", |it| {
                it.edit("TEMPLATE", |it| pki(it).enrollee_supplies_subject = Some(false));
            }),
            ("it is not ESC1 already", |it| {
                it.edit("TEMPLATE", |it| pki(it).authentication_enabled = Some(true));
            }),
            ("the authority lacks the update", |it| {
                scan(it, "2025-01-01T00:00:00Z", true);
            }),
        ],
    }];

    #[test]
    fn a_scan_tells_only_if_it_logged_on_and_came_after_the_update() {
        for (at, credentialed, is_updated) in [
            ("2025-01-01T00:00:00Z", true, true),
            ("2025-01-01T00:00:00Z", false, false),
            ("2024-11-11T00:00:00Z", true, false),
        ] {
            let mut sketch = estate();
            scan(&mut sketch, at, credentialed);
            let is_there = sketch.has_step("EVE", RelationKind::AdcsEsc15, DOMAIN);
            assert_eq!(is_there, !is_updated, "{at} {credentialed}");
        }
    }

    #[test]
    fn a_finding_takes_the_place_of_the_assumption() {
        let mut sketch = estate();
        let assumed = step(&sketch.derived(), "EVE", RelationKind::AdcsEsc15, DOMAIN)
            .cloned()
            .expect("a step");
        scan(&mut sketch, "2025-01-01T00:00:00Z", true);
        sketch.weakness_of("CAHOST", WEAKNESS);
        let seen = step(&sketch.derived(), "EVE", RelationKind::AdcsEsc15, DOMAIN)
            .cloned()
            .expect("a step");
        assert!(assumed.is_assumed && !seen.is_assumed);
        assert!(seen.cost < assumed.cost, "{} and {}", seen.cost, assumed.cost);
    }

    #[test]
    fn a_computer_whose_finding_is_mended_is_not_one_that_nobody_looked_at() {
        let mut sketch = estate();
        sketch.weakness_of("CAHOST", WEAKNESS);
        let built = sketch.build();
        let removal = Removal {
            edges: built.estate.findings.iter().map(|it| it.id).collect(),
            ..Removal::default()
        };
        let mended = derive_all(&built.world(), &removal);
        assert_eq!(step(&mended, "EVE", RelationKind::AdcsEsc15, DOMAIN), None);
    }
}
