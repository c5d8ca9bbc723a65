//! What an observation covers: the unit in which a newer import may replace an older one (DESIGN 3.1).

use serde::{Deserialize, Serialize};

use crate::kind::NodeKind;

/// (boundary, object class, facet). Two snapshots compete only inside one cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// Domain SID, tenant id, scanned site. Empty when the content does not tell.
    pub boundary: String,
    pub class: ObjectClass,
    pub facet: Facet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectClass {
    Users,
    Computers,
    Groups,
    Domains,
    Ous,
    Containers,
    Gpos,
    /// Each kind of certificate-service object is collected into a file of its own, so each is a class of
    /// its own: one of them must not replace another.
    CertTemplates,
    EnterpriseCas,
    RootCas,
    AiaCas,
    NtAuthStores,
    IssuancePolicies,
    Hosts,
    Segments,
    /// Objects named as deleted; their class is not told.
    Deleted,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Facet {
    /// That the object exists, and its attributes.
    Properties,
    Acl,
    Containment,
    /// Group members and primary groups.
    Members,
    Trusts,
    GpoLinks,
    /// Local group changes that group policy makes.
    GpoChanges,
    SpnTargets,
    Sessions,
    PrivilegedSessions,
    RegistrySessions,
    LocalGroups,
    UserRights,
    /// Registry and service answers of a host: signing, NTLM, web client, DC and CA registry.
    HostSettings,
    CaRegistry,
    CertServices,
    /// Objects reported as deleted.
    Tombstones,
    Ports,
    /// Results of one plugin family of a scanner; credentialed and not are apart.
    Plugins {
        family: String,
        credentialed: bool,
    },
    Network,
}

impl Facet {
    /// Sampled facets are a union over a window: not seeing a session again is no proof of its end.
    pub fn is_sampled(&self) -> bool {
        matches!(self, Self::Sessions | Self::PrivilegedSessions | Self::RegistrySessions)
    }
}

impl Cell {
    pub fn new(boundary: impl Into<String>, class: ObjectClass, facet: Facet) -> Self {
        Self {
            boundary: boundary.into(),
            class,
            facet,
        }
    }
}

impl ObjectClass {
    /// The class of objects of a kind; `None` for kinds that no collector lists as such.
    pub fn of(kind: NodeKind) -> Option<Self> {
        Some(match kind {
            NodeKind::User => Self::Users,
            NodeKind::Computer => Self::Computers,
            NodeKind::Group => Self::Groups,
            NodeKind::Domain => Self::Domains,
            NodeKind::Ou => Self::Ous,
            NodeKind::Container => Self::Containers,
            NodeKind::Gpo => Self::Gpos,
            NodeKind::AiaCa => Self::AiaCas,
            NodeKind::RootCa => Self::RootCas,
            NodeKind::EnterpriseCa => Self::EnterpriseCas,
            NodeKind::NtAuthStore => Self::NtAuthStores,
            NodeKind::CertTemplate => Self::CertTemplates,
            NodeKind::IssuancePolicy => Self::IssuancePolicies,
            NodeKind::Host => Self::Hosts,
            NodeKind::NetworkSegment | NodeKind::Internet => Self::Segments,
            _ => return None,
        })
    }
}

impl std::fmt::Display for ObjectClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Users => "users",
            Self::Computers => "computers",
            Self::Groups => "groups",
            Self::Domains => "domains",
            Self::Ous => "organisational units",
            Self::Containers => "containers",
            Self::Gpos => "group policies",
            Self::CertTemplates => "certificate templates",
            Self::EnterpriseCas => "enterprise CAs",
            Self::RootCas => "root CAs",
            Self::AiaCas => "AIA CAs",
            Self::NtAuthStores => "NTAuth stores",
            Self::IssuancePolicies => "issuance policies",
            Self::Hosts => "hosts",
            Self::Segments => "network segments",
            Self::Deleted => "deleted objects",
        })
    }
}

impl std::fmt::Display for Facet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Properties => "properties",
            Self::Acl => "access control lists",
            Self::Containment => "containment",
            Self::Members => "members",
            Self::Trusts => "trusts",
            Self::GpoLinks => "policy links",
            Self::GpoChanges => "policy changes",
            Self::SpnTargets => "service targets",
            Self::Sessions => "sessions",
            Self::PrivilegedSessions => "privileged sessions",
            Self::RegistrySessions => "registry sessions",
            Self::LocalGroups => "local groups",
            Self::UserRights => "user rights",
            Self::HostSettings => "host settings",
            Self::CaRegistry => "CA registry",
            Self::CertServices => "certificate services",
            Self::Tombstones => "deletions",
            Self::Ports => "open ports",
            Self::Network => "network",
            Self::Plugins { family, credentialed } => {
                return write!(
                    f,
                    "{family} ({})",
                    if *credentialed {
                        "credentialed"
                    } else {
                        "not credentialed"
                    }
                );
            }
        })
    }
}
