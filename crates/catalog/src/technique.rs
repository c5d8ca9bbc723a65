//! Techniques: how an attacker gets from one asset to another, and everything a person wants told about it.
//!
//! The text says what a technique is; crate `attack` finds where it applies. The two meet in the technique's
//! id, which is the kind of the relation or step.

use std::collections::{BTreeMap, BTreeSet};

use postern_model::{Facet, Grade, ObjectClass, Phase, RelationKind};
use serde::Deserialize;

use crate::check::File;
use crate::error::Mistake;
use crate::feed::AttackTechniques;
use crate::pattern::{self, Pattern};
use crate::query;

/// A chain of `after` may have this many techniques (DESIGN 3.3, phase 4).
pub const STRATA_MAX: usize = 8;

/// The folder of techniques that an administrator adds.
pub const CUSTOM: &str = "custom";

/// The columns that the query of a custom technique yields: the ids of a step's ends.
pub const STEP_COLUMNS: [&str; 2] = ["source", "target"];

/// The folders of techniques; crate `attack` has one source file for each.
pub const FAMILIES: &[&str] = &[
    "acl",
    "assumed",
    "azure",
    "certificates",
    "containment",
    "credentials",
    CUSTOM,
    "delegation",
    "entra",
    "extensions",
    "local-groups",
    "membership",
    "network",
    "ownership",
    "relay",
    "policies",
    "replication",
    "sessions",
    "trusts",
];

/// Relations that nobody can use alone. Techniques are made of them.
pub const NOT_TRAVERSABLE: &[RelationKind] = &[
    // What it comes to is `GPOAppliesTo`.
    RelationKind::GpLink,
    RelationKind::MemberOfLocalGroup,
    RelationKind::LocalToComputer,
    RelationKind::RemoteInteractiveLogonRight,
    RelationKind::GetChanges,
    RelationKind::GetChangesAll,
    RelationKind::GetChangesInFilteredSet,
    RelationKind::OwnsRaw,
    RelationKind::WriteOwnerRaw,
    RelationKind::CreateChildDmsa,
    RelationKind::CreateChildAll,
    RelationKind::CreateChild,
    RelationKind::CrossForestTrust,
    RelationKind::Enroll,
    RelationKind::DelegatedEnrollmentAgent,
    RelationKind::WritePkiNameFlag,
    RelationKind::WritePkiEnrollmentFlag,
    RelationKind::PublishedTo,
    RelationKind::HostsCaService,
    RelationKind::RootCaFor,
    RelationKind::NtAuthStoreFor,
    RelationKind::OidGroupLink,
    RelationKind::TrustedForNtAuth,
    RelationKind::IssuedSignedBy,
    RelationKind::EnterpriseCaFor,
    RelationKind::ExtendedByPolicy,
    RelationKind::EnrollOnBehalfOf,
    RelationKind::ProtectAdminGroups,
    RelationKind::AzMemberOfUnit,
    RelationKind::AzDelegatedConsent,
    RelationKind::AzMgApplicationReadWriteAll,
    RelationKind::AzMgAppRoleAssignmentReadWriteAll,
    RelationKind::AzMgDirectoryReadWriteAll,
    RelationKind::AzMgGroupReadWriteAll,
    RelationKind::AzMgGroupMemberReadWriteAll,
    RelationKind::AzMgRoleManagementReadWriteDirectory,
    RelationKind::AzMgServicePrincipalEndpointReadWriteAll,
    // A vault hands out the public half of a key and of a certificate; the private half of a certificate is a secret of
    // the vault, which `AZGetSecrets` is about, and that of a key never leaves it.
    RelationKind::AzGetKeys,
    RelationKind::AzGetCertificates,
];

/// How a device is held; admin implies user. What is not a device is either controlled or not: `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Foothold {
    #[default]
    None,
    /// Code runs, or somebody is logged on, without administrative rights.
    User,
    Admin,
}

impl Foothold {
    pub const ALL: [Self; 3] = [Self::None, Self::User, Self::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What has to have been looked at. Each need stands for its own class of objects: where one is not met, the
/// technique is not evaluated for that class, and the coverage report says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputNeed {
    pub class: ObjectClass,
    pub facet: Facet,
}

/// A circumstance that makes a technique easier or harder than its grade says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeModifier {
    /// Name of the circumstance, as the technique's derivation calls it.
    pub when: String,
    pub grade: Grade,
    pub reason: String,
}

/// One way to take the technique away from an attacker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remediation {
    /// Unique within the technique.
    pub id: String,
    pub title: String,
    /// What to do, and what to look at before; names the step's ends as `{source}` and `{target}`.
    pub text: String,
    /// Relative effort and risk of breaking something, from 1 to 10.
    pub cost: u32,
    /// The role that can do it.
    pub owner: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Technique {
    pub id: RelationKind,
    pub title: String,
    /// One of [`FAMILIES`].
    pub family: String,
    /// The public vocabulary of the exposure graph.
    pub label: String,
    /// Ids of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// A sentence or two that name the step's ends as `{source}` and `{target}`.
    pub explanation: String,
    pub detection: String,
    pub grade: Grade,
    pub grade_reason: String,
    pub modifiers: Vec<GradeModifier>,
    /// How the source must be held, if it is a device.
    pub needs: Foothold,
    /// How the target is held afterwards, if it is a device.
    pub gives: Foothold,
    pub inputs: Vec<InputNeed>,
    /// Names of the edge properties that the technique fills.
    pub fills: Vec<String>,
    pub remediations: Vec<Remediation>,
    /// Why nothing can be done about a step of this kind itself; only without remediations.
    pub no_remediation: Option<String>,
    /// Techniques whose steps this one reads.
    pub after: Vec<RelationKind>,
    /// How to find its steps, of the family [`CUSTOM`] alone: the others have code.
    pub derivation: Option<Pattern>,
    /// In place of [`Self::derivation`]: KQL that yields `source` and `target`, one row for each step.
    pub query: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Source {
    id: Option<String>,
    title: Option<String>,
    family: Option<String>,
    label: Option<String>,
    attack: Option<Vec<String>>,
    explanation: Option<String>,
    detection: Option<String>,
    grade: Option<Grade>,
    grade_reason: Option<String>,
    #[serde(default)]
    modifiers: Vec<GradeModifier>,
    needs: Option<Foothold>,
    gives: Option<Foothold>,
    inputs: Option<Vec<InputNeed>>,
    #[serde(default)]
    fills: Vec<String>,
    #[serde(default)]
    remediations: Vec<Remediation>,
    no_remediation: Option<String>,
    #[serde(default)]
    after: Vec<String>,
    derivation: Option<pattern::Source>,
    query: Option<String>,
}

impl Technique {
    /// The sentence about one step, with the names of its ends filled in.
    pub fn explain(&self, source: &str, target: &str) -> String {
        fill(&self.explanation, source, target)
    }

    /// How a step between these two would be noticed.
    pub fn detect(&self, source: &str, target: &str) -> String {
        fill(&self.detection, source, target)
    }

    /// The grade under a circumstance that [`Self::modifiers`] may name; the technique's own grade otherwise.
    pub fn grade_when(&self, circumstance: &str) -> Grade {
        self.modifiers
            .iter()
            .find(|modifier| modifier.when == circumstance)
            .map_or(self.grade, |modifier| modifier.grade)
    }

    /// Reads a file of the folder `techniques/<family>`.
    pub(crate) fn read(file: &mut File<'_>, family: &str, attack: &AttackTechniques) -> Option<Self> {
        let source: Source = file.yaml()?;
        let id = file.id(source.id);
        let kind = match family {
            CUSTOM => custom_kind(file, &id),
            _ => RelationKind::parse(&id),
        };
        match kind {
            _ if family == CUSTOM => {}
            Some(kind) if NOT_TRAVERSABLE.contains(&kind) => {
                file.mistake_in(
                    "id",
                    format!("{id} is no technique: with it alone nobody gets anywhere"),
                );
            }
            None if !id.is_empty() => file.mistake_in("id", format!("there is no relation or step named {id}")),
            _ => {}
        }
        if source.grade.is_none() {
            file.mistake("`grade` is missing");
        }
        if source.attack.as_ref().is_some_and(Vec::is_empty) {
            file.mistake_in("attack", "at least one ATT&CK technique must be named");
        }
        let has_query = source.query.is_some();
        let technique = Self {
            // Stand-ins for what is missing go no further: the file has a mistake then.
            id: kind?,
            title: file.text("title", source.title),
            family: file.text("family", source.family),
            label: file.text("label", source.label),
            attack: file.required("attack", source.attack),
            explanation: file.text("explanation", source.explanation),
            detection: file.text("detection", source.detection),
            grade: source.grade?,
            grade_reason: file.text("grade-reason", source.grade_reason),
            modifiers: source.modifiers,
            needs: file.required("needs", source.needs),
            gives: file.required("gives", source.gives),
            inputs: file.required("inputs", source.inputs),
            fills: source.fills,
            remediations: source.remediations.into_iter().map(Remediation::trimmed).collect(),
            no_remediation: source.no_remediation.map(|text| text.trim().to_owned()),
            after: kinds(file, &source.after),
            derivation: match (family, source.derivation) {
                (CUSTOM, None) if has_query => None,
                (CUSTOM, Some(_)) if has_query => {
                    file.mistake_in("query", "a technique has a `derivation` or a `query`, and not both");
                    None
                }
                (CUSTOM, None) => {
                    file.mistake("`derivation` or `query` is missing: nothing else says where the technique applies");
                    None
                }
                (CUSTOM, Some(source)) => Pattern::read(file, source),
                (_, None) => None,
                (_, Some(_)) => {
                    file.mistake_in(
                        "derivation",
                        format!("only techniques of the family {CUSTOM} have one as text"),
                    );
                    None
                }
            },
            query: source.query.and_then(|text| step_query(file, family, text)),
        };
        technique.check(file, family, attack);
        Some(technique)
    }

    fn check(&self, file: &mut File<'_>, family: &str, attack: &AttackTechniques) {
        if !FAMILIES.contains(&family) {
            file.mistake(format!(
                "there is no family {family}; there are {}",
                FAMILIES.join(", ")
            ));
        } else if !self.family.is_empty() && self.family != family {
            file.mistake_in(
                "family",
                format!("`family` is {}, and the file lies in {family}", self.family),
            );
        }
        if !self.label.is_empty() && self.label != self.id.label() {
            file.mistake_in("label", format!("the label of {} is `{}`", self.id, self.id.label()));
        }
        for id in self.attack.iter().filter(|id| !attack.contains(id)) {
            file.mistake_in("attack", format!("ATT&CK has no technique {id}"));
        }
        for placeholder in ["{source}", "{target}"] {
            if !self.explanation.is_empty() && !self.explanation.contains(placeholder) {
                file.mistake_in("explanation", format!("the explanation does not say {placeholder}"));
            }
        }
        match (&self.no_remediation, self.remediations.is_empty()) {
            (None, true) => {
                file.mistake("`remediations` is missing; where nothing can be done, `no-remediation` says why");
            }
            (Some(reason), true) if reason.is_empty() => file.mistake_in("no-remediation", "the reason is empty"),
            (Some(_), false) => {
                file.mistake_in(
                    "no-remediation",
                    "there are remediations, so this reason cannot be true",
                );
            }
            _ => {}
        }
        for modifier in self
            .modifiers
            .iter()
            .filter(|it| it.when.is_empty() || it.reason.trim().is_empty())
        {
            file.mistake_in("modifiers", format!("modifier `{}` has an empty part", modifier.when));
        }
        let mut ids = BTreeSet::new();
        for remediation in &self.remediations {
            let Remediation {
                id,
                title,
                text,
                cost,
                owner,
            } = remediation;
            if [id, title, text, owner].into_iter().any(String::is_empty) {
                file.mistake_in("remediations", format!("remediation `{id}` has an empty part"));
            }
            if !(1..=10).contains(cost) {
                file.mistake_in(
                    "remediations",
                    format!("remediation `{id}` costs {cost}; costs go from 1 to 10"),
                );
            }
            if !ids.insert(id) {
                file.mistake_in("remediations", format!("remediation `{id}` is written twice"));
            }
        }
    }
}

impl Remediation {
    /// What to do about one step, with the names of its ends filled in.
    pub fn instruct(&self, source: &str, target: &str) -> String {
        fill(&self.text, source, target)
    }

    fn trimmed(self) -> Self {
        let Self {
            id,
            title,
            text,
            cost,
            owner,
        } = self;
        let trim = |text: String| text.trim().to_owned();
        Self {
            id: trim(id),
            title: trim(title),
            text: trim(text),
            cost,
            owner: trim(owner),
        }
    }
}

/// Fills the placeholders in one pass, so that a name that contains one is left as it is.
fn fill(text: &str, source: &str, target: &str) -> String {
    let mut filled = String::with_capacity(text.len() + source.len() + target.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let (name, placeholder) = if rest.starts_with("{source}") {
            (source, "{source}")
        } else if rest.starts_with("{target}") {
            (target, "{target}")
        } else {
            ("{", "{")
        };
        filled.push_str(name);
        rest = &rest[placeholder.len()..];
    }
    filled.push_str(rest);
    filled
}

/// The query of a custom technique, if it can be asked.
fn step_query(file: &mut File<'_>, family: &str, text: String) -> Option<String> {
    if family != CUSTOM {
        file.mistake_in("query", format!("only techniques of the family {CUSTOM} have one"));
        return None;
    }
    let errors = query::bind(&text, Phase::Derive, &STEP_COLUMNS)
        .err()
        .unwrap_or_default();
    for error in &errors {
        file.mistake_in("query", format!("{}: {}", query::position(&text, error), error.message));
    }
    errors.is_empty().then_some(text)
}

/// The kind of steps of a custom technique: a name that nothing else has.
fn custom_kind(file: &mut File<'_>, id: &str) -> Option<RelationKind> {
    if RelationKind::parse(id).is_some() {
        file.mistake_in(
            "id",
            format!("{id} is a relation or step that Postern knows: give yours another name"),
        );
        return None;
    }
    let kind = RelationKind::of(id);
    if kind.is_none() && !id.is_empty() {
        file.mistake_in(
            "id",
            format!("`{id}` is no name of a step: letters, digits and underscores"),
        );
    }
    kind
}

fn kinds(file: &mut File<'_>, names: &[String]) -> Vec<RelationKind> {
    let mut kinds = Vec::new();
    for name in names {
        match RelationKind::parse(name) {
            Some(kind) => kinds.push(kind),
            None => file.mistake_in("after", format!("there is no relation or step named {name}")),
        }
    }
    kinds
}

/// Every `after` names a technique, and following it comes to an end within [`STRATA_MAX`].
pub(crate) fn check_order(techniques: &BTreeMap<RelationKind, Technique>, mistakes: &mut Vec<Mistake>) {
    for technique in techniques.values() {
        let mut mistake = |reason| {
            mistakes.push(Mistake {
                file: format!("techniques/{}/{}.yaml", technique.family, technique.id),
                position: String::new(),
                reason,
            });
        };
        for &kind in technique.after.iter().filter(|kind| !techniques.contains_key(kind)) {
            mistake(format!("`after` names {kind}, which is no technique"));
        }
        // Breadth first over what comes before; a cycle never runs dry, so the bound on strata ends it.
        let mut stratum = BTreeSet::from([technique.id]);
        let mut count = 0;
        while !stratum.is_empty() && count <= STRATA_MAX {
            count += 1;
            let before = stratum
                .iter()
                .filter_map(|kind| techniques.get(kind))
                .flat_map(|it| it.after.iter().copied());
            let before: BTreeSet<_> = before.collect();
            if before.contains(&technique.id) {
                mistake(format!("`after` leads from {0} back to {0}", technique.id));
                return;
            }
            stratum = before;
        }
        if count > STRATA_MAX {
            mistake(format!("`after` makes a chain of more than {STRATA_MAX} techniques"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_a_placeholder_is_left_as_it_is() {
        let text = "{source} owns {target} {and more";
        assert_eq!(fill(text, "{target}", "B"), "{target} owns B {and more");
    }
}
