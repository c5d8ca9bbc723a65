//! Parts that the text of several commands shares: paths, steps, fixes, gaps.

use std::collections::{BTreeMap, BTreeSet};

use postern_model::RelationKind;
use postern_report::words::{base_name, counted, joined, time};
use postern_report::{DerivationReport, FixReport, GapReport, PathReport, StepReport};

use crate::output::{Line, Page};

/// So many digits of an id are shown in text, and are enough to name a step of any estate one looks at by eye.
const ID_DIGITS_SHOWN: usize = 10;
/// Facts told for a step in text; JSON has all.
const FACTS_SHOWN_MAX: usize = 4;
/// Techniques named for a gap in text; JSON has all.
const TECHNIQUES_SHOWN_MAX: usize = 6;
/// Files named as evidence in text; JSON has all.
const FILES_SHOWN_MAX: usize = 2;

/// The digits of an id that text shows.
pub fn short(id: &str) -> &str {
    id.get(..ID_DIGITS_SHOWN).unwrap_or(id)
}

/// A path with its steps, as people read it.
pub fn path_text(page: &mut Page, number: usize, path: &PathReport) {
    let marker = format!("{number}. ");
    let indent = 3;
    page.hanging(
        0,
        indent,
        Line::new()
            .dim(marker)
            .bold(&path.entry_name)
            .plain(" → ")
            .bold(&path.target_name),
    );
    let mut facts = Line::new();
    if let Some(risk) = &path.risk {
        facts = facts.risk(risk).plain(" risk, ");
    }
    facts = facts.plain(format!("{}, {}", path.grade, counted(path.hops, "step", "steps")));
    if let Some(basis) = &path.basis {
        facts = facts.plain(format!(", {basis} entry point"));
    }
    if let Some(status) = &path.status {
        facts = facts.plain(format!(", {status}"));
    }
    page.line(indent, facts);
    for step in &path.steps {
        step_text(page, indent, step);
    }
    if let Some(crossing) = &path.crossing {
        let line = Line::new().plain("Inside the control plane: ").plain(&crossing.name);
        page.hanging(indent, indent + 4, line.dim(format!(" ({})", crossing.reason)));
    }
    if let Some(fix) = &path.fix {
        fix_text(page, indent, fix);
    } else if !path.steps.is_empty() {
        page.line(indent, Line::new().dim("Fix: nobody can change a step of this route."));
    }
}

/// What to do, in full.
pub fn fix_text(page: &mut Page, indent: usize, fix: &FixReport) {
    page.hanging(indent, indent + 5, fix_title(fix).plain(" ").plain(&fix.text));
}

/// What to do, in a few words, and who does it.
pub fn fix_title(fix: &FixReport) -> Line {
    Line::new()
        .good("Fix: ")
        .plain(&fix.title)
        .dim(format!(" ({})", fix.owner))
        .plain(".")
}

fn step_text(page: &mut Page, indent: usize, step: &StepReport) {
    // The reason that makes the step this cheap; JSON has the others too.
    let reason = step.evidence.first();
    if step.technique == RelationKind::AssumedFoothold.as_str() {
        let text = reason
            .and_then(|it| it.facts.first())
            .map_or(step.explanation.as_str(), |fact| fact.text.as_str());
        page.hanging(
            indent,
            indent + 4,
            Line::new().plain("Starting point: ").plain(text).plain("."),
        );
        return;
    }
    let head = Line::new()
        .plain("• ")
        .plain(&step.source_name)
        .dim(" —")
        .bold(&step.technique)
        .dim("→ ")
        .plain(&step.target_name)
        .dim(format!(
            "  {}{}  {}",
            step.grade,
            if step.is_assumed { ", assumed" } else { "" },
            short(&step.id)
        ));
    page.hanging(indent, indent + 4, head);
    page.line(indent + 4, step.explanation.as_str());
    if let Some(reason) = reason {
        because_text(page, indent + 4, reason);
    }
}

/// The facts behind a step, save a single relation, which the explanation has told already; then who saw them.
fn because_text(page: &mut Page, indent: usize, reason: &DerivationReport) {
    let facts = &reason.facts;
    if !matches!(facts.as_slice(), [only] if only.fact == "relation") {
        let told: Vec<_> = facts
            .iter()
            .take(FACTS_SHOWN_MAX)
            .map(|fact| fact.text.as_str())
            .collect();
        let more = match facts.len() - told.len() {
            0 => String::new(),
            more => format!("; {more} more with --json"),
        };
        page.hanging(
            indent,
            indent + 2,
            Line::new().dim(format!("Because {}{more}.", told.join("; "))),
        );
    }
    let Some(last) = facts.iter().filter_map(|fact| fact.observed).min() else {
        return;
    };
    let mut files: Vec<&str> = facts
        .iter()
        .flat_map(|fact| &fact.files)
        .map(|file| base_name(file))
        .collect();
    files.sort_unstable();
    files.dedup();
    let more = match files.len().saturating_sub(FILES_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    files.truncate(FILES_SHOWN_MAX);
    page.hanging(
        indent,
        indent + 2,
        Line::new().dim(format!("Seen {} in {}{more}.", time(last), files.join(", "))),
    );
}

/// What was not looked at, as people read it; at most `limit` lines. What was never imported of a class of objects is
/// one line.
pub fn gaps_text(page: &mut Page, gaps: &[GapReport], limit: usize) {
    let lines = gap_lines(gaps);
    for (text, techniques) in lines.iter().take(limit) {
        let shown: Vec<&str> = techniques.iter().take(TECHNIQUES_SHOWN_MAX).copied().collect();
        let more = match techniques.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let line = Line::new().plain(text).dim(format!(" ({}{more})", shown.join(", ")));
        page.hanging(2, 4, line);
    }
    if lines.len() > limit {
        let more = counted((lines.len() - limit) as u64, "more gap", "more gaps");
        page.line(
            2,
            Line::new().dim(format!("and {more}; `postern status` lists them all")),
        );
    }
}

fn gap_lines(gaps: &[GapReport]) -> Vec<(String, Vec<&str>)> {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    let is_seen = |gap: &&GapReport| !gap.boundary.is_empty();
    for gap in gaps.iter().filter(is_seen) {
        let text = format!("{}: {}", gap.boundary_name, gap.reason);
        lines.push((text, gap.techniques.iter().map(String::as_str).collect()));
    }
    let mut never: BTreeMap<&str, (Vec<String>, BTreeSet<&str>)> = BTreeMap::new();
    for gap in gaps.iter().filter(|gap| !is_seen(gap)) {
        // What is wanted of no class of objects tells for itself.
        let Some((class, facet)) = gap.input.split_once(": ") else {
            lines.push((gap.reason.clone(), gap.techniques.iter().map(String::as_str).collect()));
            continue;
        };
        let (facets, techniques) = never.entry(class).or_default();
        facets.push(facet.to_owned());
        techniques.extend(gap.techniques.iter().map(String::as_str));
    }
    for (class, (facets, techniques)) in never {
        let text = format!("{} of {class}: no source says that it has looked", joined(&facets));
        lines.push((text, techniques.into_iter().collect()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(boundary: &str, input: &str, techniques: &[&str]) -> GapReport {
        GapReport {
            boundary: boundary.to_owned(),
            boundary_name: boundary.to_owned(),
            input: input.to_owned(),
            answered: 0,
            total: 0,
            reason: "sessions: 2 of 21 computers answered".to_owned(),
            techniques: techniques.iter().map(|&it| it.to_owned()).collect(),
        }
    }

    #[test]
    fn what_was_never_imported_of_a_class_is_one_line_and_names_each_technique_once() {
        let gaps = [
            gap("S-1-5-21-1", "computers: sessions", &["HasSession"]),
            gap("", "users: members", &["MemberOf"]),
            gap("", "users: properties", &["CoerceToTGT", "MemberOf"]),
        ];
        assert_eq!(
            gap_lines(&gaps),
            [
                (
                    "S-1-5-21-1: sessions: 2 of 21 computers answered".to_owned(),
                    vec!["HasSession"]
                ),
                (
                    "members and properties of users: no source says that it has looked".to_owned(),
                    vec!["CoerceToTGT", "MemberOf"]
                ),
            ]
        );
    }
}
