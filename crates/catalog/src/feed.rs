//! Data of others that the catalog carries: each with source, date and licence.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;

use crate::check::File;
use crate::error::Mistake;
use crate::files::Files;

/// Where a feed comes from. Stands in `feed.yaml` beside the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    pub title: String,
    pub source: String,
    /// The day of the data, not of its download.
    pub date: Date,
    pub licence: String,
    /// What the licence asks us to say.
    pub notice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    title: Option<String>,
    source: Option<String>,
    date: Option<String>,
    licence: Option<String>,
    notice: Option<String>,
}

impl Feed {
    fn read(file: &mut File<'_>) -> Self {
        let Some(source) = file.yaml::<Source>() else {
            return Self::default();
        };
        let date = file.text("date", source.date);
        let date = date.parse().unwrap_or_else(|_| {
            if !date.is_empty() {
                file.mistake_in("date", format!("`{date}` is no date; dates are written 2025-11-14"));
            }
            Date::default()
        });
        Self {
            title: file.text("title", source.title),
            source: file.text("source", source.source),
            licence: file.text("licence", source.licence),
            notice: source.notice.unwrap_or_default().trim().to_owned(),
            date,
        }
    }
}

/// A weakness that is known to be exploited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownExploit {
    /// When it was entered in the list.
    pub added: Date,
    /// Known to be used by ransomware campaigns; `false` also where nobody knows.
    pub is_used_by_ransomware: bool,
}

/// The weaknesses that are known to be exploited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownExploited {
    pub feed: Feed,
    by_cve: BTreeMap<String, KnownExploit>,
}

impl KnownExploited {
    /// Whether this CVE, in any letter case, is known to be exploited.
    pub fn contains(&self, cve: &str) -> bool {
        self.get(cve).is_some()
    }

    pub fn get(&self, cve: &str) -> Option<KnownExploit> {
        self.by_cve.get(&cve.to_ascii_uppercase()).copied()
    }

    pub fn len(&self) -> usize {
        self.by_cve.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_cve.is_empty()
    }

    /// Where the list comes from.
    pub fn source(&self) -> &str {
        &self.feed.source
    }

    /// The day of the list.
    pub fn date(&self) -> Date {
        self.feed.date
    }

    pub fn licence(&self) -> &str {
        &self.feed.licence
    }

    /// `header` is `feed.yaml`; the list itself lies beside it.
    pub(crate) fn read(header: &mut File<'_>, files: &Files) -> Self {
        let feed = Feed::read(header);
        let mut by_cve = BTreeMap::new();
        let Some((path, text)) = files.get("feeds/kev/known-exploited.tsv") else {
            header.mistake("the list known-exploited.tsv is missing beside this file");
            return Self { feed, by_cve };
        };
        let mut list = header.beside(path, text);
        for (line, fields) in list.rows(["cve", "added", "ransomware"]) {
            let [cve, added, ransomware] = fields;
            let Ok(added) = added.parse() else {
                list.mistake_at(line, format!("`{added}` is no date; dates are written 2025-11-14"));
                continue;
            };
            if !cve.starts_with("CVE-") {
                list.mistake_at(line, format!("`{cve}` is no CVE id"));
            }
            let exploit = KnownExploit {
                added,
                is_used_by_ransomware: ransomware == "known",
            };
            if by_cve.insert(cve.to_owned(), exploit).is_some() {
                list.mistake_at(line, format!("{cve} is listed twice"));
            }
        }
        Self { feed, by_cve }
    }
}

/// The ids of MITRE ATT&CK, against which the technique files are checked.
pub(crate) struct AttackTechniques {
    ids: BTreeSet<String>,
}

impl AttackTechniques {
    pub(crate) fn read(files: &Files, mistakes: &mut Vec<Mistake>) -> Self {
        let mut ids = BTreeSet::new();
        if let Some((path, text)) = files.get("feeds/attack/feed.yaml") {
            Feed::read(&mut File::new(path, text, mistakes));
        }
        if let Some((path, text)) = files.get("feeds/attack/techniques.tsv") {
            let mut list = File::new(path, text, mistakes);
            ids.extend(list.rows(["id", "name"]).into_iter().map(|(_, [id, _])| id.to_owned()));
        }
        Self { ids }
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}
