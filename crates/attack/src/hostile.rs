//! Certificate services that somebody made to be hard to read: many templates at many authorities, for many groups
//! that overlap. What is told of a step must not grow with them.

use postern_model::estate::HostAttributes;
use postern_model::{NodeKind, RelationKind};

use crate::testing::{DOMAIN, Sketch};

const USERS: usize = 40;
const GROUPS: usize = 8;
const AUTHORITIES: usize = 4;
const TEMPLATES: usize = 15;

/// Two grades of a technique, or two kinds of it, are told four times each.
const REASONS_MAX: usize = 8;

/// Numbers that look random, and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn group(&mut self) -> String {
        format!("G{}", self.below(GROUPS))
    }

    fn user(&mut self) -> String {
        format!("U{}", self.below(USERS))
    }
}

fn principals(sketch: &mut Sketch, numbers: &mut Numbers) {
    for user in 0..USERS {
        let user = format!("U{user}");
        sketch
            .user(&user)
            .relate(&numbers.group(), RelationKind::GenericAll, &user);
        for group in 0..GROUPS {
            if numbers.below(2) == 0 {
                sketch.relate(&user, RelationKind::MemberOf, &format!("G{group}"));
            }
        }
    }
    for group in 0..GROUPS {
        sketch.group(&format!("G{group}"));
    }
}

fn domains(sketch: &mut Sketch) {
    sketch
        .node("ROOT", NodeKind::RootCa, |_| {})
        .node("STORE", NodeKind::NtAuthStore, |_| {});
    for (domain, controller) in [(DOMAIN, "DC1"), ("DOMAIN2", "DC2"), ("DOMAIN3", "DC3")] {
        sketch
            .node(domain, NodeKind::Domain, |_| {})
            .computer(controller)
            .edit(controller, |it| {
                it.host = Some(Box::new(HostAttributes {
                    certificate_mapping_methods: Some(4),
                    strong_certificate_binding: Some(1),
                    ..HostAttributes::default()
                }));
            })
            .relate(controller, RelationKind::DcFor, domain)
            .relate("ROOT", RelationKind::RootCaFor, domain)
            .relate("STORE", RelationKind::NtAuthStoreFor, domain);
    }
}

fn authority(sketch: &mut Sketch, numbers: &mut Numbers, key: &str) {
    sketch
        .node(key, NodeKind::EnterpriseCa, |node| {
            let pki = node.attributes.pki.get_or_insert_default();
            pki.does_user_specify_san = Some(true);
            pki.is_user_specifies_san_collected = Some(true);
            pki.is_disabled_extensions_collected = Some(true);
            pki.disabled_extensions = Some(["1.3.6.1.4.1.311.25.2".to_owned()].into());
        })
        .relate(key, RelationKind::IssuedSignedBy, "ROOT")
        .relate(key, RelationKind::TrustedForNtAuth, "STORE");
    for right in [
        RelationKind::Enroll,
        RelationKind::ManageCertificates,
        RelationKind::ManageCa,
    ] {
        sketch
            .relate(&numbers.group(), right, key)
            .relate(&numbers.group(), right, key);
    }
}

/// Its flags make it fit for one half of the techniques or the other.
fn template(sketch: &mut Sketch, numbers: &mut Numbers, at: usize) {
    let key = format!("T{at}");
    sketch.node(&key, NodeKind::CertTemplate, |node| {
        let pki = node.attributes.pki.get_or_insert_default();
        pki.schema_version = Some(1);
        pki.requires_manager_approval = Some(false);
        pki.authentication_enabled = Some(!at.is_multiple_of(3));
        pki.enrollee_supplies_subject = Some(at.is_multiple_of(2));
        pki.no_security_extension = Some(true);
        pki.san_requires_upn = Some(true);
        pki.effective_ekus = at.is_multiple_of(5).then(|| [].into());
    });
    for authority in 0..AUTHORITIES {
        sketch.relate(&key, RelationKind::PublishedTo, &format!("CA{authority}"));
    }
    for right in [
        RelationKind::Enroll,
        RelationKind::GenericWrite,
        RelationKind::WritePkiNameFlag,
        RelationKind::WritePkiEnrollmentFlag,
        RelationKind::WriteDacl,
    ] {
        sketch.relate(&numbers.group(), right, &key);
    }
    let agent = format!("T{}", numbers.below(TEMPLATES));
    sketch
        .relate(&numbers.user(), RelationKind::Enroll, &key)
        .relate(&agent, RelationKind::EnrollOnBehalfOf, &key);
}

#[test]
fn what_is_told_of_a_step_does_not_grow_with_the_ways_to_take_it() {
    let (mut sketch, mut numbers) = (Sketch::domain(), Numbers(88_172_645_463_325_252));
    principals(&mut sketch, &mut numbers);
    domains(&mut sketch);
    for at in 0..AUTHORITIES {
        authority(&mut sketch, &mut numbers, &format!("CA{at}"));
    }
    for at in 0..TEMPLATES {
        template(&mut sketch, &mut numbers, at);
    }
    let derived = sketch.derived();
    for step in &derived.steps {
        let count = step.derivations().len();
        assert!(count <= REASONS_MAX, "{}: {count} reasons", step.technique);
    }
    for technique in [
        RelationKind::AdcsEsc1,
        RelationKind::AdcsEsc2,
        RelationKind::AdcsEsc3,
        RelationKind::AdcsEsc4,
        RelationKind::AdcsEsc6a,
        RelationKind::AdcsEsc6b,
        RelationKind::AdcsEsc7,
        RelationKind::AdcsEsc9a,
        RelationKind::AdcsEsc10a,
        RelationKind::AdcsEsc15,
        RelationKind::AdcsEsc16,
    ] {
        let is_there = derived.steps.iter().any(|step| step.technique == technique);
        assert!(is_there, "no step of {technique}");
    }
}
