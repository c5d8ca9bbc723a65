//! The company's Entra tenant and its subscription, as AzureHound writes them.
//!
//! Start at [`records`]. Staff of the head office is synchronised; a few accounts, the applications and the machines
//! live in the cloud only. What stories are made of is planted by name.
//!
//! # Source
//! The records of AzureHound: <https://github.com/SpecterOps/AzureHound>, folders `cmd` and `models`.

use serde_json::{Value, json};

use super::Week;
use super::company::Company;
use crate::dice::Dice;

pub const TENANT_ID: &str = "6D2A7F14-3B0C-4E58-9A61-70C4D1E5B823";
const TENANT_NAME: &str = "Aldermoor Water";
/// Another name than that of the directory, so that an account and its copy in the cloud are told apart.
const DOMAIN: &str = "aldermoor-water.example";
const SUBSCRIPTION: &str = "/subscriptions/b1f0c3d2-5a47-4c19-8e06-92d4f7a31c58";
/// Where the billing application keeps its secrets.
pub const VAULT: &str = "kv-billing";
const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
/// Microsoft's own tenant, which owns Microsoft Graph.
const MICROSOFT_TENANT_ID: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";
const SEED: u64 = 365;

/// Templates of roles, equal in every tenant.
mod role {
    pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
    pub const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
    pub const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
    pub const HELPDESK_ADMINISTRATOR: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
    pub const USER_ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
    pub const SECURITY_ADMINISTRATOR: &str = "194ae4cb-b126-40b2-bd5b-6091b380977d";
    pub const REPORTS_READER: &str = "4a5d8f65-41da-4de4-8968-e035b65339cf";
    pub const DIRECTORY_READERS: &str = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";

    pub const ALL: [(&str, &str); 8] = [
        (GLOBAL_ADMINISTRATOR, "Global Administrator"),
        (PRIVILEGED_ROLE_ADMINISTRATOR, "Privileged Role Administrator"),
        (APPLICATION_ADMINISTRATOR, "Application Administrator"),
        (HELPDESK_ADMINISTRATOR, "Helpdesk Administrator"),
        (USER_ADMINISTRATOR, "User Administrator"),
        (SECURITY_ADMINISTRATOR, "Security Administrator"),
        (REPORTS_READER, "Reports Reader"),
        (DIRECTORY_READERS, "Directory Readers"),
    ];
}

/// Roles over resources, equal in every subscription.
mod resource_role {
    pub const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
    pub const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
    pub const VM_CONTRIBUTOR: &str = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c";
}

/// The permission on Microsoft Graph to give any role to anybody: `RoleManagement.ReadWrite.Directory`.
const ROLE_MANAGEMENT_READ_WRITE: &str = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8";

/// Accounts that exist in the cloud only.
const CLOUD_ACCOUNTS: &[&str] = &[
    "breakglass-1",
    "breakglass-2",
    "cloud.okafor",
    "cloud.lind",
    "cloud.former",
    "svc-intune",
    "svc-teams-rooms",
];
/// Groups of the cloud.
const GROUPS: &[&str] = &[
    "All Company",
    "Cloud Operators",
    "Developers",
    "Intune Pilot",
    "Billing Team",
    "Guests Projects",
    "Licences E5",
    "Licences F3",
    "Conditional Access Excluded",
    "Power BI Workspace",
];
/// Applications, each with its service principal.
const APPLICATIONS: &[&str] = &[
    "Billing Sync",
    "Customer Web Shop",
    "Meter Reading App",
    "Intranet Search",
    "Service Desk Bot",
    "Laboratory Upload",
    "Backup Connector",
    "Terraform",
];
const MACHINES: &[&str] = &["vm-billing-01", "vm-build-01", "vm-shop-01", "vm-shop-02"];
/// One workstation in so many is registered in the tenant.
const REGISTERED_ONE_IN: u64 = 3;

/// Streams of identifiers; a number each, never reused.
#[derive(Clone, Copy)]
enum Stream {
    Accounts,
    CloudAccounts,
    Groups,
    Applications,
    ServicePrincipals,
    Devices,
    Machines,
}

/// An object's id by its place in one of the lists above.
fn id(stream: Stream, number: u64) -> String {
    Dice::new(SEED, stream as u64).guid(number).to_lowercase()
}

/// # Panics
/// When the list has no such name: a mistake in this file or in a story.
fn listed(stream: Stream, list: &[&str], name: &str) -> String {
    let at = list.iter().position(|it| *it == name);
    id(stream, at.unwrap_or_else(|| panic!("{name} is not listed")) as u64)
}

/// The cloud account of a synchronised one, by its SID.
pub fn synchronised(sid: &str) -> String {
    id(Stream::Accounts, relative(sid))
}

/// The relative identifier at the end of a SID.
fn relative(sid: &str) -> u64 {
    let rid = sid.rsplit('-').next().and_then(|rid| rid.parse().ok());
    rid.expect("a SID ends with a number")
}

pub fn application(name: &str) -> String {
    listed(Stream::Applications, APPLICATIONS, name)
}

pub fn cloud_account(name: &str) -> String {
    listed(Stream::CloudAccounts, CLOUD_ACCOUNTS, name)
}

pub fn vault_id() -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg-billing/providers/Microsoft.KeyVault/vaults/{VAULT}")
}

fn machine_id(name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg-billing/providers/Microsoft.Compute/virtualMachines/{name}")
}

/// Every record of one collection, in the order in which AzureHound lists things.
pub fn records(company: &Company, week: Week) -> Vec<Value> {
    let mut tenant = Tenant {
        company,
        records: Vec::new(),
    };
    tenant.directory(week);
    tenant.memberships();
    tenant.roles();
    tenant.applications();
    tenant.resources();
    tenant.records
}

struct Tenant<'a> {
    company: &'a Company,
    records: Vec<Value>,
}

impl Tenant<'_> {
    fn add(&mut self, kind: &str, data: Value) {
        self.records.push(json!({"kind": kind, "data": data}));
    }

    /// A directory object, which belongs to the tenant.
    fn add_object(&mut self, kind: &str, mut data: Value) {
        data["tenantId"] = json!(TENANT_ID);
        data["tenantName"] = json!(TENANT_NAME);
        self.add(kind, data);
    }

    fn directory(&mut self, week: Week) {
        self.add(
            "AZTenant",
            json!({
                "id": TENANT_ID,
                "displayName": TENANT_NAME,
                "collected": true,
                "tenantId": TENANT_ID,
                "onPremisesSyncEnabled": true,
                "verifiedDomains": [{"name": DOMAIN, "isDefault": true, "isInitial": false}],
            }),
        );
        let created_at = week.first_collected_at().strftime("%Y-01-14T08:00:00Z").to_string();
        let directory = &self.company.head_office.directory;
        // Who has a mailbox is synchronised.
        for user in directory.users.iter().filter(|user| user.properties.email.is_some()) {
            let sid = &user.common.object_identifier;
            let account = &user.properties;
            self.add_object(
                "AZUser",
                json!({
                    "id": synchronised(sid),
                    "displayName": account.displayname,
                    "userPrincipalName": format!("{}@{DOMAIN}", account.samaccountname),
                    "mail": account.email,
                    "jobTitle": account.title,
                    "userType": "Member",
                    "accountEnabled": account.enabled,
                    "createdDateTime": created_at,
                    "onPremisesSyncEnabled": true,
                    "onPremisesSecurityIdentifier": sid,
                    "onPremisesSamAccountName": account.samaccountname,
                }),
            );
        }
        for name in CLOUD_ACCOUNTS {
            self.add_object(
                "AZUser",
                json!({
                    "id": cloud_account(name),
                    "displayName": name,
                    "userPrincipalName": format!("{name}@{DOMAIN}"),
                    "userType": "Member",
                    "accountEnabled": *name != "cloud.former",
                    "createdDateTime": created_at,
                    "onPremisesSyncEnabled": false,
                }),
            );
        }
        for name in GROUPS {
            self.add_object(
                "AZGroup",
                json!({
                    "id": group(name),
                    "displayName": name,
                    "securityEnabled": true,
                    "mailEnabled": false,
                    "isAssignableToRole": false,
                    "groupTypes": [],
                }),
            );
        }
        let dice = Dice::new(SEED, Stream::Devices as u64);
        for computer in &directory.computers {
            let number = relative(&computer.common.object_identifier);
            let name = &computer.properties.common.name;
            if !name.starts_with("AW-WS") || !dice.chance(number, 1, REGISTERED_ONE_IN) {
                continue;
            }
            self.add_object(
                "AZDevice",
                json!({
                    "id": id(Stream::Devices, 2 * number),
                    "deviceId": id(Stream::Devices, 2 * number + 1),
                    "displayName": name.split('.').next(),
                    "accountEnabled": true,
                    "operatingSystem": "Windows",
                    "operatingSystemVersion": "10.0.26100.2314",
                    "trustType": "ServerAd",
                    "isManaged": true,
                    "isCompliant": true,
                    "approximateLastSignInDateTime": week.collected_at.to_string(),
                }),
            );
        }
    }

    fn memberships(&mut self) {
        let staff: Vec<String> = self
            .company
            .head_office
            .staff
            .iter()
            .map(|principal| synchronised(&principal.object_identifier))
            .collect();
        let dice = Dice::new(SEED, Stream::Groups as u64);
        for (number, name) in (0..).zip(GROUPS) {
            let mut members: Vec<String> = match *name {
                "All Company" => staff.clone(),
                // Only whom the story names: what the group may do is no secret of half the company.
                "Cloud Operators" => vec![self.person("ute.sandoval")],
                _ => (0..)
                    .zip(&staff)
                    .filter(|(member, _)| dice.chance(number * 1_000_000 + member, 1, 12))
                    .map(|(_, member)| member.clone())
                    .collect(),
            };
            members.sort_unstable();
            let group = group(name);
            let rows: Vec<_> = members
                .iter()
                .map(|member| {
                    json!({
                        "groupId": group,
                        "member": {"@odata.type": "#microsoft.graph.user", "id": member},
                    })
                })
                .collect();
            self.add("AZGroupMember", json!({"groupId": group, "members": rows}));
        }
    }

    /// The cloud account of somebody in the directory.
    fn person(&self, account: &str) -> String {
        synchronised(&self.company.sid_of(account))
    }

    fn roles(&mut self) {
        for (template, name) in role::ALL {
            self.add_object(
                "AZRole",
                json!({
                    "id": template,
                    "templateId": template,
                    "displayName": name,
                    "description": name,
                    "isBuiltIn": true,
                    "isEnabled": true,
                }),
            );
        }
        // Story `help-desk-resets-a-cloud-administrator`: an everyday account that is privileged in the cloud.
        let manager = self.person("ottilie.frey");
        // Assigned still, and disabled since its owner left.
        let former = cloud_account("cloud.former");
        let assignments = [
            (role::GLOBAL_ADMINISTRATOR, cloud_account("breakglass-1")),
            (role::GLOBAL_ADMINISTRATOR, cloud_account("breakglass-2")),
            (role::GLOBAL_ADMINISTRATOR, former),
            (role::PRIVILEGED_ROLE_ADMINISTRATOR, manager),
            (role::USER_ADMINISTRATOR, cloud_account("cloud.okafor")),
            (role::SECURITY_ADMINISTRATOR, cloud_account("cloud.okafor")),
            (role::HELPDESK_ADMINISTRATOR, cloud_account("cloud.lind")),
            (role::REPORTS_READER, group("Power BI Workspace")),
        ];
        for (template, _) in role::ALL {
            let rows: Vec<_> = (1..)
                .zip(assignments.iter().filter(|(of, _)| *of == template))
                .map(|(number, (_, principal))| {
                    json!({
                        "id": format!("{template}-{number}"),
                        "principalId": principal,
                        "roleDefinitionId": template,
                        "directoryScopeId": "/",
                    })
                })
                .collect();
            self.add(
                "AZRoleAssignment",
                json!({"roleAssignments": rows, "roleDefinitionId": template, "tenantId": TENANT_ID}),
            );
        }
    }

    fn applications(&mut self) {
        for (number, name) in (0..).zip(APPLICATIONS) {
            let app_id = app_id(number);
            self.add_object(
                "AZApp",
                json!({
                    "id": application(name),
                    "appId": app_id,
                    "displayName": name,
                    "publisherDomain": DOMAIN,
                    "signInAudience": "AzureADMyOrg",
                }),
            );
            self.add_object(
                "AZServicePrincipal",
                json!({
                    "id": service_principal(name),
                    "appId": app_id,
                    "appDisplayName": name,
                    "displayName": name,
                    "accountEnabled": true,
                    "appOwnerOrganizationId": TENANT_ID,
                    "servicePrincipalType": "Application",
                }),
            );
        }
        self.add_object(
            "AZServicePrincipal",
            json!({
                "id": graph_id(),
                "appId": GRAPH_APP_ID,
                "appDisplayName": "Microsoft Graph",
                "displayName": "Microsoft Graph",
                "accountEnabled": true,
                "appOwnerOrganizationId": MICROSOFT_TENANT_ID,
                "servicePrincipalType": "Application",
            }),
        );
        for name in MACHINES {
            self.add_object(
                "AZServicePrincipal",
                json!({
                    "id": managed_identity(name),
                    "appId": id(Stream::Machines, 1_000 + position(MACHINES, name)),
                    "displayName": name,
                    "accountEnabled": true,
                    "servicePrincipalType": "ManagedIdentity",
                }),
            );
        }
        // Story `developer-owns-an-application`: it may give out roles. Everything else has no owner, and says so.
        let developer = self.person("piet.janssen");
        let owner = json!({"@odata.type": "#microsoft.graph.user", "id": developer});
        for (number, name) in (0..).zip(APPLICATIONS) {
            let app_id = app_id(number);
            let owners = match *name {
                "Billing Sync" => vec![json!({"appId": app_id, "owner": owner.clone()})],
                _ => Vec::new(),
            };
            self.add("AZAppOwner", json!({"appId": app_id, "owners": owners}));
            let principal = service_principal(name);
            let owners = match *name {
                "Meter Reading App" => vec![json!({"servicePrincipalId": principal, "owner": owner.clone()})],
                _ => Vec::new(),
            };
            let owned = json!({"servicePrincipalId": principal, "owners": owners});
            self.add("AZServicePrincipalOwner", owned);
        }
        for name in GROUPS {
            self.add("AZGroupOwner", json!({"groupId": group(name), "owners": []}));
        }
        self.add(
            "AZAppRoleAssignment",
            json!({
                "id": "role-management-of-billing-sync",
                "appRoleId": ROLE_MANAGEMENT_READ_WRITE,
                "principalDisplayName": "Billing Sync",
                "principalId": service_principal("Billing Sync"),
                "principalType": "ServicePrincipal",
                "resourceDisplayName": "Microsoft Graph",
                "resourceId": graph_id(),
                "appId": GRAPH_APP_ID,
                "tenantId": TENANT_ID,
            }),
        );
    }

    fn resources(&mut self) {
        let group_id = format!("{SUBSCRIPTION}/resourceGroups/rg-billing");
        self.add(
            "AZSubscription",
            json!({
                "id": SUBSCRIPTION,
                "subscriptionId": SUBSCRIPTION.rsplit('/').next(),
                "displayName": "Aldermoor Production",
                "name": "Aldermoor Production",
                "state": "Enabled",
                "tenantId": TENANT_ID,
            }),
        );
        self.add(
            "AZResourceGroup",
            json!({
                "id": group_id,
                "name": "rg-billing",
                "type": "Microsoft.Resources/resourceGroups",
                "location": "northeurope",
                "subscriptionId": SUBSCRIPTION,
                "tenantId": TENANT_ID,
            }),
        );
        for name in MACHINES {
            self.add(
                "AZVM",
                json!({
                    "id": machine_id(name),
                    "name": name,
                    "type": "Microsoft.Compute/virtualMachines",
                    "location": "northeurope",
                    "identity": {
                        "type": "SystemAssigned",
                        "principalId": managed_identity(name),
                        "tenantId": TENANT_ID,
                    },
                    "properties": {"storageProfile": {"osDisk": {"osType": "Windows"}}},
                    "subscriptionId": SUBSCRIPTION,
                    "resourceGroupId": group_id,
                    "resourceGroupName": "rg-billing",
                    "tenantId": TENANT_ID,
                }),
            );
        }
        self.add(
            "AZKeyVault",
            json!({
                "id": vault_id(),
                "name": VAULT,
                "type": "Microsoft.KeyVault/vaults",
                "location": "northeurope",
                "subscriptionId": SUBSCRIPTION,
                "resourceGroup": "rg-billing",
                "resourceGroupId": group_id,
                "tenantId": TENANT_ID,
            }),
        );
        // Story `machine-reads-the-vault`: the machine's identity may read the secrets.
        self.add(
            "AZKeyVaultAccessPolicy",
            json!({
                "keyVaultId": vault_id(),
                "tenantId": TENANT_ID,
                "objectId": managed_identity("vm-billing-01"),
                "applicationId": null,
                "permissions": {
                    "secrets": ["Get", "List"],
                    "keys": [],
                    "certificates": [],
                    "storage": [],
                },
            }),
        );
        for name in MACHINES {
            let operators = [(resource_role::VM_CONTRIBUTOR, group("Cloud Operators"))];
            let roles: &[_] = if *name == "vm-billing-01" { &operators } else { &[] };
            self.assign("AZVMRoleAssignment", "virtualMachineId", &machine_id(name), roles);
        }
        self.assign("AZResourceGroupRoleAssignment", "resourceGroupId", &group_id, &[]);
        self.assign(
            "AZSubscriptionRoleAssignment",
            "subscriptionId",
            SUBSCRIPTION,
            &[
                (resource_role::OWNER, cloud_account("breakglass-1")),
                (resource_role::CONTRIBUTOR, service_principal("Terraform")),
            ],
        );
        // AzureHound names the vault `virtualMachineId` here; readers have to expect it.
        self.assign(
            "AZKeyVaultRoleAssignment",
            "virtualMachineId",
            &vault_id(),
            &[(resource_role::CONTRIBUTOR, service_principal("Terraform"))],
        );
    }

    fn assign(&mut self, kind: &str, id_field: &str, scope: &str, roles: &[(&str, String)]) {
        let rows: Vec<_> = (1..)
            .zip(roles)
            .map(|(number, (role, principal))| {
                let mut row = json!({
                    "roleAssignment": {
                        "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{number}"),
                        "name": number.to_string(),
                        "type": "Microsoft.Authorization/roleAssignments",
                        "properties": {
                            "principalId": principal,
                            "roleDefinitionId": format!(
                                "{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
                            ),
                            "scope": scope,
                        },
                    },
                });
                row[id_field] = json!(scope);
                row
            })
            .collect();
        let mut data = json!({"roleAssignments": rows});
        data[id_field] = json!(scope);
        self.add(kind, data);
    }
}

fn position(list: &[&str], name: &str) -> u64 {
    list.iter().position(|it| *it == name).unwrap_or(list.len()) as u64
}

fn group(name: &str) -> String {
    listed(Stream::Groups, GROUPS, name)
}

fn app_id(number: u64) -> String {
    id(Stream::Applications, 1_000 + number)
}

fn service_principal(name: &str) -> String {
    listed(Stream::ServicePrincipals, APPLICATIONS, name)
}

fn graph_id() -> String {
    id(Stream::ServicePrincipals, 1_000)
}

fn managed_identity(machine: &str) -> String {
    listed(Stream::Machines, MACHINES, machine)
}
