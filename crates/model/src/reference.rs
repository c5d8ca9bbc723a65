//! The end of a relation that a file names not by its id, but by what its node is like.
//!
//! It stands in the columns `source` and `target` in place of an id: [`REFERENCE_PREFIX`], and a [`Reference`] as JSON.
//! Which object it is can be told only when all files are at hand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// No id begins so.
pub const REFERENCE_PREFIX: &str = "MATCH=";

/// Stands for the tenant that a file is of, where the file does not say which that is; see [`in_tenant`].
pub const TENANT: &str = "MATCH=@";

/// Stands for a role of the tenant that a file is of, by the template of the role; see [`in_tenant`].
pub fn role_of_tenant(template: &str) -> String {
    format!("{REFERENCE_PREFIX}{template}@")
}

/// The id that an end, or an object, has in a tenant: that of [`TENANT`] and of [`role_of_tenant`] is made here, any
/// other is given back. `None` where the tenant is not known.
pub fn in_tenant<'t>(id: &'t str, tenant: &'t str) -> Option<Cow<'t, str>> {
    let local = id.strip_prefix(REFERENCE_PREFIX).and_then(|it| it.strip_suffix('@'));
    match local {
        None => Some(Cow::Borrowed(id)),
        Some(_) if tenant.is_empty() => None,
        Some("") => Some(Cow::Borrowed(tenant)),
        Some(template) => Some(Cow::Owned(format!("{template}@{tenant}"))),
    }
}

/// What the node has to be like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// One of its kinds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// Name of a property, in lower case → its value. `name` is what the node is called.
    pub equal: BTreeMap<String, Operand>,
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Operand {
    Flag(bool),
    Whole(i64),
    Real(f64),
    Text(String),
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Real(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// As people read it: `name "jane@example.org", kind Okta_User`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.equal.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{key} {value}")?;
        }
        match &self.kind {
            Some(kind) => write!(f, ", kind {kind}"),
            None => Ok(()),
        }
    }
}
