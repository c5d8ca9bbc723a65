//! The tables, their columns and the functions that give tables, as Markdown: out of the schema that binds queries, so
//! that it cannot say anything else.

use std::fmt::Write;

use postern_hunt::estate_world::table_functions;
use postern_hunt::tables::ALL;

/// The whole page, as `docs/hunting-tables.md` holds it.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Tables of hunting\n\n\
         Written by `postern hunt --tables`; `cargo xtask codegen` updates this page. How to ask is in\n\
         [hunting.md](hunting.md).\n",
    );
    // Writing into a string does not fail.
    for spec in ALL {
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n| column | type | |\n|---|---|---|\n",
            spec.name,
            spec.description()
        );
        for column in spec.columns {
            let _ = writeln!(page, "| `{}` | {} | {} |", column.name, column.ty, cell(column.about));
        }
        if !spec.shreds.is_empty() {
            page.push_str("\nKept apart, so that reading them does not cost reading the whole: ");
            let paths = spec
                .shreds
                .iter()
                .map(|it| format!("`{}.{}`", it.column, it.path.join(".")));
            let _ = writeln!(page, "{}.", paths.collect::<Vec<_>>().join(", "));
        }
    }
    page.push_str("\n# Functions that give tables\n");
    for function in table_functions() {
        let parameters = function.parameters.iter().map(|it| {
            let mark = if it.is_optional { "?" } else { "" };
            format!("{}{mark}: {}", it.name, it.ty)
        });
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        let columns = function
            .columns
            .iter()
            .map(|it| format!("`{}`", it.name))
            .collect::<Vec<_>>();
        let _ = write!(
            page,
            "\n## {}({parameters})\n\n{}\n\nColumns: {}.\n",
            function.name,
            function.description,
            columns.join(", ")
        );
    }
    page
}

/// Text that does not end a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
