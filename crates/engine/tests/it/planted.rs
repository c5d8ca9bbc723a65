//! Look-alikes and their true twins, through the whole of import and build.

use postern_attack::{derive, routes_between};
use postern_model::NodeId;

use crate::support::{Place, guessing};

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_through_a_look_alike_and_one_through_each_true_twin() {
    for case in postern_sample::planted::cases() {
        let place = Place::at(postern_sample::planted::EVALUATED_AT).await;
        let files: Vec<_> = case
            .files
            .iter()
            .map(|(name, content)| place.file(name, content))
            .collect();
        let report = place.import(&files).await;
        let rejects: Vec<_> = report.files.iter().flat_map(|file| &file.rejects).collect();
        assert!(rejects.is_empty(), "{}: {rejects:?}", case.name);
        let generation = place.current().await;
        let catalog = place.engine.catalog();
        let routes = routes_between(
            &generation.world(catalog),
            &generation.derived,
            &generation.targets,
            NodeId::of(&case.entry),
            NodeId::of(&case.target),
            1,
        )
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(!routes.is_empty(), case.has_path, "{}: {}", case.name, case.why);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_organisation_has_the_paths_that_it_says_and_no_other() {
    let place = Place::at("2026-11-02T12:00:00Z").await;
    let files = place.folder.path().join("organisation");
    postern_sample::organisation::write(&files, 1).expect("writes the organisation");
    let report = place.import(&[files]).await;
    let rejects: Vec<_> = report.files.iter().flat_map(|file| &file.rejects).collect();
    assert!(rejects.is_empty(), "{rejects:?}");
    let generation = place.current().await;
    let world = generation.world(place.engine.catalog());
    // What anybody may guess is no part of a truth about something else.
    let derived = derive(&world, &guessing());
    for truth in postern_sample::organisation::truths() {
        let routes = routes_between(
            &world,
            &derived,
            &generation.targets,
            NodeId::of(&truth.entry),
            NodeId::of(&truth.target),
            1,
        )
        .unwrap_or_else(|error| panic!("{}: {error}", truth.why));
        assert_eq!(!routes.is_empty(), truth.has_path, "{}", truth.why);
    }
    assert!(!generation.analysis.paths.is_empty());
    for path in &generation.analysis.paths {
        let cost: u32 = path
            .route
            .iter()
            .filter_map(|step| generation.derived.step(*step))
            .map(|step| step.cost)
            .sum();
        assert_eq!(path.cost, cost, "a path costs as much as its steps");
    }
}
