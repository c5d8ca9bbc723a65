//! What policies of conditional access ask of each user who signs in.
//!
//! A policy counts for a user when it is in force (not only reported on), includes them and does not exclude them,
//! holds for all cloud applications and every kind of client, and under no condition that an attacker can step around:
//! a platform, a state of the device, a risk that has to be noticed. What is left out is the gap, so that nothing
//! counts as protection that is not.
//!
//! That no policy asks for something is an answer too. It is written down as a property, so that it does not come and
//! go with a relation that somebody imagines away.
//!
//! Source: Microsoft, "Conditional Access: Conditions", "Conditional Access: Grant", and the resource type
//! `conditionalAccessPolicy` of Microsoft Graph.

use std::collections::{BTreeMap, HashMap};

use postern_model::estate::{BoundaryCoverage, Node, NodeIndex, Relation};
use postern_model::{Facet, NodeKind, ObjectClass, RelationKind};
use roaring::RoaringBitmap;
use serde_json::Value;

use crate::attributes::{Properties, parse, texts};
use crate::entra::write_down;

/// The properties of a user that list the policies which ask for something: a second factor,
pub const MFA: &str = "mfapolicies";
/// a device that the organisation manages,
pub const MANAGED_DEVICE: &str = "manageddevicepolicies";
/// a sign-in that is bound to the device that it was made on,
pub const BOUND_TOKENS: &str = "tokenprotectionpolicies";
/// and that nobody outside signs in by device code.
pub const NO_DEVICE_CODE: &str = "devicecodepolicies";

const ASKED: [&str; 4] = [MFA, MANAGED_DEVICE, BOUND_TOKENS, NO_DEVICE_CODE];

/// So many policies that ask the same of a user are named: one is enough, and there are many users.
const NAMED_MAX: usize = 3;

const MFA_CONTROLS: [&str; 3] = ["mfa", "authenticationstrength", "block"];
const MANAGED_CONTROLS: [&str; 3] = ["compliantdevice", "domainjoineddevice", "block"];
const DEVICE_CODE: &str = "devicecodeflow";

/// Applications by which the directory, or Azure, is administered, and all mail and files read: a policy for all
/// applications but one of these leaves open what matters. They are Microsoft Graph, Azure AD Graph, Azure Resource
/// Manager, and groups of applications that policies name by a word.
const CONTROLLING_APPLICATIONS: [&str; 5] = [
    "00000003-0000-0000-c000-000000000000",
    "00000002-0000-0000-c000-000000000000",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    "office365",
    "microsoftadminportals",
];

/// Writes down, for each user of a tenant whose policies were all read, which of them ask for what. Nothing where
/// policies name groups, or roles, and nobody looked at who is in them.
pub fn mark(nodes: &mut [Node], relations: &[Relation], coverage: &[BoundaryCoverage]) {
    let tenants = coverage.iter().filter(|it| {
        it.facets
            .contains_key(&(ObjectClass::SignInPolicies, Facet::Properties))
    });
    for tenant in tenants {
        let Some(asked) = asked_of_users(nodes, relations, tenant) else {
            continue;
        };
        for (user, policies) in asked {
            let lists = policies.map(|names| names.into_iter().collect::<Value>());
            let [mfa, managed, bound, device_code] = lists;
            let concluded = [
                (MFA, mfa),
                (MANAGED_DEVICE, managed),
                (BOUND_TOKENS, bound),
                (NO_DEVICE_CODE, device_code),
            ];
            write_down(&mut nodes[user as usize], concluded);
        }
    }
}

/// Each user of a tenant, and the names of the policies that ask something of them, in the order of [`ASKED`].
fn asked_of_users(
    nodes: &[Node],
    relations: &[Relation],
    tenant: &BoundaryCoverage,
) -> Option<BTreeMap<NodeIndex, [Vec<String>; 4]>> {
    let of_tenant = |kind| {
        let nodes = (0..).zip(nodes);
        nodes.filter(move |(_, node): &(NodeIndex, &Node)| node.kind == kind && *node.boundary == *tenant.boundary)
    };
    let policies: Vec<Policy> = of_tenant(NodeKind::AzConditionalAccessPolicy)
        .map(|(_, node)| Policy::of(node))
        .filter(|policy| policy.asks().contains(&true))
        .collect();
    let has_looked = |class, facet| tenant.facets.contains_key(&(class, facet));
    let needs_groups = policies.iter().any(|it| it.include.has_groups || it.exclude.has_groups);
    let needs_roles = policies.iter().any(|it| it.include.has_roles || it.exclude.has_roles);
    if needs_groups && !has_looked(ObjectClass::EntraGroups, Facet::Members)
        || needs_roles && !has_looked(ObjectClass::DirectoryRoles, Facet::RoleAssignments)
    {
        return None;
    }
    let directory = Directory::of(
        of_tenant(NodeKind::AzUser).filter(|(_, node)| !node.is_stub),
        nodes,
        relations,
    );
    let mut asked: BTreeMap<NodeIndex, [Vec<String>; 4]> =
        directory.users.iter().map(|user| (user, Default::default())).collect();
    for policy in &policies {
        let users = directory.chosen(&policy.include) - directory.chosen(&policy.exclude);
        for (what, _) in policy.asks().iter().enumerate().filter(|(_, asks)| **asks) {
            for user in &users {
                let named = asked.get_mut(&user).map(|names| &mut names[what]);
                if let Some(named) = named.filter(|named| named.len() < NAMED_MAX) {
                    named.push(policy.name.clone());
                }
            }
        }
    }
    Some(asked)
}

/// Whom a policy chooses, and how.
#[derive(Default)]
struct Chosen {
    /// Ids of users and groups in upper case, templates of roles in lower case, and words.
    names: Vec<String>,
    has_groups: bool,
    has_roles: bool,
    has_guests: bool,
}

struct Policy {
    name: String,
    include: Chosen,
    exclude: Chosen,
    properties: Properties,
}

impl Policy {
    fn of(node: &Node) -> Self {
        let properties = parse(&node.properties);
        let chosen = |how: &str| {
            let list = |of: &str| texts(properties.get(&format!("{how}{of}")));
            let (users, groups, roles) = (list("users"), list("groups"), list("roles"));
            let is_guests = |it: &String| it.eq_ignore_ascii_case("GuestsOrExternalUsers");
            Chosen {
                has_groups: !groups.is_empty(),
                has_roles: !roles.is_empty(),
                has_guests: users.iter().any(is_guests) || properties.contains_key(&format!("{how}guests")),
                names: [users, groups, roles].concat(),
            }
        };
        let (include, exclude) = (chosen("include"), chosen("exclude"));
        Self {
            name: node.name.clone(),
            include,
            exclude,
            properties,
        }
    }

    fn list(&self, property: &str) -> Vec<String> {
        let list = texts(self.properties.get(property));
        list.into_iter().map(|it| it.to_ascii_lowercase()).collect()
    }

    /// What it asks for of whom it chooses, in the order of [`ASKED`].
    fn asks(&self) -> [bool; ASKED.len()] {
        let is = |property: &str, value: &str| {
            let text = self.properties.get(property).and_then(Value::as_str);
            text.is_some_and(|text| text.eq_ignore_ascii_case(value))
        };
        if !is("state", "enabled") || !self.list("narrowedby").is_empty() || !self.holds_for_all_applications() {
            return [false; ASKED.len()];
        }
        let flows = self.list("transfermethods");
        let included = self.list("includelocations");
        let is_from_outside = included.is_empty() || included.iter().any(|it| it == "all");
        let is_from_everywhere = is_from_outside && self.list("excludelocations").is_empty();
        let is_general = flows.is_empty() && is_from_everywhere;
        let is_bound = self.properties.get("bindstokens") == Some(&Value::Bool(true));
        let controls = self.list("grantcontrols");
        let is_all_of = !is("grantoperator", "or");
        let requires = |wanted: &[&str]| {
            let is_wanted = |it: &String| wanted.contains(&it.as_str());
            match is_all_of {
                true => controls.iter().any(is_wanted),
                false => !controls.is_empty() && controls.iter().all(is_wanted),
            }
        };
        // One of several is enough: a managed device instead of the second factor is none that a password opens.
        let requires_mfa =
            requires(&[MFA_CONTROLS, MANAGED_CONTROLS].concat()) && !is_all_of || requires(&MFA_CONTROLS);
        // Whoever answers a device code signs in on a device of somebody else, which nobody manages.
        let blocks_device_code = match flows.is_empty() {
            true => requires(&MANAGED_CONTROLS),
            false => flows.iter().any(|it| it == DEVICE_CODE) && requires(&["block"]),
        };
        [
            is_general && requires_mfa,
            is_general && requires(&MANAGED_CONTROLS),
            is_general && is_bound,
            is_from_outside && blocks_device_code,
        ]
    }

    fn holds_for_all_applications(&self) -> bool {
        let clients = self.list("clientapptypes");
        let has_client = |name: &str| clients.iter().any(|it| it == name);
        let is_every_client = clients.is_empty()
            || has_client("all")
            || (has_client("browser") && has_client("mobileappsanddesktopclients"));
        let leaves_out = self.list("excludeapplications");
        let leaves_out_control = leaves_out
            .iter()
            .any(|it| CONTROLLING_APPLICATIONS.contains(&it.as_str()));
        is_every_client && self.list("includeapplications").iter().any(|it| it == "all") && !leaves_out_control
    }
}

/// Who is who in a tenant.
struct Directory<'a> {
    nodes: &'a [Node],
    users: RoaringBitmap,
    by_key: HashMap<&'a str, NodeIndex>,
    members: HashMap<NodeIndex, Vec<NodeIndex>>,
}

impl<'a> Directory<'a> {
    fn of(users: impl Iterator<Item = (NodeIndex, &'a Node)>, nodes: &'a [Node], relations: &[Relation]) -> Self {
        let is_named = |node: &Node| matches!(node.kind, NodeKind::AzUser | NodeKind::AzGroup);
        let by_key = (0..)
            .zip(nodes)
            .filter(|(_, node)| is_named(node))
            .map(|(index, node)| (&*node.key, index))
            .collect();
        let mut members = HashMap::<_, Vec<_>>::new();
        for relation in relations.iter().filter(|it| it.kind == RelationKind::AzMemberOf) {
            members.entry(relation.target).or_default().push(relation.source);
        }
        Self {
            nodes,
            users: users.map(|(index, _)| index).collect(),
            by_key,
            members,
        }
    }

    fn chosen(&self, chosen: &Chosen) -> RoaringBitmap {
        if chosen.names.iter().any(|it| it.eq_ignore_ascii_case("All")) {
            return self.users.clone();
        }
        let entra = |user: NodeIndex| self.nodes[user as usize].attributes.entra.as_deref();
        let mut found = RoaringBitmap::new();
        let mut open: Vec<NodeIndex> = chosen
            .names
            .iter()
            .filter_map(|name| self.by_key.get(name.to_ascii_uppercase().as_str()).copied())
            .collect();
        while let Some(at) = open.pop() {
            if found.insert(at) {
                open.extend(self.members.get(&at).into_iter().flatten());
            }
        }
        let holds = |user: NodeIndex| {
            let roles = entra(user).and_then(|it| it.roles.as_ref());
            let is_held = |name: &String| roles.is_some_and(|held| held.iter().any(|it| it.eq_ignore_ascii_case(name)));
            chosen.has_roles && chosen.names.iter().any(is_held)
        };
        let is_guest = |user| chosen.has_guests && entra(user).is_some_and(|it| it.is_guest == Some(true));
        found.extend(self.users.iter().filter(|&user| is_guest(user) || holds(user)));
        found & &self.users
    }
}
