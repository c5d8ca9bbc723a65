//! The next generation: phases in order, written as new objects, committed while the lease holds (DESIGN 3.3).

use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use postern_attack::{Analysis, Derived, Entry, Removal, Target, World, tables as attack_tables};
use postern_catalog::{Catalog, RuleSwitches};
use postern_estate::Snapshot;
use postern_lake::{GenerationWriter, Lake};
use postern_ledger::{BUILDER_LEASE, GenerationRecord, Lease, LedgerError, Manifest, UploadId};
use postern_model::estate::{Classification, Estate};
use postern_model::schema::STEPS;
use postern_model::{EdgeId, Schema, Settings, Table, hash128};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::engine::{blocking, hand_set_levels, rule_switches, settings, split_off};
use crate::facts::LakeFacts;
use crate::generation::lake_number;
use crate::summary::{GenerationSummary, SUMMARY};
use crate::{Engine, EngineError, LEASE_TTL, Progress, Result, Wait, lifecycle};

/// Raised when equal facts give another generation: the next start builds anew.
pub const ENGINE_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+6");
/// Past generations that `--as-of` and `compare` can reach; older ones are garbage.
pub const GENERATIONS_KEPT: i64 = 400;
/// Beside the numbers of rows: how many steps have to go together to part all entries from all targets.
pub(crate) const SMALLEST_JOINT_CHANGE: &str = "smallest_joint_change";
/// So many steps are made into rows at a time.
const STEPS_IN_CHUNK: usize = 16_384;
const RENEW: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(100);
/// How long to wait before looking whether the other builder is still alive.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Everything that a generation is a function of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    pub manifest_version: i64,
    /// Ids of the snapshots, sorted; each stands for its content.
    pub snapshots: Vec<String>,
    /// Digest over the cells and times of all snapshots.
    pub cells: String,
    pub decision_seq: i64,
    pub catalog: String,
    pub settings: Settings,
    /// Rules that people have switched on or off; what is not named is as the catalog has it.
    #[serde(default)]
    pub rules: RuleSwitches,
    /// The only clock.
    pub evaluated_at: Timestamp,
    /// Digest of the lifecycle of paths that the generation before has recorded.
    pub history: String,
    pub engine_version: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildOutcome {
    Built(i64),
    /// The current generation is made of the same inputs.
    UpToDate(i64),
    /// Another process is building, and the caller did not want to wait.
    Pending {
        holder: String,
    },
}

impl Engine {
    /// Builds a generation from everything that is current, unless the newest one is made of just that.
    /// Where another process builds, waits for its generation, or takes over when it dies.
    ///
    /// # Errors
    /// Those of the phases, of lake and ledger. The generation before stays current then.
    pub async fn build(&self, wait: Wait, progress: Arc<dyn Progress>) -> Result<BuildOutcome> {
        let wanted = self.ledger.manifest_version().await?;
        loop {
            if let Some(number) = self.up_to_date().await? {
                return Ok(BuildOutcome::UpToDate(number));
            }
            if let Some(lease) = self
                .ledger
                .acquire_lease(BUILDER_LEASE, &self.holder, LEASE_TTL)
                .await?
            {
                let built = self.build_with(&lease, &progress).await;
                progress.done();
                match built {
                    // Somebody else took over while this process was stopped: see what they made.
                    Err(EngineError::Ledger(LedgerError::LeaseLost { .. })) => continue,
                    built => {
                        let released = self.ledger.release_lease(lease).await;
                        // Why the build failed says more than that the ledger failed after it.
                        let number = built?;
                        released?;
                        self.ledger.doom_generations(number - GENERATIONS_KEPT).await?;
                        return Ok(BuildOutcome::Built(number));
                    }
                }
            }
            let holder = self
                .ledger
                .lease_holder(BUILDER_LEASE)
                .await?
                .map(|it| it.holder)
                .unwrap_or_default();
            if wait == Wait::No {
                return Ok(BuildOutcome::Pending { holder });
            }
            progress.waiting(&holder);
            let waited = self.ledger.wait_for_generation(wanted, POLL, Some(LOOK_AGAIN)).await?;
            match waited.filter(|it| self.understands(it)) {
                Some(generation) => return Ok(BuildOutcome::Built(generation.number)),
                None => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Whether a generation was built by these rules; another process may have another catalog.
    fn understands(&self, generation: &GenerationRecord) -> bool {
        let made_of = serde_json::from_value::<Inputs>(generation.inputs.clone());
        made_of.is_ok_and(|it| {
            it.catalog == format!("{:032x}", self.catalog.digest()) && it.engine_version == ENGINE_VERSION
        })
    }

    /// The newest generation, if it is made of what is current now. Time alone makes no new one.
    ///
    /// # Errors
    /// Those of the ledger, and [`EngineError::Setting`].
    pub async fn up_to_date(&self) -> Result<Option<i64>> {
        let Some(current) = self.ledger.current_generation().await? else {
            return Ok(None);
        };
        let manifest = self.ledger.manifest().await?;
        let made_of: Option<Inputs> = serde_json::from_value(current.inputs).ok();
        let Some(made_of) = made_of else { return Ok(None) };
        let settings = settings(&self.catalog, &manifest.settings)?;
        let now = inputs(
            &manifest,
            settings,
            &self.catalog,
            made_of.evaluated_at,
            made_of.history.clone(),
        );
        let now = Inputs {
            manifest_version: made_of.manifest_version,
            ..now
        };
        Ok((now == made_of).then_some(current.number))
    }

    async fn build_with(&self, lease: &Lease, progress: &Arc<dyn Progress>) -> Result<i64> {
        let upload = self.begin_upload(&self.holder).await?;
        let built = self.build_as(lease, upload, progress).await;
        match built.is_err() {
            true => self.give_up(upload).await,
            false => self.forget(upload),
        }
        built
    }

    async fn build_as(&self, lease: &Lease, upload: UploadId, progress: &Arc<dyn Progress>) -> Result<i64> {
        let prefix = self.lake.generation_prefix(lake_number(lease)?);
        self.ledger.claim(upload, &prefix).await?;

        let manifest = self.ledger.manifest().await?;
        let before = self.ledger.current_generation().await?;
        let number = before.as_ref().map_or(1, |before| before.number + 1);
        let engine = self.clone();
        let (progress, lease_number) = (progress.clone(), lake_number(lease)?);
        let work = blocking(move || {
            let settings = settings(&engine.catalog, &manifest.settings)?;
            let catalog = engine.catalog.switched(&rule_switches(&manifest.decisions));
            let build = Build {
                lake: &engine.lake,
                catalog: &catalog,
                manifest: &manifest,
                settings,
            };
            build.run(lease_number, before, engine.clock.now(), &*progress)
        });
        let mut work = pin!(work);
        let built = tokio::select! {
            built = &mut work => built?,
            lost = self.keep(lease, upload) => {
                // Its thread goes on, whoever holds the lease. A build that began beside it would take the memory of
                // both, so its end is awaited; what came of it is nobody's.
                drop(work.await);
                return Err(lost);
            }
        };
        let record = GenerationRecord {
            number,
            prefix,
            manifest_version: built.inputs.manifest_version,
            evaluated_at: built.inputs.evaluated_at,
            built_at: Timestamp::now(),
            engine_version: ENGINE_VERSION.to_owned(),
            inputs: serde_json::to_value(&built.inputs).expect("inputs are plain data"),
            digests: built.digests,
            counts: built.counts,
        };
        self.ledger.commit_generation(lease, upload, &record).await?;
        Ok(number)
    }

    /// Renews the lease, and shows that the upload is alive, until that fails; says why.
    async fn keep(&self, lease: &Lease, upload: UploadId) -> EngineError {
        loop {
            tokio::time::sleep(RENEW).await;
            let kept = match self.ledger.renew_lease(lease, LEASE_TTL).await {
                Ok(_) => self.ledger.heartbeat(upload).await,
                Err(error) => Err(error),
            };
            if let Err(error) = kept {
                return error.into();
            }
        }
    }
}

fn inputs(
    manifest: &Manifest,
    settings: Settings,
    catalog: &Catalog,
    evaluated_at: Timestamp,
    history: String,
) -> Inputs {
    let cells: Vec<String> = manifest
        .snapshots
        .iter()
        .map(|snapshot| json!([snapshot.id, snapshot.observed.at, snapshot.site, snapshot.cells]).to_string())
        .collect();
    Inputs {
        manifest_version: manifest.version,
        snapshots: manifest.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect(),
        cells: format!("{:032x}", hash128(cells.iter().map(String::as_bytes))),
        decision_seq: manifest.decision_seq,
        catalog: format!("{:032x}", catalog.digest()),
        settings,
        rules: rule_switches(&manifest.decisions),
        evaluated_at,
        history,
        engine_version: ENGINE_VERSION.to_owned(),
    }
}

/// The snapshots of a manifest as the estate wants them.
pub(crate) fn snapshots(manifest: &Manifest) -> Vec<Snapshot> {
    manifest
        .snapshots
        .iter()
        .map(|record| Snapshot {
            id: record.id.clone(),
            observed_at: record.observed.at,
            cells: record.cells.clone(),
            site: record.site.clone(),
        })
        .collect()
}

struct Build<'a> {
    lake: &'a Lake,
    catalog: &'a Catalog,
    manifest: &'a Manifest,
    settings: Settings,
}

struct Built {
    inputs: Inputs,
    digests: Value,
    counts: Value,
}

impl Build<'_> {
    /// Runs all phases and writes their tables under a number of the lake that nobody else has.
    fn run(
        self,
        lake_number: u64,
        before: Option<GenerationRecord>,
        evaluated_at: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Built> {
        progress.phase("resolving assets");
        let apart = split_off(self.manifest);
        let estate = postern_estate::resolve(
            &snapshots(self.manifest),
            &LakeFacts(self.lake),
            &self.settings,
            &self.catalog.kev,
            &apart,
        )?;
        let writer = self.lake.generation_writer(lake_number)?;
        // What is resolved does not change any more: it is stored beside the phases that read it.
        let (stored, found) = thread::scope(|scope| {
            let storing = scope.spawn(|| {
                let mut store = Storing::new(writer);
                for (schema, chunks) in postern_estate::tables::write(&estate) {
                    store.table(schema, chunks)?;
                }
                Ok(store)
            });
            let found = self.find(&estate, evaluated_at, progress);
            let stored: Result<Storing> = storing.join().unwrap_or_else(|panic| resume_unwind(panic));
            (stored, found)
        });
        let Found {
            classification,
            derived,
            targets,
            entries,
            analysis,
        } = found?;

        progress.phase("storing");
        let mut store = stored?;
        for table in postern_estate::tables::write_classification(&classification, &estate) {
            store.table(table.schema, [table])?;
        }
        let steps = derived.steps.chunks(STEPS_IN_CHUNK);
        store.table(&STEPS, steps.map(attack_tables::write_steps))?;
        let paths = attack_tables::write_paths(&analysis.paths);
        for table in [
            attack_tables::write_gaps(&derived.gaps),
            attack_tables::write_entries(&entries),
            attack_tables::write_targets(&targets),
            paths.clone(),
            attack_tables::write_scenarios(&analysis.scenarios),
            attack_tables::write_choke_points(&analysis.choke_points),
            attack_tables::write_exposed_critical(&analysis.exposed_critical),
        ] {
            store.table(table.schema, [table])?;
        }

        progress.phase("comparing");
        let mut inputs = inputs(self.manifest, self.settings, self.catalog, evaluated_at, String::new());
        let history = match &before {
            Some(before) => Some(lifecycle::History::read(self.lake, before, &inputs)?),
            None => None,
        };
        inputs.history = format!("{:032x}", history.as_ref().map_or(0, lifecycle::History::digest));
        let is_step = |id| derived.step(EdgeId(id)).is_some();
        let events = lifecycle::events(history.as_ref(), &paths, is_step);
        store.table(events.schema, [events])?;

        store
            .counts
            .insert(SMALLEST_JOINT_CHANGE.to_owned(), json!(analysis.smallest_joint_change));
        store
            .counts
            .insert(SUMMARY.to_owned(), json!(GenerationSummary::new(&analysis)));
        store.finish(inputs)
    }

    /// The phases between resolution and storing.
    fn find(&self, estate: &Estate, evaluated_at: Timestamp, progress: &dyn Progress) -> Result<Found> {
        progress.phase("classifying");
        let levels = hand_set_levels(self.manifest);
        let classification = postern_estate::classify(estate, self.catalog, &levels, evaluated_at)?;

        progress.phase("deriving steps");
        let world = World {
            estate,
            classification: &classification,
            catalog: self.catalog,
            settings: &self.settings,
            now: evaluated_at,
        };
        let derived = postern_attack::derive(&world, &Removal::default());

        progress.phase("finding attack paths");
        let targets = postern_attack::targets(&world);
        let entries = postern_attack::entries(&world, &derived)?;
        let analysis = postern_attack::paths(&world, &derived, &entries, &targets)?;
        Ok(Found {
            classification,
            derived,
            targets,
            entries,
            analysis,
        })
    }
}

/// What the phases find in an estate.
struct Found {
    classification: Classification,
    derived: Derived,
    targets: Vec<Target>,
    entries: Vec<Entry>,
    analysis: Analysis,
}

/// A generation on its way into the lake, and what the ledger is to know of it.
struct Storing {
    writer: GenerationWriter,
    digests: Map<String, Value>,
    counts: Map<String, Value>,
}

impl Storing {
    fn new(writer: GenerationWriter) -> Self {
        Self {
            writer,
            digests: Map::new(),
            counts: Map::new(),
        }
    }

    /// Stores a table. A digest is a sum over rows, so it is added up while they pass.
    fn table(&mut self, schema: &'static Schema, chunks: impl IntoIterator<Item = Table>) -> Result<()> {
        let (mut digest, mut rows) = (0u128, 0);
        let chunks = chunks.into_iter().inspect(|chunk| {
            digest = digest.wrapping_add(chunk.digest());
            rows += chunk.rows();
        });
        self.writer.write_table(schema, chunks)?;
        let name = schema.name.to_owned();
        self.digests.insert(name.clone(), json!(format!("{digest:032x}")));
        self.counts.insert(name, json!(rows));
        Ok(())
    }

    fn finish(mut self, inputs: Inputs) -> Result<Built> {
        let (digests, counts) = (Value::Object(self.digests), Value::Object(self.counts));
        self.writer.write_json(
            "manifest",
            &json!({ "inputs": inputs, "digests": digests, "counts": counts }),
        )?;
        self.writer.finish()?;
        Ok(Built {
            inputs,
            digests,
            counts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_long_build_is_not_taken_for_dead() {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = Engine::open(folder.path(), None, Clock::System).await.expect("opens");
        let lease = engine.ledger.acquire_lease(BUILDER_LEASE, "test", LEASE_TTL).await;
        let lease = lease.expect("asks").expect("nobody else builds");
        let upload = engine.ledger.begin_upload("test").await.expect("begins");
        let idle = RENEW * 3;
        tokio::select! {
            error = engine.keep(&lease, upload) => panic!("{error}"),
            () = tokio::time::sleep(idle + RENEW / 2) => {}
        }
        assert_eq!(engine.ledger.stale_uploads(idle).await.expect("looks"), []);
    }
}
