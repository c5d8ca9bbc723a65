//! From an estate to its attack paths: techniques make steps, steps make routes, routes make paths.
//!
//! Start at [`derive`], which turns the facts of a [`World`] into [`Step`]s with their derivations; go on with
//! [`entries`] and [`targets`], the two ends of a path; then [`paths`], which finds the cheapest route of each pair
//! and says where routes can be severed. [`blast_radius`], [`routes_between`] and [`what_if`] answer single
//! questions over the same steps. The definitions are those of DESIGN section 5.
//!
//! **Invariants.** Everything here is a pure function: no clock but [`World::now`], no file, no thread. Equal inputs
//! give equal results, in whatever order their rows were made. Removing a relation never adds a path and never
//! lowers a cost. No step begins or ends at an account that cannot be used.

mod blast;
mod choke;
#[cfg(test)]
mod cloud_lookalikes;
mod cross_product;
mod derived;
mod entry;
mod error;
mod expand;
mod exposure;
mod fact;
mod forest;
mod gap;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod lookalikes;
mod membership;
mod paths;
mod pki;
#[cfg(test)]
mod planted;
mod protected_users;
mod query;
mod rights;
mod search;
mod sentence;
mod step_map;
pub mod tables;
mod target;
pub mod techniques;
#[cfg(test)]
mod testing;
mod view;
mod what_if;
mod world;

pub use blast::{Blast, blast_radius, routes_between};
pub use choke::{ChokePoint, ElementKind, can_go};
pub use derived::{Derived, Step, Virtual, derive, refused};
pub use entry::{Entry, entries};
pub use error::AttackError;
pub use expand::{Passage, without_sets};
pub use exposure::{Parting, Ways};
pub use fact::{AbsenceFact, Derivation, Fact, PropertyFact, ServiceFact, SettingFact};
pub use gap::Gap;
pub use paths::{Analysis, ExposedCritical, Path, Scenario, paths};
pub use query::EntryQueries;
pub use search::Route;
pub use sentence::sentence;
pub use step_map::StepMap;
pub use target::{Target, targets};
pub use what_if::{ChangedPath, Difference, what_if};
pub use world::{Removal, World};
