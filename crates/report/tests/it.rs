//! The sample organisation, built by the engine: what the lists say agrees with what the numbers say.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use postern_engine::{AsOf, Clock, Engine, GenerationSummary, ImportOptions, Silent, Wait};
use postern_model::Criticality;
use postern_report::{
    AssetQuery, ChokePointQuery, EVENTS_MAX, EdgeQuery, EntryQuery, Ids, Inventory, LIMIT_MAX, PathQuery, ReportError,
    Reports, TargetQuery,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Within the window of the sample organisation.
const NOW: &str = "2026-11-03T00:00:00Z";

/// Two generations: the organisation, and the same after a person has set an account critical.
struct Sample {
    _folder: TempDir,
    first: Reports,
    second: Reports,
    inventory: Inventory,
    decided: String,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| Runtime::new().expect("a runtime").block_on(build()));

async fn build() -> Sample {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = folder.path().join("files");
    postern_sample::organisation::write(&files, 0).expect("writes the organisation");
    let clock = Clock::Fixed(NOW.parse().expect("a time"));
    let engine = Engine::open(&folder.path().join("data"), None, clock)
        .await
        .expect("opens");
    let options = ImportOptions {
        source: None,
        keep_raw: false,
        build: true,
        wait: Wait::Yes,
        author: text("ada"),
        shown_below: None,
    };
    let paths: Vec<PathBuf> = vec![files];
    engine
        .import(&paths, &options, Arc::new(Silent))
        .await
        .expect("imports");
    let first = Reports::load_whole(&engine, AsOf::Current).await.expect("a generation");
    let on_path = AssetQuery {
        state: text("on-path,enabled"),
        kind: text("User"),
        criticality: text("none"),
        ..AssetQuery::default()
    };
    let decided = first.assets(&on_path).expect("a question").items[0].id.clone();
    let level = Some(Some(Criticality::VeryHigh));
    engine.set_criticality(&decided, level, "ada").await.expect("decides");
    engine.build(Wait::Yes, Arc::new(Silent)).await.expect("builds");
    let second = Reports::load_whole(&engine, AsOf::Current).await.expect("a generation");
    second.prepare().expect("a whole generation");
    Sample {
        inventory: Inventory::load(&engine).await.expect("the ledger"),
        _folder: folder,
        first,
        second,
        decided,
    }
}

fn reports() -> &'static Reports {
    &SAMPLE.first
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn whole() -> PathQuery {
    PathQuery {
        limit: Some(LIMIT_MAX),
        ..PathQuery::default()
    }
}

/// All items of a list that is read page by page, with pages of this size.
fn pages<T>(limit: u64, page: impl Fn(u64) -> (u64, Vec<T>)) -> Vec<T> {
    let mut all = Vec::new();
    loop {
        let (total, items) = page(all.len() as u64);
        assert!(items.len() as u64 <= limit);
        let is_last = items.is_empty();
        all.extend(items);
        if is_last {
            assert_eq!(all.len() as u64, total);
            return all;
        }
    }
}

fn refused<T: Debug>(answer: Result<T, ReportError>) -> String {
    answer.expect_err("no such thing").to_string()
}

#[test]
fn the_numbers_of_every_page_are_those_of_the_overview() {
    let now = NOW.parse().expect("a time");
    let overview = reports().overview(&SAMPLE.inventory, now).expect("an overview");
    let paths = overview.summary.paths;
    assert!(paths > 0, "the organisation has paths");
    let risks = overview.risks;
    assert_eq!(risks.critical + risks.high + risks.medium + risks.low, paths);
    let scenarios = reports().scenarios();
    assert_eq!(scenarios.total, overview.summary.scenarios);
    assert_eq!(scenarios.items.iter().map(|it| it.paths).sum::<u64>(), paths);
    assert_eq!(reports().paths(&PathQuery::default()).expect("a page").total, paths);
    let entries = reports().entry_points(&EntryQuery {
        limit: Some(LIMIT_MAX),
        ..EntryQuery::default()
    });
    let entries = entries.expect("a page");
    assert_eq!(entries.items.iter().map(|it| it.paths).sum::<u64>(), paths);
    let by_basis = &overview.summary.entry_points;
    assert_eq!(by_basis.iter().map(|it| it.entry_points).sum::<u64>(), entries.total);
    let with_paths = entries.items.iter().filter(|it| it.paths > 0).count() as u64;
    assert_eq!(by_basis.iter().map(|it| it.with_paths).sum::<u64>(), with_paths);
    let targets = reports().targets(&TargetQuery {
        limit: Some(LIMIT_MAX),
        ..TargetQuery::default()
    });
    let targets = targets.expect("a page");
    assert_eq!(targets.items.iter().map(|it| it.paths).sum::<u64>(), paths);
    let reached = targets.items.iter().filter(|it| it.paths > 0).count() as u64;
    let summary = &overview.summary;
    assert_eq!(
        summary.control_planes.reached + summary.critical_assets.reached,
        reached
    );
    assert_eq!(
        reports()
            .choke_points(&ChokePointQuery::default())
            .expect("a page")
            .total,
        overview.choke_points_total
    );
    assert_eq!(
        reports().assets(&AssetQuery::default()).expect("a page").total,
        overview.assets.all
    );
    let stored = GenerationSummary::of(&reports().generation.record).expect("this version stores it");
    assert_eq!(
        (stored.targets_reached, stored.entry_points_with_paths),
        (reached, with_paths)
    );
    assert_eq!(stored.critical, risks.critical);
    assert_eq!(overview.history.len(), 1, "the second generation came later");
}

#[test]
fn pages_together_hold_every_item_once_in_one_order() {
    for sort in [None, text("-entry"), text("hops"), text("-risk")] {
        let query = |offset, limit| PathQuery {
            offset: Some(offset),
            limit: Some(limit),
            sort: sort.clone(),
            ..PathQuery::default()
        };
        let all = pages(7, |offset| {
            let page = reports().paths(&query(offset, 7)).expect("a page");
            (page.total, page.items.into_iter().map(|it| it.id).collect())
        });
        let at_once = reports().paths(&query(0, LIMIT_MAX)).expect("a page");
        assert_eq!(all, at_once.items.into_iter().map(|it| it.id).collect::<Vec<_>>());
    }
    for sort in ["name", "-last_seen", "criticality", "-paths", "kind", "-findings"] {
        let all = pages(50, |offset| {
            let query = AssetQuery {
                offset: Some(offset),
                limit: Some(50),
                sort: text(sort),
                ..AssetQuery::default()
            };
            let page = reports().assets(&query).expect("a page");
            (page.total, page.items.into_iter().map(|it| it.id).collect())
        });
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{sort}");
    }
}

#[test]
fn paths_of_an_asset_are_those_whose_route_names_it() {
    let generation = &reports().generation;
    let mut counted = 0;
    for asset in &generation.estate.nodes {
        let is_passed = |path: &&postern_attack::Path| {
            let steps = path.route.iter().filter_map(|&step| generation.derived.step(step));
            steps
                .clone()
                .any(|step| step.source == asset.id || step.target == asset.id)
        };
        let expected = generation.analysis.paths.iter().filter(is_passed).count() as u64;
        let index = reports().find_asset(&asset.key).expect("an asset");
        assert_eq!(
            reports().asset(index).expect("a report").paths,
            expected,
            "{}",
            asset.name
        );
        let query = PathQuery {
            through: Some(asset.key.to_string()),
            ..PathQuery::default()
        };
        assert_eq!(
            reports().paths(&query).expect("a page").total,
            expected,
            "{}",
            asset.name
        );
        counted += expected;
    }
    assert!(counted > 0);
}

#[test]
fn a_path_in_full_names_every_place_of_its_route_and_how_it_is_held() {
    let reports = reports();
    let mut held = BTreeSet::new();
    for row in reports.paths(&whole()).expect("a question").items {
        let path = reports.path_detail(&row.id).expect("a path");
        let names: Vec<_> = path.places.iter().map(|it| it.place.id.as_str()).collect();
        let mut expected = vec![path.path.entry.as_str()];
        expected.extend(path.path.steps.iter().map(|step| step.target.as_str()));
        assert_eq!(names, expected, "{}", row.id);
        for it in &path.places[1..] {
            let is_device = ["Computer", "Host"].contains(&it.place.kind.as_str());
            assert_eq!(it.foothold != "none", is_device, "{}: {:?}", row.id, it.place);
        }
        held.extend(path.places.into_iter().map(|it| it.foothold));
        for step in &path.path.steps {
            assert_eq!(reports.find_step(&step.id).expect("a step").label, step.label);
        }
    }
    assert!(held.contains("admin"), "some device is held as administrator: {held:?}");
    assert!(refused(reports.find_step("0123")).contains("no step"));
}

#[test]
fn every_filter_of_paths_keeps_what_it_names_and_nothing_else() {
    let all = reports().paths(&whole()).expect("a page").items;
    for path in &all {
        let holds = |query: PathQuery, is_wanted: &dyn Fn(&postern_report::PathRow) -> bool| {
            let found: Vec<_> = reports()
                .paths(&query)
                .expect("a page")
                .items
                .into_iter()
                .map(|it| it.id)
                .collect();
            let expected: Vec<_> = all.iter().filter(|it| is_wanted(it)).map(|it| it.id.clone()).collect();
            assert_eq!(found, expected, "{query:?}");
        };
        holds(
            PathQuery {
                scenario: text(&path.scenario),
                ..whole()
            },
            &|it| it.scenario == path.scenario,
        );
        holds(
            PathQuery {
                basis: text(&path.basis),
                ..whole()
            },
            &|it| it.basis == path.basis,
        );
        holds(
            PathQuery {
                risk: text(&path.risk),
                ..whole()
            },
            &|it| it.risk == path.risk,
        );
        holds(
            PathQuery {
                entry: text(&path.entry),
                ..whole()
            },
            &|it| it.entry == path.entry,
        );
        holds(
            PathQuery {
                target: text(&path.target),
                ..whole()
            },
            &|it| it.target == path.target,
        );
        for technique in &path.techniques {
            holds(
                PathQuery {
                    technique: text(technique),
                    ..whole()
                },
                &|it| it.techniques.contains(technique),
            );
        }
    }
    let two = PathQuery {
        risk: text("critical, high,medium,low"),
        ..whole()
    };
    assert_eq!(reports().paths(&two).expect("a page").total, all.len() as u64);
}

#[test]
fn assets_are_found_by_any_part_of_a_name_or_id_and_counted_by_kind() {
    let all = reports().assets(&AssetQuery::default()).expect("a page");
    assert_eq!(all.by_kind.values().sum::<u64>(), all.total);
    let some = &all.items[0];
    let part = some.id[some.id.len() - 6..].to_lowercase();
    let found = reports().assets(&AssetQuery {
        q: text(&part),
        limit: Some(LIMIT_MAX),
        ..AssetQuery::default()
    });
    assert!(found.expect("a page").items.iter().any(|it| it.id == some.id));
    let users = AssetQuery {
        kind: text("User"),
        ..AssetQuery::default()
    };
    let users = reports().assets(&users).expect("a page");
    assert_eq!((users.total, &users.by_kind), (all.by_kind["User"], &all.by_kind));
    let devices = AssetQuery {
        view: text("devices"),
        limit: Some(LIMIT_MAX),
        ..AssetQuery::default()
    };
    let devices = reports().assets(&devices).expect("a page");
    assert!(
        devices
            .items
            .iter()
            .all(|it| ["Computer", "Host"].contains(&it.kind.as_str()))
    );
    assert_eq!(devices.total, reports().asset_counts().devices);
}

#[test]
fn steps_of_an_asset_are_as_many_as_its_page_says() {
    for asset in reports()
        .assets(&AssetQuery {
            state: text("on-path"),
            ..AssetQuery::default()
        })
        .expect("a page")
        .items
    {
        let index = reports().find_asset(&asset.id).expect("an asset");
        let report = reports().asset(index).expect("a report");
        let of = |direction: &str| {
            let query = EdgeQuery {
                direction: text(direction),
                ..EdgeQuery::default()
            };
            let page = reports().edges(&asset.id, &query).expect("a page");
            assert_eq!(page.by_technique.values().sum::<u64>(), page.total);
            page.total
        };
        assert_eq!((of("in"), of("out")), (report.steps_in, report.steps_out));
    }
}

#[test]
fn every_fact_of_a_merged_device_names_an_object_and_the_files_that_tell_it() {
    let devices = AssetQuery {
        view: text("devices"),
        limit: Some(LIMIT_MAX),
        ..AssetQuery::default()
    };
    let devices = reports().assets(&devices).expect("a question").items;
    let details = devices
        .iter()
        .map(|it| reports().asset_detail(&it.id).expect("is there").asset);
    let merged: Vec<_> = details.filter(|it| it.original_objects.len() > 1).collect();
    assert!(!merged.is_empty(), "scanned computers of the directory");
    for asset in &merged {
        let names: Vec<_> = asset.facts.iter().map(|it| &it.name).collect();
        assert_eq!(names, asset.properties.keys().collect::<Vec<_>>());
        let objects: BTreeSet<_> = asset.original_objects.iter().map(|it| it.id.as_str()).collect();
        let told_of: BTreeSet<_> = asset.facts.iter().map(|it| it.object.as_str()).collect();
        assert!(told_of.len() > 1 && told_of.is_subset(&objects), "{told_of:?}");
        for fact in &asset.facts {
            let object = asset.original_objects.iter().find(|it| it.id == fact.object);
            let object = object.expect("one of its objects");
            assert!(!fact.files.is_empty() && fact.files.iter().all(|it| object.files.contains(it)));
            assert!(fact.observed <= object.observed, "{}", fact.name);
        }
        // A scanner's report and a collection of the directory are never the same files.
        let [first, second, ..] = &asset.original_objects[..] else {
            panic!("merged of one")
        };
        assert!(first.files.iter().all(|it| !second.files.contains(it)));
        assert!(asset.identifiers.iter().all(|it| !it.files.is_empty()));
    }
}

#[test]
fn a_level_set_by_hand_tells_who_set_it() {
    let of = |reports: &Reports| {
        let detail = reports.asset_detail(&SAMPLE.decided).expect("is there");
        detail.asset.criticality_set.map(|it| (it.by, it.level))
    };
    assert_eq!(of(reports()), None);
    assert_eq!(of(&SAMPLE.second), Some(("ada".to_owned(), text("very high"))));
}

#[test]
fn a_mistake_in_a_question_is_named_with_what_would_be_right() {
    let sort = PathQuery {
        sort: text("colour"),
        ..PathQuery::default()
    };
    assert_eq!(
        refused(reports().paths(&sort)),
        "sort: nothing is sorted by colour; it is one of risk, cost, hops, entry, target, status"
    );
    let risk = PathQuery {
        risk: text("high,huge"),
        ..PathQuery::default()
    };
    assert_eq!(
        refused(reports().paths(&risk)),
        "risk: there is no huge; it is one of critical, high, medium, low"
    );
    let limit = AssetQuery {
        limit: Some(501),
        ..AssetQuery::default()
    };
    assert_eq!(
        refused(reports().assets(&limit)),
        "limit: 501 is more than 500, the most of one page"
    );
    assert_eq!(
        refused(reports().asset_detail("nobody")),
        "there is no asset nobody in this generation"
    );
    assert_eq!(
        refused(reports().path_detail("f00")),
        "there is no attack path f00 in this generation"
    );
}

#[test]
fn a_decision_is_told_with_the_paths_that_follow_from_it() {
    let Sample { second, decided, .. } = &*SAMPLE;
    let changes = second.changes(EVENTS_MAX);
    assert_eq!(changes.previous, Some(1));
    let name = second.generation.name_of(second.find_place(decided).expect("an asset"));
    assert_eq!(
        changes.inputs,
        [format!("The criticality of {name} was set to very high by ada.")]
    );
    let counts = changes.counts;
    assert_eq!(
        counts.new + counts.reopened + counts.resolved + counts.unconfirmed + counts.rerouted,
        changes.total
    );
    let new: Vec<_> = changes.items.iter().filter(|it| it.status == "new").collect();
    assert!(!new.is_empty());
    assert_eq!(new.len() as u64, counts.new);
    assert!(
        new.iter()
            .all(|it| it.reason == format!("{name} was no target before.")),
        "{new:?}"
    );
    let detail = second.path_detail(&new[0].path).expect("a path");
    assert_eq!(detail.changed.expect("it is new").what, [new[0].reason.clone()]);
    assert!(changes.targets_reached.iter().any(|it| it.id == *decided));
    assert_eq!(second.history().iter().map(|it| it.number).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn everything_of_the_first_generation_is_new_and_compared_with_nothing() {
    let changes = reports().changes(EVENTS_MAX);
    assert_eq!(
        (changes.previous, changes.counts.new),
        (None, reports().summary().paths)
    );
    assert!(changes.inputs.is_empty());
}

#[test]
fn an_edge_is_found_by_its_id_and_by_the_first_digits_of_it() {
    let generation = &SAMPLE.first.generation;
    let (estate, ids) = (&generation.estate, Ids(generation));
    let steps = generation.derived.steps.iter().map(|it| it.id);
    let relations = estate.relations.iter().map(|it| it.id);
    let findings = estate.findings.iter().map(|it| it.id);
    for id in steps
        .step_by(997)
        .chain(relations.step_by(997))
        .chain(findings.step_by(97))
    {
        let text = id.to_string();
        assert_eq!(ids.edge(&text).expect("there"), id);
        assert_eq!(ids.edge(&text.to_uppercase()[..20]).expect("there"), id);
    }
    let step = generation.derived.steps[0].id.to_string();
    for no_id in ["", "abc", "+23456", "not an id", &format!("{step}0")] {
        assert!(matches!(ids.edge(no_id), Err(ReportError::NotAnId { .. })), "{no_id}");
    }
    assert!(matches!(ids.edge(&"0".repeat(32)), Err(ReportError::NoSuchEdge { .. })));
}
