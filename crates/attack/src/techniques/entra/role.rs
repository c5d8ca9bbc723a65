//! Roles of the directory: their templates, and those of the tenants at hand.

use postern_model::NodeKind;
use postern_model::estate::{Node, NodeIndex};

use crate::fact::Fact;
use crate::view::View;

// Templates of roles, which are the same in every tenant. Source: Microsoft, "Microsoft Entra built-in roles".
pub const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
pub const AUTHENTICATION_ADMINISTRATOR: &str = "c4e39bd9-1100-46d3-8c65-fb160da0071f";
pub const CLOUD_APPLICATION_ADMINISTRATOR: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";
pub const DIRECTORY_READERS: &str = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";
pub const DIRECTORY_SYNCHRONIZATION_ACCOUNTS: &str = "d29b2b05-8046-44ba-8758-1e26182fcf32";
pub const DIRECTORY_WRITERS: &str = "9360feb5-f418-4baa-8175-e2a00bac4301";
pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
pub const GROUPS_ADMINISTRATOR: &str = "fdd7a751-b60b-444a-984c-02652fe8fa1c";
pub const GUEST_INVITER: &str = "95e79109-95c0-4d8e-aee3-d01accf2d47b";
pub const HELPDESK_ADMINISTRATOR: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
pub const IDENTITY_GOVERNANCE_ADMINISTRATOR: &str = "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e";
pub const INTUNE_ADMINISTRATOR: &str = "3a2c62db-5318-420d-8d74-23affee5d9d5";
pub const KNOWLEDGE_ADMINISTRATOR: &str = "b5a8dcf3-09d5-43a9-a639-8e29ef291470";
pub const KNOWLEDGE_MANAGER: &str = "744ec460-397e-42ad-a462-8b3f9747a02c";
pub const MESSAGE_CENTER_READER: &str = "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b";
pub const PARTNER_TIER1_SUPPORT: &str = "4ba39ca4-527c-499a-b93d-d9b492c50246";
pub const PARTNER_TIER2_SUPPORT: &str = "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8";
pub const PASSWORD_ADMINISTRATOR: &str = "966707d0-3269-4727-9be2-8c3a10f19b9d";
pub const PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: &str = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13";
pub const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
pub const REPORTS_READER: &str = "4a5d8f65-41da-4de4-8968-e035b65339cf";
pub const USAGE_SUMMARY_REPORTS_READER: &str = "75934031-6c7e-415a-99d7-48dbd49e875e";
pub const USER_ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";

/// A role of a tenant.
pub struct Role<'v> {
    pub index: NodeIndex,
    pub node: &'v Node,
    /// The id that it has in every tenant, in lower case.
    pub template: String,
}

impl Role<'_> {
    pub fn is_one_of(&self, templates: &[&str]) -> bool {
        templates.contains(&self.template.as_str())
    }

    /// Why the role may do something.
    pub fn fact(&self) -> Fact {
        Fact::BuiltIn {
            text: format!("this is what the role {} may do", self.node.name).into(),
        }
    }
}

/// The roles of all tenants, whoever holds them: who holds none may grant themselves one.
pub fn all<'v>(view: &View<'v>) -> Vec<Role<'v>> {
    let role = |(index, node): (NodeIndex, &'v Node)| {
        let template = node.role_template()?;
        Some(Role { index, node, template })
    };
    view.assets(NodeKind::AzRole).filter_map(role).collect()
}
