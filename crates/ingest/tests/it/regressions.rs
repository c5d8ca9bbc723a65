//! What fuzzing has found, and what was mended: every file of `testdata/regressions/<family>/` is read again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use postern_ingest::FORMATS;

use crate::contract;

/// Far above what any of them takes, on a machine that is busy.
const TIME_MAX: Duration = Duration::from_secs(10);

#[test]
fn regressions_are_read_in_good_time_and_break_no_promise() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/regressions");
    let mut files = 0;
    for family in fs::read_dir(folder).unwrap() {
        let family = family.unwrap().path();
        for file in fs::read_dir(&family).unwrap() {
            let file = file.unwrap().path();
            println!("{}", file.display());
            let bytes = fs::read(&file).unwrap();
            let begun = Instant::now();
            contract::read_any(&bytes);
            let format = FORMATS.iter().find(|it| family.ends_with(it.id));
            assert!(
                format.is_some() || family.ends_with("any"),
                "no family: {}",
                family.display()
            );
            if let Some(format) = format {
                let outcome = contract::read(format, &bytes);
                contract::read_again(format, &bytes, &outcome);
            }
            assert!(begun.elapsed() < TIME_MAX, "{}: {:?}", file.display(), begun.elapsed());
            files += 1;
        }
    }
    assert!(files > 0, "there are no regressions to read");
}
