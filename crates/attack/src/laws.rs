//! What holds of every estate: algorithms against naive twins, and removals against rebuilding.

use std::collections::{BTreeMap, BTreeSet};

use postern_catalog::Foothold;
use postern_graph::reachable_from;
use postern_model::estate::EntraAttributes;
use postern_model::{Criticality, EdgeId, NodeId, NodeKind, RelationKind};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::blast::{Blast, blast_radius};
use crate::choke::{ElementKind, can_go};
use crate::cross_product::{expand, holders_of_all};
use crate::derived::{Derived, derive};
use crate::entry::{Entry, entries};
use crate::search::{StepGraph, is_twofold};
use crate::target::{Target, targets};
use crate::testing::{Built, DOMAIN, FQDN, Sketch, admins, users};
use crate::view::View;
use crate::what_if::{analyse, what_if};
use crate::world::Removal;
use crate::{paths, tables};

const ACCOUNTS: [&str; 4] = ["U0", "U1", "U2", "U3"];
const GROUPS: [&str; 3] = ["G0", "G1", "G2"];
const COMPUTERS: [&str; 4] = ["C0", "C1", "C2", "C3"];
const CLOUD_USERS: [&str; 3] = ["E0", "E1", "E2"];
const CLOUD_GROUPS: [&str; 2] = ["EG0", "EG1"];
const TENANT: &str = "TENANT";
/// A role that resets passwords, and one that adds secrets to applications.
const ROLES: [&str; 2] = [
    "729827E3-9C14-49F7-BB1B-9608F156BBB8@TENANT",
    "9B895D92-2CD3-44C7-9D02-A6AC2D5EA5C3@TENANT",
];

/// (source, kind, target, properties) of a random relation.
type Row = (String, RelationKind, String, String);

fn principal() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(ACCOUNTS.as_slice()).prop_map(str::to_owned),
        3 => select(GROUPS.as_slice()).prop_map(str::to_owned),
        1 => select(COMPUTERS.as_slice()).prop_map(str::to_owned),
        1 => Just(users()),
    ]
}

fn group() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(GROUPS.as_slice()).prop_map(str::to_owned),
        1 => Just(format!("{FQDN}-S-1-5-11")),
        1 => Just(admins()),
        // Whose passwords a read-only controller may cache. Who is denied is read before anything is imagined away, so
        // that rebuilding without such a membership is another question.
        1 => Just(format!("{DOMAIN}-571")),
    ]
}

fn computer() -> impl Strategy<Value = String> {
    select(COMPUTERS.as_slice()).prop_map(str::to_owned)
}

fn segment() -> impl Strategy<Value = String> {
    select(["N0", "N1", "N2"].as_slice()).prop_map(str::to_owned)
}

fn unit() -> impl Strategy<Value = String> {
    select(["O0", "O1"].as_slice()).prop_map(str::to_owned)
}

/// Relations of a tenant, and to the accounts that are synchronised to it.
fn cloud_row() -> impl Strategy<Value = Row> {
    let plain = |(source, kind, target): (String, RelationKind, String)| (source, kind, target, String::new());
    let one = |of: &[&'static str]| select(of.to_vec()).prop_map(str::to_owned);
    let principals = [CLOUD_USERS.as_slice(), CLOUD_GROUPS.as_slice(), &["SP"]].concat();
    let owned = [CLOUD_GROUPS.as_slice(), &["APP", "SP"]].concat();
    let held = [RelationKind::AzHasRole, RelationKind::AzRoleEligible];
    let permissions = [
        RelationKind::AzMgApplicationReadWriteAll,
        RelationKind::AzMgGroupReadWriteAll,
        RelationKind::AzMgRoleManagementReadWriteDirectory,
        RelationKind::AzMgAppRoleAssignmentReadWriteAll,
        RelationKind::AzMgServicePrincipalEndpointReadWriteAll,
    ];
    // The help desk, and whoever else, over a unit; a consent to all that a user may do.
    let over_unit = |(source, kind, target): (String, RelationKind, String)| {
        let scopes = r#"{"scopes":["/administrativeUnits/UNIT"]}"#;
        (source, kind, target, scopes.to_owned())
    };
    let in_unit = [CLOUD_USERS.as_slice(), CLOUD_GROUPS.as_slice()].concat();
    let consented = [CLOUD_USERS.as_slice(), &[TENANT]].concat();
    let consent = |user: String| {
        let scopes = r#"{"scopes":["GRAPH/Directory.AccessAsUser.All"]}"#;
        (
            "SP".to_owned(),
            RelationKind::AzDelegatedConsent,
            user,
            scopes.to_owned(),
        )
    };
    let contents = [principals.as_slice(), &["APP", "VM"], ROLES.as_slice()].concat();
    let of_machine = [
        RelationKind::AzOwner,
        RelationKind::AzContributor,
        RelationKind::AzVmContributor,
        RelationKind::AzVmUserLogin,
        RelationKind::AzAvereContributor,
    ];
    let of_group = [RelationKind::AzOwner, RelationKind::AzUserAccessAdministrator];
    let of_data = [RelationKind::AzListStorageKeys, RelationKind::AzReadBlobs];
    prop_oneof![
        4 => (one(&ACCOUNTS), Just(RelationKind::SyncedToEntraUser), one(&CLOUD_USERS)).prop_map(plain),
        2 => (one(&CLOUD_USERS), Just(RelationKind::SyncedToAdUser), one(&ACCOUNTS)).prop_map(plain),
        4 => (one(&principals), Just(RelationKind::AzMemberOf), one(&CLOUD_GROUPS)).prop_map(plain),
        4 => (one(&principals), select(held.to_vec()), one(&ROLES)).prop_map(plain),
        3 => (one(&principals), Just(RelationKind::AzOwns), one(&owned)).prop_map(plain),
        1 => (one(&principals), Just(RelationKind::AzRoleApprover), one(&ROLES)).prop_map(plain),
        1 => (Just("SP".to_owned()), Just(RelationKind::AzAuthenticatesTo), Just("FC".to_owned())).prop_map(plain),
        1 => (Just("FC".to_owned()), Just(RelationKind::AzAuthenticatesTo), Just("APP".to_owned())).prop_map(plain),
        2 => Just(("APP".to_owned(), RelationKind::AzRunsAs, "SP".to_owned(), String::new())),
        2 => (Just("SP".to_owned()), select(permissions.to_vec()), Just("GRAPH".to_owned())).prop_map(plain),
        2 => (Just(TENANT.to_owned()), Just(RelationKind::AzContains), one(&contents)).prop_map(plain),
        2 => (one(&principals), select(of_machine.to_vec()), Just("VM".to_owned())).prop_map(plain),
        2 => Just(("VM".to_owned(), RelationKind::AzManagedIdentity, "SP".to_owned(), String::new())),
        1 => (one(&principals), select(of_group.to_vec()), Just("RESOURCES".to_owned())).prop_map(plain),
        1 => (Just("RESOURCES".to_owned()), Just(RelationKind::AzContains), one(&["VAULT", "BLOBS"])).prop_map(plain),
        1 => (one(&principals), select(of_data.to_vec()), Just("BLOBS".to_owned())).prop_map(plain),
        2 => (one(&principals), select(held.to_vec()), one(&ROLES)).prop_map(over_unit),
        2 => (one(&in_unit), Just(RelationKind::AzMemberOfUnit), Just("UNIT".to_owned())).prop_map(plain),
        2 => one(&consented).prop_map(consent),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    prop_oneof![3 => directory_row(), 1 => cloud_row()]
}

fn directory_row() -> impl Strategy<Value = Row> {
    let plain = |(source, kind, target): (String, RelationKind, String)| (source, kind, target, String::new());
    let rights = [
        RelationKind::GetChanges,
        RelationKind::GetChangesAll,
        RelationKind::GetChangesInFilteredSet,
    ];
    let controls = [
        RelationKind::GenericAll,
        RelationKind::OwnsRaw,
        RelationKind::WriteOwnerRaw,
        RelationKind::WritePublicInformation,
        RelationKind::ForceChangePassword,
        RelationKind::AllowedToAct,
        RelationKind::SqlAdmin,
    ];
    let containers = [
        RelationKind::CreateChildDmsa,
        RelationKind::WriteGpLink,
        RelationKind::GenericWrite,
        RelationKind::WriteDacl,
    ];
    let over_templates = [
        RelationKind::Enroll,
        RelationKind::GenericAll,
        RelationKind::GenericWrite,
        RelationKind::OwnsRaw,
        RelationKind::WritePkiNameFlag,
        RelationKind::WritePkiEnrollmentFlag,
    ];
    let over_authority = [
        RelationKind::Enroll,
        RelationKind::ManageCa,
        RelationKind::ManageCertificates,
    ];
    let of_template = [
        (RelationKind::PublishedTo, "CA"),
        (RelationKind::ExtendedByPolicy, "POLICY"),
        (RelationKind::EnrollOnBehalfOf, TEMPLATES[0]),
    ];
    let contents = [RelationKind::Contains, RelationKind::PropagatesAcesTo];
    let local = ["-544", "-555", "-580"];
    let ports = [
        r#"{"ports":["tcp/445"]}"#,
        r#"{"ports":["tcp/80"]}"#,
        r#"{"ports":["any"]}"#,
    ];
    prop_oneof![
        6 => (principal(), Just(RelationKind::MemberOf), group()).prop_map(plain),
        3 => (principal(), select(rights.to_vec()), Just(DOMAIN.to_owned())).prop_map(plain),
        4 => (principal(), select(controls.to_vec()), prop_oneof![principal(), computer()]).prop_map(plain),
        4 => (computer(), Just(RelationKind::HasSession), select(ACCOUNTS.as_slice()).prop_map(str::to_owned))
            .prop_map(plain),
        6 => (principal(), Just(RelationKind::MemberOfLocalGroup), computer(), select(local.to_vec()))
            .prop_map(move |(source, kind, computer, end)| plain((source, kind, format!("{computer}{end}")))),
        3 => (principal(), select(containers.to_vec()), unit()).prop_map(plain),
        4 => (unit(), select(contents.to_vec()), prop_oneof![principal(), unit()]).prop_map(plain),
        2 => (principal(), Just(RelationKind::RemoteInteractiveLogonRight), computer()).prop_map(plain),
        4 => (principal(), select(over_templates.to_vec()), select(TEMPLATES.to_vec()))
            .prop_map(move |(source, kind, target)| plain((source, kind, target.to_owned()))),
        3 => (principal(), select(over_authority.to_vec()), Just("CA".to_owned())).prop_map(plain),
        1 => Just(("C3".to_owned(), RelationKind::DcFor, DOMAIN.to_owned(), String::new())),
        2 => (select(TEMPLATES.to_vec()), select(of_template.to_vec()))
            .prop_map(move |(source, (kind, target))| plain((source.to_owned(), kind, target.to_owned()))),
        1 => (computer(), Just(RelationKind::HostsCaService), Just("CA".to_owned())).prop_map(plain),
        2 => (computer(), Just(RelationKind::LocatedIn), segment()).prop_map(plain),
        2 => (segment(), Just(RelationKind::RoutesTrafficTo), segment(), select(ports.to_vec()))
            .prop_map(|(source, kind, target, ports)| (source, kind, target, ports.to_owned())),
    ]
}

/// The tenant that relations of [`cloud_row`] are in.
fn tenant(sketch: &mut Sketch) {
    let mut add = |key: &str, kind: NodeKind, edit: &dyn Fn(&mut EntraAttributes)| {
        sketch.node(key, kind, |node| {
            node.boundary = TENANT.into();
            edit(node.attributes.entra.get_or_insert_default());
        });
    };
    add(TENANT, NodeKind::AzTenant, &|_| {});
    for user in CLOUD_USERS {
        add(user, NodeKind::AzUser, &|entra| {
            // What was looked at stays so, whatever is imagined away.
            entra.roles = Some(if user == "E1" {
                vec!["other".to_owned()]
            } else {
                Vec::new()
            });
            entra.is_in_role_group = Some(false);
            entra.is_synchronised = Some(user == "E2");
            entra.blocks_device_code = Some(user != "E0");
            entra.requires_mfa = Some(user == "E2");
        });
    }
    for group in CLOUD_GROUPS {
        add(group, NodeKind::AzGroup, &|entra| {
            entra.is_assignable_to_role = Some(group == "EG1")
        });
    }
    for role in ROLES {
        add(role, NodeKind::AzRole, &|_| {});
    }
    add("APP", NodeKind::AzApp, &|_| {});
    add("SP", NodeKind::AzServicePrincipal, &|_| {});
    add("GRAPH", NodeKind::AzServicePrincipal, &|entra| {
        entra.is_graph = Some(true)
    });
    add("UNIT", NodeKind::AzAdministrativeUnit, &|_| {});
    add("VM", NodeKind::AzVm, &|_| {});
    add("RESOURCES", NodeKind::AzResourceGroup, &|_| {});
    add("VAULT", NodeKind::AzKeyVault, &|entra| {
        entra.is_protected_by_roles = Some(true)
    });
    add("BLOBS", NodeKind::AzStorageAccount, &|_| {});
    add("BY RULE", NodeKind::AzGroup, &|entra| {
        entra.membership_rule = Some(r#"user.mail -contains "partner""#.to_owned())
    });
    add("FC", NodeKind::AzFederatedIdentityCredential, &|_| {});
}

/// Templates of the one authority; see [`certificate_services`].
const TEMPLATES: [&str; 3] = ["TEMPLATE1", "TEMPLATE2", "TEMPLATE3"];

/// An authority that the domain trusts, with templates that are open to all who hold the rights.
fn certificate_services(sketch: &mut Sketch) {
    sketch
        .node("CA", NodeKind::EnterpriseCa, |node| {
            let pki = node.attributes.pki.get_or_insert_default();
            pki.does_user_specify_san = Some(true);
            pki.is_user_specifies_san_collected = Some(true);
            pki.is_disabled_extensions_collected = Some(true);
            pki.disabled_extensions = Some(["1.3.6.1.4.1.311.25.2".to_owned()].into());
            pki.is_host_known = Some(true);
            pki.has_vulnerable_endpoint = Some(true);
            pki.requires_rpc_encryption = Some(false);
        })
        .node("ROOT", NodeKind::RootCa, |_| {})
        .node("STORE", NodeKind::NtAuthStore, |_| {})
        .node("POLICY", NodeKind::IssuancePolicy, |_| {})
        .relate("CA", RelationKind::EnterpriseCaFor, "ROOT")
        .relate("ROOT", RelationKind::RootCaFor, DOMAIN)
        .relate("CA", RelationKind::TrustedForNtAuth, "STORE")
        .relate("STORE", RelationKind::NtAuthStoreFor, DOMAIN)
        .relate("POLICY", RelationKind::OidGroupLink, GROUPS[0])
        .relate("C0", RelationKind::HostsCaService, "CA");
    for template in TEMPLATES {
        sketch.node(template, NodeKind::CertTemplate, |node| {
            let pki = node.attributes.pki.get_or_insert_default();
            pki.schema_version = Some(1);
            pki.requires_manager_approval = Some(false);
            pki.authentication_enabled = Some(true);
            pki.enrollee_supplies_subject = Some(template == TEMPLATES[0]);
            pki.no_security_extension = Some(true);
            pki.san_requires_upn = Some(template == TEMPLATES[1]);
            pki.san_requires_email = Some(template == TEMPLATES[2]);
            pki.effective_ekus = (template == TEMPLATES[2]).then(|| [].into());
        });
    }
    sketch
        .edit("U3", |user| {
            let mapping = "X509:<RFC822>u3@corp.example".to_owned();
            user.account.get_or_insert_default().certificate_mappings = [mapping].into();
        })
        .edit("C3", |controller| {
            let host = controller.host.get_or_insert_default();
            host.strong_certificate_binding = Some(1);
            host.certificate_mapping_methods = Some(4);
        });
}

fn estate(rows: &[Row]) -> Sketch {
    let mut sketch = Sketch::domain();
    for user in ACCOUNTS {
        sketch.node(user, NodeKind::User, |node| {
            node.attributes.has_spn = Some(user == "U0")
        });
    }
    for group in GROUPS {
        sketch.group(group);
    }
    for group in [format!("{FQDN}-S-1-5-11"), format!("{DOMAIN}-571")] {
        sketch.group(&group);
    }
    for computer in COMPUTERS {
        sketch.node(computer, NodeKind::Computer, |node| {
            node.attributes.has_laps = Some(computer == "C1");
            node.attributes.has_user_rights = Some(computer == "C2");
            node.attributes.operating_system = Some("Windows 11".into());
            node.attributes.is_read_only_dc = Some(computer == "C1");
            node.attributes.is_dc = Some(computer == "C3");
            node.attributes.unconstrained_delegation = Some(computer == "C2");
            let host = node.attributes.host.get_or_insert_default();
            host.requires_smb_signing = Some(computer == "C1");
            host.runs_web_client = Some(computer == "C0");
            host.requires_ldap_signing = Some(false);
            host.has_ldaps = Some(true);
            host.requires_ldap_channel_binding = Some(false);
        });
        for end in ["-544", "-555", "-580"] {
            sketch.local(computer, end, &[]);
        }
    }
    for unit in ["O0", "O1"] {
        sketch.node(unit, NodeKind::Ou, |_| {});
    }
    for segment in ["N0", "N1", "N2"] {
        sketch.segment(segment, &[]);
    }
    // A controller on which delegated accounts succeed to others.
    sketch
        .node("C4", NodeKind::Computer, |node| {
            node.attributes.operating_system = Some("Windows Server 2025".into());
        })
        .relate("C4", RelationKind::DcFor, DOMAIN)
        .in_plane("C4");
    tenant(&mut sketch);
    certificate_services(&mut sketch);
    sketch.weakness("C1", "tcp/445", true).weakness("C2", "tcp/80", false);
    sketch
        .in_plane("C3")
        .critical("C0", Criticality::High)
        .critical("U3", Criticality::VeryHigh)
        .critical("VM", Criticality::High)
        .critical(TENANT, Criticality::VeryHigh)
        .cover_sessions();
    // One place has one set of ports, and a role is given once: of parallel relations the first counts.
    let mut related = BTreeSet::new();
    for (source, kind, target, properties) in rows {
        if related.insert((source, kind, target)) {
            sketch.relate_with(source, *kind, target, properties);
        }
    }
    sketch
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(row(), 4..40)
}

/// Memberships and replication rights only, so that rights meet in the same groups often.
fn granted_rows() -> impl Strategy<Value = Vec<Row>> {
    let few = |kinds: Vec<RelationKind>, targets: Vec<&'static str>| {
        let sources = [ACCOUNTS.as_slice(), GROUPS.as_slice()].concat();
        (select(sources), select(kinds), select(targets))
            .prop_map(|(source, kind, target)| (source.to_owned(), kind, target.to_owned(), String::new()))
    };
    let members = few(vec![RelationKind::MemberOf], GROUPS.to_vec());
    let rights = few(
        vec![RelationKind::GetChanges, RelationKind::GetChangesAll],
        vec![DOMAIN],
    );
    let everybody = Just((
        format!("{FQDN}-S-1-5-11"),
        RelationKind::GetChanges,
        DOMAIN.to_owned(),
        String::new(),
    ));
    let rows = (
        prop::collection::vec(members, 2..9),
        prop::collection::vec(rights, 3..9),
        prop::option::weighted(0.2, everybody),
    );
    rows.prop_map(|(members, rights, everybody)| members.into_iter().chain(rights).chain(everybody).collect())
}

/// How an attacker gets on, step by step, until nothing gets cheaper: (vertex, is held as administrator) → cost.
fn spread(
    built: &Built,
    derived: &Derived,
    targets: &[Target],
    start: &Entry,
    skip: impl Fn(u128) -> bool,
) -> BTreeMap<(NodeId, bool), u32> {
    let is_twofold = |id: NodeId| {
        built
            .estate
            .by_id(id)
            .is_some_and(|index| is_twofold(built.estate.node(index).kind))
    };
    let is_end = |id: NodeId| targets.iter().any(|target| target.members.contains(&id));
    let mut costs = BTreeMap::from([(
        (start.id, start.foothold == Foothold::Admin || !is_twofold(start.id)),
        0,
    )]);
    loop {
        let mut has_changed = false;
        for step in &derived.steps {
            let is_taken = step.technique != RelationKind::RoutesTrafficTo && !is_end(step.source);
            if !is_taken || [step.id.0, step.source.0, step.target.0].into_iter().any(&skip) {
                continue;
            }
            let as_admin = costs.get(&(step.source, true)).copied();
            let as_user = costs
                .get(&(step.source, false))
                .copied()
                .filter(|_| step.needs == Foothold::User);
            let Some(cost) = as_admin.into_iter().chain(as_user).min() else {
                continue;
            };
            let held = (step.target, step.gives == Foothold::Admin || !is_twofold(step.target));
            if costs.get(&held).is_none_or(|&known| cost + step.cost < known) {
                costs.insert(held, cost + step.cost);
                has_changed = true;
            }
        }
        if !has_changed {
            return costs;
        }
    }
}

fn cost_to(costs: &BTreeMap<(NodeId, bool), u32>, target: &Target) -> Option<u32> {
    target
        .members
        .iter()
        .filter_map(|&member| costs.get(&(member, true)))
        .min()
        .copied()
}

struct Case {
    built: Built,
    derived: Derived,
    entries: Vec<Entry>,
    targets: Vec<Target>,
}

impl Case {
    fn of(sketch: &Sketch) -> Self {
        let built = sketch.build();
        let world = built.world();
        let derived = derive(&world, &Removal::default());
        let entries = entries(&world, &derived).expect("the catalog's queries are known");
        let targets = targets(&world);
        Self {
            built,
            derived,
            entries,
            targets,
        }
    }

    fn outside(&self) -> Vec<&Entry> {
        let is_inside = |id| self.targets.iter().any(|target| target.members.contains(&id));
        self.entries.iter().filter(|entry| !is_inside(entry.id)).collect()
    }

    /// Which entries reach which targets when `skip` is taken out.
    fn pairs(&self, skip: impl Fn(u128) -> bool + Copy) -> BTreeSet<(NodeId, NodeId)> {
        let mut found = BTreeSet::new();
        for entry in self.outside() {
            let costs = spread(&self.built, &self.derived, &self.targets, entry, skip);
            let reached = self.targets.iter().filter(|target| cost_to(&costs, target).is_some());
            found.extend(reached.map(|target| (entry.id, target.id)));
        }
        found
    }
}

/// What can be reached from a place, by a search over a graph made for this one question.
fn blast_by_search(case: &Case, start: NodeId) -> Blast {
    let (world, derived) = (case.built.world(), &case.derived);
    let others: Vec<_> = case
        .targets
        .iter()
        .filter(|target| !target.members.contains(&start))
        .collect();
    let ends: Vec<_> = others.iter().map(|target| target.members.as_slice()).collect();
    let graph = |ends: &[&[NodeId]]| {
        StepGraph::new(&world, &derived.steps, ends, std::iter::once(start)).expect("a small graph")
    };
    let reach = |graph: &StepGraph| {
        let starts: Vec<_> = graph.held(start, Foothold::Admin).into_iter().collect();
        reachable_from(&graph.csr, &starts).expect("a node of the graph")
    };
    let assets = |graph: &StepGraph| -> BTreeSet<_> {
        let vertices = reach(graph)
            .ones()
            .filter_map(|node| graph.vertex(node as u32))
            .collect::<Vec<_>>();
        let assets = vertices.into_iter().filter(|&vertex| vertex != start);
        let assets = assets.filter_map(|vertex| world.estate.by_id(vertex));
        assets
            .filter(|&index| !world.estate.node(index).kind.is_means())
            .collect()
    };
    let (near, far) = (graph(&ends), graph(&[]));
    let reached = reach(&near);
    let taken: BTreeSet<_> = (0..near.edges.len())
        .filter(|&edge| reached.contains(near.edges[edge].source as usize))
        .map(|edge| near.step_of[edge])
        .collect();
    let is_reached = |number: &usize| reached.contains(near.end(*number) as usize);
    Blast {
        targets: (0..others.len())
            .filter(is_reached)
            .map(|number| others[number].id)
            .collect(),
        assets: assets(&near).into_iter().collect(),
        assets_behind: assets(&far).difference(&assets(&near)).copied().collect(),
        steps: taken.len() as u32,
    }
}

fn costs(sketch: &Sketch) -> BTreeMap<EdgeId, u32> {
    sketch
        .analysis()
        .paths
        .into_iter()
        .map(|path| (path.id, path.cost))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_cheapest_path_is_what_relaxing_every_step_finds(rows in rows()) {
        let case = Case::of(&estate(&rows));
        let world = case.built.world();
        let analysis = paths(&world, &case.derived, &case.entries, &case.targets).expect("a small graph");
        let mut expected = BTreeMap::new();
        for entry in case.outside() {
            let costs = spread(&case.built, &case.derived, &case.targets, entry, |_| false);
            for target in &case.targets {
                let cost = cost_to(&costs, target);
                if let Some(cost) = cost.filter(|&cost| cost <= world.settings.path_cost_max) {
                    expected.insert((entry.id, target.id), cost);
                }
            }
        }
        let found: BTreeMap<_, _> = analysis.paths.iter().map(|it| ((it.entry, it.target), it.cost)).collect();
        prop_assert_eq!(found, expected);
        for path in &analysis.paths {
            let steps: Vec<_> = path.route.iter().filter_map(|&id| case.derived.step(id)).collect();
            prop_assert_eq!(steps.len(), path.route.len());
            prop_assert_eq!(steps.iter().map(|step| step.cost).sum::<u32>(), path.cost);
            prop_assert!(steps.windows(2).all(|pair| pair[0].target == pair[1].source));
            prop_assert_eq!(steps[0].source, path.entry);
        }
    }

    #[test]
    fn the_blast_radius_is_what_a_search_from_the_start_finds(rows in rows()) {
        let case = Case::of(&estate(&rows));
        let world = case.built.world();
        let assets = case.built.estate.nodes.iter().map(|node| node.id);
        for start in assets.chain(case.derived.virtuals.iter().map(|it| it.id)) {
            let found = blast_radius(&world, &case.derived, &case.targets, start).expect("a place of the world");
            prop_assert_eq!(found, blast_by_search(&case, start));
        }
    }

    #[test]
    fn removing_a_relation_adds_no_path_and_lowers_no_cost(rows in rows(), which in any::<Index>()) {
        let before = costs(&estate(&rows));
        let mut left = rows.clone();
        left.remove(which.index(rows.len()));
        // Of parallel routes between two segments the other one would take the place of the one removed.
        let is_doubled = left.iter().any(|row| {
            let gone = &rows[which.index(rows.len())];
            (&row.0, row.1, &row.2) == (&gone.0, gone.1, &gone.2)
        });
        prop_assume!(!is_doubled);
        for (path, cost) in costs(&estate(&left)) {
            prop_assert!(before.get(&path).is_some_and(|&before| before <= cost), "{} at {}", path, cost);
        }
    }

    #[test]
    fn what_if_equals_rebuilding_without_the_fact(rows in rows(), which in any::<Index>()) {
        let sketch = estate(&rows);
        let (source, kind, target, _) = &rows[which.index(rows.len())];
        let built = sketch.build();
        let gone = EdgeId::of(NodeId::of(source), NodeId::of(target), kind.label(), kind.as_str());
        // A membership that is also built in stays when the report of it goes.
        prop_assume!(!(*source == users() && target.ends_with("S-1-5-11")));
        let removal = Removal { edges: [gone].into(), ..Removal::default() };
        let asked = analyse(&built.world(), &removal).expect("a small graph");
        let rebuilt = sketch.without(source, *kind, target).analysis();
        prop_assert_eq!(&asked, &rebuilt);
        let difference = what_if(&built.world(), &removal).expect("a small graph");
        prop_assert_eq!(difference.appeared, vec![]);
        let before = built.analysis().paths;
        prop_assert_eq!(before.len() - difference.gone.len(), rebuilt.paths.len());
    }

    #[test]
    fn the_order_of_rows_changes_nothing(rows in rows()) {
        let sketch = estate(&rows);
        let mut built = sketch.build();
        let before = (derive(&built.world(), &Removal::default()), built.analysis());
        built.estate.relations.reverse();
        built.estate.findings.reverse();
        built.estate.services.reverse();
        prop_assert_eq!(before, (derive(&built.world(), &Removal::default()), built.analysis()));
    }

    #[test]
    fn a_choke_point_severs_what_is_lost_without_it(rows in rows()) {
        let case = Case::of(&estate(&rows));
        let world = case.built.world();
        let analysis = paths(&world, &case.derived, &case.entries, &case.targets).expect("a small graph");
        let ends = |pairs: &BTreeSet<(NodeId, NodeId)>| {
            let entries: BTreeSet<_> = pairs.iter().map(|it| it.0).collect();
            let targets: BTreeSet<_> = pairs.iter().map(|it| it.1).collect();
            (targets.len() as u32, entries.len() as u32)
        };
        let all = ends(&case.pairs(|_| false));
        let steps = case.derived.steps.iter().map(|step| (step.id.0, ElementKind::Step));
        let assets = case.built.estate.nodes.iter().map(|node| (node.id.0, ElementKind::Asset));
        let is_end = |id: u128| {
            let members = case.targets.iter().flat_map(|target| &target.members);
            case.entries.iter().map(|entry| entry.id).chain(members.copied()).any(|it| it.0 == id)
        };
        for (element, kind) in steps.chain(assets) {
            let left = ends(&case.pairs(|id| id == element));
            let expected = (all.0 - left.0, all.1 - left.1);
            let found = analysis.choke_points.iter().find(|it| (it.element, it.kind) == (element, kind));
            match found {
                Some(point) => {
                    prop_assert_eq!((point.targets_severed, point.entries_severed), expected);
                    prop_assert!(!is_end(element));
                }
                None => {
                    let step = case.derived.step(EdgeId(element)).filter(|_| kind == ElementKind::Step);
                    let node = case.built.estate.by_id(NodeId(element)).map(|index| case.built.estate.node(index));
                    let is_left_out = step.is_some_and(|step| !can_go(&case.built.world(), step))
                        || is_end(element)
                        || node.is_some_and(|node| *node.key == users() || node.key.ends_with("S-1-5-11"));
                    prop_assert!(is_left_out || expected == (0, 0), "{:032x} {:?}", element, expected);
                }
            }
        }
    }

    #[test]
    fn what_is_stored_reads_back_as_it_was(rows in rows()) {
        let case = Case::of(&estate(&rows));
        let world = case.built.world();
        let analysis = paths(&world, &case.derived, &case.entries, &case.targets).expect("a small graph");
        let mut steps = Vec::new();
        for chunk in case.derived.steps.chunks(7) {
            tables::read_steps(&tables::write_steps(chunk), &mut steps).expect("just written");
        }
        let gaps = tables::write_gaps(&case.derived.gaps);
        let derived = tables::read_derived(&case.built.estate, steps, &gaps).expect("just written");
        prop_assert_eq!(&derived, &case.derived);
        let entries = tables::read_entries(&tables::write_entries(&case.entries)).expect("just written");
        prop_assert_eq!(&entries, &case.entries);
        let targets = tables::read_targets(&tables::write_targets(&case.targets)).expect("just written");
        prop_assert_eq!(&targets, &case.targets);
        let paths = tables::read_paths(&tables::write_paths(&analysis.paths)).expect("just written");
        prop_assert_eq!(&paths, &analysis.paths);
        let scenarios = tables::read_scenarios(&tables::write_scenarios(&analysis.scenarios)).expect("just written");
        prop_assert_eq!(&scenarios, &analysis.scenarios);
        let points =
            tables::read_choke_points(&tables::write_choke_points(&analysis.choke_points)).expect("just written");
        prop_assert_eq!(&points, &analysis.choke_points);
        let exposed = tables::write_exposed_critical(&analysis.exposed_critical);
        prop_assert_eq!(tables::read_exposed_critical(&exposed).expect("just written"), analysis.exposed_critical);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// The twin of the cross product looks at every single account and knows no short cut.
    #[test]
    fn who_holds_all_rights_is_who_holds_each(rows in granted_rows()) {
        let sketch = estate(&rows);
        let built = sketch.build();
        let world = built.world();
        let removal = Removal::default();
        let view = View::new(&world, &removal);
        let domain = built.index(DOMAIN);
        let kinds = [RelationKind::GetChanges, RelationKind::GetChangesAll];
        let rights: Vec<_> =
            kinds.iter().map(|&kind| view.sources_by_target(kind).remove(&domain).unwrap_or_default()).collect();
        let found = holders_of_all(&view.memberships, &rights).into_iter().collect();
        let found = expand(&view.memberships, &found);

        let everybody = view.memberships.everybody();
        let is_everybodys = |right| !expand(&view.memberships, right).is_disjoint(everybody);
        for (index, node) in (0..).zip(&built.estate.nodes).filter(|(_, node)| node.kind != NodeKind::Group) {
            let is_in = |right| expand(&view.memberships, right).contains(index);
            let holds_all = rights.iter().all(|right| is_in(right) || is_everybodys(right));
            let is_all_everybodys = rights.iter().all(is_everybodys);
            let expected = if is_all_everybodys { rights.iter().any(is_in) } else { holds_all };
            let is_granted = rights.iter().all(|right| !right.is_empty());
            prop_assert_eq!(found.contains(index), expected && is_granted, "{}", node.key);
        }
    }
}

#[test]
fn without_an_asset_its_paths_are_gone() {
    let mut sketch = Sketch::domain();
    sketch.user("ADA").user("EVE");
    for user in ["ADA", "EVE"] {
        sketch.relate(&users(), RelationKind::ForceChangePassword, user).relate(
            user,
            RelationKind::MemberOf,
            &admins(),
        );
    }
    let built = sketch.build();
    let removal = |keys: &[&str]| Removal {
        assets: keys.iter().map(|key| built.index(key)).collect(),
        ..Removal::default()
    };
    let one = what_if(&built.world(), &removal(&["ADA"])).expect("a small graph");
    assert_eq!(
        (one.gone.len(), one.targets_freed.len()),
        (0, 0),
        "the other way is left"
    );
    let both = what_if(&built.world(), &removal(&["ADA", "EVE"])).expect("a small graph");
    assert_eq!((both.gone.len(), both.targets_freed.len()), (1, 1));
    let technique = Removal {
        techniques: [RelationKind::ForceChangePassword].into(),
        ..Removal::default()
    };
    assert_eq!(
        what_if(&built.world(), &technique).expect("a small graph").gone.len(),
        1
    );
}
