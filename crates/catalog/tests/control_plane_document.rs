//! `docs/control-plane.md` says of every rule what it is set to.

use std::collections::BTreeMap;

use postern_catalog::Catalog;

#[test]
fn the_document_lists_every_rule_with_its_default() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/control-plane.md");
    let document = std::fs::read_to_string(path).expect("the document");
    let mut told = BTreeMap::new();
    for row in document.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        for rule in cells[1].split(", ") {
            told.insert(rule.trim_matches('`').to_owned(), cells[3].replace('*', ""));
        }
    }
    let catalog = Catalog::embedded().expect("the embedded catalog is valid");
    let set: BTreeMap<_, _> = catalog
        .control_planes
        .iter()
        .map(|rule| {
            let default = match (rule.enabled, rule.locked) {
                (true, true) => "on, locked",
                (true, false) => "on",
                (false, _) => "off",
            };
            (rule.id.clone(), default.to_owned())
        })
        .collect();
    assert_eq!(told, set);
}
