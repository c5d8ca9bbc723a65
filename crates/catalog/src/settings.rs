//! Settings: every number and switch that changes an answer, documented where its value stands.
//!
//! [`postern_model::settings::Settings`] is what the product reads; the catalog documents each of its fields,
//! and says the value with which it starts. An overlay's `settings.yaml` lists only the settings that differ;
//! each entry replaces the value of the embedded one of the same id.

use postern_model::settings::Settings;
use serde::Deserialize;

use crate::check::File;
use crate::error::Mistake;

/// A setting and the value with which it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingSpec {
    pub id: String,
    pub title: String,
    /// The value until somebody decides otherwise.
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

/// The product's settings with the catalog's values. Every field must be documented, and every documented
/// setting must be a field.
pub(crate) fn in_force(specs: &[SettingSpec], mistakes: &mut Vec<Mistake>) -> Settings {
    let mut mistake = |reason| {
        mistakes.push(Mistake {
            file: "settings.yaml".to_owned(),
            position: String::new(),
            reason,
        });
    };
    let mut settings = Settings::default();
    // Without `..`, so that a new field of the model does not compile before it has its place here.
    let Settings {
        session_window_days,
        path_cost_max,
        flat_network_within_a_site,
        user_entries,
        workstation_entries,
    } = &mut settings;
    let mut fields = [
        ("session-window-days", Field::Number(session_window_days)),
        ("path-cost-max", Field::Number(path_cost_max)),
        ("flat-network-within-a-site", Field::Flag(flat_network_within_a_site)),
        ("user-entries", Field::Flag(user_entries)),
        ("workstation-entries", Field::Flag(workstation_entries)),
    ];
    for spec in specs {
        match fields.iter_mut().find(|(id, _)| *id == spec.id) {
            None => mistake(format!("setting {} is read by nothing", spec.id)),
            Some((_, field)) => match (field, spec.default) {
                (Field::Number(field), SettingValue::Number(number)) => **field = number,
                (Field::Flag(field), SettingValue::Flag(flag)) => **field = flag,
                _ => mistake(format!("setting {} has the wrong type", spec.id)),
            },
        }
    }
    for (id, _) in &fields {
        match specs.iter().filter(|spec| spec.id == *id).count() {
            0 => mistake(format!("setting {id} is missing")),
            1 => {}
            _ => mistake(format!("setting {id} is written twice")),
        }
    }
    settings
}

enum Field<'a> {
    Number(&'a mut u32),
    Flag(&'a mut bool),
}
