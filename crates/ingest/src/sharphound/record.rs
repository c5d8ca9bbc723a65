//! A record of a directory object as rows.

use std::borrow::Cow;

use postern_model::{NodeKind, RelationKind};

use super::cells::{BoundaryIndex, OBJECTS_MAX, SUBJECT_BYTES_MAX, Slot};
use super::cursor::Cursor;
use super::output::{End, ID_BYTES_MAX, PROPERTIES_BYTES_MAX, Place, Properties, json_text, shown, upper};
use super::shape::{ObjectProperties, Principal, Record, Trust, TrustDirection, flag_of_text, ldap_key};
use super::{Reader, Subject, WELL_KNOWN_BYTES_MAX, domain_of_id, kind_of};
use crate::IngestError;

/// Local groups are left out when they are empty, save this one: that it exists changes what a logon needs.
const DIRECT_ACCESS_USERS: &str = "DIRECT ACCESS USERS";

/// The name of a local group that is known by another record.
const IGNORED_NAME: &str = "IGNOREME";

/// The access type of a certificate manager's restriction that allows.
const ACCESS_ALLOWED: &str = "AccessAllowedCallback";

/// What two lists of one record make together may be so many relations: a policy that sets twenty local administrators
/// on half a million computers.
pub const PRODUCT_MAX: usize = 10_000_000;

impl Reader<'_> {
    /// A well-known principal that no directory holds (`EXAMPLE.ORG-S-1-5-11`): each collection of a forest
    /// lists its own part of such a principal of the forest's root. It waits until the file's home is
    /// known, because what is said of it belongs to the home's cells.
    pub(super) fn is_to_wait(&mut self, record: &Record<'_>, json: &str) -> bool {
        !record.is_deleted.is_true()
            && record.id.find("-S-1-").is_some_and(|at| at > 0)
            && self.well_known_bytes + json.len() <= WELL_KNOWN_BYTES_MAX
            && record.properties.distinguished_name.is_empty()
    }

    /// Writes all that a record says. `home` is given for records that have waited for it.
    pub(super) fn record(
        &mut self,
        record: &Record<'_>,
        kind: NodeKind,
        home: Option<Option<BoundaryIndex>>,
    ) -> Result<(), IngestError> {
        let id = upper(&record.id);
        if id.is_empty() {
            self.reject(None, "the record has no ObjectIdentifier");
            return Ok(());
        }
        if id.len() > ID_BYTES_MAX {
            self.reject(
                None,
                format_args!("the ObjectIdentifier is longer than {ID_BYTES_MAX} bytes"),
            );
            return Ok(());
        }
        if record.is_deleted.is_true() {
            return self.tombstone(&id);
        }
        let told = &record.properties;
        if told.json.len() > PROPERTIES_BYTES_MAX {
            let reason = format_args!("the properties are longer than {PROPERTIES_BYTES_MAX} bytes");
            self.reject(Some(&id), reason);
            return Ok(());
        }
        let name = [
            &*told.domain_sid,
            &*record.domain_sid,
            domain_of_id(&id).unwrap_or_default(),
            &*told.domain,
        ]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default();
        let own = self.boundary(&upper(name), &id);
        let Some(boundary) = home.flatten().or(own) else {
            return Ok(());
        };
        let is_well_known = home.is_some();
        if !is_well_known {
            let is_in_configuration = upper(&told.distinguished_name).contains("CN=CONFIGURATION,DC=");
            self.cells.count(boundary, is_in_configuration);
            if !self.cells.add_subject(boundary, &id) {
                return Err(IngestError::Malformed {
                    name: self.name.to_owned(),
                    position: self.position.to_string(),
                    reason: format!(
                        "the file holds more than {OBJECTS_MAX} objects, or their ids more than {SUBJECT_BYTES_MAX} \
                         bytes; export each domain by itself"
                    ),
                });
            }
        }
        let subject = Subject {
            end: End { id: &id, kind },
            boundary,
            is_well_known,
        };

        self.properties(&subject, record, told)?;
        self.directory_relations(&subject, record, told)?;
        self.containment(&subject, record)?;
        self.acl(&subject, record, told)?;
        match kind {
            NodeKind::Group => self.members(&subject, record)?,
            NodeKind::User => self.spn_targets(&subject, record)?,
            NodeKind::Computer => self.host(&subject, record)?,
            NodeKind::Domain => {
                self.links_and_changes(&subject, record)?;
                self.trusts(&subject, record)?;
            }
            NodeKind::Ou => self.links_and_changes(&subject, record)?,
            NodeKind::EnterpriseCa => self.enterprise_ca(&subject, record)?,
            _ => {}
        }
        self.output.end_of_record();
        Ok(())
    }

    /// Where rows of a facet go. A facet that the collection methods leave out is covered for this subject
    /// alone.
    pub(super) fn place<'r>(&mut self, subject: &Subject<'r>, slot: Slot) -> Result<Place<'r>, IngestError> {
        let at = Place {
            cell: self.cells.cell(subject.boundary, slot),
            subject: subject.end.id,
        };
        if !subject.is_well_known && self.cells.is_beside_methods(slot) {
            self.output.covered(at)?;
        }
        Ok(at)
    }

    /// Writes a relation from or to each of a list of principals; those without an id are passed over.
    pub(super) fn each_principal(
        &mut self,
        at: Place<'_>,
        principals: &[Principal<'_>],
        kind: RelationKind,
        properties: &str,
        ends: impl for<'e> Fn(End<'e>) -> (Option<End<'e>>, Option<End<'e>>),
        object: End<'_>,
    ) -> Result<(), IngestError> {
        for principal in principals {
            let id = upper(&principal.id);
            if id.is_empty() {
                continue;
            }
            let (source, target) = ends(End {
                id: &id,
                kind: kind_of(&principal.kind),
            });
            self.output
                .relation(at, source.unwrap_or(object), target.unwrap_or(object), kind, properties)?;
        }
        Ok(())
    }

    fn properties(
        &mut self,
        subject: &Subject<'_>,
        record: &Record<'_>,
        told: &ObjectProperties<'_>,
    ) -> Result<(), IngestError> {
        if told.has_attributes {
            self.cells.mark_attributes();
        }
        let at = Place {
            cell: self.cells.cell(subject.boundary, Slot::Properties),
            subject: subject.end.id,
        };
        let kind = subject.end.kind;
        let mut ldap = Properties::new();
        let mut json: Cow<'_, str> = match kind {
            NodeKind::Domain => Cow::Owned(rewritten(told.json, normal_domain_property)),
            NodeKind::Computer if told.has_ldap_keys => {
                let (others, apart) = parted_by_ldap(told.json);
                ldap = apart;
                Cow::Owned(others)
            }
            _ => Cow::Borrowed(told.json),
        };

        let mut added = Properties::new();
        if let (NodeKind::Computer, Some(is_dc), None) = (kind, record.is_dc.0, told.is_dc.0) {
            added.flag("isdc", is_dc);
        }
        if let (Some(is_protected), false) = (record.is_acl_protected.0, told.has_acl_protected)
            && (self.cells.is_looked_at(Slot::Acl) || !record.aces.is_empty())
        {
            added.flag("isaclprotected", is_protected);
        }
        if told.domain_sid.is_empty() && !record.domain_sid.is_empty() {
            added.text("domainsid", &upper(&record.domain_sid));
        }
        if let (Some(is_unconstrained), None) = (record.unconstrained_delegation.0, told.unconstrained_delegation.0) {
            added.flag("unconstraineddelegation", is_unconstrained);
        }
        if let (Some(hashes), false) = (record.inheritance_hashes.0, told.has_inheritance_hashes) {
            added.raw("inheritancehashes", hashes);
        }
        if !record.group_link.id.is_empty() && !told.has_group_link {
            added.text("grouplinkid", &upper(&record.group_link.id));
        }
        if !added.is_empty() {
            let mut all = Properties::after(&json);
            all.append(added);
            json = Cow::Owned(all.finish());
        }
        self.output.object(at, subject.end, &told.name, &json)?;
        self.host_answer(subject, Slot::Ldap, ldap)
    }

    /// Relations that are told by an object's own attributes. They stand in the cell of its properties.
    fn directory_relations(
        &mut self,
        subject: &Subject<'_>,
        record: &Record<'_>,
        told: &ObjectProperties<'_>,
    ) -> Result<(), IngestError> {
        let at = Place {
            cell: self.cells.cell(subject.boundary, Slot::Properties),
            subject: subject.end.id,
        };
        let object = subject.end;
        let lists = [
            (RelationKind::AllowedToDelegate, &record.allowed_to_delegate),
            (RelationKind::HasSidHistory, &record.sid_history),
            (RelationKind::DumpSmsaPassword, &record.dump_smsa_password),
        ];
        for (kind, principals) in lists {
            self.each_principal(at, principals, kind, "", |end| (None, Some(end)), object)?;
        }
        self.each_principal(
            at,
            &record.allowed_to_act,
            RelationKind::AllowedToAct,
            "",
            |end| (Some(end), None),
            object,
        )?;

        let domain = upper(&record.domain_sid);
        let to_domain = End {
            id: &domain,
            kind: NodeKind::Domain,
        };
        match object.kind {
            NodeKind::User | NodeKind::Computer => {
                if !domain.is_empty() {
                    self.output
                        .relation(at, to_domain, object, RelationKind::ContainsIdentity, "")?;
                }
                let is_dc = record.is_dc.is_true() || told.is_dc.is_true();
                if record.is_dc.is_true() && !domain.is_empty() {
                    self.output.relation(at, object, to_domain, RelationKind::DcFor, "")?;
                }
                let is_unconstrained = told.unconstrained_delegation.0.or(record.unconstrained_delegation.0);
                let domain_sid = if told.domain_sid.is_empty() {
                    domain
                } else {
                    upper(&told.domain_sid)
                };
                // A domain controller's own delegation is no way into the domain: it is the domain.
                if is_unconstrained == Some(true) && !is_dc && !domain_sid.is_empty() {
                    let to_domain = End {
                        id: &domain_sid,
                        kind: NodeKind::Domain,
                    };
                    self.output
                        .relation(at, object, to_domain, RelationKind::CoerceToTgt, "")?;
                }
            }
            NodeKind::RootCa | NodeKind::NtAuthStore if !domain.is_empty() => {
                let kind = match object.kind {
                    NodeKind::RootCa => RelationKind::RootCaFor,
                    _ => RelationKind::NtAuthStoreFor,
                };
                let at = self.place(subject, Slot::CertServices)?;
                self.output.relation(at, object, to_domain, kind, "")?;
            }
            NodeKind::IssuancePolicy if !record.group_link.id.is_empty() => {
                let at = self.place(subject, Slot::CertServices)?;
                let group = std::slice::from_ref(&record.group_link);
                self.each_principal(
                    at,
                    group,
                    RelationKind::OidGroupLink,
                    "",
                    |end| (None, Some(end)),
                    object,
                )?;
            }
            _ => {}
        }

        if matches!(object.kind, NodeKind::User | NodeKind::Computer) && !record.primary_group.is_empty() {
            let group = upper(&record.primary_group);
            let at = self.place(subject, Slot::Members)?;
            let group = End {
                id: &group,
                kind: NodeKind::Group,
            };
            self.output
                .relation(at, object, group, RelationKind::MemberOf, r#"{"isprimarygroup":true}"#)?;
        }
        Ok(())
    }

    fn containment(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        let container = upper(&record.contained_by.id);
        if container.is_empty() && record.child_objects.is_empty() {
            return Ok(());
        }
        let at = self.place(subject, Slot::Containment)?;
        if !container.is_empty() {
            let container = End {
                id: &container,
                kind: kind_of(&record.contained_by.kind),
            };
            self.output
                .relation(at, container, subject.end, RelationKind::Contains, "")?;
            // Whether an object takes over its container's entries is a part of its access control list.
            let is_acl_known = self.cells.is_looked_at(Slot::Acl) || !record.aces.is_empty();
            if is_acl_known && !record.is_acl_protected.is_true() {
                let at = self.place(subject, Slot::Acl)?;
                self.output
                    .relation(at, container, subject.end, RelationKind::PropagatesAcesTo, "")?;
            }
        }
        self.each_principal(
            at,
            &record.child_objects,
            RelationKind::Contains,
            "",
            |end| (None, Some(end)),
            subject.end,
        )
    }

    fn members(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        if record.members.is_empty() {
            return Ok(());
        }
        let at = self.place(subject, Slot::Members)?;
        for member in record.members.iter() {
            // A member that the collector could not look up is given by its distinguished name, as it stands.
            let id = if member.id.starts_with("DN=") {
                Cow::Borrowed(&*member.id)
            } else {
                upper(&member.id)
            };
            if !id.is_empty() {
                let member = End {
                    id: &id,
                    kind: kind_of(&member.kind),
                };
                self.output
                    .relation(at, member, subject.end, RelationKind::MemberOf, "")?;
            }
        }
        Ok(())
    }

    fn spn_targets(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        if record.spn_targets.is_empty() {
            return Ok(());
        }
        let at = self.place(subject, Slot::SpnTargets)?;
        for target in record.spn_targets.iter() {
            let computer = upper(&target.computer);
            if computer.is_empty() {
                continue;
            }
            if RelationKind::parse(&target.service) != Some(RelationKind::SqlAdmin) {
                self.unknown_right(&target.service);
                continue;
            }
            let properties = target
                .port
                .0
                .map_or(String::new(), |port| format!("{{\"port\":{port}}}"));
            let computer = End {
                id: &computer,
                kind: NodeKind::Computer,
            };
            self.output
                .relation(at, subject.end, computer, RelationKind::SqlAdmin, &properties)?;
        }
        Ok(())
    }

    /// Policies linked to a domain or organisational unit, and the local groups that they change.
    fn links_and_changes(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        if !record.links.is_empty() {
            let at = self.place(subject, Slot::GpoLinks)?;
            for link in record.links.iter() {
                let id = upper(&link.id);
                if !id.is_empty() {
                    let properties = format!("{{\"enforced\":{}}}", link.is_enforced.is_true());
                    let policy = End {
                        id: &id,
                        kind: NodeKind::Gpo,
                    };
                    self.output
                        .relation(at, policy, subject.end, RelationKind::GpLink, &properties)?;
                }
            }
        }

        let changes = &record.gpo_changes;
        let groups = [
            ("544", &changes.local_admins),
            ("555", &changes.remote_desktop_users),
            ("562", &changes.dcom_users),
            ("580", &changes.ps_remote_users),
        ];
        if changes.affected_computers.is_empty() || groups.iter().all(|(_, members)| members.is_empty()) {
            return Ok(());
        }
        let members: usize = groups.iter().map(|(_, members)| members.len() + 1).sum();
        if self.is_product_too_large(changes.affected_computers.len(), members) {
            return Ok(());
        }
        let at = self.place(subject, Slot::GpoChanges)?;
        for computer in changes.affected_computers.iter() {
            let computer = upper(&computer.id);
            if computer.is_empty() {
                continue;
            }
            for (rid, members) in groups.into_iter().filter(|(_, members)| !members.is_empty()) {
                let group = format!("{computer}-{rid}");
                let group = End {
                    id: &group,
                    kind: NodeKind::LocalGroup,
                };
                let computer = End {
                    id: &computer,
                    kind: NodeKind::Computer,
                };
                self.output
                    .relation(at, group, computer, RelationKind::LocalToComputer, "")?;
                let kind = RelationKind::MemberOfLocalGroup;
                self.each_principal(at, members, kind, "", |end| (Some(end), None), group)?;
            }
        }
        Ok(())
    }

    /// Whether each of one list with each of another would be too much; what they say is rejected then.
    fn is_product_too_large(&mut self, one: usize, other: usize) -> bool {
        let is_too_large = one.saturating_mul(other) > PRODUCT_MAX;
        if is_too_large {
            self.output.reject(
                self.position,
                format_args!(
                    "{one} entries with {other} each are more than {PRODUCT_MAX} relations; those of them are left out"
                ),
            );
        }
        is_too_large
    }

    fn trusts(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        // Format 3 leaves the list out where trusts were not looked at. Others have an empty one.
        let is_looked_at = self.domains.is_some() && record.trusts.is_told;
        if record.trusts.value.is_empty() && !is_looked_at {
            return Ok(());
        }
        let at = self.place(subject, Slot::Trusts)?;
        for trust in record.trusts.value.iter() {
            let target = upper(&trust.target);
            if target.is_empty() {
                continue;
            }
            if let TrustDirection::Other(_) = trust.direction {
                let direction = shown(trust.direction.as_str());
                self.output.reject(
                    self.position,
                    format_args!(
                        "the trust with {} has the unknown direction `{direction}`",
                        shown(&target)
                    ),
                );
            }
            let other = End {
                id: &target,
                kind: NodeKind::Domain,
            };
            self.output.object(at, other, &trust.target_name, "")?;
            self.trust(at, subject.end, other, trust)?;
        }
        Ok(())
    }

    /// An edge of a trust points from the trusting domain's resources to where they are open to: from the
    /// domain that trusts to the one that is trusted.
    fn trust(&mut self, at: Place<'_>, own: End<'_>, other: End<'_>, trust: &Trust<'_>) -> Result<(), IngestError> {
        let is_cross_forest = !trust.kind.is_same_forest();
        let kind = if is_cross_forest {
            RelationKind::CrossForestTrust
        } else {
            RelationKind::SameForestTrust
        };
        let common = || {
            let mut properties = Properties::new();
            properties.text("trusttype", trust.kind.as_str());
            properties.flag("transitive", trust.is_transitive.is_true());
            properties
        };
        let abuse = {
            let mut properties = Properties::new();
            properties.text("trusttype", trust.kind.as_str());
            properties.finish()
        };
        if matches!(trust.direction, TrustDirection::Inbound | TrustDirection::Bidirectional) {
            let mut properties = common();
            if let Some(attributes) = trust.attributes.0 {
                properties.number("trustattributesinbound", attributes);
                // Collectors began to tell of delegation when they began to tell the attributes.
                properties.flag("tgtdelegation", trust.is_tgt_delegation.is_true());
            }
            self.output.relation(at, other, own, kind, &properties.finish())?;
            if is_cross_forest && trust.is_tgt_delegation.is_true() {
                self.output
                    .relation(at, other, own, RelationKind::AbuseTgtDelegation, &abuse)?;
            }
        }
        if matches!(
            trust.direction,
            TrustDirection::Outbound | TrustDirection::Bidirectional
        ) {
            let mut properties = common();
            properties.flag("spoofsidhistoryblocked", trust.is_sid_filtering.is_true());
            if let Some(attributes) = trust.attributes.0 {
                properties.number("trustattributesoutbound", attributes);
            }
            self.output.relation(at, own, other, kind, &properties.finish())?;
            if is_cross_forest && !trust.is_sid_filtering.is_true() {
                self.output
                    .relation(at, other, own, RelationKind::SpoofSidHistory, &abuse)?;
            }
        }
        Ok(())
    }

    fn enterprise_ca(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        let host = upper(&record.hosting_computer);
        if !host.is_empty() || !record.enabled_templates.is_empty() {
            let at = self.place(subject, Slot::CertServices)?;
            let templates = record.enabled_templates.iter().map(|template| upper(&template.id));
            for id in templates.filter(|id| !id.is_empty()) {
                let template = End {
                    id: &id,
                    kind: NodeKind::CertTemplate,
                };
                self.output
                    .relation(at, template, subject.end, RelationKind::PublishedTo, "")?;
            }
            if !host.is_empty() {
                let host = End {
                    id: &host,
                    kind: NodeKind::Computer,
                };
                self.output
                    .relation(at, host, subject.end, RelationKind::HostsCaService, "")?;
            }
        }
        self.ca_registry(subject, record)?;
        self.ca_endpoints(subject, record)
    }

    /// What the CA's own registry says: its access control list, restrictions and switches.
    fn ca_registry(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        let registry = &record.ca_registry;
        let restrictions = &registry.agent_restrictions;
        let is_any_collected = registry.security.is_collected.is_true()
            || restrictions.is_collected.is_true()
            || registry.is_user_specifies_san.is_collected.is_true()
            || registry.role_separation.is_collected.is_true()
            || registry.disabled_extensions.is_collected.is_true()
            || registry.rpc_encryption.is_collected.is_true();
        if !is_any_collected {
            return Ok(());
        }
        let at = self.place(subject, Slot::CaRegistry)?;
        self.output.covered(at)?;
        let mut properties = Properties::new();
        if restrictions.is_collected.is_true() {
            properties.flag("hasenrollmentagentrestrictions", !restrictions.restrictions.is_empty());
            let (listed, templates) = (restrictions.restrictions.len(), record.enabled_templates.len());
            let is_too_large = self.is_product_too_large(listed, templates);
            for restriction in restrictions.restrictions.iter().filter(|_| !is_too_large) {
                if !restriction.access_type.eq_ignore_ascii_case(ACCESS_ALLOWED) {
                    continue;
                }
                let templates = if restriction.is_all_templates.is_true() {
                    &*record.enabled_templates
                } else {
                    std::slice::from_ref(&restriction.template)
                };
                for template in templates
                    .iter()
                    .map(|template| upper(&template.id))
                    .filter(|id| !id.is_empty())
                {
                    let template = End {
                        id: &template,
                        kind: NodeKind::CertTemplate,
                    };
                    let agent = std::slice::from_ref(&restriction.agent);
                    let kind = RelationKind::DelegatedEnrollmentAgent;
                    self.each_principal(at, agent, kind, "", |end| (Some(end), None), template)?;
                }
            }
        }
        for (key, value) in [
            ("isuserspecifiessanenabled", &registry.is_user_specifies_san),
            ("roleseparationenabled", &registry.role_separation),
            ("rpcencryptionenforced", &registry.rpc_encryption),
        ] {
            if let (true, Some(flag)) = (value.is_collected.is_true(), value.value.0) {
                properties.flag(key, flag);
            }
        }
        if registry.disabled_extensions.is_collected.is_true() {
            let extensions = registry.disabled_extensions.value.iter().map(|it| &**it);
            properties.texts("disabledextensions", extensions);
        }
        // What stands here was collected, whatever a later look at the directory alone says of that.
        properties.flag("caregistrycollected", true);
        if registry.security.is_collected.is_true() {
            // Beside the collector's own `casecuritycollected`, which a later look at the directory alone takes back.
            properties.flag("calistcollected", true);
        }
        self.output.object(at, subject.end, "", &properties.finish())?;
        if registry.security.is_collected.is_true() {
            self.ca_security(at, subject, &registry.security.data)?;
        }
        Ok(())
    }

    /// Web enrolment: open to relay over HTTP, and over HTTPS without channel binding.
    fn ca_endpoints(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        let answers: Vec<_> = record
            .endpoints
            .iter()
            .filter(|it| it.is_collected.is_true())
            .map(|it| &it.result)
            .collect();
        if answers.is_empty() {
            return Ok(());
        }
        let at = self.place(subject, Slot::HostSettings)?;
        self.output.covered(at)?;
        let http: Vec<_> = answers
            .iter()
            .filter(|it| it.is_http.is_true())
            .map(|it| &*it.url)
            .collect();
        let https: Vec<_> = answers
            .iter()
            .filter(|it| it.is_https.is_true() && !it.is_epa.is_true())
            .map(|it| &*it.url)
            .collect();
        let mut properties = Properties::new();
        properties.flag("hasvulnerableendpoint", !http.is_empty() || !https.is_empty());
        if !http.is_empty() {
            properties.texts("httpenrollmentendpoints", http);
        }
        if !https.is_empty() {
            properties.texts("httpsenrollmentendpoints", https);
        }
        self.output.object(at, subject.end, "", &properties.finish())?;
        Ok(())
    }

    /// Whether a local group's row is kept, and whether its name is one.
    pub(super) fn is_kept_group(name: &str, is_empty: bool) -> bool {
        !is_empty
            || name
                .get(..DIRECT_ACCESS_USERS.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(DIRECT_ACCESS_USERS))
    }

    pub(super) fn is_name(name: &str) -> bool {
        !name.is_empty() && name != IGNORED_NAME
    }
}

/// Writes properties anew, each key and value as `change` gives them back.
fn rewritten(json: &str, change: impl Fn(&str, &str) -> (Option<&'static str>, Option<String>)) -> String {
    let mut properties = Properties::new();
    let outcome = Cursor::new(json).each_field(|cursor, key| {
        let value = cursor.skip()?;
        let (new_key, new_value) = change(key, value);
        properties.raw_key(
            &json_text(new_key.unwrap_or(key)),
            new_value.as_deref().unwrap_or(value),
        );
        Ok(())
    });
    debug_assert_eq!(outcome, Ok(()), "these properties have been read before");
    properties.finish()
}

/// Numbers and flags of a domain that collectors write as text.
fn normal_domain_property(key: &str, value: &str) -> (Option<&'static str>, Option<String>) {
    const NUMBERS: [&str; 5] = [
        "machineaccountquota",
        "minpwdlength",
        "pwdproperties",
        "pwdhistorylength",
        "lockoutthreshold",
    ];
    let text = || serde_json::from_str::<String>(value).ok();
    let value = if NUMBERS.iter().any(|number| number.eq_ignore_ascii_case(key)) {
        text()
            .and_then(|text| text.trim().parse::<i64>().ok())
            .map(|number| number.to_string())
    } else if key.eq_ignore_ascii_case("expirepasswordsonsmartcardonlyaccounts") {
        text()
            .and_then(|text| flag_of_text(text.trim()))
            .map(|flag| flag.to_string())
    } else {
        None
    };
    (None, value)
}

/// Properties of a computer without what it asks of LDAP, and that.
fn parted_by_ldap(json: &str) -> (String, Properties) {
    let (mut others, mut ldap) = (Properties::new(), Properties::new());
    let outcome = Cursor::new(json).each_field(|cursor, key| {
        let value = cursor.skip()?;
        match ldap_key(key) {
            // Nothing was found out then.
            Some(_) if value == "null" => {}
            Some(name) => ldap.raw(name, value),
            None => others.raw_key(&json_text(key), value),
        }
        Ok(())
    });
    debug_assert_eq!(outcome, Ok(()), "these properties have been read before");
    (others.finish(), ldap)
}
