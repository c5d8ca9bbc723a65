//! The catalog: techniques, control planes, entry points, decision tables, feeds, settings and examples of hunting
//! queries, as text.
//!
//! One YAML file per thing lies in the folder `catalog/` of the repository and is embedded in the binary;
//! an administrator overlays a folder of the same shape, in which a file replaces the embedded one of the
//! same path, and a new file adds a thing. Start at [`Catalog::load`]; what a file of each kind holds is
//! said by [`Technique`], [`ControlPlaneRule`], [`EntryPointRule`], [`RiskTable`], [`SettingSpec`] and [`Example`].
//! [`Catalog::bind`] checks the rules' queries against whoever evaluates them.
//!
//! **Invariant:** a [`Catalog`] that exists is valid: each technique has every part, each number its unit,
//! each reference its end. Every mistake is one sentence with file, position and reason, and all mistakes
//! of a catalog are told at once. Nothing is read but the overlay folder, and that only while loading.

mod check;
mod error;
mod example;
mod extension;
mod feed;
mod files;
mod pattern;
mod query;
mod risk;
mod rows;
mod rule;
mod settings;
mod switch;
mod technique;

use std::collections::BTreeMap;
use std::path::Path;

use postern_model::settings::Settings;
use postern_model::{OtherKind, Phase, RelationKind};

pub use crate::error::{CatalogError, EvaluateError, Mistake};
pub use crate::example::Example;
pub use crate::feed::{Feed, KnownExploit, KnownExploited};
pub use crate::files::{OVERLAY_DEPTH_MAX, OVERLAY_FILE_BYTES_MAX, OVERLAY_FILES_MAX};
pub use crate::pattern::{PATTERN_RELATIONS_MAX, Pattern, PatternKind, PatternProperty, PatternRelation, Wanted};
pub use crate::query::{Builtin, Evaluate, NODE_ID, Query, bind as bind_query, position as query_position};
pub use crate::risk::{RiskBand, RiskTable, TargetClass};
pub use crate::rows::{IsLeft, RuleTables, StepRows};
pub use crate::rule::{Basis, ControlPlaneRule, EntryPointRule, Expansion, PlaneScope};
pub use crate::settings::{SettingSpec, SettingValue};
pub use crate::switch::{Rule, RuleSwitches};
pub use crate::technique::{
    CUSTOM, FAMILIES, Foothold, GradeModifier, InputNeed, NOT_TRAVERSABLE, Remediation, STEP_COLUMNS, STRATA_MAX,
    Technique,
};

use crate::check::File;
use crate::feed::AttackTechniques;
use crate::files::Files;

/// A valid catalog. Rules are sorted by id.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub techniques: BTreeMap<RelationKind, Technique>,
    pub control_planes: Vec<ControlPlaneRule>,
    pub entry_points: Vec<EntryPointRule>,
    pub risk: RiskTable,
    pub kev: KnownExploited,
    pub settings: Vec<SettingSpec>,
    /// Of hunting queries, in order.
    pub examples: Vec<Example>,
    traversable: extension::Traversable,
    default_settings: Settings,
    digest: u128,
}

impl Catalog {
    /// The catalog as it comes with the binary.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`] when the embedded text has a mistake; a test sees to it that it has none.
    pub fn embedded() -> Result<Self, CatalogError> {
        Self::of_files(&Files::embedded())
    }

    /// The embedded catalog under an administrator's folder of the same shape, if there is one.
    ///
    /// # Errors
    /// [`CatalogError::Read`] when the folder cannot be read, [`CatalogError::Invalid`] with every mistake
    /// in the text.
    pub fn load(overlay: Option<&Path>) -> Result<Self, CatalogError> {
        let mut files = Files::embedded();
        if let Some(folder) = overlay {
            files.overlay(folder)?;
        }
        Self::of_files(&files)
    }

    /// Hash over path and text of every file in force but the examples; one of a generation's inputs (DESIGN 3.3).
    pub fn digest(&self) -> u128 {
        self.digest
    }

    /// The technique of steps of a kind. All kinds that neither Postern knows nor an administrator has described have
    /// one in common.
    pub fn technique(&self, kind: RelationKind) -> Option<&Technique> {
        let own = self.techniques.get(&kind);
        match kind {
            RelationKind::Other(_) => own.or_else(|| self.techniques.get(&RelationKind::Extension)),
            _ => own,
        }
    }

    /// Whether an attacker gets along relations of a kind that Postern does not know, if the catalog says.
    pub fn is_traversable(&self, kind: OtherKind) -> Option<bool> {
        self.traversable.get(&kind.as_str().to_ascii_lowercase()).copied()
    }

    /// The product's settings with the values of this catalog, until somebody decides otherwise.
    pub fn default_settings(&self) -> &Settings {
        &self.default_settings
    }

    /// Checks that `evaluate` knows the query of every rule, switched off or not, and that each query reads
    /// only what phases before the rule's own have made.
    ///
    /// # Errors
    /// [`CatalogError::Invalid`], one mistake for each rule that cannot be evaluated.
    pub fn bind(&self, evaluate: &dyn Evaluate) -> Result<(), CatalogError> {
        let mut mistakes = self.unbound_control_planes(evaluate);
        mistakes.extend(self.unbound_entry_points(evaluate));
        CatalogError::unless_empty(mistakes)
    }

    /// As [`Self::bind`], for the rules of control planes, which run in phase 3.
    ///
    /// # Errors
    /// As [`Self::bind`].
    pub fn bind_control_planes(&self, evaluate: &dyn Evaluate) -> Result<(), CatalogError> {
        CatalogError::unless_empty(self.unbound_control_planes(evaluate))
    }

    /// As [`Self::bind`], for the rules of entry points, which run in phase 5.
    ///
    /// # Errors
    /// As [`Self::bind`].
    pub fn bind_entry_points(&self, evaluate: &dyn Evaluate) -> Result<(), CatalogError> {
        CatalogError::unless_empty(self.unbound_entry_points(evaluate))
    }

    fn unbound_control_planes(&self, evaluate: &dyn Evaluate) -> Vec<Mistake> {
        let rules = self.control_planes.iter().map(|rule| (rule.file(), &rule.query));
        query::refusals(evaluate, rules, Phase::Classify)
    }

    fn unbound_entry_points(&self, evaluate: &dyn Evaluate) -> Vec<Mistake> {
        let rules = self.entry_points.iter().map(|rule| (rule.file(), &rule.query));
        query::refusals(evaluate, rules, Phase::Entries)
    }

    fn of_files(files: &Files) -> Result<Self, CatalogError> {
        let mut mistakes = Vec::new();
        let mut techniques = BTreeMap::new();
        let mut control_planes = Vec::new();
        let mut entry_points = Vec::new();
        let mut risk = RiskTable::default();
        let mut kev = KnownExploited::default();
        let mut settings = Vec::new();
        let mut examples = Vec::new();
        let mut traversable = extension::Traversable::new();

        let attack = AttackTechniques::read(files, &mut mistakes);
        for (path, text) in files.iter() {
            let mut file = File::new(path, text, &mut mistakes);
            match path.split('/').collect::<Vec<_>>().as_slice() {
                ["techniques", family, _] => {
                    if let Some(technique) = Technique::read(&mut file, family, &attack) {
                        techniques.insert(technique.id, technique);
                    }
                }
                ["control-planes", _] => {
                    control_planes.extend(ControlPlaneRule::read(&mut file, files::embedded_text(path)));
                }
                ["hunting", _] => examples.extend(Example::read(&mut file)),
                ["entry-points", _] => entry_points.extend(EntryPointRule::read(&mut file)),
                ["extensions", _] => extension::read(&mut file, &mut traversable),
                ["decision-tables", "risk.yaml"] => risk = RiskTable::read(&mut file),
                ["settings.yaml"] => settings = settings::read(&mut file, files.overlaid_settings()),
                ["feeds", "kev", "feed.yaml"] => kev = KnownExploited::read(&mut file, files),
                // Read above, or by their header.
                ["feeds", "attack", "feed.yaml" | "techniques.tsv"] | ["feeds", "kev", "known-exploited.tsv"] => {}
                ["README.md"] | [.., "LICENSE.txt"] => {}
                _ => file.mistake("the catalog has no place for a file of this name"),
            }
        }
        let default_settings = settings::in_force(&settings, &mut mistakes);
        technique::check_order(&techniques, &mut mistakes);
        control_planes.sort_by(|a, b| a.id.cmp(&b.id));
        entry_points.sort_by(|a, b| a.id.cmp(&b.id));
        examples.sort_by(|a, b| a.id.cmp(&b.id));
        CatalogError::unless_empty(mistakes)?;
        Ok(Self {
            techniques,
            control_planes,
            entry_points,
            risk,
            kev,
            settings,
            examples,
            traversable,
            default_settings,
            digest: files.digest(),
        })
    }
}
