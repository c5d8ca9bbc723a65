//! Which tenant a file is of: half of its records do not say.

use std::ops::ControlFlow;

use super::shape::Glance;
use crate::IngestError;
use crate::sharphound::envelope::{Position, Step, Visit, element};
use crate::sharphound::output::upper;
use crate::sharphound::shape::Raw;

/// The tenant that a file is of.
#[derive(Debug, Default)]
pub struct Home {
    /// In upper case; empty where no record says.
    pub id: String,
    /// The collector was pointed at it and has listed its directory.
    pub is_listed: bool,
}

/// Looks for the tenant: the collector writes its record among the first.
#[derive(Default)]
pub struct Scout {
    listed: Option<String>,
    /// The tenant that the first record of another kind names.
    named: Option<String>,
    /// The tenant of the first record of a tenant.
    first: Option<String>,
}

impl Scout {
    pub fn home(self) -> Home {
        let is_listed = self.listed.is_some();
        let id = self.listed.or(self.named).or(self.first).unwrap_or_default();
        Home { id, is_listed }
    }
}

impl Visit for Scout {
    fn element(&mut self, text: &str, _: Position) -> Result<Step, IngestError> {
        let (glance, length) = match element::<Glance<'_>>(text) {
            Ok(read) => read,
            // The second walk will say what is wrong with it.
            Err(Step::Bad(_)) => {
                return Ok(element::<Raw<'_>>(text).map_or_else(|step| step, |(_, length)| Step::Done(length)));
            }
            Err(step) => return Ok(step),
        };
        if glance.kind.eq_ignore_ascii_case("AZTenant") {
            let id = tenant_id(&glance.data.tenant, &glance.data.id);
            if id.is_empty() {
                return Ok(Step::Done(length));
            }
            if glance.data.is_collected.is_true() {
                self.listed = Some(id);
                return Ok(Step::Enough);
            }
            self.first.get_or_insert(id);
        } else if self.named.is_none() && !glance.data.tenant.is_empty() {
            self.named = Some(upper(&glance.data.tenant).into_owned());
        }
        Ok(Step::Done(length))
    }

    fn rejected(&mut self, _: &[u8], _: Position, _: String) {}

    fn data(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn value(&mut self, _: &str, _: &str) {}
}

/// A tenant's own record names it by its id, or by a path that ends in it.
pub fn tenant_id(tenant: &str, id: &str) -> String {
    let id = if tenant.trim().is_empty() { id } else { tenant };
    upper(id.rsplit('/').next().unwrap_or(id)).into_owned()
}
