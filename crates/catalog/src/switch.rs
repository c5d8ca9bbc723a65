//! Rules of either kind alike: found by name, switched on or off by a person, or read from a file not yet installed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use postern_model::Phase;

use crate::Catalog;
use crate::check::File;
use crate::error::{CatalogError, Mistake};
use crate::files::{self, OVERLAY_FILE_BYTES_MAX};
use crate::query::Query;
use crate::rule::{ControlPlaneRule, EntryPointRule};

const CONTROL_PLANES: &str = "control-planes";
const ENTRY_POINTS: &str = "entry-points";

/// What people decided about rules: key of a rule → whether it is on.
pub type RuleSwitches = BTreeMap<String, bool>;

/// A rule, whichever its kind.
#[derive(Clone, Copy, Debug)]
pub enum Rule<'c> {
    ControlPlane(&'c ControlPlaneRule),
    EntryPoint(&'c EntryPointRule),
}

impl<'c> Rule<'c> {
    /// `control-planes/dns-admins`: the path of its file, without the ending. Decisions name rules so.
    pub fn key(self) -> String {
        format!("{}/{}", self.kind(), self.id())
    }

    /// The folder of its kind.
    pub fn kind(self) -> &'static str {
        match self {
            Self::ControlPlane(_) => CONTROL_PLANES,
            Self::EntryPoint(_) => ENTRY_POINTS,
        }
    }

    pub fn id(self) -> &'c str {
        match self {
            Self::ControlPlane(rule) => &rule.id,
            Self::EntryPoint(rule) => &rule.id,
        }
    }

    pub fn title(self) -> &'c str {
        match self {
            Self::ControlPlane(rule) => &rule.title,
            Self::EntryPoint(rule) => &rule.title,
        }
    }

    pub fn reason(self) -> &'c str {
        match self {
            Self::ControlPlane(rule) => &rule.reason,
            Self::EntryPoint(rule) => &rule.reason,
        }
    }

    pub fn query(self) -> &'c Query {
        match self {
            Self::ControlPlane(rule) => &rule.query,
            Self::EntryPoint(rule) => &rule.query,
        }
    }

    pub fn is_enabled(self) -> bool {
        match self {
            Self::ControlPlane(rule) => rule.enabled,
            Self::EntryPoint(rule) => rule.enabled,
        }
    }

    /// Cannot be switched off.
    pub fn is_locked(self) -> bool {
        match self {
            Self::ControlPlane(rule) => rule.locked,
            Self::EntryPoint(_) => false,
        }
    }

    /// The phase in which it runs: its query reads what earlier ones make.
    pub fn phase(self) -> Phase {
        match self {
            Self::ControlPlane(_) => Phase::Classify,
            Self::EntryPoint(_) => Phase::Entries,
        }
    }
}

impl Catalog {
    /// All rules, by kind and id.
    pub fn rules(&self) -> impl Iterator<Item = Rule<'_>> {
        let planes = self.control_planes.iter().map(Rule::ControlPlane);
        planes.chain(self.entry_points.iter().map(Rule::EntryPoint))
    }

    /// The rule of this key, or of this id if only one kind has it.
    pub fn rule(&self, name: &str) -> Option<Rule<'_>> {
        if let Some(rule) = self.rules().find(|rule| rule.key() == name) {
            return Some(rule);
        }
        let mut named = self.rules().filter(|rule| rule.id() == name);
        named.next().filter(|_| named.next().is_none())
    }

    /// The catalog with rules on or off as people decided. A decision about a rule that is not there any more, or that
    /// cannot be switched off, changes nothing.
    #[must_use]
    pub fn switched(&self, switches: &RuleSwitches) -> Self {
        let mut catalog = self.clone();
        for rule in &mut catalog.control_planes {
            if let Some(&is_on) = switches.get(&Rule::ControlPlane(rule).key()) {
                rule.enabled = is_on || rule.locked;
            }
        }
        for rule in &mut catalog.entry_points {
            if let Some(&is_on) = switches.get(&Rule::EntryPoint(rule).key()) {
                rule.enabled = is_on;
            }
        }
        catalog
    }

    /// The catalog with the rule of a file that lies anywhere, and the rule's key. The folder's name says its kind, as
    /// in an overlay; in another folder, the file must have what only one kind has (`scope` or `class`).
    ///
    /// # Errors
    /// [`CatalogError::Read`], and [`CatalogError::Invalid`] with every mistake of the file but those of its query.
    pub fn with_rule_file(&self, path: &Path) -> Result<(Self, String), CatalogError> {
        let read = |cause| CatalogError::Read {
            path: path.to_owned(),
            cause,
        };
        if fs::metadata(path).map_err(read)?.len() > OVERLAY_FILE_BYTES_MAX {
            return Err(CatalogError::TooLarge {
                path: path.to_owned(),
                limit: OVERLAY_FILE_BYTES_MAX,
                unit: "bytes",
            });
        }
        let text = fs::read_to_string(path).map_err(read)?;
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let folder = part(path.parent().and_then(Path::file_name));
        let has = |key: &str| text.lines().any(|line| line.starts_with(key));
        let kind = match folder.as_str() {
            CONTROL_PLANES | ENTRY_POINTS => folder.as_str(),
            _ if has("scope:") => CONTROL_PLANES,
            _ => ENTRY_POINTS,
        };
        let inside = format!("{kind}/{}", part(path.file_name()));
        let mut mistakes: Vec<Mistake> = Vec::new();
        let mut file = File::new(&inside, &text, &mut mistakes);
        let mut catalog = self.clone();
        let key = if kind == CONTROL_PLANES {
            ControlPlaneRule::read(&mut file, files::embedded_text(&inside)).map(|rule| {
                let key = Rule::ControlPlane(&rule).key();
                catalog.control_planes.retain(|it| it.id != rule.id);
                catalog.control_planes.push(rule);
                key
            })
        } else {
            EntryPointRule::read(&mut file).map(|rule| {
                let key = Rule::EntryPoint(&rule).key();
                catalog.entry_points.retain(|it| it.id != rule.id);
                catalog.entry_points.push(rule);
                key
            })
        };
        CatalogError::unless_empty(mistakes)?;
        // A file without mistakes is a rule.
        Ok((catalog, key.unwrap_or_default()))
    }
}
