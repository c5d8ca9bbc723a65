//! `compare`: what came and what went between two generations.

use anyhow::Result;
use postern_report::words::{count, counted, kind_word, time};
use postern_report::{Changes, CompareReport, List, Reports};

use super::what_if::change_line;
use super::{Outcome, Session};
use crate::args;
use crate::output::{Line, Page, Report, show};
use crate::parts::short;

pub async fn run(session: &Session, args: args::Compare) -> Result<Outcome> {
    let engine = session.open().await?;
    let older = Reports::load(&engine, args.older).await?;
    let newer = Reports::load(&engine, args.newer).await?;
    let report = CompareReport::new(&older, &newer, args.limit.of(args.format.json));
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

fn list_text<T>(list: &List<T>, page: &mut Page, sign: &str, line: impl Fn(&T) -> Line) {
    for it in &list.listed {
        page.hanging(2, 6, Line::new().bold(format!("{sign} ")).then(line(it)));
    }
    if list.truncated {
        let more = count(list.total - list.listed.len() as u64);
        page.line(2, Line::new().dim(format!("{sign} {more} more; --limit N shows them")));
    }
}

impl Report for CompareReport {
    const SCHEMA: &'static str = "compare";

    fn text(&self, page: &mut Page) {
        let (older, newer) = (&self.older, &self.newer);
        page.line(
            0,
            Line::new().bold(format!(
                "From generation {} ({}) to {} ({})",
                older.generation,
                time(older.at),
                newer.generation,
                time(newer.at)
            )),
        );
        let row = |name: &str, then: u64, added: u64, removed: u64, now: u64| {
            [
                name.into(),
                count(then).into(),
                count(added).into(),
                count(removed).into(),
                count(now).into(),
            ]
        };
        let of = |name, then, now, added: u64, removed: u64| row(name, then, added, removed, now);
        page.table(
            2,
            ["", "before", "added", "removed", "after"],
            vec![
                of(
                    "attack paths",
                    older.paths,
                    newer.paths,
                    self.paths.added.total,
                    self.paths.removed.total,
                ),
                of(
                    "steps",
                    older.steps,
                    newer.steps,
                    self.steps.added.total,
                    self.steps.removed.total,
                ),
                of(
                    "assets",
                    older.assets,
                    newer.assets,
                    self.assets.added.total,
                    self.assets.removed.total,
                ),
            ],
        );
        section(page, "Attack paths", &self.paths, change_line);
        if self.paths_changed.total > 0 {
            let title = counted(self.paths_changed.total, "attack path costs", "attack paths cost");
            page.heading(format!("{title} another amount"));
            list_text(&self.paths_changed, page, "~", change_line);
        }
        section(page, "Steps", &self.steps, |it| {
            let line = Line::new()
                .plain(&it.source_name)
                .dim(" —")
                .plain(&it.technique)
                .dim("→ ");
            line.plain(&it.target_name).dim(format!("  {}", short(&it.id)))
        });
        section(page, "Assets", &self.assets, |it| {
            Line::new().plain(&it.name).dim(format!("  {}", kind_word(&it.kind)))
        });
    }
}

fn section<T>(page: &mut Page, title: &str, changes: &Changes<T>, line: impl Fn(&T) -> Line) {
    if changes.added.total + changes.removed.total > 0 {
        page.heading(title);
        list_text(&changes.added, page, "+", &line);
        list_text(&changes.removed, page, "-", &line);
    }
}
