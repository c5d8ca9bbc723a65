//! What a record says of its own object: id, name, properties, kind.

use std::borrow::Cow;

use jiff::Timestamp;
use postern_model::NodeKind;

use super::resource;
use super::shape::{Credential, Record};
use crate::sharphound::output::{Properties, upper};

/// The id by which other records name an object; empty where the record does not say.
pub fn object_id(kind: NodeKind, record: &Record<'_>, tenant: &str) -> String {
    let id = upper(&record.id);
    match kind {
        NodeKind::AzApp => match upper(&record.app) {
            app if app.is_empty() => id,
            app => app,
        },
        NodeKind::AzRole if id.is_empty() || tenant.is_empty() => Cow::Borrowed(""),
        NodeKind::AzRole => Cow::Owned(format!("{id}@{tenant}")),
        NodeKind::AzSubscription => resource::subscription(id),
        _ => id,
    }
    .into_owned()
}

/// What a person calls an object. Names of groups, applications and roles say the tenant too, as those of Active
/// Directory say the domain.
pub fn name_of(kind: NodeKind, record: &Record<'_>) -> String {
    let name = [&record.display_name, &record.properties.display_name, &record.name]
        .into_iter()
        .find(|it| !it.is_empty());
    let name = name.map_or("", |it| it);
    let name = match kind {
        NodeKind::AzUser if !record.user_principal_name.is_empty() => &record.user_principal_name,
        _ => name,
    };
    let tenant = match kind {
        NodeKind::AzApp if !record.publisher_domain.is_empty() => &record.publisher_domain,
        NodeKind::AzGroup
        | NodeKind::AzDevice
        | NodeKind::AzApp
        | NodeKind::AzServicePrincipal
        | NodeKind::AzRole
        | NodeKind::AzManagementGroup => &record.tenant_name,
        _ => "",
    };
    match (name, tenant) {
        ("", _) => String::new(),
        (name, "") => name.to_uppercase(),
        (name, tenant) => format!("{name}@{tenant}").to_uppercase(),
    }
}

/// The attributes of an object, under the names that BloodHound gives them.
pub fn properties_of(kind: NodeKind, record: &Record<'_>, tenant: &str) -> String {
    let mut properties = Properties::new();
    let is_on = |flag: crate::sharphound::shape::Flag| flag.is_true();
    if matches!(
        kind,
        NodeKind::AzUser | NodeKind::AzDevice | NodeKind::AzServicePrincipal
    ) {
        properties.flag("enabled", is_on(record.is_enabled));
    }
    if matches!(kind, NodeKind::AzUser | NodeKind::AzGroup) {
        properties.flag("onpremsyncenabled", is_on(record.is_synchronised));
    }
    if kind == NodeKind::AzGroup {
        properties.flag("isassignabletorole", is_on(record.is_assignable_to_role));
        properties.flag("securityenabled", is_on(record.is_security_enabled));
        if !record.group_types.is_empty() {
            properties.texts("grouptypes", record.group_types.iter().map(|it| &**it));
        }
    }
    if kind == NodeKind::AzDevice {
        properties.flag("ismanaged", is_on(record.is_managed));
    }
    if kind == NodeKind::AzRole {
        properties.flag("isbuiltin", is_on(record.is_built_in));
    }
    let resource = &record.properties;
    for (of, key, flag) in [
        (NodeKind::AzKeyVault, "enablerbacauthorization", resource.is_rbac),
        (
            NodeKind::AzStorageAccount,
            "allowsharedkeyaccess",
            resource.takes_shared_keys,
        ),
        (
            NodeKind::AzManagedCluster,
            "disablelocalaccounts",
            resource.has_no_local_accounts,
        ),
    ] {
        if let Some(flag) = flag.0.filter(|_| kind == of) {
            properties.flag(key, flag);
        }
    }
    // Roles over one application name it by its object.
    if kind == NodeKind::AzApp && !record.id.is_empty() {
        properties.text("objectid", &upper(&record.id));
    }
    let os = match record.operating_system.is_empty() {
        true => &record.properties.storage.disk.os,
        false => &record.operating_system,
    };
    for (key, text) in [
        ("tenantid", tenant),
        ("displayname", &record.display_name),
        ("userprincipalname", &record.user_principal_name),
        ("usertype", &record.user_type),
        ("title", &record.job_title),
        ("onpremid", &upper(&record.on_premises_sid)),
        ("membershiprule", &record.membership_rule),
        ("membershipruleprocessingstate", &record.membership_rule_state),
        ("deviceid", &record.device_id),
        ("operatingsystem", os),
        ("operatingsystemversion", &record.operating_system_version),
        ("trusttype", &record.trust_type),
        ("appid", &record.app),
        ("appownerorganizationid", &record.app_owner),
        ("publisherdomain", &record.publisher_domain),
        ("serviceprincipaltype", &record.service_principal_type),
        ("signinaudience", &record.sign_in_audience),
        ("templateid", &record.template),
        ("vmid", &record.properties.vm_id),
    ] {
        if !text.is_empty() {
            properties.text(key, text);
        }
    }
    for (key, time) in [
        ("whencreated", &record.created),
        ("pwdlastset", &record.password_changed),
    ] {
        if let Ok(time) = time.trim().parse::<Timestamp>() {
            properties.number(key, time.as_second());
        }
    }
    properties.finish()
}

/// Where a role of the directory is held. A list, so that several assignments of one role stay apart.
pub fn scope_property(scope: &str) -> String {
    let scope = match scope.trim() {
        "" => "/",
        scope => scope,
    };
    let mut properties = Properties::new();
    properties.texts("scopes", [scope]);
    properties.finish()
}

/// By what somebody may read the content of a vault: its own list of policies, or a role. Which of the two counts is a
/// property of the vault. A list, so that both stay where somebody has both.
pub fn granted_by(what: &str) -> String {
    let mut properties = Properties::new();
    properties.texts("granted", [what]);
    properties.finish()
}

/// Name and properties of a federated credential.
pub fn credential_of(credential: &Credential<'_>, record: &Record<'_>, tenant: &str) -> (String, String) {
    let name = match (&*credential.name, &*record.tenant_name) {
        ("", _) => credential.subject.to_uppercase(),
        (name, "") => name.to_uppercase(),
        (name, tenant) => format!("{name}@{tenant}").to_uppercase(),
    };
    let mut properties = Properties::new();
    for (key, text) in [
        ("tenantid", tenant),
        ("issuer", &credential.issuer),
        ("subject", &credential.subject),
        ("description", &credential.description),
        ("appid", &record.app),
    ] {
        if !text.is_empty() {
            properties.text(key, text);
        }
    }
    if !credential.audiences.is_empty() {
        properties.texts("audiences", credential.audiences.iter().map(|it| &**it));
    }
    (name, properties.finish())
}

/// The kind of a directory object in a list; `None` for one that is no principal, such as a contact.
pub fn directory_kind(odata: &str) -> Option<NodeKind> {
    let kind = odata.rsplit('.').next().unwrap_or(odata);
    Some(match kind.to_ascii_lowercase().as_str() {
        "" => NodeKind::Base,
        "user" => NodeKind::AzUser,
        "group" => NodeKind::AzGroup,
        "device" => NodeKind::AzDevice,
        "serviceprincipal" => NodeKind::AzServicePrincipal,
        _ => return None,
    })
}

/// The kind of the holder of a role.
pub fn principal_kind(text: &str) -> NodeKind {
    match text.to_ascii_lowercase().as_str() {
        "user" => NodeKind::AzUser,
        "group" => NodeKind::AzGroup,
        "serviceprincipal" => NodeKind::AzServicePrincipal,
        _ => NodeKind::Base,
    }
}
