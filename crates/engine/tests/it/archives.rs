//! Archives and odd files at the door: each is refused in a sentence, and what lies beside them goes in.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use postern_engine::ImportReport;

use crate::support::{Place, zip};

const GROUPS: &str = r#"{"data":[{"ObjectIdentifier":"S-1-5-21-1-2-3-1105","Properties":{"name":"HELPDESK@A.EXAMPLE",
    "domain":"A.EXAMPLE","domainsid":"S-1-5-21-1-2-3"},"Members":[],"Aces":[]}],
    "meta":{"type":"groups","count":1,"version":6,"methods":0}}"#;

fn gzip(path: &Path, bytes: &[u8]) {
    let mut packed = GzEncoder::new(File::create(path).expect("creates"), Compression::default());
    packed.write_all(bytes).expect("packs");
    packed.finish().expect("packs");
}

/// File names without their folder, each with what the import says first of it.
fn told(report: &ImportReport) -> Vec<(&str, &str)> {
    let files = report.files.iter().map(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        (name, file.rejects.first().map_or("", |reject| reject.reason.as_str()))
    });
    files.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_packed_by_gzip_is_the_collection() {
    let (plain, packed) = (Place::new().await, Place::new().await);
    let file = plain.file("20260102030405_groups.json", GROUPS);
    plain.import(&[file]).await;
    let file = packed.file("20260102030405_groups.json.gz", "");
    gzip(&file, GROUPS.as_bytes());
    let report = packed.import(&[file]).await;
    assert!(
        report.files[0]
            .path
            .ends_with("_groups.json.gz!20260102030405_groups.json")
    );
    assert_eq!(plain.digests().await, packed.digests().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_is_told_and_the_rest_goes_in() {
    let place = Place::new().await;
    let groups = place.file("good.json", GROUPS);
    let folder = groups.parent().expect("a folder").to_owned();
    zip(&folder.join("a-good.zip"), std::slice::from_ref(&groups));
    zip(&folder.join("b-nested.zip"), &[folder.join("a-good.zip"), groups]);
    fs::write(folder.join("c-seven.7z"), b"7z\xbc\xaf\x27\x1c\0\x04").expect("writes");
    let whole = fs::read(folder.join("a-good.zip")).expect("reads");
    fs::write(folder.join("d-cut.zip"), &whole[..whole.len() - 30]).expect("writes");
    let report = place.import(&[folder]).await;
    let expected = [
        ("a-good.zip!good.json", ""),
        (
            "b-nested.zip!a-good.zip",
            "an archive inside an archive is not opened; unpack it first",
        ),
        ("b-nested.zip!good.json", ""),
        ("c-seven.7z", "it is a 7z archive; unpack it first"),
        (
            "d-cut.zip",
            "the archive has no directory at its end; it was cut short, copy it again",
        ),
        ("good.json", ""),
    ];
    assert_eq!(told(&report), expected);
    assert_eq!(
        place.current().await.estate.nodes.len(),
        1,
        "three times the same group"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_of_nothing_are_refused_at_once() {
    const LENGTH: u64 = 3 << 30;
    let place = Place::new().await;
    let zeros = place.file("zeros.json", "");
    let spaces = place.file("spaces.json", &" ".repeat(1 << 20));
    for path in [&zeros, &spaces] {
        let file = File::options().write(true).open(path).expect("opens");
        file.set_len(LENGTH).expect("the file is sparse");
    }
    let begun = Instant::now();
    let report = place.import(&[zeros, spaces]).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    let reasons: Vec<_> = told(&report).into_iter().map(|(_, reason)| reason).collect();
    assert!(reasons[0].contains("is not a known format"), "{reasons:?}");
    assert!(reasons[1].ends_with("is empty; export it again"), "{reasons:?}");
}
