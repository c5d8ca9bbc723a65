//! ESC14: certificates are mapped to a user by a name alone, and somebody else can be given that name.
//!
//! Scenarios B, C and D of "ADCS ESC14 Abuse Technique" (Knudsen, SpecterOps, 2024): the mapping in
//! `altSecurityIdentities` names an e-mail address (`X509:<RFC822>`), an issuer with a subject (`X509:<I>...<S>`), or a
//! subject (`X509:<S>`). Scenario A, in which the attacker writes the mapping, is `WriteAltSecurityIdentities`.
//!
//! Mappings of computers are left out: for their accounts a domain controller looks at the DNS name in the certificate
//! alone ([MS-PKCA] 3.1.5.2.1). For users it looks at the user principal name before the mapping, so that a certificate
//! with one is of no use. A mapping by subject is followed where it is a common name and nothing else: then a new
//! common name or DNS name of the victim is the whole subject.
//!
//! Many users may be mapped in one way. What leads to one of them leads to all of the domain, so steps go to the set.

use std::collections::BTreeMap;

use postern_model::estate::{Estate, Node, NodeIndex};
use postern_model::{NodeKind, RelationKind};

use super::esc16::leaves_out_sids;
use super::renaming::{Name, Renaming, Way, all};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::Fact;
use crate::forest::Forests;
use crate::pki::{Authority, Published, Template};
use crate::techniques::sets;
use crate::view::View;

/// A mapping that names something which others can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mapping<'m> {
    Email(&'m str),
    /// Issuer and subject, as the directory writes their names.
    IssuerSubject(&'m str, &'m str),
    Subject(&'m str),
}

/// Those who are reached together: mapped in one way, in one domain, by certificates of one authority where the
/// mapping says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Set {
    technique: RelationKind,
    domain: NodeIndex,
    issuer: Option<NodeIndex>,
}

/// Every set that there may be: for each domain, and for C for each authority too.
pub fn all_sets(estate: &Estate) -> Vec<Virtual> {
    let of_kind = |kind: NodeKind| estate.nodes.iter().filter(move |node| node.kind == kind);
    of_kind(NodeKind::Domain)
        .flat_map(|domain| {
            let issuers = of_kind(NodeKind::EnterpriseCa).map(Some);
            let by_subject = issuers.map(move |issuer| (RelationKind::AdcsEsc14c, issuer));
            [(RelationKind::AdcsEsc14b, None), (RelationKind::AdcsEsc14d, None)]
                .into_iter()
                .chain(by_subject)
                .map(move |(technique, issuer)| vertex(technique, domain, issuer))
        })
        .collect()
}

fn vertex(technique: RelationKind, domain: &Node, issuer: Option<&Node>) -> Virtual {
    let (domain_name, key) = (&domain.name, &domain.key);
    match (technique, issuer) {
        (RelationKind::AdcsEsc14b, _) => {
            let name = format!("any user of {domain_name} mapped by e-mail address");
            sets::vertex("mapped-by-email", key, name)
        }
        (_, Some(issuer)) => {
            let name = format!("any user of {domain_name} mapped by a name and {}", issuer.name);
            sets::vertex("mapped-by-issuer", &format!("{key}:{}", issuer.key), name)
        }
        (_, None) => {
            let name = format!("any user of {domain_name} mapped by a name");
            sets::vertex("mapped-by-subject", key, name)
        }
    }
}

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, forests: &Forests<'_, '_>, renaming: &Renaming<'_, '_>) {
    let members = members(view);
    let mut ways: BTreeMap<Set, Vec<Way<'_, '_>>> = BTreeMap::new();
    for published in view.pki.published() {
        let (domain, authority) = (published.domain(), published.authority);
        let of_here = members
            .keys()
            .filter(|set| set.domain == domain && set.issuer.is_none_or(|issuer| issuer == authority.index));
        for &set in of_here {
            for name in [Name::Public, Name::Dns] {
                if let Some(conditions) = conditions(view, forests, published, set.technique, name) {
                    let way = Way {
                        published,
                        name,
                        conditions,
                    };
                    ways.entry(set).or_default().push(way);
                }
            }
        }
    }
    for (set, ways) in ways {
        let vertex = vertex(set.technique, view.node(set.domain), set.issuer.map(|it| view.node(it)));
        let is_reached = renaming.add(steps, set.technique, &[(Vertex::Virtual(&vertex), ways)]);
        for (user, fact) in members[&set].iter().filter(|_| is_reached) {
            steps.add_member(&vertex, Vertex::Asset(*user), Manner::default(), vec![fact.clone()]);
        }
    }
}

/// Who is mapped by a name alone.
fn members(view: &View<'_>) -> BTreeMap<Set, Vec<(NodeIndex, Fact)>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (user, node) in view.assets(NodeKind::User) {
        let mappings = node.attributes.account.as_deref().map(|it| &*it.certificate_mappings);
        for text in mappings.into_iter().flatten() {
            let (Some(mapping), Some(domain)) = (Mapping::of(text), domain_of(view, node)) else {
                continue;
            };
            let technique = mapping.technique();
            let fact = view.property_fact(node, "altsecurityidentities", text, mapping.text());
            let mut add = |issuer: Option<NodeIndex>| {
                let set = Set {
                    technique,
                    domain,
                    issuer,
                };
                found.entry(set).or_default().push((user, fact.clone()));
            };
            match mapping {
                Mapping::IssuerSubject(issuer, _) => {
                    let authorities = view.pki.authorities().filter(|it| is_named(it, issuer));
                    authorities.for_each(|it| add(Some(it.index)));
                }
                Mapping::Email(_) | Mapping::Subject(_) => add(None),
            }
        }
    }
    found
}

fn domain_of(view: &View<'_>, user: &Node) -> Option<NodeIndex> {
    let domain = view.domain_of(user)?;
    view.world.estate.by_id(domain.id)
}

/// Whether an authority has the name that a mapping gives the issuer: its common name is that of the authority.
fn is_named(authority: &Authority<'_>, issuer: &str) -> bool {
    let told = authority
        .node
        .attributes
        .pki
        .as_deref()
        .and_then(|it| it.ca_name.as_deref());
    // Collectors name the object of an authority by its common name, an `@`, and the domain.
    let name = told.unwrap_or_else(|| authority.node.name.split('@').next().unwrap_or_default());
    parts(issuer).any(|(kind, value)| kind.eq_ignore_ascii_case("CN") && value.eq_ignore_ascii_case(name))
}

impl<'m> Mapping<'m> {
    /// Reads a value of `altSecurityIdentities`; strong mappings, and those of Kerberos names, are none.
    fn of(text: &'m str) -> Option<Self> {
        let rest = after(text.trim(), "X509:")?.trim_start();
        if let Some(address) = after(rest, "<RFC822>") {
            return (!address.is_empty()).then_some(Self::Email(address));
        }
        if let Some(subject) = after(rest, "<S>") {
            return is_common_name(subject).then_some(Self::Subject(subject));
        }
        let rest = after(rest, "<I>")?;
        let (issuer, subject) = rest.split_once("<S>").or_else(|| rest.split_once("<s>"))?;
        is_common_name(subject).then_some(Self::IssuerSubject(issuer, subject))
    }

    const fn technique(&self) -> RelationKind {
        match self {
            Self::Email(_) => RelationKind::AdcsEsc14b,
            Self::IssuerSubject(..) => RelationKind::AdcsEsc14c,
            Self::Subject(_) => RelationKind::AdcsEsc14d,
        }
    }

    const fn text(&self) -> &'static str {
        match self {
            Self::Email(_) => "stands for whoever has a certificate with an e-mail address",
            Self::IssuerSubject(..) => "stands for whoever has a certificate of an issuer with a common name",
            Self::Subject(_) => "stands for whoever has a certificate with a common name",
        }
    }
}

/// What follows a mark, in any letter case.
fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let start = text.get(..mark.len())?;
    start.eq_ignore_ascii_case(mark).then(|| &text[mark.len()..])
}

/// The parts of a distinguished name, as far as they are needed here: a comma that is escaped parts nothing.
fn parts(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut before = '\0';
    let split = name.split(move |letter| {
        let is_end = letter == ',' && before != '\\';
        before = letter;
        is_end
    });
    split
        .filter_map(|part| part.split_once('='))
        .map(|(kind, value)| (kind.trim(), value.trim()))
}

fn is_common_name(subject: &str) -> bool {
    let mut parts = parts(subject);
    parts
        .next()
        .is_some_and(|(kind, value)| kind.eq_ignore_ascii_case("CN") && !value.is_empty())
        && parts.next().is_none()
}

fn conditions(
    view: &View<'_>,
    forests: &Forests<'_, '_>,
    published: Published<'_, '_>,
    technique: RelationKind,
    name: Name,
) -> Option<Vec<Fact>> {
    let Published {
        template, authority, ..
    } = published;
    if template.holds_user_principal_name(view).is_some() {
        return None;
    }
    let mut conditions = all([
        template.needs_no_approval(view),
        template.needs_no_signature(view),
        template.authenticates(view),
        template
            .leaves_out_sid(view)
            .or_else(|| leaves_out_sids(view, authority)),
        match (technique, name) {
            (RelationKind::AdcsEsc14b, Name::Public) => holds_email(view, template),
            (RelationKind::AdcsEsc14b, Name::Dns) => None,
            (_, Name::Public) => takes_common_name(view, template),
            (_, Name::Dns) => takes_dns_name(view, template),
        },
    ])?;
    conditions.extend(template.takes_names_from_directory(view)?);
    conditions.extend(forests.binds_weakly(published.domain())?);
    Some(conditions)
}

fn holds_email(view: &View<'_>, template: &Template<'_>) -> Option<Fact> {
    let text = "puts the e-mail address into certificates";
    (template.pki()?.san_requires_email == Some(true))
        .then(|| view.property_fact(template.node, "subjectaltrequireemail", "true", text))
}

fn takes_common_name(view: &View<'_>, template: &Template<'_>) -> Option<Fact> {
    let pki = template.pki()?;
    let is_so = pki.subject_requires_common_name == Some(true) && pki.subject_requires_email != Some(true);
    is_so.then(|| {
        let text = "makes the common name the subject of certificates";
        view.property_fact(
            template.node,
            "certificatenameflag",
            "SUBJECT_REQUIRE_COMMON_NAME",
            text,
        )
    })
}

fn takes_dns_name(view: &View<'_>, template: &Template<'_>) -> Option<Fact> {
    let pki = template.pki()?;
    let is_so = pki.subject_requires_dns == Some(true) && pki.subject_requires_email != Some(true);
    is_so.then(|| {
        let text = "makes the DNS name the subject of certificates";
        view.property_fact(template.node, "certificatenameflag", "SUBJECT_REQUIRE_DNS_AS_CN", text)
    })
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::estate::PkiAttributes;

    use super::super::renaming::sketch::*;
    use super::super::sketch::*;
    use super::*;
    use crate::planted::{NearMiss, Plant};
    use crate::testing::Sketch;

    fn mapped(mut sketch: Sketch, mapping: &str) -> Sketch {
        sketch.user("BOSS");
        map(&mut sketch, mapping);
        sketch
    }

    fn map(sketch: &mut Sketch, mapping: &str) {
        sketch.edit("BOSS", |boss| {
            boss.account.get_or_insert_default().certificate_mappings = [mapping.to_owned()].into();
        });
    }

    fn by_email() -> Sketch {
        fn template(template: &mut PkiAttributes) {
            without_sid(template);
            template.san_requires_email = Some(true);
        }
        mapped(
            victim(NodeKind::User, template, binding(1)),
            "X509:<RFC822>boss@corp.example",
        )
    }

    fn common_name(template: &mut PkiAttributes) {
        without_sid(template);
        template.subject_requires_common_name = Some(true);
    }

    fn by_issuer() -> Sketch {
        mapped(
            victim(NodeKind::User, common_name, binding(1)),
            "X509:<I>DC=example,DC=corp,CN=CA<S>CN=boss",
        )
    }

    fn by_subject() -> Sketch {
        fn template(template: &mut PkiAttributes) {
            without_sid(template);
            template.subject_requires_dns = Some(true);
        }
        mapped(victim(NodeKind::Computer, template, binding(1)), "X509:<S>CN=boss")
    }

    const NO_UPN: NearMiss = (
        "certificates do not hold the user principal name, which is looked at first",
        |it| {
            it.edit("TEMPLATE", |it| pki(it).san_requires_upn = Some(true));
        },
    );
    const TARGET_ENABLED: NearMiss = ("the mapped user is enabled", |it| {
        it.edit("BOSS", |boss| boss.enabled = Some(false));
    });
    const MAPPED: NearMiss = ("a certificate is mapped", |it| {
        it.edit("BOSS", |boss| boss.account = None);
    });
    const MAPPED_WEAKLY: NearMiss = ("the mapping is weak", |it| {
        map(it, "X509:<I>DC=example,DC=corp,CN=CA<SR>1200000000AC11000000002B");
    });
    const NOTHING_ELSE: NearMiss = ("the subject is a common name and nothing else", |it| {
        it.edit("TEMPLATE", |it| pki(it).subject_requires_email = Some(true));
    });

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AdcsEsc14b,
            source: "EVE",
            target: "BOSS",
            estate: by_email,
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
                CONTROLLED,
                CONTROL_IS_ENOUGH,
                VICTIM_ENABLED,
                VICTIM_MAY_ENROL,
                VICTIM_MAY_ASK_AUTHORITY,
                FROM_DIRECTORY,
                CONTROLLER_ENABLED,
                CONTROLLER_OF_FOREST,
                FOR_LOGON,
                VICTIM_CAN_BE_NAMED,
                NO_SID,
                NO_SID_KNOWN,
                BINDING_WEAK,
                BINDING_KNOWN,
                NO_UPN,
                TARGET_ENABLED,
                MAPPED,
                MAPPED_WEAKLY,
                ("certificates hold the e-mail address", |it| {
                    it.edit("TEMPLATE", |it| pki(it).san_requires_email = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc14c,
            source: "EVE",
            target: "BOSS",
            estate: by_issuer,
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
                CONTROLLED,
                CONTROL_IS_ENOUGH,
                VICTIM_ENABLED,
                VICTIM_MAY_ENROL,
                VICTIM_MAY_ASK_AUTHORITY,
                FROM_DIRECTORY,
                CONTROLLER_ENABLED,
                CONTROLLER_OF_FOREST,
                FOR_LOGON,
                VICTIM_CAN_BE_NAMED,
                NO_SID,
                NO_SID_KNOWN,
                BINDING_WEAK,
                BINDING_KNOWN,
                NO_UPN,
                TARGET_ENABLED,
                MAPPED,
                MAPPED_WEAKLY,
                NOTHING_ELSE,
                ("the subject is the common name", |it| {
                    it.edit("TEMPLATE", |it| pki(it).subject_requires_common_name = Some(false));
                }),
                ("the issuer is the authority", |it| {
                    map(it, "X509:<I>DC=example,DC=corp,CN=OTHER<S>CN=boss");
                }),
                ("the mapped subject is a common name and nothing else", |it| {
                    map(it, "X509:<I>DC=example,DC=corp,CN=CA<S>DC=example,OU=Users,CN=boss");
                }),
            ],
        },
        Plant {
            technique: RelationKind::AdcsEsc14d,
            source: "EVE",
            target: "BOSS",
            estate: by_subject,
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
                CONTROLLED,
                CONTROL_IS_ENOUGH,
                VICTIM_ENABLED,
                VICTIM_MAY_ENROL,
                VICTIM_MAY_ASK_AUTHORITY,
                FROM_DIRECTORY,
                CONTROLLER_ENABLED,
                CONTROLLER_OF_FOREST,
                FOR_LOGON,
                NO_SID,
                NO_SID_KNOWN,
                BINDING_WEAK,
                BINDING_KNOWN,
                NO_UPN,
                TARGET_ENABLED,
                MAPPED,
                MAPPED_WEAKLY,
                NOTHING_ELSE,
                ("the subject is the DNS name", |it| {
                    it.edit("TEMPLATE", |it| pki(it).subject_requires_dns = Some(false));
                }),
                ("the victim has a DNS name", |it| {
                    it.node("VICTIM", NodeKind::User, |_| {});
                }),
                ("the mapped subject is a common name and nothing else", |it| {
                    map(it, "X509:<S>DC=example,OU=Users,CN=boss");
                }),
            ],
        },
    ];

    #[test]
    fn weak_mappings_are_read_in_any_letter_case_and_strong_ones_are_not() {
        for (text, mapping) in [
            ("X509:<RFC822>a@b.example", Some(Mapping::Email("a@b.example"))),
            ("x509: <rfc822>a@b.example", Some(Mapping::Email("a@b.example"))),
            ("X509:<S>CN=Boss", Some(Mapping::Subject("CN=Boss"))),
            ("X509:<S>CN=Smith\\, John", Some(Mapping::Subject("CN=Smith\\, John"))),
            (
                "X509:<I>DC=example,CN=CA<S>CN=Boss",
                Some(Mapping::IssuerSubject("DC=example,CN=CA", "CN=Boss")),
            ),
            ("X509:<S>DC=example,CN=Boss", None),
            ("X509:<I>DC=example,CN=CA<SR>11", None),
            ("X509:<SKI>aabb", None),
            ("X509:<SHA1-PUKEY>aabb", None),
            ("Kerberos:boss@b.example", None),
            ("X509:<RFC822>", None),
            ("X509:", None),
            ("é", None),
        ] {
            assert_eq!(Mapping::of(text), mapping, "{text}");
        }
    }
}
