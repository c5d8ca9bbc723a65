//! What an answer holds, by its context: `https://graph.microsoft.com/v1.0/$metadata#<path>`.

/// What the records of an answer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Units,
    ScopedRoles,
    RoleAssignments,
    Roles,
    Policies,
    Consents,
    Registrations,
    Groups,
    Organization,
}

/// The paths that are read, for a sentence.
pub const PATHS: &str = "directory/administrativeUnits, directoryRoles, roleManagement/directory/roleAssignments, \
                         identity/conditionalAccess/policies, oauth2PermissionGrants, groups, organization and \
                         reports/authenticationMethods/userRegistrationDetails";

/// The hosts of Microsoft Graph, in all clouds. Source: Microsoft, "National cloud deployments".
const HOSTS: [&str; 5] = [
    "https://graph.microsoft.com/",
    "https://graph.microsoft.us/",
    "https://dod-graph.microsoft.us/",
    "https://microsoftgraph.chinacloudapi.cn/",
    "https://graph.microsoft.de/",
];

/// What an answer says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Behind `$metadata#`, as it stands.
    pub path: String,
    /// One record, and no list.
    pub is_entity: bool,
    /// The id of the unit whose part this is, in upper case; empty where it is of none.
    pub unit: String,
    pub content: Option<Content>,
}

impl Context {
    /// `None` where the text is no context of Microsoft Graph.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_graph = |host: &str| {
            text.get(..host.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(host))
        };
        if !HOSTS.iter().any(|host| is_graph(host)) {
            return None;
        }
        let (_, path) = text.split_once("$metadata#")?;
        let bare = without_parentheses(path).to_ascii_lowercase();
        let mut parts: Vec<&str> = bare.split('/').filter(|part| !part.is_empty()).collect();
        let is_entity = parts.last() == Some(&"$entity");
        parts.retain(|part| !part.starts_with('$'));
        let unit = key_of(path, "administrativeUnits").unwrap_or_default();
        Some(Self {
            content: content_of(path, &parts),
            path: path.to_owned(),
            is_entity,
            unit,
        })
    }
}

fn content_of(path: &str, parts: &[&str]) -> Option<Content> {
    let name = match parts {
        [.., "conditionalaccess", "policies"] => return Some(Content::Policies),
        [.., last] => *last,
        [] => return None,
    };
    // `Collection(microsoft.graph.userRegistrationDetails)`: a function's answer is named by its type.
    let name = match name {
        "collection" => path.trim_end_matches(')').rsplit('.').next()?.to_ascii_lowercase(),
        name => name.to_owned(),
    };
    Some(match name.as_str() {
        "administrativeunits" | "administrativeunit" => Content::Units,
        "scopedrolemembers" | "scopedrolememberships" | "scopedrolemembership" => Content::ScopedRoles,
        "roleassignments" | "unifiedroleassignment" => Content::RoleAssignments,
        "directoryroles" | "directoryrole" => Content::Roles,
        "conditionalaccesspolicies" | "conditionalaccesspolicy" => Content::Policies,
        "oauth2permissiongrants" | "oauth2permissiongrant" => Content::Consents,
        "userregistrationdetails" => Content::Registrations,
        "groups" | "group" => Content::Groups,
        "organization" => Content::Organization,
        _ => return None,
    })
}

/// A path without what stands in parentheses: keys, and the fields that were asked for.
fn without_parentheses(path: &str) -> String {
    let mut depth = 0_u32;
    path.chars()
        .filter(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

/// The key of a collection in a path, `name('key')`.
fn key_of(path: &str, name: &str) -> Option<String> {
    let at = path.find(&format!("{name}('"))?;
    let key = &path[at + name.len() + 2..];
    Some(key.split_once('\'')?.0.to_ascii_uppercase())
}
