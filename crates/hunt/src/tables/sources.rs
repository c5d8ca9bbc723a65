//! `Sources`: the imported files that columns of that name point to.

use postern_kql::Type::{DateTime, String as Text};
use postern_model::Phase;

use super::{EstateTables, Out, TableSpec, column};
use crate::error::HuntError;

pub static TABLE: TableSpec = TableSpec {
    name: "Sources",
    about: "Imported files.",
    phase: Phase::Resolve,
    is_filled: true,
    columns: &[
        column("SourceId", Text, "The id that columns named `Sources` hold."),
        column("Name", Text, "What people called the source."),
        column("File", Text, "Name of the file."),
        column("Format", Text, "What it was recognised as: `sharphound`, `nessus`, ..."),
        column("ImportedAt", DateTime, "When it was imported."),
        column(
            "ObservedFrom",
            DateTime,
            "Its oldest observation; null where that is not kept.",
        ),
        column("ObservedTo", DateTime, "When what it says was observed."),
    ],
    shreds: &[],
    rows,
};

fn rows(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [id, name, file, format, imported, from, to] = out.slots([
        "SourceId",
        "Name",
        "File",
        "Format",
        "ImportedAt",
        "ObservedFrom",
        "ObservedTo",
    ]);
    for source in tables.sources() {
        out.text(id, &source.id);
        out.text(name, &source.name);
        out.text(file, &source.file);
        out.text(format, &source.format);
        out.time(imported, source.imported_at);
        out.time(from, source.observed_from);
        out.time(to, source.observed_to);
        out.end_row()?;
    }
    Ok(())
}
