//! AzureHound JSON: what a collector saw of an Entra tenant and of the Azure resources behind it.
//!
//! One file holds records of many kinds, each with its kind beside it. Start at [`read`]: it finds out which tenant
//! the file is of, for half of the records do not say, then walks the file a second time and turns each element into
//! rows. Ids are written in upper case: an application by its application id, a role as `<role>@<tenant>`, a resource
//! by its path, everything else by its object id.
//!
//! The collector writes no flag that is false. So an account without `accountEnabled` is disabled, and a group without
//! `isAssignableToRole` cannot be given a role.
//!
//! Sources: the models of AzureHound, and what BloodHound Community Edition reads of them (its package `ein`).

mod cells;
mod content;
mod home;
mod object;
mod resource;
mod roles;
pub(crate) mod shape;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::ops::ControlFlow;

use postern_model::{Facet, NodeKind, ObjectClass, RelationKind};

use self::cells::Cells;
use self::content::{Content, class_of, content_of};
use self::home::{Home, Scout, tenant_id};
use self::object::{
    credential_of, directory_kind, granted_by, name_of, object_id, principal_kind, properties_of, scope_property,
};
use self::shape::{Element, Federated, Glance, Named, Principal, Record, Text, Wrapped};
use crate::sharphound;
use crate::sharphound::cursor::Cursor;
use crate::sharphound::envelope::{Position, Step, Visit, element, walk};
use crate::sharphound::output::{End, Output, Place, Properties, shown, upper};
use crate::sharphound::shape::Meta;
use crate::{Format, IngestError, Input, Probe, Sink, Summary};

pub use self::cells::TENANTS_MAX;

/// So many kinds of records that are not read are told apart; the others are counted as one.
const UNKNOWN_KINDS_MAX: usize = 100;

/// The versions of the envelope that are understood.
const VERSIONS: std::ops::RangeInclusive<i64> = 4..=6;

pub static FORMAT: Format = Format {
    id: "azurehound",
    title: "AzureHound JSON",
    dates_itself: false,
    sniff,
    read,
};

/// Whether the first record of a file says that it is of this format, or the envelope's `meta` does.
fn sniff(probe: &mut Probe<'_, '_>) -> Result<bool, IngestError> {
    if first_kind(probe.head).is_some_and(|kind| kind.starts_with("AZ")) {
        return Ok(true);
    }
    match sharphound::kind_in_meta(probe) {
        Ok(kind) => Ok(kind.is_some_and(|kind| kind == "azure")),
        Err(IngestError::Malformed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn first_kind(head: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    let text = text.trim_start();
    let after = |text: &'_ str, token: &str| text.trim_start().strip_prefix(token).map(str::to_owned);
    let list = match text.strip_prefix('{') {
        Some(inside) => after(&after(&after(inside, "\"data\"")?, ":")?, "[")?,
        None => after(text, "[")?,
    };
    let mut kind = None;
    let mut cursor = Cursor::new(&list);
    // The record may be longer than the head: what was found before its end counts.
    let _ = cursor.each_field(|cursor, key| {
        if key == "kind" {
            kind = cursor.string().ok().map(Cow::into_owned);
        } else {
            cursor.skip()?;
        }
        Ok(())
    });
    kind
}

/// Reads an AzureHound file.
///
/// Records that cannot be used are rejected one by one; so is, once per name, a kind that is not read.
///
/// # Errors
/// [`IngestError::Unsupported`] for another version; [`IngestError::Malformed`] when the file is cut off, is no valid
/// JSON, has no `data`, or passes [`crate::sharphound::RECORD_BYTES_MAX`]; [`IngestError::Io`] and
/// [`IngestError::Sink`].
fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    let name = input.name;
    let mut scout = Scout::default();
    walk(&mut input, &mut scout)?;
    let mut reader = Reader {
        home: scout.home(),
        output: Output::new(sink),
        cells: Cells::default(),
        foreign: HashSet::new(),
        unknown: BTreeMap::new(),
        position: Position { index: 0, byte: 0 },
        version: None,
        has_data: false,
    };
    walk(&mut input, &mut reader)?;
    if let Some(version) = reader.version.filter(|version| !VERSIONS.contains(version)) {
        return Err(IngestError::Unsupported {
            name: name.to_owned(),
            found: format!("AzureHound format {version}"),
            understood: "AzureHound formats 4 to 6",
        });
    }
    if !reader.has_data {
        return Err(IngestError::Malformed {
            name: name.to_owned(),
            position: "the end".to_owned(),
            reason: "there is no array `data`; export the file again".to_owned(),
        });
    }
    reader.finish()
}

/// A role that somebody holds on a resource, however the record wraps it.
#[derive(Clone, Copy)]
struct Granted<'r> {
    principal: &'r str,
    principal_type: &'r str,
    role: &'r str,
    scope: &'r str,
}

impl<'r> Granted<'r> {
    /// The assignment inside an entry counts before the entry's own fields.
    fn of(entry: &'r Wrapped<'_>) -> Self {
        let inside = &entry.inside.properties;
        let first = |inside: &'r str, own: &'r str| if inside.is_empty() { own } else { inside };
        Self {
            principal: first(&inside.principal, &entry.principal),
            principal_type: first(&inside.principal_type, &entry.principal_type),
            role: first(&inside.role_definition, &entry.role_definition),
            scope: first(&inside.scope, &entry.scope),
        }
    }

    /// A record that is one assignment and no list of them.
    fn alone(record: &'r Record<'_>) -> Self {
        Self {
            principal: &record.principal,
            principal_type: &record.principal_type,
            role: &record.role_definition,
            scope: &record.scope,
        }
    }
}

/// Members or owners, as a list or as one that stands alone; some tools write a record for each.
fn with_lone<'r>(list: impl Iterator<Item = Wrapped<'r>>, lone: &Principal<'r>) -> impl Iterator<Item = Principal<'r>> {
    let lone = Some(lone.clone()).filter(|it| !it.id.trim_ascii().is_empty());
    list.map(|it| it.inside).chain(lone)
}

/// A file being read.
struct Reader<'s> {
    home: Home,
    output: Output<'s>,
    cells: Cells,
    /// Tenants of which only the name is known.
    foreign: HashSet<String>,
    /// Per kind that is not read: how many records, and where first.
    unknown: BTreeMap<String, (u64, Position)>,
    position: Position,
    version: Option<i64>,
    has_data: bool,
}

impl Visit for Reader<'_> {
    fn element(&mut self, text: &str, position: Position) -> Result<Step, IngestError> {
        self.position = position;
        let (read, length) = match element::<Element<'_>>(text) {
            Ok(read) => read,
            Err(Step::Bad(reason)) => return Ok(self.unreadable(text, reason)),
            Err(step) => return Ok(step),
        };
        match content_of(&read.kind) {
            Some(content) => self.record(content, &read.data)?,
            None if read.kind.is_empty() => self.reject("the record has no kind", None),
            None => self.unknown_kind(&read.kind),
        }
        self.output.end_of_record();
        Ok(Step::Done(length))
    }

    fn rejected(&mut self, bytes: &[u8], position: Position, reason: String) {
        self.position = position;
        let text = String::from_utf8_lossy(bytes);
        let Ok((glance, _)) = element::<Glance<'_>>(&text) else {
            self.cells.add_unread(None, None);
            return self.tell(reason);
        };
        let content = content_of(&glance.kind);
        let id = upper(&glance.data.id).into_owned();
        // The id of an application or a role is not its record's.
        let is_own_id = match content {
            Some(Content::Object(kind, _)) => !matches!(kind, NodeKind::AzApp | NodeKind::AzRole),
            _ => false,
        };
        if content.is_none() || content.and_then(class_of).is_some() {
            let id = Some(id).filter(|id| is_own_id && !id.is_empty());
            self.cells.add_unread(content.and_then(class_of), id);
        }
        self.tell(reason);
    }

    fn data(&mut self) -> ControlFlow<()> {
        self.has_data = true;
        ControlFlow::Continue(())
    }

    fn value(&mut self, key: &str, json: &str) {
        if key.eq_ignore_ascii_case("meta")
            && let Ok((meta, _)) = element::<Meta<'_>>(json)
        {
            self.version = meta.version.0;
        }
    }
}

impl Reader<'_> {
    fn tell(&mut self, reason: impl Display) {
        self.output.reject(self.position, reason);
    }

    /// Entries of a list in the record at hand that do not say whom they are about.
    fn tell_nameless(&mut self, count: u64, list: &str) {
        match count {
            0 => {}
            1 => self.tell(format_args!("an entry of {list} has no id and is left out")),
            _ => self.tell(format_args!("{count} entries of {list} have no id and are left out")),
        }
    }

    /// Leaves out the record at hand, which is about objects of this class.
    fn reject(&mut self, reason: impl Display, class: Option<ObjectClass>) {
        self.cells.add_unread(class, None);
        self.tell(reason);
    }

    /// Of a kind that is not read the fields may mean anything: its record is no worse for that.
    fn unreadable(&mut self, text: &str, reason: String) -> Step {
        match element::<Named<'_>>(text) {
            Ok((named, length)) if !named.kind.is_empty() && content_of(&named.kind).is_none() => {
                self.unknown_kind(&named.kind);
                Step::Done(length)
            }
            _ => Step::Bad(reason),
        }
    }

    fn unknown_kind(&mut self, kind: &str) {
        let kind = &*shown(kind);
        let is_new = !self.unknown.contains_key(kind);
        let kind = if is_new && self.unknown.len() >= UNKNOWN_KINDS_MAX {
            "(others)"
        } else {
            kind
        };
        self.unknown.entry(kind.to_owned()).or_insert((0, self.position)).0 += 1;
    }

    fn record(&mut self, content: Content, record: &Record<'_>) -> Result<(), IngestError> {
        match content {
            Content::Tenant => self.tenant(record),
            Content::Object(kind, class) => self.object(kind, class, record),
            Content::Members(class) => {
                let members = with_lone(record.members.iter(), &record.member);
                let group = upper(&record.group);
                let end = End {
                    id: &group,
                    kind: NodeKind::AzGroup,
                };
                self.principals(record, end, class, Facet::Members, members, RelationKind::AzMemberOf)
            }
            Content::Owners(kind, class) => {
                let owners = with_lone(record.owners.iter(), &record.owner);
                let owned = match kind {
                    NodeKind::AzGroup => &record.group,
                    NodeKind::AzDevice => &record.device_id,
                    NodeKind::AzApp => &record.app,
                    _ => &record.service_principal,
                };
                let end = End {
                    id: &upper(owned),
                    kind,
                };
                self.principals(record, end, class, Facet::Owners, owners, RelationKind::AzOwns)
            }
            Content::DirectoryRoles => self.directory_roles(record),
            Content::EligibleRole => self.eligible_role(record),
            Content::Permission => self.permission(record),
            Content::Descendant => self.descendant(record),
            Content::ResourceRoles(kind, class, role) => self.resource_roles(kind, class, role, record),
            Content::RolePolicy => self.role_policy(record),
            Content::Federated => self.federated(record),
            Content::AccessPolicy => self.access_policy(record),
        }
    }

    /// The tenant that a record is of: its own word, else that of the file.
    fn tenant_of(&self, record: &Record<'_>) -> String {
        match upper(&record.tenant) {
            tenant if tenant.is_empty() => self.home.id.clone(),
            tenant => tenant.into_owned(),
        }
    }

    /// The cell of a row about `subject`, which is marked as looked at. `None`, with the record rejected, when there
    /// are too many tenants.
    fn cell(
        &mut self,
        tenant: &str,
        class: ObjectClass,
        facet: Facet,
        subject: &str,
    ) -> Result<Option<u16>, IngestError> {
        let Some(cell) = self.cells.cell(tenant, class, facet) else {
            let reason = format!("the file names more than {TENANTS_MAX} tenants; what is of {tenant} is left out");
            self.reject(reason, None);
            return Ok(None);
        };
        if self.cells.is_new_subject(cell, subject) {
            self.output.covered(Place { cell, subject })?;
        }
        Ok(Some(cell))
    }

    fn tenant(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let id = tenant_id(&record.tenant, &record.id);
        if id.is_empty() {
            self.reject("the tenant has no id", Some(ObjectClass::Tenants));
            return Ok(());
        }
        let is_own = record.is_collected.is_true() || id == self.home.id;
        let Some(cell) = self.cells.cell(&id, ObjectClass::Tenants, Facet::Properties) else {
            self.reject(
                format!("the file names more than {TENANTS_MAX} tenants; {id} is left out"),
                None,
            );
            return Ok(());
        };
        let at = Place { cell, subject: &id };
        if is_own {
            self.foreign.remove(&id);
            self.output.covered(at)?;
        } else {
            self.foreign.insert(id.clone());
        }
        let mut properties = Properties::new();
        properties.text("tenantid", &id);
        properties.flag("collected", is_own);
        let end = End {
            id: &id,
            kind: NodeKind::AzTenant,
        };
        let name = record.display_name.to_uppercase();
        self.output.object(at, end, &name, &properties.finish())?;
        Ok(())
    }

    /// An object's own record: what it is, what it lies in, and what it stands for elsewhere.
    fn object(&mut self, kind: NodeKind, class: ObjectClass, record: &Record<'_>) -> Result<(), IngestError> {
        let tenant = self.tenant_of(record);
        let id = object_id(kind, record, &tenant);
        if id.is_empty() {
            self.reject("the record has no id, or no tenant", Some(class));
            return Ok(());
        }
        let Some(cell) = self.cell(&tenant, class, Facet::Properties, &id)? else {
            return Ok(());
        };
        let at = Place { cell, subject: &id };
        let end = End { id: &id, kind };
        let name = name_of(kind, record);
        self.output
            .object(at, end, &name, &properties_of(kind, record, &tenant))?;

        let container = match resource::container(&id) {
            Some((id, kind)) => End { id, kind },
            None => End {
                id: &tenant,
                kind: NodeKind::AzTenant,
            },
        };
        if !container.id.is_empty() {
            self.output.relation(at, container, end, RelationKind::AzContains, "")?;
        }
        match kind {
            NodeKind::AzUser => self.twin(at, end, record)?,
            NodeKind::AzServicePrincipal => self.runs_as(at, end, record, &tenant)?,
            NodeKind::AzManagedCluster => self.nodes_of(at, end, record)?,
            _ => {}
        }
        let mut identity = |principal: &str| {
            let principal = upper(principal);
            if principal.is_empty() {
                return Ok(());
            }
            let principal = End {
                id: &principal,
                kind: NodeKind::AzServicePrincipal,
            };
            self.output
                .relation(at, end, principal, RelationKind::AzManagedIdentity, "")
        };
        record.identity.assigned.each(&mut identity)?;
        identity(&record.identity.principal)?;
        Ok(())
    }

    /// A user that is kept in step with an account of Active Directory.
    fn twin(&mut self, at: Place<'_>, user: End<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        let sid = upper(&record.on_premises_sid);
        if sid.is_empty() || !record.is_synchronised.is_true() {
            return Ok(());
        }
        let account = End {
            id: &sid,
            kind: NodeKind::User,
        };
        self.output
            .relation(at, account, user, RelationKind::SyncedToEntraUser, "")?;
        self.output
            .relation(at, user, account, RelationKind::SyncedToAdUser, "")?;
        Ok(())
    }

    /// The application of a service principal. Where it belongs to another tenant nobody here controls it, and a
    /// managed identity has none.
    fn runs_as(
        &mut self,
        at: Place<'_>,
        principal: End<'_>,
        record: &Record<'_>,
        tenant: &str,
    ) -> Result<(), IngestError> {
        let (app, owner) = (upper(&record.app), upper(&record.app_owner));
        let is_foreign = !owner.is_empty() && owner != tenant;
        let is_managed = record.service_principal_type.eq_ignore_ascii_case("ManagedIdentity");
        if app.is_empty() || is_foreign || is_managed {
            return Ok(());
        }
        let app = End {
            id: &app,
            kind: NodeKind::AzApp,
        };
        self.output.relation(at, app, principal, RelationKind::AzRunsAs, "")?;
        Ok(())
    }

    /// The resource group that Azure keeps the nodes of a cluster in.
    fn nodes_of(&mut self, at: Place<'_>, cluster: End<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        let name = upper(&record.properties.node_resource_group);
        if let Some(group) = resource::group_beside(cluster.id, &name) {
            let group = End {
                id: &group,
                kind: NodeKind::AzResourceGroup,
            };
            self.output
                .relation(at, cluster, group, RelationKind::AzNodeResourceGroup, "")?;
        }
        Ok(())
    }

    /// Members or owners of an object.
    fn principals<'r>(
        &mut self,
        record: &Record<'_>,
        object: End<'_>,
        class: ObjectClass,
        facet: Facet,
        principals: impl Iterator<Item = Principal<'r>>,
        relation: RelationKind,
    ) -> Result<(), IngestError> {
        if object.id.is_empty() {
            self.tell("the record does not say which object it is about");
            return Ok(());
        }
        let tenant = self.tenant_of(record);
        let Some(cell) = self.cell(&tenant, class, facet, object.id)? else {
            return Ok(());
        };
        let at = Place {
            cell,
            subject: object.id,
        };
        let mut nameless = 0;
        for principal in principals {
            let id = upper(&principal.id);
            if id.is_empty() {
                nameless += 1;
                continue;
            }
            let Some(kind) = directory_kind(&principal.kind) else {
                self.unknown_kind(&principal.kind);
                continue;
            };
            self.output.relation(at, End { id: &id, kind }, object, relation, "")?;
        }
        self.tell_nameless(nameless, "the list");
        Ok(())
    }

    /// Who holds a role of the directory: everywhere, in an administrative unit, or over one application.
    fn directory_roles(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let tenant = self.tenant_of(record);
        // The record names the role; where it does not, its entries do.
        let definition = [record.role_definition.clone()]
            .into_iter()
            .chain(record.role_assignments.iter().map(|it| it.role_definition))
            .find(|it| !it.trim().is_empty())
            .unwrap_or_default();
        let Some(role) = self.role(&definition, &tenant) else {
            return Ok(());
        };
        let Some(cell) = self.cell(&tenant, ObjectClass::DirectoryRoles, Facet::RoleAssignments, &role)? else {
            return Ok(());
        };
        let at = Place { cell, subject: &role };
        let list = record
            .role_assignments
            .iter()
            .map(|it| (it.principal, it.directory_scope));
        let lone = Some((record.principal.clone(), record.directory_scope.clone()));
        let mut nameless = 0;
        for (principal, scope) in list.chain(lone.filter(|(principal, _)| !principal.trim_ascii().is_empty())) {
            let principal = upper(&principal);
            if principal.is_empty() {
                nameless += 1;
                continue;
            }
            let principal = End {
                id: &principal,
                kind: NodeKind::Base,
            };
            let object = upper(scope.trim_start_matches('/'));
            let over_one =
                roles::scoped_directory_role(definition.trim()).filter(|_| !object.is_empty() && !object.contains('/'));
            if let Some(kind) = over_one {
                let object = End {
                    id: &object,
                    kind: NodeKind::Base,
                };
                self.output.relation(at, principal, object, kind, "")?;
                continue;
            }
            let role = End {
                id: &role,
                kind: NodeKind::AzRole,
            };
            let properties = scope_property(&scope);
            self.output
                .relation(at, principal, role, RelationKind::AzHasRole, &properties)?;
        }
        self.tell_nameless(nameless, "roleAssignments");
        Ok(())
    }

    fn eligible_role(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let tenant = self.tenant_of(record);
        let principal = upper(&record.principal);
        let Some(role) = self.role(&record.role_definition, &tenant) else {
            return Ok(());
        };
        if principal.is_empty() {
            self.reject("the eligible role names no principal", class_of(Content::EligibleRole));
            return Ok(());
        }
        if let Some(cell) = self.cell(&tenant, ObjectClass::DirectoryRoles, Facet::RoleEligibility, &role)? {
            let at = Place { cell, subject: &role };
            let (source, target) = (
                End {
                    id: &principal,
                    kind: NodeKind::Base,
                },
                End {
                    id: &role,
                    kind: NodeKind::AzRole,
                },
            );
            let properties = scope_property(&record.directory_scope);
            self.output
                .relation(at, source, target, RelationKind::AzRoleEligible, &properties)?;
        }
        Ok(())
    }

    /// What activating a role asks for, and who approves it. Approvers count only where approval is asked for.
    fn role_policy(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let tenant = self.tenant_of(record);
        let Some(role) = self.role(&record.role_definition, &tenant) else {
            return Ok(());
        };
        let Some(cell) = self.cell(&tenant, ObjectClass::DirectoryRoles, Facet::RolePolicies, &role)? else {
            return Ok(());
        };
        let at = Place { cell, subject: &role };
        let end = End {
            id: &role,
            kind: NodeKind::AzRole,
        };
        let mut properties = Properties::new();
        properties.text("tenantid", &tenant);
        for (key, flag) in [
            ("enduserassignmentrequiresapproval", record.requires_approval),
            (
                "enduserassignmentrequirescapauthenticationcontext",
                record.requires_context,
            ),
            ("enduserassignmentrequiresjustification", record.requires_justification),
            ("enduserassignmentrequiresmfa", record.requires_mfa),
            ("enduserassignmentrequiresticketinformation", record.requires_ticket),
        ] {
            properties.flag(key, flag.is_true());
        }
        let names_nobody = record.user_approvers.is_empty() && record.group_approvers.is_empty();
        if record.requires_approval.is_true() && names_nobody {
            properties.texts("enduserassignmentuserapprovers", []);
        }
        self.output.object(at, end, "", &properties.finish())?;
        if !record.requires_approval.is_true() {
            return Ok(());
        }
        let users = record.user_approvers.iter().map(|it| (it, NodeKind::AzUser));
        let groups = record.group_approvers.iter().map(|it| (it, NodeKind::AzGroup));
        let mut nameless = 0;
        for (approver, kind) in users.chain(groups) {
            let id = upper(approver);
            if id.is_empty() {
                nameless += 1;
                continue;
            }
            let approver = End { id: &id, kind };
            self.output
                .relation(at, approver, end, RelationKind::AzRoleApprover, "")?;
        }
        self.tell_nameless(nameless, "the approvers");
        Ok(())
    }

    /// Whose tokens an application takes in place of its own credentials.
    fn federated(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let app = upper(&record.app);
        if app.is_empty() {
            self.tell("the federated credentials name no application");
            return Ok(());
        }
        let tenant = self.tenant_of(record);
        let class = ObjectClass::FederatedCredentials;
        let Some(cell) = self.cell(&tenant, class, Facet::Properties, &app)? else {
            return Ok(());
        };
        let at = Place { cell, subject: &app };
        let app = End {
            id: &app,
            kind: NodeKind::AzApp,
        };
        for Federated { credential, .. } in record.federated.iter() {
            let id = upper(&credential.id);
            if id.is_empty() {
                self.tell("a federated credential has no id");
                continue;
            }
            let end = End {
                id: &id,
                kind: NodeKind::AzFederatedIdentityCredential,
            };
            let (name, properties) = credential_of(&credential, record, &tenant);
            self.output.object(at, end, &name, &properties)?;
            self.output
                .relation(at, end, app, RelationKind::AzAuthenticatesTo, "")?;
            // The tokens of a managed identity name its service principal.
            let subject = upper(&credential.subject);
            if roles::is_entra_issuer(&credential.issuer) && !subject.is_empty() {
                let identity = End {
                    id: &subject,
                    kind: NodeKind::AzServicePrincipal,
                };
                self.output
                    .relation(at, identity, end, RelationKind::AzAuthenticatesTo, "")?;
            }
        }
        Ok(())
    }

    /// The id of the role that a record is about. `None`, with the record rejected, when it does not say.
    fn role(&mut self, definition: &str, tenant: &str) -> Option<String> {
        let definition = upper(definition);
        if definition.is_empty() || tenant.is_empty() {
            self.tell("the record does not say which role of which tenant it is about");
            return None;
        }
        Some(format!("{definition}@{tenant}"))
    }

    /// A permission of Microsoft Graph that an application holds by itself.
    fn permission(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let (principal, resource) = (upper(&record.principal), upper(&record.resource));
        if principal.is_empty() || resource.is_empty() {
            let reason = "the permission names no principal or no resource";
            self.reject(reason, class_of(Content::Permission));
            return Ok(());
        }
        let tenant = self.tenant_of(record);
        let class = ObjectClass::ServicePrincipals;
        let Some(cell) = self.cell(&tenant, class, Facet::RoleAssignments, &resource)? else {
            return Ok(());
        };
        let is_of_graph = record.app.is_empty() || record.app.eq_ignore_ascii_case(roles::GRAPH);
        let Some(kind) = roles::graph_permission(record.app_role.trim()).filter(|_| is_of_graph) else {
            return Ok(());
        };
        let at = Place {
            cell,
            subject: &resource,
        };
        let source = End {
            id: &principal,
            kind: principal_kind(&record.principal_type),
        };
        let target = End {
            id: &resource,
            kind: NodeKind::AzServicePrincipal,
        };
        self.output.relation(at, source, target, kind, "")?;
        Ok(())
    }

    fn descendant(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let (id, parent) = (upper(&record.id), upper(&record.properties.parent.id));
        let (Some((id, kind)), Some((parent, parent_kind))) = (resource::level(&id), resource::level(&parent)) else {
            self.tell("the descendant of a management group, or the group, has no path");
            return Ok(());
        };
        let tenant = self.tenant_of(record);
        if let Some(cell) = self.cell(&tenant, ObjectClass::ManagementGroups, Facet::Containment, id)? {
            let at = Place { cell, subject: id };
            let parent = End {
                id: parent,
                kind: parent_kind,
            };
            self.output
                .relation(at, parent, End { id, kind }, RelationKind::AzContains, "")?;
        }
        Ok(())
    }

    /// Roles on a resource. What was granted further up stands there, if it is a role over all that lies below; a role
    /// over machines or vaults alone reaches this one.
    fn resource_roles(
        &mut self,
        kind: NodeKind,
        class: ObjectClass,
        role_of_record: Option<RelationKind>,
        record: &Record<'_>,
    ) -> Result<(), IngestError> {
        // Collectors name a key vault as a virtual machine in some records.
        let named = [
            &record.object,
            &record.virtual_machine,
            &record.key_vault,
            &record.resource_group,
            &record.subscription,
            &record.management_group,
        ];
        let id = named
            .into_iter()
            .map(|id| upper(id))
            .find(|id| !id.is_empty())
            .unwrap_or_default();
        let id = match kind {
            NodeKind::AzSubscription => resource::subscription(id),
            _ => id,
        };
        if id.is_empty() {
            self.tell("the record does not say which resource it is about");
            return Ok(());
        }
        let tenant = self.tenant_of(record);
        let Some(cell) = self.cell(&tenant, class, Facet::RoleAssignments, &id)? else {
            return Ok(());
        };
        let at = Place { cell, subject: &id };
        let lists = [
            &record.role_assignments,
            &record.assignees,
            &record.owners,
            &record.contributors,
            &record.user_access_admins,
            &record.vm_contributors,
            &record.avere_contributors,
            &record.admin_logins,
            &record.key_vault_contributors,
        ];
        let resource = End { id: &id, kind };
        let mut nameless = 0;
        for entry in lists.into_iter().flat_map(|list| list.iter()) {
            let granted = Granted::of(&entry);
            nameless += u64::from(granted.principal.trim_ascii().is_empty());
            self.grant(at, resource, role_of_record, granted)?;
        }
        self.tell_nameless(nameless, "the roles");
        self.grant(at, resource, role_of_record, Granted::alone(record))
    }

    fn grant(
        &mut self,
        at: Place<'_>,
        resource: End<'_>,
        role_of_record: Option<RelationKind>,
        granted: Granted<'_>,
    ) -> Result<(), IngestError> {
        let (principal, scope) = (upper(granted.principal), upper(granted.scope));
        let role = granted.role.trim().rsplit('/').next().unwrap_or_default();
        let relation = match role {
            "" => role_of_record,
            role => roles::resource_role(role),
        };
        let is_meant = |relation: &RelationKind| roles::is_role_on(*relation, resource.kind) && !principal.is_empty();
        let Some(relation) = relation.filter(is_meant) else {
            return Ok(());
        };
        let is_general = matches!(
            relation,
            RelationKind::AzOwner | RelationKind::AzContributor | RelationKind::AzUserAccessAdministrator
        );
        let target = match resource::level(&scope) {
            Some((id, kind)) if is_general => End { id, kind },
            _ if scope.is_empty() || resource::is_within(resource.id, &scope) => resource,
            _ => return Ok(()),
        };
        let principal = End {
            id: &principal,
            kind: principal_kind(granted.principal_type),
        };
        let properties = match relation {
            RelationKind::AzGetSecrets => granted_by("role"),
            _ => String::new(),
        };
        self.output.relation(at, principal, target, relation, &properties)?;
        Ok(())
    }

    /// Who may read what a key vault keeps, by the vault's own list.
    fn access_policy(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let (principal, vault) = (upper(&record.object), upper(&record.key_vault));
        if principal.is_empty() || vault.is_empty() {
            self.tell("the access policy names no principal or no key vault");
            return Ok(());
        }
        let tenant = self.tenant_of(record);
        let Some(cell) = self.cell(&tenant, ObjectClass::KeyVaults, Facet::AccessPolicies, &vault)? else {
            return Ok(());
        };
        let at = Place { cell, subject: &vault };
        let source = End {
            id: &principal,
            kind: NodeKind::Base,
        };
        let target = End {
            id: &vault,
            kind: NodeKind::AzKeyVault,
        };
        let permissions = &record.permissions;
        for (list, relation) in [
            (&permissions.secrets, RelationKind::AzGetSecrets),
            (&permissions.keys, RelationKind::AzGetKeys),
            (&permissions.certificates, RelationKind::AzGetCertificates),
        ] {
            let reads = |it: &Text<'_>| it.eq_ignore_ascii_case("get") || it.eq_ignore_ascii_case("all");
            if list.iter().any(reads) {
                self.output
                    .relation(at, source, target, relation, &granted_by("policy"))?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Summary, IngestError> {
        for (kind, (count, first)) in std::mem::take(&mut self.unknown) {
            let records = if count == 1 {
                "1 record of it is".to_owned()
            } else {
                format!("{count} records of it are")
            };
            self.output
                .reject(first, format_args!("the kind `{kind}` is not read; {records} left out"));
        }
        let home = self.home.is_listed.then_some(self.home.id.as_str());
        Ok(Summary {
            cells: self.cells.finish(home, &self.foreign),
            observed_at: None,
            counts: self.output.finish()?,
        })
    }
}
