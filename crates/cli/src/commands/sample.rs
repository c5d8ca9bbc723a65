//! `sample`: data to try things with.

use anyhow::Result;
use postern_report::words::counted;
use postern_sample::{azurehound, organisation, sharphound};

use super::Outcome;
use crate::args;
use crate::output::Page;

pub fn run(args: args::Sample) -> Result<Outcome> {
    let (written, out) = match args {
        args::Sample::Sharphound { size, seed, out } => (sharphound::write(&out, size, seed)?, out),
        args::Sample::Azurehound { size, seed, out } => (azurehound::write(&out, size, seed)?, out),
        args::Sample::Directory {
            assets,
            users,
            seed,
            out,
        } => {
            let written = match users {
                Some(users) => sharphound::write_users(&out, users, seed)?,
                None => sharphound::write_assets(&out, assets.unwrap_or_default(), seed)?,
            };
            (written, out)
        }
        args::Sample::Organisation { seed, out } => (organisation::write(&out, seed)?, out),
    };
    let mut page = Page::new();
    page.line(
        0,
        format!(
            "{} with {} of {} in {}.",
            counted(written.files.len() as u64, "file", "files"),
            counted(written.bytes, "byte", "bytes"),
            counted(written.objects, "object", "objects"),
            out.display()
        ),
    );
    page.line(0, format!("`postern import {}` reads them.", out.display()));
    page.print()?;
    Ok(Outcome::Done)
}
