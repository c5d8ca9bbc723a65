//! Settings: every number and switch that changes an answer, documented where its value stands.
//!
//! An overlay's `settings.yaml` lists only the settings that differ; each entry replaces the embedded one of
//! the same id. Ids that the product reads are constants here, and each of them always exists.

use serde::Deserialize;

use crate::check::File;
use crate::error::Mistake;

/// Days for which a session, once seen, is taken to last (DESIGN 3.1).
pub const SESSION_WINDOW_DAYS: &str = "session-window-days";
/// A path may cost this much (DESIGN 5).
pub const PATH_COST_MAX: &str = "path-cost-max";
/// Whether every host of a site is taken to reach every other, where no network data says otherwise.
pub const FLAT_NETWORK_WITHIN_A_SITE: &str = "flat-network-within-a-site";
/// Whether "any workstation" is an assumed entry point where session data exists.
pub const WORKSTATION_ENTRIES: &str = "workstation-entries";
/// Whether "any domain user" is an assumed entry point.
pub const USER_ENTRIES: &str = "user-entries";

/// The settings that the product reads, with the type that it expects.
const NEEDED: [(&str, SettingKind); 5] = [
    (SESSION_WINDOW_DAYS, SettingKind::Number),
    (PATH_COST_MAX, SettingKind::Number),
    (FLAT_NETWORK_WITHIN_A_SITE, SettingKind::Flag),
    (WORKSTATION_ENTRIES, SettingKind::Flag),
    (USER_ENTRIES, SettingKind::Flag),
];

/// A setting and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingSpec {
    pub id: String,
    pub title: String,
    /// The value in force, unless a decision changes it.
    pub default: SettingValue,
    /// `days`, `cost`; empty for a switch.
    pub unit: String,
    /// The least and greatest value allowed; for numbers only.
    pub range: Option<(u32, u32)>,
    /// What the setting does, and what speaks for changing it.
    pub explanation: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    Flag(bool),
    Number(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SettingKind {
    Flag,
    Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    settings: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    title: Option<String>,
    #[serde(rename = "type")]
    kind: Option<SettingKind>,
    default: Option<SettingValue>,
    #[serde(default)]
    unit: String,
    min: Option<u32>,
    max: Option<u32>,
    explanation: Option<String>,
}

impl SettingSpec {
    fn kind(&self) -> SettingKind {
        match self.default {
            SettingValue::Flag(_) => SettingKind::Flag,
            SettingValue::Number(_) => SettingKind::Number,
        }
    }
}

/// What an overlay may say about a setting.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overlay {
    settings: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    id: String,
    default: SettingValue,
}

pub(crate) fn read(file: &mut File<'_>, overlay: Option<&str>) -> Vec<SettingSpec> {
    let Some(source) = file.yaml::<Source>() else {
        return Vec::new();
    };
    let mut settings: Vec<SettingSpec> = Vec::new();
    for entry in source.settings {
        settings.extend(spec(file, entry));
    }
    for setting in &settings {
        check_range(file, setting);
    }
    if let Some(text) = overlay {
        let mut file = file.beside(file.path, text);
        if let Some(overlay) = file.yaml::<Overlay>() {
            for change in overlay.settings {
                apply(&mut file, &mut settings, change);
            }
        }
    }
    settings
}

fn spec(file: &mut File<'_>, entry: Entry) -> Option<SettingSpec> {
    let id = entry.id;
    let mut missing = |part: &str| file.mistake(format!("setting {id}: `{part}` is missing"));
    let title = entry.title.unwrap_or_else(|| {
        missing("title");
        String::new()
    });
    let explanation = entry.explanation.unwrap_or_else(|| {
        missing("explanation");
        String::new()
    });
    let (Some(kind), Some(default)) = (entry.kind, entry.default) else {
        missing("type` or `default");
        return None;
    };
    let range = match kind {
        SettingKind::Flag => None,
        SettingKind::Number => {
            if entry.unit.is_empty() {
                missing("unit");
            }
            if entry.min.is_none() || entry.max.is_none() {
                missing("min` or `max");
            }
            entry.min.zip(entry.max)
        }
    };
    let spec = SettingSpec {
        id,
        title,
        default,
        unit: entry.unit,
        range,
        explanation: explanation.trim().to_owned(),
    };
    if spec.kind() != kind {
        file.mistake(format!("setting {}: the default is not of the setting's type", spec.id));
    }
    Some(spec)
}

fn apply(file: &mut File<'_>, settings: &mut [SettingSpec], change: Change) {
    let Some(setting) = settings.iter_mut().find(|setting| setting.id == change.id) else {
        file.mistake(format!("there is no setting {}", change.id));
        return;
    };
    let kind = setting.kind();
    setting.default = change.default;
    if setting.kind() != kind {
        let wanted = match kind {
            SettingKind::Flag => "true or false",
            SettingKind::Number => "a whole number",
        };
        file.mistake(format!("setting {}: the value must be {wanted}", setting.id));
    }
    check_range(file, setting);
}

fn check_range(file: &mut File<'_>, setting: &SettingSpec) {
    if let (SettingValue::Number(number), Some((min, max))) = (setting.default, setting.range)
        && !(min..=max).contains(&number)
    {
        let SettingSpec { id, unit, .. } = setting;
        file.mistake(format!("setting {id}: {number} {unit} is not between {min} and {max}"));
    }
}

/// Every setting that the product reads is there once, and of its type.
pub(crate) fn check_complete(settings: &[SettingSpec], mistakes: &mut Vec<Mistake>) {
    let mut mistake = |reason| {
        mistakes.push(Mistake {
            file: "settings.yaml".to_owned(),
            position: String::new(),
            reason,
        });
    };
    for (id, kind) in NEEDED {
        match settings
            .iter()
            .filter(|setting| setting.id == id)
            .collect::<Vec<_>>()
            .as_slice()
        {
            [] => mistake(format!("setting {id} is missing")),
            [setting] if setting.kind() == kind => {}
            [_] => mistake(format!("setting {id} has the wrong type")),
            _ => mistake(format!("setting {id} is written twice")),
        }
    }
    for setting in settings
        .iter()
        .filter(|setting| NEEDED.iter().all(|(id, _)| *id != setting.id))
    {
        mistake(format!("setting {} is read by nothing", setting.id));
    }
}
