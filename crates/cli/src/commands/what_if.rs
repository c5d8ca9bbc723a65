//! `whatif`: the attack paths that would be left without something.

use anyhow::Result;
use postern_attack::Removal;
use postern_engine::AsOf;
use postern_report::words::{count, counted, joined};
use postern_report::{Ids, PathChange, PathList, Reports, Weight, WhatIfReport};

use super::{Outcome, Session, WrongUsage};
use crate::args;
use crate::output::{Line, Page, Report, show};

pub async fn run(session: &Session, args: args::WhatIf) -> Result<Outcome> {
    let engine = session.open().await?;
    let reports = Reports::load(&engine, AsOf::Current).await?;
    let ids = Ids(&reports.generation);
    let removal = Removal {
        assets: args
            .remove_asset
            .iter()
            .map(|id| ids.asset(id))
            .collect::<Result<_, _>>()?,
        edges: args
            .remove_edge
            .iter()
            .map(|id| ids.edge(id))
            .collect::<Result<_, _>>()?,
        techniques: args
            .disable_technique
            .iter()
            .map(|id| {
                reports
                    .find_technique(id)
                    .map_err(|error| WrongUsage(error.to_string()))
            })
            .collect::<Result<_, _>>()?,
    };
    let report = reports.what_if(&removal, args.limit.of(args.format.json))?;
    show(&report, args.format.json)?;
    Ok(Outcome::Done)
}

/// A path before and after.
pub fn change_line(change: &PathChange) -> Line {
    let line = Line::new().plain(format!("{} → {}", change.entry_name, change.target_name));
    let words = |weight: &Weight| format!("{} risk, {}", weight.risk, weight.grade);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) if words(before) == words(after) => {
            line.dim(format!("  {}, by another route", words(after)))
        }
        (Some(before), Some(after)) => line.dim(format!("  from {} to {}", words(before), words(after))),
        (Some(only), None) | (None, Some(only)) => {
            let status = change
                .status
                .as_ref()
                .map_or_else(String::new, |status| format!(", {status}"));
            line.dim(format!("  {}{status}", words(only)))
        }
        (None, None) => line,
    }
}

impl Report for WhatIfReport {
    const SCHEMA: &'static str = "whatif";

    fn text(&self, page: &mut Page) {
        let mut removed: Vec<String> = self.removed.assets.iter().map(|it| it.name.clone()).collect();
        removed.extend(self.removed.edge_names.iter().cloned());
        removed.extend(self.removed.techniques.iter().map(|it| format!("the technique {it}")));
        let line = Line::new().bold(format!(
            "Without {}, {} of {} would be left.",
            joined(&removed),
            count(self.paths_after),
            counted(self.paths_before, "attack path", "attack paths"),
        ));
        page.line(0, line);
        if self.gone.total + self.changed.total + self.appeared.total == 0 {
            page.line(0, "Nothing would change: no attack path needs it.");
        }
        if !self.targets_freed.is_empty() {
            let names: Vec<_> = self.targets_freed.iter().map(|it| it.name.clone()).collect();
            page.line(0, Line::new().good("No longer reached: ").plain(joined(&names)));
        }
        for (title, list) in [
            ("Gone", &self.gone),
            ("Changed", &self.changed),
            ("Appeared", &self.appeared),
        ] {
            list_text(page, title, list);
        }
    }
}

fn list_text(page: &mut Page, title: &str, list: &PathList) {
    if list.total == 0 {
        return;
    }
    page.heading(format!("{title} ({})", count(list.total)));
    for change in &list.listed {
        page.hanging(2, 4, change_line(change));
    }
    if list.truncated {
        let more = count(list.total - list.listed.len() as u64);
        page.line(2, Line::new().dim(format!("and {more} more; --limit N shows them")));
    }
}
