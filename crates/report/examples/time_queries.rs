//! How long each question takes: `cargo run --release -p postern-report --example time_queries -- DATA_FOLDER`.
//!
//! Bar: 100 ms for 95 of 100 answers with 8 clients on 2 cores, so a few milliseconds each on one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_engine::{AsOf, Clock, Engine, Silent, Wait};
use postern_report::{
    AssetQuery, ChokePointQuery, EVENTS_MAX, EdgeQuery, EntryQuery, ExposedQuery, Inventory, PageQuery, PathQuery,
    Reports, TargetQuery,
};
use serde::Serialize;

/// Each question is asked so often.
const ROUNDS: u32 = 20;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("name a data folder")?);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(folder))
}

async fn run(folder: PathBuf) -> Result<(), Failure> {
    let engine = Engine::open_existing(&folder, None, Clock::System).await?;
    // A folder of another version is brought up to date first.
    engine.build(Wait::Yes, Arc::new(Silent)).await?;
    let begun = Instant::now();
    let reports = Reports::load_whole(&engine, AsOf::Current).await?;
    println!("{:<40} {:>9.0} ms", "load", millis(begun.elapsed()));
    let begun = Instant::now();
    reports.prepare()?;
    println!("{:<40} {:>9.0} ms", "prepare", millis(begun.elapsed()));
    let inventory = Inventory::load(&engine).await?;
    let now = engine.now();
    let generation = &reports.generation;

    let text = |text: &str| Some(text.to_owned());
    let degree = |&at: &u32| {
        reports
            .steps()
            .map_or(0, |map| map.into(at).len() + map.out_of(at).len())
    };
    let hub = (0..generation.estate.nodes.len() as u32)
        .max_by_key(degree)
        .ok_or("no assets")?;
    let hub = generation.estate.node(hub).key.to_string();
    let user = generation.estate.node(0).key.to_string();
    let path = generation.analysis.paths.first().map(|path| path.id.to_string());
    let entry = generation.entries.first().map(|entry| entry.key.to_string());

    show("overview", || reports.overview(&inventory, now))?;
    show("coverage", || Ok(reports.coverage(&inventory, now)))?;
    show("scenarios", || Ok(reports.scenarios()))?;
    show("paths", || reports.paths(&PathQuery::default()))?;
    let query = PathQuery {
        limit: Some(500),
        sort: text("-entry"),
        ..PathQuery::default()
    };
    show("paths, 500 by name", || reports.paths(&query))?;
    let query = PathQuery {
        q: text("admin"),
        ..PathQuery::default()
    };
    show("paths, by a part of a name", || reports.paths(&query))?;
    let query = PathQuery {
        through: text(&hub),
        ..PathQuery::default()
    };
    show("paths through the largest hub", || reports.paths(&query))?;
    if let Some(path) = &path {
        show("one path", || reports.path_detail(path))?;
    }
    show("exposed critical assets", || {
        reports.exposed_critical_assets(&ExposedQuery::default())
    })?;
    show("entry points", || reports.entry_points(&EntryQuery::default()))?;
    show("targets", || reports.targets(&TargetQuery::default()))?;
    show("choke points", || reports.choke_points(&ChokePointQuery::default()))?;
    show("techniques", || Ok(reports.techniques()))?;
    show("changes", || Ok(reports.changes(EVENTS_MAX)))?;
    show("generations", || Ok(reports.generations(50)))?;
    show("assets", || reports.assets(&AssetQuery::default()))?;
    let query = AssetQuery {
        q: text("adm"),
        sort: text("-paths"),
        ..AssetQuery::default()
    };
    show("assets, by a part of a name, by paths", || reports.assets(&query))?;
    let query = AssetQuery {
        q: text("s-1-5-21"),
        sort: text("-last_seen"),
        limit: Some(500),
        ..AssetQuery::default()
    };
    show("assets, 500 by a part of every id", || reports.assets(&query))?;
    let query = AssetQuery {
        view: text("devices"),
        state: text("on-path"),
        ..AssetQuery::default()
    };
    show("assets, devices on a path", || reports.assets(&query))?;
    show("one asset", || reports.asset_detail(&user))?;
    show("the largest hub", || reports.asset_detail(&hub))?;
    show("findings", || reports.findings(&user, &PageQuery::default()))?;
    show("steps of the largest hub", || {
        reports.edges(&hub, &EdgeQuery::default())
    })?;
    let query = EdgeQuery {
        kind: text("reported"),
        limit: Some(500),
        ..EdgeQuery::default()
    };
    show("relations of the largest hub, 500", || reports.edges(&hub, &query))?;
    show("blast radius of the largest hub", || reports.blast_detail(&hub, 100))?;
    show("blast radius of a user", || reports.blast_detail(&user, 100))?;
    if let Some(entry) = &entry {
        show("blast radius of an entry point", || reports.blast_detail(entry, 100))?;
    }
    show("widest blast radii", || reports.blasts(20))?;
    show("search", || reports.search("adm", 10))?;
    show("search, one letter", || reports.search("a", 10))?;
    Ok(())
}

/// Asks again and again; says how long it takes, turned to JSON as the server does, at the median and at worst.
fn show<T: Serialize>(name: &str, ask: impl Fn() -> postern_report::Result<T>) -> Result<(), Failure> {
    let (mut times, mut bytes) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        bytes = serde_json::to_vec(&ask()?)?.len();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{name:<40} {:>9.2} ms {:>9.2} ms {bytes:>9} bytes",
        millis(median),
        millis(worst)
    );
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
