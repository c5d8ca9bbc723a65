//! The reader as a whole: counts that another reader has made, and bytes that nobody meant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::testing::Kept;

/// Hosts by the facets that were looked at on them.
fn covered(kept: &Kept, summary: &Summary) -> BTreeMap<String, Vec<String>> {
    let mut covered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in kept.rows("covered", &["cell", "subject"]) {
        let cell: usize = row[0].parse().unwrap();
        let facet = summary.cells[cell].cell.facet.to_string();
        covered.entry(row[1].clone()).or_default().push(facet);
    }
    covered
}

fn read_bytes(bytes: &[u8], site: Option<&str>) -> (Result<Summary, IngestError>, Kept) {
    let mut kept = Kept::default();
    (kept.read_as(&FORMAT, bytes, site), kept)
}

/// A report with these hosts, as XML.
fn report(hosts: &str) -> String {
    format!("<NessusClientData_v2><Report name=\"r\">{hosts}</Report></NessusClientData_v2>")
}

fn read_report(hosts: &str) -> (Summary, Kept) {
    let (summary, kept) = read_bytes(report(hosts).as_bytes(), Some("hq"));
    (summary.unwrap(), kept)
}

#[test]
fn a_report_in_utf_16_is_recognised_and_refused_with_advice() {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{}", report(""));
    let little = || text.encode_utf16().flat_map(u16::to_le_bytes);
    let big = || text.encode_utf16().flat_map(u16::to_be_bytes);
    let marked = |mark: &[u8; 2], bytes: &mut dyn Iterator<Item = u8>| mark.iter().copied().chain(bytes).collect();
    let files: [Vec<u8>; 4] = [
        marked(b"\xFF\xFE", &mut little()),
        marked(b"\xFE\xFF", &mut big()),
        little().collect(),
        big().collect(),
    ];
    for bytes in files {
        let error = Kept::default().read(&bytes).unwrap_err().to_string();
        assert_eq!(
            error,
            "file at byte 0: it is written in UTF-16; export it again, or save it as UTF-8"
        );
    }
    assert!(!sniff(b"\xFF\xFE<\0o\0t\0h\0e\0r\0>\0"));
}

/// Counts that were made without this reader, in the units of `inspect`.
#[test]
fn counts_equal_those_of_another_reader() {
    let data = std::env::var_os("POSTERN_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let scanners = data.join("scanners");
    let Ok(table) = std::fs::read_to_string(scanners.join("RAW_COUNTS.tsv")) else {
        println!(
            "SKIPPED: counts_equal_those_of_another_reader ({} is absent)",
            scanners.display()
        );
        return;
    };
    let mut files = 0;
    for line in table.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let ["nessus-xml", file, assets, checks, instances, cves, _unit] = fields[..] else {
            continue;
        };
        let bytes = std::fs::read(scanners.join("nessus-xml").join(file)).unwrap();
        assert!(sniff(&bytes[..bytes.len().min(crate::HEAD_BYTES)]), "{file}");
        let (summary, kept) = read_bytes(&bytes, None);
        let expected = [assets, checks, instances, cves].map(|count| count.parse::<u64>().unwrap());
        let found = summary.unwrap().counts;
        assert_eq!(
            [found.assets, found.checks, found.instances, found.cves],
            expected,
            "{file}"
        );
        assert_eq!(kept.rejects, [], "{file}");
        files += 1;
    }
    assert_eq!(files, 5);
}

#[test]
fn the_first_version_of_the_format_is_named_and_refused() {
    let document = b"<?xml version='1.0'?><NessusClientData><Report/></NessusClientData>";
    assert!(sniff(document));
    let (summary, _) = read_bytes(document, None);
    assert_eq!(
        summary.unwrap_err().to_string(),
        "file is a Nessus export of version 1; exports of version 2 (.nessus) are understood"
    );
}

#[test]
fn only_a_nessus_export_is_recognised() {
    assert!(sniff(b"<?xml version=\"1.0\" ?>\n<!-- x --><NessusClientData_v2>"));
    assert!(!sniff(b"{\"text\": \"<NessusClientData_v2>\"}"));
    assert!(!sniff(b"<nmaprun>"));
    assert!(!sniff(b""));
}

#[test]
fn a_bad_item_is_rejected_with_its_place_and_the_rest_goes_in() {
    let good = r#"<ReportItem pluginID="2" port="80" protocol="tcp" pluginFamily="F"/>"#;
    let (summary, kept) = read_report(&format!(
        r#"<ReportHost name="a"><ReportItem port="1" protocol="tcp"/><ReportItem pluginID="x"/>
        <ReportItem pluginID="1" port="65536" protocol="tcp"/><ReportItem pluginID="1" port="9"/>
        <ReportItem pluginID=1 port="9"/>{good}</ReportHost><ReportHost>{good}</ReportHost>"#
    ));
    assert_eq!(
        kept.rows("findings", &["weakness", "locator"]),
        [["nessus:2", "tcp/80"]]
    );
    let reasons: Vec<_> = kept.rejects.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "a ReportItem without pluginID",
            r#"pluginID "x" is not a number"#,
            r#"port "65536" of plugin 1 is not a port"#,
            r#"port 9 of plugin 1 has protocol """#,
            "its attributes cannot be read (position 20: attribute value must be enclosed in `\"` or `'`)",
            "a ReportHost without name is left out with its results",
        ]
    );
    assert_eq!(
        kept.rejects[0].position,
        format!("byte {}", report("<ReportHost name='a'>").find("</Report>").unwrap())
    );
    assert_eq!((summary.counts.assets, summary.counts.instances), (1, 1));
}

#[test]
fn an_odd_severity_is_kept_as_text_and_the_risk_factor_counts() {
    let (_, kept) = read_report(
        r#"<ReportHost name="a"><ReportItem pluginID="1" severity="Unknown"/>
        <ReportItem pluginID="2" severity="7"><risk_factor>High</risk_factor></ReportItem></ReportHost>"#,
    );
    let rows = kept.rows("findings", &["severity", "properties"]);
    assert_eq!(rows[0][0], "info");
    assert!(rows[0][1].contains(r#""severity_text":"Unknown""#));
    assert_eq!(rows[1][0], "high");
}

const POLICY: &str = "<Policy><FamilySelection>\
    <FamilyItem><FamilyName>Windows</FamilyName><Status>enabled</Status></FamilyItem>\
    <FamilyItem><FamilyName>DNS</FamilyName><Status>disabled</Status></FamilyItem>\
    <FamilyItem><FamilyName>Port scanners</FamilyName><Status>mixed</Status></FamilyItem>\
    </FamilySelection></Policy>";

/// What is covered, host by host, under [`POLICY`].
fn covered_under_policy(hosts: &str) -> BTreeMap<String, Vec<String>> {
    let document = format!("<NessusClientData_v2>{POLICY}<Report>{hosts}</Report></NessusClientData_v2>");
    let (summary, kept) = read_bytes(document.as_bytes(), None);
    covered(&kept, &summary.unwrap())
}

#[test]
fn a_scanned_host_is_covered_for_the_families_that_are_switched_on_in_full() {
    let covered = covered_under_policy(
        r#"<ReportHost name="a"/><ReportHost name="b"><HostProperties>
        <tag name="Credentialed_Scan">true</tag></HostProperties></ReportHost>"#,
    );
    let ports = "open ports".to_owned();
    let facets = |mode: &str| {
        let family = |name: &str| format!("{name} ({mode})");
        vec!["properties".to_owned(), ports.clone(), family("Windows")]
    };
    assert_eq!(covered["host::a"], facets("not credentialed"));
    assert_eq!(covered["host::b"], facets("credentialed"));
}

#[test]
fn a_host_that_did_not_answer_was_looked_at_for_no_family() {
    let dead = covered_under_policy(
        r#"<ReportHost name="a"><ReportItem pluginID="10180" port="0" pluginFamily="Port scanners">
        <plugin_output>The remote host (a) is considered as dead - not scanning</plugin_output>
        </ReportItem></ReportHost>"#,
    );
    assert_eq!(dead["host::a"], ["properties"]);
}

#[test]
fn a_scan_that_was_cut_short_covers_no_family() {
    let hosts = |end: &str| {
        format!(
            r#"<ReportHost name="a"><HostProperties>{end}
            <tag name="HOST_START">Thu May  3 11:02:44 2018</tag></HostProperties></ReportHost>"#
        )
    };
    let end = r#"<tag name="HOST_END">Thu May  3 12:02:44 2018</tag>"#;
    assert_eq!(covered_under_policy(&hosts(""))["host::a"], ["properties"]);
    assert_eq!(covered_under_policy(&hosts(end))["host::a"].len(), 3);
}

#[test]
fn without_a_policy_the_families_of_the_file_are_those_looked_at() {
    let (summary, kept) = read_report(
        r#"<ReportHost name="a"><ReportItem pluginID="1" pluginFamily="Windows"/></ReportHost>
        <ReportHost name="b"/>"#,
    );
    let covered = covered(&kept, &summary);
    assert_eq!(covered["host:hq:b"], ["properties", "Windows (not credentialed)"]);
    assert_eq!(covered["host:hq:a"], covered["host:hq:b"]);
}

#[test]
fn a_host_that_is_listed_twice_is_one_host() {
    let host = |hour: u32, credentialed: bool, plugin: u32| {
        format!(
            r#"<ReportHost name="Srv"><HostProperties><tag name="HOST_END">Thu May  3 {hour}:00:00 2018</tag>
            <tag name="Credentialed_Scan">{credentialed}</tag></HostProperties>
            <ReportItem pluginID="{plugin}" pluginFamily="F"/></ReportHost>"#
        )
    };
    let (summary, kept) = read_report(&(host(12, true, 1) + &host(11, false, 2)));
    assert_eq!(summary.counts.assets, 1);
    assert_eq!(summary.observed_at.unwrap().to_string(), "2018-05-03T12:00:00Z");
    let covered = covered(&kept, &summary);
    assert_eq!(
        covered["host:hq:srv"],
        ["properties", "F (credentialed)", "F (not credentialed)"]
    );
    let times = kept.rows("covered", &["observed_at"]);
    assert!(times.iter().all(|row| row[0] == "1525348800000000"));
}

#[test]
fn a_service_is_told_once_and_by_its_surest_name() {
    let item = |name: &str| format!(r#"<ReportItem pluginID="1" port="443" protocol="TCP" svc_name="{name}"/>"#);
    let (_, kept) = read_report(&format!(
        r#"<ReportHost name="a">{}{}{}</ReportHost>"#,
        item("https?"),
        item("www"),
        item("other")
    ));
    assert_eq!(
        kept.rows("services", &["subject", "protocol", "port", "name"]),
        [["host:hq:a", "tcp", "443", "www"]]
    );
}

#[test]
fn a_long_output_is_cut_and_says_so() {
    let output = "x".repeat(PLUGIN_OUTPUT_BYTES_MAX + 1);
    let (_, kept) = read_report(&format!(
        r#"<ReportHost name="a"><ReportItem pluginID="1"><plugin_output>{output}</plugin_output></ReportItem>
        </ReportHost>"#
    ));
    let properties: Json = serde_json::from_str(&kept.rows("findings", &["properties"])[0][0]).unwrap();
    assert_eq!(
        properties["plugin_output"].as_str().unwrap().len(),
        PLUGIN_OUTPUT_BYTES_MAX
    );
    assert_eq!(properties["cut"], json!(["plugin_output"]));
}

#[test]
fn families_above_the_limit_are_rejected_by_name_of_the_limit() {
    let items: String = (0..=FAMILIES_MAX)
        .map(|family| format!(r#"<ReportItem pluginID="1" pluginFamily="F{family}"/>"#))
        .collect();
    let (summary, kept) = read_report(&format!(r#"<ReportHost name="a">{items}</ReportHost>"#));
    assert_eq!(summary.counts.instances, FAMILIES_MAX as u64);
    assert_eq!(kept.rejects.len(), 1);
    assert_eq!(kept.rejects[0].reason, "the file names more than 1000 plugin families");
}

#[test]
fn a_file_cut_anywhere_before_its_end_is_refused() {
    let document = example();
    let end = document.trim_end().len();
    for length in 0..end {
        let Some(head) = document.get(..length) else { continue };
        let (summary, _) = read_bytes(head.as_bytes(), None);
        assert!(summary.is_err(), "{length}");
    }
    assert!(read_bytes(document.as_bytes(), None).0.is_ok());
}

/// A report that has some of everything.
fn example() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/nessus");
    std::fs::read_to_string(folder.join("windows-server-with-credentials/in.nessus")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_damage_makes_the_reader_panic(
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0u8..3), 1..8),
    ) {
        let mut bytes = example().into_bytes();
        for (place, byte, how) in damages {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => { bytes.insert(place, byte); }
                _ => { bytes.remove(place); }
            }
        }
        let (summary, kept) = read_bytes(&bytes, None);
        if let Ok(summary) = summary {
            for table in ["findings", "objects", "services", "covered"] {
                for row in kept.rows(table, &["cell"]) {
                    prop_assert!(row[0].parse::<usize>().unwrap() < summary.cells.len());
                }
            }
        }
    }

    #[test]
    fn no_markup_makes_the_reader_panic(
        parts in proptest::collection::vec(proptest::sample::select(MARKUP), 0..40),
    ) {
        let _ = read_bytes(parts.concat().as_bytes(), None);
    }
}

/// Pieces of documents, to be put together in any order.
const MARKUP: &[&str] = &[
    "<NessusClientData_v2>",
    "</NessusClientData_v2>",
    "<Report>",
    "</Report>",
    "<Policy>",
    "</Policy>",
    "<FamilySelection>",
    "<FamilyItem>",
    "<FamilyName>",
    "<ReportHost name='a'>",
    "</ReportHost>",
    "<ReportHost/>",
    "<HostProperties>",
    "</HostProperties>",
    "<tag name='HOST_END'>",
    "</tag>",
    "<ReportItem pluginID='1'>",
    "</ReportItem>",
    "<cve>",
    "</cve>",
    "<!-->",
    "<!---->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE",
    "<?xml",
    "?>",
    "&",
    ";",
    "#x",
    "<",
    ">",
    "/>",
    "'",
    "\"",
    " ",
    "x",
    "=",
    "\u{FEFF}",
    "<cm:a>",
    "</cm:a>",
    "<:>",
];
