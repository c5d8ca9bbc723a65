//! Who may do what: roles, permissions, and which role has which.
//!
//! Each permission has a type of the same name in [`may`], so that a handler can say in its arguments what it
//! needs (`Requires<may::ImportData>`) and the compiler can see whether it says anything at all.

use postern_ledger::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What stands for a permission in a handler's arguments. Only this module can make another one.
pub trait Need: sealed::Sealed + Send + Sync + 'static {
    /// `None` where nobody needs to be signed in.
    const PERMISSION: Option<Permission>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $text:literal, $role:ident;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The smallest role that has it; larger ones have it too.
            pub fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$role,)* }
            }

            pub fn is_given_to(self, role: Role) -> bool {
                role >= self.least_role()
            }

            /// All that a role has.
            pub fn of(role: Role) -> Vec<Self> {
                Self::ALL.iter().copied().filter(|it| it.is_given_to(role)).collect()
            }
        }

        /// A type for each permission.
        pub mod may {
            use super::{Need, Permission, sealed::Sealed};

            $(
                $(#[$doc])*
                pub enum $name {}
                impl Sealed for $name {}
                impl Need for $name {
                    const PERMISSION: Option<Permission> = Some(Permission::$name);
                }
            )*

            /// Everybody who reaches the server, signed in or not.
            pub enum Anyone {}
            impl Sealed for Anyone {}
            impl Need for Anyone {
                const PERMISSION: Option<Permission> = None;
            }
        }
    };
}

permissions! {
    /// Read what was imported, found and decided.
    ReadData: "read-data", Reader;
    /// One's own session, password and tokens.
    ManageOwnAccess: "manage-own-access", Reader;
    /// Ask questions in the query language, and keep one's own queries.
    Hunt: "hunt", Reader;
    /// Queries, functions and watchlists for everybody.
    ShareQueries: "share-queries", Analyst;
    /// Upload files, and remove what was imported.
    ImportData: "import-data", Analyst;
    /// Decide what is critical, and which objects are one asset.
    Decide: "decide", Analyst;
    /// Build a generation, ask what would be if, and cancel such work.
    RunJobs: "run-jobs", Analyst;
    /// Users and everybody's tokens.
    ManageUsers: "manage-users", Administrator;
    /// Settings that change an answer.
    ManageSettings: "manage-settings", Administrator;
    /// Who did what, and the numbers of the server itself.
    ReadAudit: "read-audit", Administrator;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_role_has_every_permission_of_a_smaller_one() {
        for pair in Role::ALL.windows(2) {
            let (small, large) = (Permission::of(pair[0]), Permission::of(pair[1]));
            assert!(small.iter().all(|it| large.contains(it)) && large.len() > small.len());
        }
        assert_eq!(Permission::of(Role::Administrator), Permission::ALL);
    }

    #[test]
    fn the_words_of_the_api_are_those_of_the_code() {
        for permission in Permission::ALL {
            assert_eq!(serde_json::json!(permission), permission.as_str());
        }
        for role in Role::ALL {
            assert_eq!(serde_json::json!(role), role.as_str());
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
    }
}
