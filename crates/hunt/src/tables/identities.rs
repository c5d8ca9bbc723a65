//! `IdentityInfo`: accounts of people and services, with the public columns.

use postern_kql::Type::{Bool, DateTime, Dynamic, Int, String as Text};
use postern_model::schema::NODES;
use postern_model::{NodeKind, Phase};

use super::estate::{hex, json_list};
use super::properties::{Told, seconds};
use super::{EstateTables, Out, TableSpec, column};
use crate::error::HuntError;

pub static IDENTITY_INFO: TableSpec = TableSpec {
    name: "IdentityInfo",
    about: "Accounts of users. An account of Active Directory and its Entra account are two rows.",
    phase: Phase::Classify,
    is_filled: true,
    columns: &[
        column("Timestamp", DateTime, "When a source last saw it."),
        column("ReportId", Text, "Not known: empty."),
        column("AccountObjectId", Text, "Its object id in Entra."),
        column("AccountUpn", Text, "The name that it signs in with."),
        column(
            "OnPremSid",
            Text,
            "Its SID in Active Directory; of an Entra account that of the account it comes from.",
        ),
        column("AccountDisplayName", Text, "Its name for people."),
        column("AccountName", Text, "Its name without domain."),
        column("AccountDomain", Text, "Its domain."),
        column("CriticalityLevel", Int, "0 very high … 3 low; null for none."),
        column("Type", Text, "`User` or `ServiceAccount`."),
        column("DistinguishedName", Text, "Where it lies in the directory."),
        column("CloudSid", Text, "Not known: empty."),
        column("GivenName", Text, "First name."),
        column("Surname", Text, "Last name."),
        column("Department", Text, "Department."),
        column("JobTitle", Text, "Job title."),
        column("EmailAddress", Text, "Address for mail."),
        column("SipProxyAddress", Text, "Not known: empty."),
        column("Address", Text, "Not known: empty."),
        column("City", Text, "City."),
        column("Country", Text, "Country."),
        column(
            "IsAccountEnabled",
            Bool,
            "Whether one can sign in with it; null where no source says.",
        ),
        column("Manager", Text, "Not known: empty."),
        column("Phone", Text, "Not known: empty."),
        column("CreatedDateTime", DateTime, "When it was made."),
        column("ChangeSource", Text, "Not known: empty."),
        column(
            "BlastRadius",
            Text,
            "Not known: empty. See the function `blast_radius`.",
        ),
        column("CompanyName", Text, "Company."),
        column("DeletedDateTime", DateTime, "Not known: null."),
        column("EmployeeId", Text, "Not known: empty."),
        column("OtherMailAddresses", Dynamic, "Not known: null."),
        column("RiskLevel", Text, "Not known: empty."),
        column("RiskLevelDetails", Text, "Not known: empty."),
        column("State", Text, "Not known: empty."),
        column("Tags", Dynamic, "Array: `ControlPlane`, `Sensitive`."),
        column(
            "AssignedRoles",
            Dynamic,
            "Array of the roles that an Entra account holds.",
        ),
        column("PrivilegedEntraPimRoles", Dynamic, "Not known: null."),
        column("TenantId", Text, "Its tenant."),
        column("SourceSystem", Text, "`ActiveDirectory` or `AzureActiveDirectory`."),
        column("OnPremObjectId", Text, "Not known: empty."),
        column("TenantMembershipType", Text, "`Member` or `Guest`."),
        column("RiskStatus", Text, "Not known: empty."),
        column(
            "UserAccountControl",
            Text,
            "Flags of the account in Active Directory, as a number.",
        ),
        column("IdentityEnvironment", Text, "`CloudOnly`, `Hybrid` or `On-premises`."),
        column("SourceProviders", Dynamic, "Array: `ActiveDirectory`, `EntraID`."),
        column(
            "GroupMembership",
            Dynamic,
            "Not known: null. See edges of label `member of`.",
        ),
        column("NodeId", Text, "The account in `ExposureGraphNodes`."),
        column(
            "TimeGenerated",
            DateTime,
            "As `Timestamp`, under the name that workspaces have for it.",
        ),
        column("SourceProvider", Text, "`ActiveDirectory` or `EntraID`."),
    ],
    shreds: &[],
    rows: identity_info,
};

/// Names of properties that go into a column as they are, the first that is told.
const TOLD: &[(&str, &[&str])] = &[
    ("AccountDisplayName", &["displayname"]),
    ("DistinguishedName", &["distinguishedname"]),
    ("GivenName", &["givenname", "firstname"]),
    ("Surname", &["surname", "lastname"]),
    ("Department", &["department"]),
    ("JobTitle", &["title", "jobtitle"]),
    ("EmailAddress", &["email", "mail"]),
    ("City", &["city"]),
    ("Country", &["country"]),
    ("CompanyName", &["companyname", "company"]),
    ("AccountDomain", &["domain"]),
    ("TenantId", &["tenantid"]),
    ("TenantMembershipType", &["usertype"]),
];

fn identity_info(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [
        time,
        object_id,
        upn,
        sid,
        name,
        level,
        kind,
        enabled,
        created,
        tags,
        roles,
        system,
    ] = out.slots([
        "Timestamp",
        "AccountObjectId",
        "AccountUpn",
        "OnPremSid",
        "AccountName",
        "CriticalityLevel",
        "Type",
        "IsAccountEnabled",
        "CreatedDateTime",
        "Tags",
        "AssignedRoles",
        "SourceSystem",
    ]);
    let [control, environment, providers, node, provider] = out.slots([
        "UserAccountControl",
        "IdentityEnvironment",
        "SourceProviders",
        "NodeId",
        "SourceProvider",
    ]);
    let [generated] = out.slots(["TimeGenerated"]);
    let as_told: Vec<_> = TOLD
        .iter()
        .map(|&(column, names)| {
            let [slot] = out.slots([column]);
            (slot, names)
        })
        .collect();
    let index = tables.index()?;
    let levels = tables.levels()?;
    let mut next = 0;
    tables.each_row(&NODES, |table, row| {
        let place = next;
        next += 1;
        let of = |name| table.schema.column(name);
        let is_entra = match index.kind(place) {
            Some(NodeKind::AzUser) => true,
            Some(NodeKind::User) => false,
            _ => return Ok(()),
        };
        let told = Told::of(table.text(row, of("properties")));
        let (full_name, key) = (index.name(place), index.key(place));
        out.time(time, table.long(row, of("last_seen")));
        out.time(generated, table.long(row, of("last_seen")));
        match is_entra {
            true => {
                out.text(object_id, &key.to_ascii_lowercase());
                out.text(sid, &told.text("onpremid").unwrap_or_default());
            }
            false => out.text(sid, key),
        }
        let signs_in_as = told.text("userprincipalname").or_else(|| told.text("upn"));
        let signs_in_as = signs_in_as.or_else(|| full_name.contains('@').then(|| full_name.to_owned()));
        out.text(upn, &signs_in_as.unwrap_or_default());
        let short = told.text("samaccountname");
        let short = short.unwrap_or_else(|| full_name.split('@').next().unwrap_or(full_name).to_owned());
        out.text(name, &short);
        for &(slot, names) in &as_told {
            if let Some(text) = names.iter().find_map(|name| told.text(name)) {
                out.text(slot, &text);
            }
        }
        let found = levels.get(&place);
        if let Some(found) = found {
            out.int(level, found.level);
        }
        let is_service = told.flag("hasspn") == Some(true) || told.flag("gmsa") == Some(true);
        out.text(kind, if is_service { "ServiceAccount" } else { "User" });
        if let Some(is_enabled) = told.flag("enabled") {
            out.bool(enabled, is_enabled);
        }
        out.time(created, seconds(&told, "whencreated"));
        let labels: Vec<_> = [
            ("ControlPlane", found.is_some_and(|it| it.plane.is_some())),
            ("Sensitive", told.flag("sensitive") == Some(true)),
        ]
        .into_iter()
        .filter_map(|(label, is_so)| is_so.then_some(label))
        .collect();
        out.text(tags, &json_list(&labels));
        out.text(roles, &json_list(&told.texts("directoryroles")));
        if let Some(flags) = told.whole("useraccountcontrol") {
            out.text(control, &flags.to_string());
        }
        let is_hybrid = told.flag("onpremsyncenabled") == Some(true);
        let (system_name, provider_name, environment_name) = match (is_entra, is_hybrid) {
            (true, true) => ("AzureActiveDirectory", "EntraID", "Hybrid"),
            (true, false) => ("AzureActiveDirectory", "EntraID", "CloudOnly"),
            (false, _) => ("ActiveDirectory", "ActiveDirectory", "On-premises"),
        };
        out.text(system, system_name);
        out.text(provider, provider_name);
        out.text(environment, environment_name);
        out.text(providers, &json_list(&[provider_name]));
        out.text(node, hex(table.id(row, of("id"))).as_str());
        out.end_row()
    })
}
