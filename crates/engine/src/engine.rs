//! One data folder, open: the lake, the ledger, the catalog and the clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use postern_attack::{Derived, EntryQueries, World};
use postern_catalog::{Catalog, RuleSwitches, SettingSpec, SettingValue};
use postern_estate::HandSetLevel;
use postern_estate::rules::EstateRules;
use postern_lake::Lake;
use postern_ledger::{Decision, DecisionKind, Ledger, Manifest, UploadId};
use postern_model::estate::{Classification, Estate, Identifier};
use postern_model::{Criticality, Settings};

use crate::{Clock, EngineError, Result};

pub(crate) const LEDGER_FILE: &str = "ledger.sqlite";

/// A builder that shows no life for this long has died; another takes over.
pub const LEASE_TTL: Duration = Duration::from_secs(5);
/// An import that shows no life for this long has died; what it wrote is garbage.
pub(crate) const UPLOAD_TTL: Duration = Duration::from_secs(600);
/// Files of a crashed writer are deleted when nothing was written to them for this long.
const TMP_IDLE: Duration = Duration::from_secs(24 * 3600);

/// Whether to wait while another process builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    Yes,
    No,
}

#[derive(Clone)]
pub struct Engine {
    pub(crate) root: PathBuf,
    pub(crate) lake: Lake,
    pub(crate) ledger: Ledger,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) clock: Clock,
    /// Names this process to others that wait for it.
    pub(crate) holder: String,
    /// Uploads of this process that are open.
    uploads: Arc<Mutex<Vec<UploadId>>>,
}

/// Makes a folder where there is none, for its owner only: it holds what an attacker wants to know, and the hashes of
/// passwords. One that is there keeps the permissions that somebody gave it.
///
/// # Errors
/// Those of the file system.
pub fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Engine {
    /// Opens a data folder, making it where there is none.
    ///
    /// * `overlay`: a folder of the catalog's shape that adds to it or replaces parts of it.
    ///
    /// # Errors
    /// [`EngineError::Data`] when the folder cannot be made, and those of lake, ledger and catalog.
    pub async fn open(root: &Path, overlay: Option<&Path>, clock: Clock) -> Result<Self> {
        make_private(root).map_err(|cause| EngineError::Data {
            path: root.to_owned(),
            cause,
        })?;
        let catalog = Catalog::load(overlay)?;
        bind(&catalog)?;
        Ok(Self {
            root: root.to_owned(),
            lake: Lake::open(&root.join("lake"))?,
            ledger: Ledger::open(&root.join(LEDGER_FILE)).await?,
            catalog: Arc::new(catalog),
            clock,
            holder: format!("process {}", std::process::id()),
            uploads: Arc::default(),
        })
    }

    /// Whether a folder is a data folder.
    pub fn is_at(root: &Path) -> bool {
        root.join(LEDGER_FILE).is_file()
    }

    /// Opens a data folder that is there already: for whoever only reads.
    ///
    /// # Errors
    /// [`EngineError::NoData`] when nothing was ever imported there; else as [`Self::open`].
    pub async fn open_existing(root: &Path, overlay: Option<&Path>, clock: Clock) -> Result<Self> {
        if !Self::is_at(root) {
            return Err(EngineError::NoData { path: root.to_owned() });
        }
        Self::open(root, overlay, clock).await
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Where the tables of snapshots and generations lie.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets an asset's criticality by hand; `None` takes the hand-set level back. Takes effect with the next
    /// generation.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn set_criticality(&self, id: &str, level: Option<Option<Criticality>>, author: &str) -> Result<()> {
        let value = level.map(|level| match level {
            Some(level) => serde_json::json!(level.as_str()),
            None => serde_json::json!("none"),
        });
        self.decide(DecisionKind::Criticality, id, value, author).await
    }

    /// Takes an original object out of the asset it was merged into, or with `apart` false lets it merge again.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn set_apart(&self, id: &str, apart: bool, author: &str) -> Result<()> {
        self.decide(
            DecisionKind::Unmerge,
            id,
            apart.then_some(serde_json::Value::Bool(true)),
            author,
        )
        .await
    }

    /// Switches a rule on or off, by id or key; `None` leaves it to the catalog again. Takes effect with the next
    /// generation. Gives back the rule's key.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRule`], [`EngineError::LockedRule`] for one that stays on, and those of the ledger.
    pub async fn set_rule(&self, name: &str, is_on: Option<bool>, author: &str) -> Result<String> {
        let rule = self
            .catalog
            .rule(name)
            .ok_or_else(|| EngineError::NoSuchRule { name: name.to_owned() })?;
        if rule.is_locked() && is_on == Some(false) {
            return Err(EngineError::LockedRule { key: rule.key() });
        }
        let subject = Identifier {
            kind: "rule".into(),
            value: rule.key().into(),
        };
        self.ledger
            .append_decision(DecisionKind::Rule, subject, is_on.map(Into::into), author, self.now())
            .await?;
        Ok(rule.key())
    }

    async fn decide(&self, kind: DecisionKind, id: &str, value: Option<serde_json::Value>, author: &str) -> Result<()> {
        let subject = Identifier {
            kind: "original-id".into(),
            value: id.to_ascii_uppercase().into(),
        };
        self.ledger
            .append_decision(kind, subject, value, author, self.now())
            .await?;
        Ok(())
    }

    /// Changes a setting, or with `None` goes back to the catalog's value. Takes effect with the next generation.
    ///
    /// # Errors
    /// [`EngineError::NoSuchSetting`], and [`EngineError::Setting`] for a value outside its type or range.
    pub async fn set_setting(&self, key: &str, value: Option<&str>, author: &str) -> Result<()> {
        let mut values = self.ledger.settings().await?;
        match value {
            Some(value) => values.insert(key.to_owned(), value.to_owned()),
            None => values.remove(key),
        };
        if !self.catalog.settings.iter().any(|spec| spec.id == key) {
            let known = self
                .catalog
                .settings
                .iter()
                .map(|spec| spec.id.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            return Err(EngineError::NoSuchSetting {
                key: key.to_owned(),
                known,
            });
        }
        settings(&self.catalog, &values)?;
        self.ledger.set_setting(key, value, author).await?;
        Ok(())
    }

    /// Every setting with the value in force, and whether a person has set it.
    ///
    /// # Errors
    /// Those of the ledger, and [`EngineError::Setting`] for a stored value that the catalog now refuses.
    pub async fn settings(&self) -> Result<Vec<(SettingSpec, SettingValue, bool)>> {
        let values = self.ledger.settings().await?;
        let value = |spec: &SettingSpec| value_of(spec, values.get(&spec.id).map(String::as_str));
        self.catalog
            .settings
            .iter()
            .map(|spec| Ok((spec.clone(), value(spec)?, values.contains_key(&spec.id))))
            .collect()
    }

    /// Registers work that will write objects.
    pub(crate) async fn begin_upload(&self, holder: &str) -> Result<UploadId> {
        let upload = self.ledger.begin_upload(holder).await?;
        self.open_uploads().push(upload);
        Ok(upload)
    }

    /// An upload was committed.
    pub(crate) fn forget(&self, upload: UploadId) {
        self.open_uploads().retain(|it| *it != upload);
    }

    /// Abandons the upload of work that has failed. Where that fails too (the disk is full), the upload is
    /// taken for dead later; why the work failed is what people want to read.
    pub(crate) async fn give_up(&self, upload: UploadId) {
        self.forget(upload);
        drop(self.ledger.abandon_upload(upload).await);
    }

    /// Gives up every import and build of this process that is under way, for a process that is about to end.
    /// What they have written is garbage at once; they fail if they go on.
    pub async fn abandon(&self) {
        let uploads = std::mem::take(&mut *self.open_uploads());
        for upload in uploads {
            self.give_up(upload).await;
        }
    }

    fn open_uploads(&self) -> MutexGuard<'_, Vec<UploadId>> {
        // Nothing panics while it is held.
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes what crashed processes left behind, and what nothing refers to any more after its grace. Says what could
    /// not be deleted: that costs room and harms nothing, and is tried again later.
    pub(crate) async fn sweep(&self) -> Result<Vec<String>> {
        self.ledger.doom_stale_uploads(UPLOAD_TTL).await?;
        let doomed = self.ledger.take_doomed(postern_ledger::GARBAGE_GRACE).await?;
        let lake = self.lake.clone();
        let (deleted, left) = blocking(move || {
            let (mut deleted, mut left) = (Vec::new(), Vec::new());
            if let Err(cause) = lake.sweep_tmp(TMP_IDLE) {
                left.push(complaint("temporary files", &cause));
            }
            for prefix in doomed {
                match delete(&lake, &prefix) {
                    Ok(()) => deleted.push(prefix),
                    Err(cause) => left.push(complaint(&prefix, &cause)),
                }
            }
            Ok((deleted, left))
        })
        .await?;
        self.ledger.mark_deleted(&deleted).await?;
        Ok(left)
    }
}

/// Deletes what the ledger calls garbage.
fn delete(lake: &Lake, prefix: &str) -> Result<()> {
    let unknown = || EngineError::Prefix {
        prefix: prefix.to_owned(),
    };
    match prefix.split_once('/') {
        Some(("snapshots", id)) => lake.delete_snapshot(id)?,
        Some(("generations", number)) => lake.delete_generation(number.parse().map_err(|_| unknown())?)?,
        _ => return Err(unknown()),
    }
    Ok(())
}

fn complaint(what: &str, cause: &dyn std::error::Error) -> String {
    let mut text = format!("cannot delete {what}: {cause}");
    let mut deeper = cause.source();
    while let Some(cause) = deeper {
        text.push_str(&format!(": {cause}"));
        deeper = cause.source();
    }
    text
}

/// Checks that every rule of a catalog can be evaluated, before anything is.
fn bind(catalog: &Catalog) -> Result<()> {
    let (estate, classification) = (Estate::default(), Classification::default());
    catalog.bind_control_planes(&EstateRules::new(&estate, Timestamp::UNIX_EPOCH))?;
    let world = World {
        estate: &estate,
        classification: &classification,
        catalog,
        settings: catalog.default_settings(),
        now: Timestamp::UNIX_EPOCH,
    };
    catalog.bind_entry_points(&EntryQueries::new(&world, &Derived::default()))?;
    Ok(())
}

/// Runs work that blocks or computes for long on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|cause| EngineError::Worker { cause })?
}

/// The value of a setting: what a person set, else the catalog's.
fn value_of(spec: &SettingSpec, set: Option<&str>) -> Result<SettingValue> {
    let Some(value) = set else { return Ok(spec.default) };
    let refuse = |reason: &str| EngineError::Setting {
        key: spec.id.clone(),
        value: value.to_owned(),
        reason: reason.to_owned(),
    };
    match spec.default {
        SettingValue::Flag(_) => value
            .parse()
            .map(SettingValue::Flag)
            .map_err(|_| refuse("it is true or false")),
        SettingValue::Number(_) => {
            let number: u32 = value.parse().map_err(|_| refuse("it is a whole number"))?;
            match spec.range {
                Some((least, most)) if !(least..=most).contains(&number) => {
                    Err(refuse(&format!("it lies between {least} and {most}")))
                }
                _ => Ok(SettingValue::Number(number)),
            }
        }
    }
}

/// The settings that phases read: those of the catalog, with what people have set.
pub(crate) fn settings(catalog: &Catalog, values: &BTreeMap<String, String>) -> Result<Settings> {
    let mut fields = serde_json::to_value(catalog.default_settings()).expect("settings are plain data");
    for spec in &catalog.settings {
        fields[&spec.id] = match value_of(spec, values.get(&spec.id).map(String::as_str))? {
            SettingValue::Flag(flag) => flag.into(),
            SettingValue::Number(number) => number.into(),
        };
    }
    Ok(serde_json::from_value(fields).expect("the catalog documents just the fields of the settings, by type"))
}

/// Levels set by hand that are in force, the newest last: an asset may have several by several identifiers.
pub(crate) fn hand_set_levels(manifest: &Manifest) -> Vec<HandSetLevel> {
    let mut decisions = Decision::in_force(&manifest.decisions);
    decisions.sort_by_key(|decision| decision.seq);
    decisions
        .into_iter()
        .filter(|decision| decision.kind == DecisionKind::Criticality)
        .map(|decision| {
            let text = decision
                .value
                .as_ref()
                .and_then(|value| value.as_str())
                .unwrap_or_default();
            HandSetLevel {
                identifier: decision.subject.value.to_string(),
                level: (0..4)
                    .filter_map(Criticality::of_level)
                    .find(|level| level.as_str() == text),
                author: decision.author.clone(),
            }
        })
        .collect()
}

/// Rules that people have switched on or off.
pub fn rule_switches(decisions: &[Decision]) -> RuleSwitches {
    Decision::in_force(decisions)
        .into_iter()
        .filter(|decision| decision.kind == DecisionKind::Rule)
        .filter_map(|decision| Some((decision.subject.value.to_string(), decision.value.as_ref()?.as_bool()?)))
        .collect()
}

/// Original ids that people have split off.
pub(crate) fn split_off(manifest: &Manifest) -> std::collections::BTreeSet<String> {
    Decision::in_force(&manifest.decisions)
        .into_iter()
        .filter(|decision| decision.kind == DecisionKind::Unmerge)
        .map(|decision| decision.subject.value.to_string())
        .collect()
}
