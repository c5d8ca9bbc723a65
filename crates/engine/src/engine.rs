//! One data folder, open: the lake, the ledger, the catalog and the clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postern_catalog::{Catalog, SettingValue};
use postern_estate::HandSetLevel;
use postern_lake::Lake;
use postern_ledger::{Decision, DecisionKind, Ledger, Manifest};
use postern_model::estate::Identifier;
use postern_model::{Criticality, Settings};

use crate::{Clock, EngineError, Result};

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
}

impl Engine {
    /// Opens a data folder, making it where there is none.
    ///
    /// * `overlay`: a folder of the catalog's shape that adds to it or replaces parts of it.
    ///
    /// # Errors
    /// [`EngineError::Data`] when the folder cannot be made, and those of lake, ledger and catalog.
    pub async fn open(root: &Path, overlay: Option<&Path>, clock: Clock) -> Result<Self> {
        fs::create_dir_all(root).map_err(|cause| EngineError::Data { path: root.to_owned(), cause })?;
        let engine = Self {
            root: root.to_owned(),
            lake: Lake::open(&root.join("lake"))?,
            ledger: Ledger::open(&root.join("ledger.sqlite")).await?,
            catalog: Arc::new(Catalog::load(overlay)?),
            clock,
            holder: format!("process {}", std::process::id()),
        };
        Ok(engine)
    }

    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
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
        self.decide(DecisionKind::Unmerge, id, apart.then(|| serde_json::json!(true)), author).await
    }

    async fn decide(&self, kind: DecisionKind, id: &str, value: Option<serde_json::Value>, author: &str) -> Result<()> {
        let subject = Identifier { kind: "original-id".to_owned(), value: id.to_ascii_uppercase() };
        self.ledger.append_decision(kind, subject, value, author, self.now()).await?;
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
        if self.catalog.setting(key).is_none() {
            let known = self.catalog.settings.iter().map(|setting| setting.id.as_str()).collect::<Vec<_>>().join(", ");
            return Err(EngineError::NoSuchSetting { key: key.to_owned(), known });
        }
        settings(&self.catalog, &values)?;
        self.ledger.set_setting(key, value, author).await?;
        Ok(())
    }

    /// Every setting with the value in force, and whether a person has set it.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn settings(&self) -> Result<Vec<(String, SettingValue, bool)>> {
        let values = self.ledger.settings().await?;
        self.catalog
            .settings
            .iter()
            .map(|spec| {
                let set = values.get(&spec.id);
                Ok((spec.id.clone(), value_of(&self.catalog, &values, &spec.id)?, set.is_some()))
            })
            .collect()
    }

    /// Deletes what crashed processes left behind, and what nothing refers to any more after its grace.
    pub(crate) async fn sweep(&self) -> Result<()> {
        self.ledger.doom_stale_uploads(UPLOAD_TTL).await?;
        let doomed = self.ledger.take_doomed(postern_ledger::GARBAGE_GRACE).await?;
        let (lake, prefixes) = (self.lake.clone(), doomed.clone());
        blocking(move || {
            lake.sweep_tmp(TMP_IDLE)?;
            for prefix in &prefixes {
                match prefix.split_once('/') {
                    Some(("snapshots", id)) => lake.delete_snapshot(id)?,
                    Some(("generations", number)) => lake.delete_generation(
                        number.parse().map_err(|_| EngineError::Prefix { prefix: prefix.clone() })?,
                    )?,
                    _ => return Err(EngineError::Prefix { prefix: prefix.clone() }),
                }
            }
            Ok(())
        })
        .await?;
        self.ledger.mark_deleted(&doomed).await?;
        Ok(())
    }
}

/// Runs work that blocks or computes for long on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| EngineError::Worker { cause })?
}

/// The value of a setting: what a person set, else the catalog's.
fn value_of(catalog: &Catalog, values: &BTreeMap<String, String>, key: &str) -> Result<SettingValue> {
    let spec = catalog.setting(key).expect("the catalog has every setting that is read");
    let Some(value) = values.get(key) else { return Ok(spec.default) };
    let refuse = |reason: &str| EngineError::Setting {
        key: key.to_owned(),
        value: value.clone(),
        reason: reason.to_owned(),
    };
    match spec.default {
        SettingValue::Flag(_) => {
            value.parse().map(SettingValue::Flag).map_err(|_| refuse("it is true or false"))
        }
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

/// The settings that phases read.
pub(crate) fn settings(catalog: &Catalog, values: &BTreeMap<String, String>) -> Result<Settings> {
    use postern_catalog::settings::{
        FLAT_NETWORK_WITHIN_A_SITE, PATH_COST_MAX, SESSION_WINDOW_DAYS, USER_ENTRIES, WORKSTATION_ENTRIES,
    };
    let number = |key: &str| match value_of(catalog, values, key)? {
        SettingValue::Number(number) => Ok::<_, EngineError>(number),
        SettingValue::Flag(_) => unreachable!("the catalog checks the type of each setting that is read"),
    };
    let flag = |key: &str| match value_of(catalog, values, key)? {
        SettingValue::Flag(flag) => Ok::<_, EngineError>(flag),
        SettingValue::Number(_) => unreachable!("the catalog checks the type of each setting that is read"),
    };
    Ok(Settings {
        session_window_days: number(SESSION_WINDOW_DAYS)?,
        path_cost_max: number(PATH_COST_MAX)?,
        flat_network_within_a_site: flag(FLAT_NETWORK_WITHIN_A_SITE)?,
        user_entries: flag(USER_ENTRIES)?,
        workstation_entries: flag(WORKSTATION_ENTRIES)?,
    })
}

/// Levels set by hand that are in force.
pub(crate) fn hand_set_levels(manifest: &Manifest) -> Vec<HandSetLevel> {
    Decision::in_force(&manifest.decisions)
        .into_iter()
        .filter(|decision| decision.kind == DecisionKind::Criticality)
        .map(|decision| {
            let text = decision.value.as_ref().and_then(|value| value.as_str()).unwrap_or_default();
            HandSetLevel {
                identifier: decision.subject.value.clone(),
                level: (0..4).filter_map(Criticality::of_level).find(|level| level.as_str() == text),
                author: decision.author.clone(),
            }
        })
        .collect()
}

/// Original ids that people have split off.
pub(crate) fn split_off(manifest: &Manifest) -> std::collections::BTreeSet<String> {
    Decision::in_force(&manifest.decisions)
        .into_iter()
        .filter(|decision| decision.kind == DecisionKind::Unmerge)
        .map(|decision| decision.subject.value.clone())
        .collect()
}
