//! Words and numbers as people say them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use postern_model::{Facet, Grade, NodeKind};

/// `12,431`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 path`, `12,431 paths`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// A file's own name, without folders and archive.
pub fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\', '!']).next().unwrap_or(path)
}

/// The name of the file that somebody imported: of an archive, where the path leads into one.
pub fn imported_name(path: &str) -> &str {
    base_name(path.split_once('!').map_or(path, |(archive, _)| archive))
}

/// `2026-11-21 08:00 UTC`.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The grade of a whole route: the worst one that costs no more than the route. People see this and never a likelihood.
pub fn grade(cost: u32) -> Grade {
    Grade::ALL
        .into_iter()
        .rfind(|grade| grade.cost() <= cost)
        .unwrap_or(Grade::Certain)
}

/// `34 computers, 2 users`, the most frequent kind first.
pub fn kinds_text(by_kind: &BTreeMap<String, u64>) -> String {
    let mut kinds: Vec<_> = by_kind.iter().collect();
    kinds.sort_by_key(|&(kind, &number)| (Reverse(number), kind));
    let kinds: Vec<_> = kinds
        .into_iter()
        .map(|(kind, &number)| {
            let (one, many) = kind_words(kind);
            counted(number, one, many)
        })
        .collect();
    kinds.join(", ")
}

/// Counts under the names of their kinds.
pub fn by_name<K: std::fmt::Display>(counts: BTreeMap<K, u64>) -> BTreeMap<String, u64> {
    let named = counts.into_iter().map(|(kind, count)| (kind.to_string(), count));
    named.collect()
}

/// What people call one asset of a kind.
pub fn kind_word(kind: &str) -> &str {
    kind_words(kind).0
}

/// One and many of a kind, as people call them.
fn kind_words(kind: &str) -> (&str, &str) {
    match NodeKind::parse(kind) {
        Some(NodeKind::Base) => ("object of unknown kind", "objects of unknown kind"),
        Some(NodeKind::User) => ("user", "users"),
        Some(NodeKind::Computer) => ("computer", "computers"),
        Some(NodeKind::Group) => ("group", "groups"),
        Some(NodeKind::Gpo) => ("group policy", "group policies"),
        Some(NodeKind::Ou) => ("organisational unit", "organisational units"),
        Some(NodeKind::Container) => ("container", "containers"),
        Some(NodeKind::Domain) => ("domain", "domains"),
        Some(NodeKind::LocalGroup) => ("local group", "local groups"),
        Some(NodeKind::LocalUser) => ("local user", "local users"),
        Some(NodeKind::AiaCa) => ("AIA CA", "AIA CAs"),
        Some(NodeKind::RootCa) => ("root CA", "root CAs"),
        Some(NodeKind::EnterpriseCa) => ("enterprise CA", "enterprise CAs"),
        Some(NodeKind::NtAuthStore) => ("NTAuth store", "NTAuth stores"),
        Some(NodeKind::CertTemplate) => ("certificate template", "certificate templates"),
        Some(NodeKind::IssuancePolicy) => ("issuance policy", "issuance policies"),
        Some(NodeKind::Host) => ("host", "hosts"),
        Some(NodeKind::NetworkSegment) => ("network segment", "network segments"),
        Some(NodeKind::Internet) => ("Internet", "Internets"),
        Some(NodeKind::EntryPoint) => ("entry point", "entry points"),
        Some(NodeKind::ControlPlane) => ("control plane", "control planes"),
        Some(NodeKind::ObjectSet) => ("set of objects", "sets of objects"),
        Some(NodeKind::AzTenant) => ("Entra tenant", "Entra tenants"),
        Some(NodeKind::AzUser) => ("Entra user", "Entra users"),
        Some(NodeKind::AzGroup) => ("Entra group", "Entra groups"),
        Some(NodeKind::AzDevice) => ("Entra device", "Entra devices"),
        Some(NodeKind::AzApp) => ("application", "applications"),
        Some(NodeKind::AzServicePrincipal) => ("service principal", "service principals"),
        Some(NodeKind::AzRole) => ("Entra role", "Entra roles"),
        Some(NodeKind::AzAdministrativeUnit) => ("administrative unit", "administrative units"),
        Some(NodeKind::AzConditionalAccessPolicy) => ("conditional access policy", "conditional access policies"),
        Some(NodeKind::AzManagementGroup) => ("management group", "management groups"),
        Some(NodeKind::AzSubscription) => ("subscription", "subscriptions"),
        Some(NodeKind::AzResourceGroup) => ("resource group", "resource groups"),
        Some(NodeKind::AzVm) => ("virtual machine", "virtual machines"),
        Some(NodeKind::AzVmScaleSet) => ("scale set", "scale sets"),
        Some(NodeKind::AzKeyVault) => ("key vault", "key vaults"),
        Some(NodeKind::AzFunctionApp) => ("function app", "function apps"),
        Some(NodeKind::AzWebApp) => ("web app", "web apps"),
        Some(NodeKind::AzLogicApp) => ("logic app", "logic apps"),
        Some(NodeKind::AzAutomationAccount) => ("automation account", "automation accounts"),
        Some(NodeKind::AzContainerRegistry) => ("container registry", "container registries"),
        Some(NodeKind::AzManagedCluster) => ("managed cluster", "managed clusters"),
        Some(NodeKind::AzStorageAccount) => ("storage account", "storage accounts"),
        Some(NodeKind::AzStorageContainer) => ("storage container", "storage containers"),
        Some(NodeKind::AzFederatedIdentityCredential) => ("federated credential", "federated credentials"),
        Some(NodeKind::Other(_)) | None => (kind, kind),
    }
}

/// Facets as people read them: the plugin families of a scanner are counted.
pub fn facets_text<'f>(facets: impl IntoIterator<Item = &'f Facet>) -> Vec<String> {
    let mut texts = Vec::new();
    let mut families: BTreeMap<bool, u64> = BTreeMap::new();
    for facet in facets {
        match facet {
            Facet::Plugins { credentialed, .. } => *families.entry(*credentialed).or_default() += 1,
            other => texts.push(other.to_string()),
        }
    }
    texts.extend(families.into_iter().map(|(is_credentialed, number)| {
        let families = counted(number, "plugin family", "plugin families");
        let not = if is_credentialed { "" } else { "not " };
        format!("{families} ({not}credentialed)")
    }));
    texts
}

/// A class of targets in words.
pub fn target_class_title(class: &str) -> String {
    match class {
        "control plane" => class.to_owned(),
        level => format!("asset of {level} criticality"),
    }
}

/// A family of the catalog in words.
pub fn family_name(family: &str) -> &str {
    match family {
        "acl" => "permissions",
        "assumed" => "assumptions",
        "azure" => "Azure",
        "certificates" => "certificate services",
        "local-groups" => "local groups",
        "custom" => "techniques of your own",
        "entra" => "Entra",
        "membership" => "group membership",
        "network" => "the network",
        "relay" => "NTLM relay",
        "policies" => "group policy",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_separators_every_three_digits() {
        let texts: Vec<_> = [0, 12, 999, 1_000, 52_802_753].into_iter().map(count).collect();
        assert_eq!(texts, ["0", "12", "999", "1,000", "52,802,753"]);
    }

    #[test]
    fn a_file_is_told_by_its_own_name_or_by_that_of_its_archive() {
        let path = "/srv/drop/week-5/loot.zip!folder/computers.json";
        assert_eq!((base_name(path), imported_name(path)), ("computers.json", "loot.zip"));
        assert_eq!(
            (base_name("a.nessus"), imported_name("C:\\scans\\a.nessus")),
            ("a.nessus", "a.nessus")
        );
    }

    #[test]
    fn a_route_is_graded_by_its_total_cost() {
        assert_eq!(grade(0), Grade::Certain);
        assert_eq!(grade(3), Grade::Likely);
        assert_eq!(grade(24), Grade::Theoretical);
    }

    #[test]
    fn kinds_are_told_in_words_the_most_frequent_first() {
        let kinds = [("User", 1), ("GPO", 2), ("Computer", 1_200)];
        let by_kind = kinds.map(|(kind, number)| (kind.to_owned(), number)).into();
        assert_eq!(kinds_text(&by_kind), "1,200 computers, 2 group policies, 1 user");
    }

    #[test]
    fn plugin_families_are_counted_with_and_without_credentials_apart() {
        let family = |name: &str, credentialed| Facet::Plugins {
            family: name.to_owned(),
            credentialed,
        };
        let facets = [
            Facet::Ports,
            family("DNS", false),
            family("FTP", false),
            family("DNS", true),
        ];
        assert_eq!(
            facets_text(&facets),
            [
                "open ports",
                "2 plugin families (not credentialed)",
                "1 plugin family (credentialed)"
            ]
        );
    }
}
