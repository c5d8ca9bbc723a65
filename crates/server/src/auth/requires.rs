//! The first argument of every handler: who may call it.
//!
//! [`Requires`] checks before the handler runs. [`Guarded`] is what a handler that begins with it is, and the
//! router takes nothing else (`crate::operations`), so one that forgets does not compile.

use std::future::Future;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::App;
use crate::auth::{Identity, Need, Permission, identify};
use crate::problem::Problem;

/// Proof that whoever sent the request may do `P`.
pub struct Requires<P: Need> {
    /// `None` only where anyone may call and nobody has signed in.
    identity: Option<Identity>,
    need: PhantomData<P>,
}

impl<P: Need> Requires<P> {
    /// Who has signed in, where nobody needs to.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Who sent the request: what decisions, jobs and the audit log name.
    pub fn name(&self) -> &str {
        self.identity.as_ref().map_or("nobody", |it| &it.name)
    }
}

impl<P: Need> FromRequestParts<App> for Requires<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let identity = identify(app, &parts.headers).await?;
        if let Some(permission) = P::PERMISSION {
            let identity = identity.as_ref().ok_or_else(Problem::sign_in_needed)?;
            if !permission.is_given_to(identity.role) {
                return Err(Problem::not_allowed(identity.role, permission));
            }
        }
        Ok(Self {
            identity,
            need: PhantomData,
        })
    }
}

/// An async function whose first argument is [`Requires`].
pub trait Guarded<Arguments> {
    const PERMISSION: Option<Permission>;
}

macro_rules! guarded {
    ($($argument:ident),*) => {
        impl<F, R, P, $($argument,)*> Guarded<(Requires<P>, $($argument,)*)> for F
        where
            F: Fn(Requires<P>, $($argument,)*) -> R,
            R: Future,
            P: Need,
        {
            const PERMISSION: Option<Permission> = P::PERMISSION;
        }
    };
}

guarded!();
guarded!(A);
guarded!(A, B);
guarded!(A, B, C);
guarded!(A, B, C, D);
