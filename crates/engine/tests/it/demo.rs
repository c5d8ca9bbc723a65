//! Every week of the demonstration through the whole of import and build, story by story.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use postern_attack::{derive, routes_between};
use postern_engine::{AsOf, Clock, Engine, Generation, ImportOptions, Silent, Wait};
use postern_model::{Criticality, NodeId};
use postern_sample::demo::{Level, SITE, State, Story, critical_assets, stories, weeks};

use crate::support::guessing;

const NOW: &str = "2026-11-21T15:30:00Z";

/// The generations of all weeks, in order.
async fn generations(folder: &std::path::Path) -> (Engine, Vec<Generation>) {
    let now: Timestamp = NOW.parse().expect("a time");
    let mut generations = Vec::new();
    let mut last = None;
    for week in weeks(now).expect("weeks before now") {
        let clock = Clock::Fixed(week.imported_at);
        let engine = Engine::open(&folder.join("data"), None, clock).await.expect("opens");
        if week.number == 1 {
            for asset in critical_assets() {
                let level = match asset.level {
                    Level::High => Criticality::High,
                    Level::VeryHigh => Criticality::VeryHigh,
                };
                let set = engine.set_criticality(&asset.id, Some(Some(level)), "demo").await;
                set.expect("decides");
            }
        }
        let collection = week
            .write(&folder.join(format!("week-{}", week.number)))
            .expect("writes");
        let directory = [collection.directory.files, collection.cloud.files].concat();
        for (files, source, build) in [
            (&directory, None, false),
            (&collection.site.files, Some(SITE.to_owned()), true),
        ] {
            let options = ImportOptions {
                source,
                keep_raw: false,
                build,
                wait: Wait::Yes,
                shown_below: None,
                author: None,
            };
            let report = engine.import(files, &options, Arc::new(Silent)).await.expect("imports");
            let rejects: Vec<_> = report
                .files
                .iter()
                .flat_map(|file| file.rejects.iter().map(|reject| (&file.path, reject)))
                .collect();
            assert!(rejects.is_empty(), "{rejects:?}");
        }
        generations.push(engine.load(AsOf::Current).await.expect("a generation"));
        last = Some(engine);
    }
    (last.expect("there are weeks"), generations)
}

/// What became of the story's pair in a generation. `ids` knows the paths of earlier weeks by their ends.
fn state(story: &Story, generation: &Generation, ids: &mut HashMap<(NodeId, NodeId), u128>) -> State {
    let (entry, target) = (NodeId::of(&story.entry.id), NodeId::of(&story.target.id));
    let is_exposed = generation.analysis.exposed_critical.iter().any(|it| it.entry == entry);
    if is_exposed {
        return State::Exposed;
    }
    let path = generation
        .analysis
        .paths
        .iter()
        .find(|path| (path.entry, path.target) == (entry, target));
    if let Some(path) = path {
        ids.insert((entry, target), path.id.0);
    }
    let Some(id) = ids.get(&(entry, target)) else {
        return State::Nothing;
    };
    let status = generation.status.get(id).map(String::as_str);
    let states = [
        State::New,
        State::Active,
        State::Reopened,
        State::Resolved,
        State::Unconfirmed,
    ];
    let state = states.into_iter().find(|state| state.status() == status);
    state.unwrap_or_else(|| panic!("{}: {status:?}", story.id))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_story_of_the_demonstration_is_true_in_every_week() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (engine, generations) = generations(folder.path()).await;
    let mut wrong = Vec::new();
    for story in stories() {
        let mut ids = HashMap::new();
        let states: Vec<_> = generations
            .iter()
            .map(|generation| state(&story, generation, &mut ids))
            .collect();
        if states != story.weeks {
            wrong.push(format!("{}: {states:?}", story.id));
        }
        // A story may begin at somebody who is no entry point: then the route itself says whether there is a way.
        let now = &generations[generations.len() - 1];
        let ends = [&story.entry.id, &story.target.id].map(|id| NodeId::of(id));
        if story.is_open_now() && story.weeks.contains(&State::Exposed) {
            continue;
        }
        let world = now.world(engine.catalog());
        // What anybody may guess is no part of a story that is about something else.
        let derived = derive(&world, &guessing());
        let routes = routes_between(&world, &derived, &now.targets, ends[0], ends[1], 1);
        let routes = routes.unwrap_or_else(|error| panic!("{}: {error}", story.id));
        if routes.is_empty() == story.is_open_now() {
            wrong.push(format!("{}: {} routes now", story.id, routes.len()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
