use postern_catalog::Catalog;
#[test]
fn t() { if let Err(e) = Catalog::embedded() { panic!("{e}") } }
