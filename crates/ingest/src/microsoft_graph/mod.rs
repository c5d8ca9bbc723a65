//! Answers of Microsoft Graph to a GET: `{"@odata.context": "...$metadata#<path>", "value": [...]}`.
//!
//! What no collector lists: administrative units, consents, policies of conditional access, what users have registered.
//! Start at [`read`]: it looks for the context, which says what the records are ([`content`]), then walks the file a
//! second time and turns each record into rows.
//!
//! An answer does not say which tenant it is of, but for the organisation's own record. Its cells have no boundary; the
//! tenant is told by the ids, when all files are at hand. The tenant itself, and its roles, are named by a placeholder
//! until then ([`postern_model::reference::in_tenant`]).
//!
//! A list may be one page of many, or filtered, and its last page looks like all of it. So a record stands for itself
//! (*subjects*). Policies come in one answer, as a tenant may have 240 of them: their list is the *whole*, unless it
//! says that more follows.

mod content;
mod shape;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::ControlFlow;

use postern_model::reference::{REFERENCE_PREFIX, TENANT, role_of_tenant};
use postern_model::{Cell, CellCoverage, Coverage, Facet, NodeKind, ObjectClass, RelationKind};

use self::content::{Content, Context, PATHS};
use self::shape::{Glance, Member, Record};
use crate::azurehound::shape::Few;
use crate::sharphound::cursor::Cursor;
use crate::sharphound::envelope::{Position, Step, Visit, element, walk};
use crate::sharphound::output::{End, Output, Place, Properties, push_json_text, shown, upper};
use crate::sharphound::shape::Raw;
use crate::{Format, HEAD_BYTES, IngestError, Input, Probe, Sink, Summary};

/// `$expand=members` lists so many members of a unit and no more. Source: Microsoft, "Query parameters", limits of
/// `$expand` over directory objects.
const EXPANDED_MAX: usize = 20;

/// With more policies that cannot be read than this, the list does not count as seen as a whole.
const UNREAD_MAX: usize = 1_000;

/// The fields of one record that stands alone may take so many bytes, as JSON.
pub const ENTITY_BYTES_MAX: usize = 4 * 1024 * 1024;

const CONTEXT: &str = "@odata.context";
const NEXT: &str = "@odata.nextLink";

pub static FORMAT: Format = Format {
    id: "microsoft-graph",
    title: "Microsoft Graph JSON",
    dates_itself: false,
    sniff,
    read,
};

/// Whether the file's context is one of Microsoft Graph. It stands first, unless a tool has sorted the fields.
fn sniff(probe: &mut Probe<'_, '_>) -> Result<bool, IngestError> {
    match context_in_head(probe.head) {
        Found::Context(context) => return Ok(context.is_some()),
        Found::Unclear if probe.input.length > HEAD_BYTES as u64 => {}
        Found::Unclear | Found::No => return Ok(false),
    }
    match scout(probe.input) {
        Ok(context) => Ok(context.is_some()),
        Err(IngestError::Malformed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

enum Found {
    /// The first context, if it is of Microsoft Graph.
    Context(Option<Context>),
    /// The head ends in the list of records, with no context before.
    Unclear,
    No,
}

fn context_in_head(head: &[u8]) -> Found {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    let mut found = None;
    let mut is_in_list = false;
    let mut cursor = Cursor::new(text);
    // The file may be longer than the head: what was found before its end counts.
    let _ = cursor.each_field(|cursor, key| {
        is_in_list = key == "value";
        match key == CONTEXT && found.is_none() {
            true => found = Some(Context::of(&cursor.string()?)),
            false => drop(cursor.skip()?),
        }
        is_in_list = false;
        Ok(())
    });
    match found {
        Some(context) => Found::Context(context),
        None if is_in_list => Found::Unclear,
        None => Found::No,
    }
}

/// The context of a file, wherever it stands.
fn scout(input: &mut Input<'_>) -> Result<Option<Context>, IngestError> {
    let mut scout = Scout::default();
    walk(input, &mut scout)?;
    Ok(scout.context)
}

#[derive(Default)]
struct Scout {
    context: Option<Context>,
}

impl Visit for Scout {
    fn element(&mut self, text: &str, _: Position) -> Result<Step, IngestError> {
        Ok(element::<Raw<'_>>(text).map_or_else(|step| step, |(_, length)| Step::Done(length)))
    }

    fn rejected(&mut self, _: &[u8], _: Position, _: String) {}

    fn data(&mut self) -> ControlFlow<()> {
        match self.context {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    fn value(&mut self, key: &str, json: &str) {
        if key == CONTEXT && self.context.is_none() {
            self.context = Cursor::new(json).string().ok().and_then(|text| Context::of(&text));
        }
    }

    fn holds_records(&self, key: &str) -> bool {
        key == "value"
    }
}

/// Reads an answer of Microsoft Graph. Records that cannot be used are rejected one by one; an answer of a kind that is
/// not read is rejected once.
///
/// # Errors
/// [`IngestError::Malformed`] when the file is cut off, is no valid JSON, has no context or no `value`, or passes
/// [`crate::sharphound::RECORD_BYTES_MAX`] or [`ENTITY_BYTES_MAX`]; [`IngestError::Io`] and [`IngestError::Sink`].
fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    let name = input.name.to_owned();
    let malformed = |reason: String| IngestError::Malformed {
        name: name.clone(),
        position: "the end".to_owned(),
        reason,
    };
    let Some(context) = scout(&mut input)? else {
        return Err(malformed(format!(
            "there is no `{CONTEXT}` of Microsoft Graph; export the file again"
        )));
    };
    let mut reader = Reader {
        context,
        output: Output::new(sink),
        cells: Vec::new(),
        unread: Vec::new(),
        is_broken: false,
        has_next: false,
        has_list: false,
        entity: String::new(),
        is_entity_long: false,
        position: Position { index: 0, byte: 0 },
    };
    let Some(content) = reader.context.content else {
        let path = shown(&reader.context.path).into_owned();
        let reason = format!("this is an answer of Microsoft Graph about `{path}`, which is not read; {PATHS} are");
        reader.output.reject("", reason);
        // The rest of the file is gone over all the same: one that is cut off is refused.
        walk(&mut input, &mut Scout::default())?;
        return reader.finish(None);
    };
    walk(&mut input, &mut reader)?;
    if reader.is_entity_long {
        let reason = format!("the record has more than {ENTITY_BYTES_MAX} bytes; ask for it without `$expand`");
        return Err(malformed(reason));
    }
    if !reader.has_list && !reader.context.is_entity {
        return Err(malformed("there is no list `value`; export the file again".to_owned()));
    }
    if reader.context.is_entity && !reader.has_list {
        reader.lone(content)?;
    }
    reader.finish(Some(content))
}

/// A file being read.
struct Reader<'s> {
    context: Context,
    output: Output<'s>,
    /// Few: two or three kinds for each content.
    cells: Vec<Cell>,
    /// Ids of records that could not be read.
    unread: Vec<String>,
    /// A record could not be read, and not even its id.
    is_broken: bool,
    has_next: bool,
    has_list: bool,
    /// The fields of a record that stands alone, as the inside of a JSON object.
    entity: String,
    is_entity_long: bool,
    position: Position,
}

impl Visit for Reader<'_> {
    fn element(&mut self, text: &str, position: Position) -> Result<Step, IngestError> {
        self.position = position;
        let (record, length) = match element::<Record<'_>>(text) {
            Ok(read) => read,
            Err(step) => return Ok(step),
        };
        if let Some(content) = self.context.content {
            self.record(content, &record)?;
            self.output.end_of_record();
        }
        Ok(Step::Done(length))
    }

    fn rejected(&mut self, bytes: &[u8], position: Position, reason: String) {
        self.position = position;
        let text = String::from_utf8_lossy(bytes);
        let id = element::<Glance<'_>>(&text).map_or_else(|_| String::new(), |(it, _)| upper(&it.id).into_owned());
        match id.is_empty() || self.unread.len() == UNREAD_MAX {
            true => self.is_broken = true,
            false => self.unread.push(id),
        }
        self.tell(reason);
    }

    fn data(&mut self) -> ControlFlow<()> {
        self.has_list = true;
        ControlFlow::Continue(())
    }

    fn value(&mut self, key: &str, json: &str) {
        if key == NEXT {
            self.has_next = json != "null";
        }
        if !self.context.is_entity {
            return;
        }
        if self.entity.len() + key.len() + json.len() > ENTITY_BYTES_MAX {
            self.is_entity_long = true;
            return;
        }
        if !self.entity.is_empty() {
            self.entity.push(',');
        }
        push_json_text(&mut self.entity, key);
        self.entity.push(':');
        self.entity.push_str(json);
    }

    fn holds_records(&self, key: &str) -> bool {
        key == "value" && !self.context.is_entity
    }
}

impl Reader<'_> {
    fn tell(&mut self, reason: impl Display) {
        let Position { index, byte } = self.position;
        self.output.reject(format_args!("value[{index}], byte {byte}"), reason);
    }

    /// A record that says nothing for want of an id.
    fn nameless(&mut self, reason: impl Display) {
        self.is_broken = true;
        self.tell(reason);
    }

    /// Reads the record that is all of the file.
    fn lone(&mut self, content: Content) -> Result<(), IngestError> {
        let text = format!("{{{}}}", std::mem::take(&mut self.entity));
        match element::<Record<'_>>(&text) {
            Ok((record, _)) => {
                self.record(content, &record)?;
                self.output.end_of_record();
            }
            Err(Step::Bad(reason)) => self.nameless(reason),
            // The fields were read one by one: together they are an object that ends.
            Err(_) => self.nameless("it cannot be read"),
        }
        Ok(())
    }

    fn record(&mut self, content: Content, record: &Record<'_>) -> Result<(), IngestError> {
        match content {
            Content::Units => self.unit(record),
            Content::ScopedRoles => self.scoped_role_member(record),
            Content::RoleAssignments => self.role_assignment(record),
            Content::Roles => self.role(record),
            Content::Policies => self.policy(record),
            Content::Consents => self.consent(record),
            Content::Registrations => self.registration(record),
            Content::Groups => self.group(record),
            Content::Organization => self.organization(record),
        }
    }

    /// The cell of a row, in the tenant that is told later.
    fn cell(&mut self, class: ObjectClass, facet: Facet) -> u16 {
        self.cell_in("", class, facet)
    }

    fn cell_in(&mut self, tenant: &str, class: ObjectClass, facet: Facet) -> u16 {
        let cell = Cell::new(tenant, class, facet);
        let index = self.cells.iter().position(|it| *it == cell).unwrap_or_else(|| {
            self.cells.push(cell);
            self.cells.len() - 1
        });
        u16::try_from(index).expect("a file has few cells")
    }

    fn unit(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let id = upper(&record.id);
        if id.is_empty() {
            self.nameless("the administrative unit has no id");
            return Ok(());
        }
        let class = ObjectClass::AdministrativeUnits;
        let unit = End {
            id: &id,
            kind: NodeKind::AzAdministrativeUnit,
        };
        let cell = self.cell(class, Facet::Properties);
        let at = Place { cell, subject: &id };
        let mut properties = Properties::new();
        properties.text("displayname", &record.display_name);
        // Left out where a list of fields was asked for and this is none of them.
        if let Some(flag) = record.is_restricted.0 {
            properties.flag("ismembermanagementrestricted", flag);
        }
        self.output.covered(at)?;
        self.output
            .object(at, unit, &record.display_name.to_uppercase(), &properties.finish())?;
        self.members(unit, record)?;
        let mut has_roles = false;
        for scoped in record.scoped_role_members.iter() {
            has_roles = true;
            self.scoped_role(unit, &scoped.role, &scoped.member)?;
        }
        if has_roles {
            let cell = self.cell(class, Facet::RoleAssignments);
            self.output.covered(Place { cell, subject: &id })?;
        }
        Ok(())
    }

    /// What lies in a unit. One without members may not have been asked for them, so that it counts as looked at only
    /// where it has some.
    fn members(&mut self, unit: End<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        let cell = self.cell(ObjectClass::AdministrativeUnits, Facet::Members);
        let at = Place { cell, subject: unit.id };
        let expanded = record.members.iter().count();
        let mut is_empty = true;
        for member in record.members.iter().chain(record.changed_members.iter()) {
            let id = upper(&member.id);
            let kind = member_kind(&member);
            if let (false, Some(kind), None) = (id.is_empty(), kind, member.removed.0) {
                is_empty = false;
                let member = End { id: &id, kind };
                self.output
                    .relation(at, member, unit, RelationKind::AzMemberOfUnit, "")?;
            }
        }
        if !is_empty {
            self.output.covered(at)?;
        }
        if expanded >= EXPANDED_MAX || !record.has_more_members.is_empty() {
            let name = shown(&record.display_name).into_owned();
            self.tell(format_args!(
                "the unit {name} lists {expanded} members, which is all that $expand gives; the rest is read from \
                 /directory/administrativeUnits/delta"
            ));
        }
        Ok(())
    }

    fn scoped_role_member(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let named = upper(&record.unit);
        let id = match named.is_empty() {
            true => self.context.unit.clone(),
            false => named.into_owned(),
        };
        if id.is_empty() {
            self.tell("the role names no administrative unit");
            return Ok(());
        }
        let unit = End {
            id: &id,
            kind: NodeKind::AzAdministrativeUnit,
        };
        let cell = self.cell(ObjectClass::AdministrativeUnits, Facet::RoleAssignments);
        self.output.covered(Place { cell, subject: &id })?;
        self.scoped_role(unit, &record.role, &record.role_member)
    }

    /// A role over a unit, named by the object that it is in this tenant, which the list of roles resolves.
    fn scoped_role(&mut self, unit: End<'_>, role: &str, member: &Member<'_>) -> Result<(), IngestError> {
        let (role, member) = (role.trim().to_ascii_lowercase(), upper(&member.id));
        if role.is_empty() || member.is_empty() {
            self.tell("a role over the unit has no id, or its holder has none");
            return Ok(());
        }
        let mut reference = format!("{REFERENCE_PREFIX}{{\"kind\":\"AZRole\",\"equal\":{{\"directoryroleid\":");
        push_json_text(&mut reference, &role);
        reference.push_str("}}");
        self.role_over_unit(unit, &member, &reference)
    }

    fn role_over_unit(&mut self, unit: End<'_>, principal: &str, role: &str) -> Result<(), IngestError> {
        let cell = self.cell(ObjectClass::AdministrativeUnits, Facet::RoleAssignments);
        let at = Place { cell, subject: unit.id };
        let mut properties = Properties::new();
        properties.texts(
            "scopes",
            [format!("/administrativeUnits/{}", unit.id.to_ascii_lowercase()).as_str()],
        );
        let source = End {
            id: principal,
            kind: NodeKind::Base,
        };
        let target = End {
            id: role,
            kind: NodeKind::AzRole,
        };
        self.output
            .relation(at, source, target, RelationKind::AzHasRole, &properties.finish())?;
        Ok(())
    }

    /// Assignments over units; those over the whole tenant a collector lists.
    fn role_assignment(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        const SCOPE: &str = "/ADMINISTRATIVEUNITS/";
        let scope = upper(&record.scope_of_role);
        let Some(id) = scope.strip_prefix(SCOPE).filter(|id| !id.is_empty()) else {
            return Ok(());
        };
        let (principal, role) = (upper(&record.principal), upper(&record.role_definition));
        if principal.is_empty() || role.is_empty() {
            self.tell("the assignment names no principal or no role");
            return Ok(());
        }
        let unit = End {
            id,
            kind: NodeKind::AzAdministrativeUnit,
        };
        let cell = self.cell(ObjectClass::AdministrativeUnits, Facet::RoleAssignments);
        self.output.covered(Place { cell, subject: id })?;
        self.role_over_unit(unit, &principal, &role_of_tenant(&role))
    }

    /// A role that is in use, by its template and by the object that it is in this tenant.
    fn role(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let (id, template) = (record.id.trim().to_ascii_lowercase(), upper(&record.role_template));
        if id.is_empty() || template.is_empty() {
            self.nameless("the role has no id or no template");
            return Ok(());
        }
        let cell = self.cell(ObjectClass::AdministrativeUnits, Facet::RoleAssignments);
        let role = role_of_tenant(&template);
        let at = Place { cell, subject: &role };
        let mut properties = Properties::new();
        properties.text("directoryroleid", &id);
        let end = End {
            id: &role,
            kind: NodeKind::AzRole,
        };
        self.output.covered(at)?;
        self.output
            .object(at, end, &record.display_name.to_uppercase(), &properties.finish())?;
        Ok(())
    }

    fn consent(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let (client, resource) = (upper(&record.client), upper(&record.resource));
        if client.is_empty() || resource.is_empty() {
            self.tell("the consent names no client or no resource");
            return Ok(());
        }
        let is_for_all = record.consent.eq_ignore_ascii_case("AllPrincipals");
        let principal = upper(&record.principal);
        if !is_for_all && principal.is_empty() {
            self.tell("the consent of one user does not say whose it is");
            return Ok(());
        }
        let cell = self.cell(ObjectClass::ServicePrincipals, Facet::Consents);
        let at = Place { cell, subject: &client };
        let source = End {
            id: &client,
            kind: NodeKind::AzServicePrincipal,
        };
        let target = match is_for_all {
            true => End {
                id: TENANT,
                kind: NodeKind::AzTenant,
            },
            false => End {
                id: &principal,
                kind: NodeKind::AzUser,
            },
        };
        // A list, so that consents for several resources stay apart where they are put together.
        let scopes: Vec<String> = record
            .scope
            .split_whitespace()
            .map(|it| format!("{resource}/{it}"))
            .collect();
        let mut properties = Properties::new();
        properties.texts("scopes", scopes.iter().map(String::as_str));
        self.output.covered(at)?;
        self.output.relation(
            at,
            source,
            target,
            RelationKind::AzDelegatedConsent,
            &properties.finish(),
        )?;
        Ok(())
    }

    fn registration(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let id = upper(&record.id);
        if id.is_empty() {
            self.nameless("the user has no id");
            return Ok(());
        }
        let mut properties = Properties::new();
        for (key, flag) in [
            ("ismfaregistered", record.is_mfa_registered),
            ("ismfacapable", record.is_mfa_capable),
        ] {
            if let Some(flag) = flag.0 {
                properties.flag(key, flag);
            }
        }
        properties.texts("methodsregistered", record.methods.iter().map(|it| &**it));
        let class = ObjectClass::EntraUsers;
        let end = End {
            id: &id,
            kind: NodeKind::AzUser,
        };
        let name = record.user_principal_name.to_uppercase();
        self.described(class, Facet::AuthenticationMethods, end, &name, &properties.finish())
    }

    fn group(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let id = upper(&record.id);
        if id.is_empty() {
            self.nameless("the group has no id");
            return Ok(());
        }
        let mut properties = Properties::new();
        for (key, text) in [
            ("membershiprule", &record.membership_rule),
            ("membershipruleprocessingstate", &record.membership_rule_state),
        ] {
            if !text.is_empty() {
                properties.text(key, text);
            }
        }
        let class = ObjectClass::EntraGroups;
        let end = End {
            id: &id,
            kind: NodeKind::AzGroup,
        };
        self.described(class, Facet::MembershipRules, end, "", &properties.finish())
    }

    /// More about an object that a collector lists.
    fn described(
        &mut self,
        class: ObjectClass,
        facet: Facet,
        end: End<'_>,
        name: &str,
        properties: &str,
    ) -> Result<(), IngestError> {
        let cell = self.cell(class, facet);
        let at = Place { cell, subject: end.id };
        self.output.covered(at)?;
        self.output.object(at, end, name, properties)?;
        Ok(())
    }

    fn organization(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let id = upper(&record.id);
        if id.is_empty() {
            self.nameless("the organisation has no id");
            return Ok(());
        }
        let cell = self.cell_in(&id, ObjectClass::Tenants, Facet::Properties);
        let at = Place { cell, subject: &id };
        let mut properties = Properties::new();
        properties.text("tenantid", &id);
        let end = End {
            id: &id,
            kind: NodeKind::AzTenant,
        };
        self.output.covered(at)?;
        self.output
            .object(at, end, &record.display_name.to_uppercase(), &properties.finish())?;
        Ok(())
    }

    fn policy(&mut self, record: &Record<'_>) -> Result<(), IngestError> {
        let id = upper(&record.id);
        if id.is_empty() {
            self.nameless("the policy has no id");
            return Ok(());
        }
        let end = End {
            id: &id,
            kind: NodeKind::AzConditionalAccessPolicy,
        };
        // The list speaks for itself as a whole, or only mentions: none of its policies is looked at alone.
        let cell = self.cell(ObjectClass::SignInPolicies, Facet::Properties);
        let at = Place { cell, subject: &id };
        let name = record.display_name.to_uppercase();
        self.output.object(at, end, &name, &policy_properties(record))?;
        Ok(())
    }

    /// * `content`: what the records were; `None` where they were not read.
    fn finish(self, content: Option<Content>) -> Result<Summary, IngestError> {
        let Self { mut cells, .. } = self;
        // An answer without policies has looked at them too.
        let policies = Cell::new("", ObjectClass::SignInPolicies, Facet::Properties);
        if content == Some(Content::Policies) && cells.is_empty() {
            cells.push(policies);
        }
        let is_list = !self.context.is_entity && !self.has_next && !self.is_broken;
        let cells = cells
            .into_iter()
            .map(|cell| {
                let coverage = match cell.class {
                    ObjectClass::SignInPolicies if is_list => Coverage::Whole {
                        unread: self.unread.clone(),
                    },
                    // That no policy protects somebody follows from all of them only.
                    ObjectClass::SignInPolicies => Coverage::Mention,
                    _ => Coverage::Subjects,
                };
                CellCoverage { cell, coverage }
            })
            .collect();
        Ok(Summary {
            cells,
            observed_at: None,
            counts: self.output.finish()?,
        })
    }
}

/// What lies in a unit: users, groups and devices. Where a list of fields left the type out, it is known elsewhere.
fn member_kind(member: &Member<'_>) -> Option<NodeKind> {
    let kind = member.kind.rsplit('.').next().unwrap_or_default();
    Some(match kind.to_ascii_lowercase().as_str() {
        "" => NodeKind::Base,
        "user" => NodeKind::AzUser,
        "group" => NodeKind::AzGroup,
        "device" => NodeKind::AzDevice,
        _ => return None,
    })
}

/// What a policy asks of whom and when, as lists. What narrows it beyond those is told by name.
fn policy_properties(record: &Record<'_>) -> String {
    let mut properties = Properties::new();
    let (conditions, grant) = (&record.conditions, &record.grant);
    let (users, applications) = (&conditions.users, &conditions.applications);
    properties.text("displayname", &record.display_name);
    properties.text("state", &record.state);
    let lists: [(&str, &Few<'_>); 11] = [
        ("includeusers", &users.include),
        ("excludeusers", &users.exclude),
        ("includegroups", &users.include_groups),
        ("excludegroups", &users.exclude_groups),
        ("includeroles", &users.include_roles),
        ("excluderoles", &users.exclude_roles),
        ("includeapplications", &applications.include),
        ("excludeapplications", &applications.exclude),
        ("clientapptypes", &conditions.client_types),
        ("includelocations", &conditions.locations.include),
        ("excludelocations", &conditions.locations.exclude),
    ];
    for (key, list) in lists {
        if !list.is_empty() {
            properties.texts(key, list.iter().map(|it| &**it));
        }
    }
    for (key, guests) in [
        ("includeguests", users.include_guests),
        ("excludeguests", users.exclude_guests),
    ] {
        if guests.0.is_some() {
            properties.flag(key, true);
        }
    }
    let platforms = &conditions.platforms;
    let has_all_platforms = platforms.include.is_empty() || platforms.include.iter().any(|it| &**it == "all");
    let is_for_some_platforms = !has_all_platforms || !platforms.exclude.is_empty();
    let narrowed: Vec<&str> = [
        ("platforms", is_for_some_platforms),
        ("devices", conditions.devices.0.is_some()),
        ("device states", conditions.device_states.0.is_some()),
        ("service principals", !conditions.client_applications.include.is_empty()),
        ("application filter", applications.filter.0.is_some()),
        ("user risk", !conditions.user_risks.is_empty()),
        ("sign-in risk", !conditions.sign_in_risks.is_empty()),
        ("agent risk", conditions.agent_risks.0.is_some()),
        ("insider risk", conditions.insider_risks.0.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, is_there)| is_there.then_some(name))
    .collect();
    if !narrowed.is_empty() {
        properties.texts("narrowedby", narrowed);
    }
    if !conditions.flows.methods.is_empty() {
        properties.texts("transfermethods", conditions.flows.methods.split(',').map(str::trim));
    }
    properties.text("grantoperator", &grant.operator);
    let mut controls: Vec<Cow<'_, str>> = grant.controls.iter().map(|it| Cow::Borrowed(&**it)).collect();
    if grant.strength.0.is_some() {
        controls.push(Cow::Borrowed("authenticationStrength"));
    }
    // One of several alternatives may be somebody else's second factor, or a click on terms of use.
    controls.extend(
        grant
            .custom
            .iter()
            .chain(grant.terms.iter())
            .map(|it| Cow::Borrowed(&**it)),
    );
    properties.texts("grantcontrols", controls.iter().map(|it| &**it));
    properties.flag("bindstokens", record.session.bound.0);
    properties.finish()
}
