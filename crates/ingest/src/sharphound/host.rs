//! What a computer itself answered: sessions, local groups, user rights, settings. A computer that did not
//! answer is not covered.

use postern_model::{NodeKind, RelationKind};

use super::cells::Slot;
use super::output::{End, Place, Properties, upper};
use super::shape::{DcRegistry, LocalName, NtlmRegistry, Record, Sessions};
use super::{Reader, Subject};
use crate::IngestError;

/// The privilege to log on by remote desktop.
const REMOTE_LOGON: &str = "SeRemoteInteractiveLogonRight";

/// A registry value that is not there.
const NOT_SET: i64 = -1;

impl Reader<'_> {
    pub(super) fn host(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        self.host_sessions(subject, Slot::Sessions, &record.sessions)?;
        self.host_sessions(subject, Slot::PrivilegedSessions, &record.privileged_sessions)?;
        self.host_sessions(subject, Slot::RegistrySessions, &record.registry_sessions)?;
        self.local_groups(subject, record)?;
        self.user_rights(subject, record)?;
        self.host_settings(subject, record)
    }

    fn host_sessions(&mut self, subject: &Subject<'_>, slot: Slot, sessions: &Sessions<'_>) -> Result<(), IngestError> {
        if !sessions.is_collected.is_true() {
            return Ok(());
        }
        let at = self.place(subject, slot)?;
        self.output.covered(at)?;
        for session in sessions.results.iter() {
            let (computer, user) = (upper(&session.computer), upper(&session.user));
            if !computer.is_empty() && !user.is_empty() {
                let computer = End {
                    id: &computer,
                    kind: NodeKind::Computer,
                };
                let user = End {
                    id: &user,
                    kind: NodeKind::User,
                };
                self.output.relation(at, computer, user, RelationKind::HasSession, "")?;
            }
        }
        Ok(())
    }

    fn local_groups(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        if !record.local_groups.iter().any(|group| group.is_collected.is_true()) {
            return Ok(());
        }
        let at = self.place(subject, Slot::LocalGroups)?;
        self.output.covered(at)?;
        for group in record.local_groups.iter().filter(|group| group.is_collected.is_true()) {
            let id = upper(&group.id);
            if id.is_empty() || !Self::is_kept_group(&group.name, group.results.is_empty()) {
                continue;
            }
            let end = End {
                id: &id,
                kind: NodeKind::LocalGroup,
            };
            if Self::is_name(&group.name) {
                self.output.object(at, end, &group.name, "")?;
            }
            self.output
                .relation(at, end, subject.end, RelationKind::LocalToComputer, "")?;
            let kind = RelationKind::MemberOfLocalGroup;
            self.each_principal(at, &group.results, kind, "", |member| (Some(member), None), end)?;
            self.local_names(at, &group.local_names)?;
        }
        Ok(())
    }

    fn user_rights(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        if !record.user_rights.iter().any(|right| right.is_collected.is_true()) {
            return Ok(());
        }
        let at = self.place(subject, Slot::UserRights)?;
        self.output.covered(at)?;
        let mut has_remote_logon = false;
        for right in record.user_rights.iter().filter(|right| right.is_collected.is_true()) {
            if right.privilege.eq_ignore_ascii_case(REMOTE_LOGON) && !right.results.is_empty() {
                has_remote_logon = true;
                let kind = RelationKind::RemoteInteractiveLogonRight;
                self.each_principal(at, &right.results, kind, "", |holder| (Some(holder), None), subject.end)?;
            }
            self.local_names(at, &right.local_names)?;
        }
        if has_remote_logon {
            self.output.object(at, subject.end, "", r#"{"hasura":true}"#)?;
        }
        Ok(())
    }

    fn local_names(&mut self, at: Place<'_>, names: &[LocalName<'_>]) -> Result<(), IngestError> {
        for name in names {
            let id = upper(&name.id);
            if !id.is_empty() && !name.name.is_empty() {
                self.output.object(
                    at,
                    End {
                        id: &id,
                        kind: NodeKind::Base,
                    },
                    &name.name,
                    "",
                )?;
            }
        }
        Ok(())
    }

    /// What a computer answers apart, each in a facet of its own: who asks for one of them today keeps the others.
    fn host_settings(&mut self, subject: &Subject<'_>, record: &Record<'_>) -> Result<(), IngestError> {
        let [mut web_client, mut smb, mut registry, mut controller] = [(); 4].map(|()| Properties::new());
        if let (true, Some(is_running)) = (record.web_client.is_collected.is_true(), record.web_client.result.0) {
            web_client.flag("webclientrunning", is_running);
        }
        let answer = &record.smb_info;
        if let (true, Some(is_signing)) = (
            answer.is_collected.is_true(),
            answer.result.signing_enabled.0.or(answer.signing_enabled.0),
        ) {
            smb.flag("smbsigning", is_signing);
        }
        ntlm(&record.ntlm_registry, &mut registry);
        dc_registry(&record.dc_registry, &mut controller);
        for (slot, properties) in [
            (Slot::WebClient, web_client),
            (Slot::Smb, smb),
            (Slot::Ntlm, registry),
            (Slot::DcRegistry, controller),
        ] {
            self.host_answer(subject, slot, properties)?;
        }
        Ok(())
    }

    /// A row of what a computer answered, if it answered anything.
    pub(super) fn host_answer(
        &mut self,
        subject: &Subject<'_>,
        slot: Slot,
        properties: Properties,
    ) -> Result<(), IngestError> {
        if properties.is_empty() {
            return Ok(());
        }
        let at = self.place(subject, slot)?;
        self.output.covered(at)?;
        self.output.object(at, subject.end, "", &properties.finish())?;
        Ok(())
    }
}

/// Values 0, 1 and 2 of the two restrictions allow, audit and deny.
fn ntlm(registry: &NtlmRegistry<'_>, properties: &mut Properties) {
    const DENY: i64 = 2;
    if !registry.is_collected.is_true() {
        return;
    }
    let values = &registry.result;
    // Windows sends NTLM where nothing forbids it, so an unset value is an answer.
    properties.flag("restrictoutboundntlm", values.restrict_sending.0 == Some(DENY));
    if values.restrict_sending.0.is_none() {
        properties.flag("restrictoutboundntlmisdefault", true);
    }
    if let Some(restriction) = values.restrict_receiving.0 {
        properties.flag("restrictreceivingntlmtraffic", restriction == DENY);
    }
    for (key, value) in [
        ("requiresecuritysignature", values.require_signature),
        ("enablesecuritysignature", values.enable_signature),
        ("usemachineid", values.use_machine_id),
    ] {
        if let Some(value) = value.0 {
            properties.flag(key, value != 0);
        }
    }
    for (key, value) in [
        ("ntlmminclientsec", values.min_client_sec),
        ("ntlmminserversec", values.min_server_sec),
        ("lmcompatibilitylevel", values.compatibility_level),
    ] {
        if let Some(value) = value.0 {
            properties.number(key, value);
        }
    }
    if let Some(servers) = values.allowed_servers.0 {
        properties.raw("clientallowedntlmservers", servers);
    }
}

/// How a domain controller maps certificates to accounts. Beside the numbers stand their meanings.
fn dc_registry(registry: &DcRegistry<'_>, properties: &mut Properties) {
    const UNSET: &str = "Registry value does not exist";
    let mapping = &registry.certificate_mapping;
    if let (true, Some(value)) = (mapping.is_collected.is_true(), mapping.value.0) {
        properties.number("certificatemappingmethodsraw", value);
        let methods = [
            (0x01, "0x01: One-to-one (subject/issuer)"),
            (0x02, "0x02: Many-to-one (issuer certificate)"),
            (0x04, "0x04: User principal name (UPN/SAN)"),
            (0x08, "0x08: Kerberos service-for-user (S4U) certificate"),
            (0x10, "0x10: Kerberos service-for-user (S4U) explicit certificate"),
        ];
        if value == NOT_SET {
            properties.texts("certificatemappingmethods", [UNSET]);
        } else {
            let set = methods
                .iter()
                .filter(|(bit, _)| value & bit != 0)
                .map(|(_, text)| *text);
            properties.texts("certificatemappingmethods", set);
        }
    }
    let binding = &registry.strong_binding;
    if let (true, Some(value)) = (binding.is_collected.is_true(), binding.value.0) {
        properties.number("strongcertificatebindingenforcementraw", value);
        let meaning = match value {
            NOT_SET => Some(UNSET),
            0 => Some("Disabled"),
            1 => Some("Compatibility mode"),
            2 => Some("Full enforcement mode"),
            _ => None,
        };
        if let Some(meaning) = meaning {
            properties.text("strongcertificatebindingenforcement", meaning);
        }
    }
    let netlogon = &registry.vulnerable_netlogon;
    if netlogon.is_collected.is_true() && !netlogon.value.is_empty() {
        properties.text("vulnerablenetlogonsecuritydescriptor", &netlogon.value);
    }
}
