//! Properties of an asset as its sources tell them: a JSON object of which single members are read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The members of an object, each still as text.
#[derive(Default)]
pub struct Told<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A key that is borrowed where it has no escapes.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Told<'a> {
    /// Text that is no object tells nothing.
    pub fn of(properties: &'a str) -> Self {
        struct Members;

        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(members)
            }
        }

        if properties.is_empty() {
            return Self::default();
        }
        let mut reader = serde_json::Deserializer::from_str(properties);
        Self(serde::Deserializer::deserialize_map(&mut reader, Members).unwrap_or_default())
    }

    /// The value of a member, as JSON.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(value.get())
    }

    /// All members, their values as JSON.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value.get()))
    }

    /// A text that is not empty.
    pub fn text(&self, name: &str) -> Option<String> {
        let text: String = serde_json::from_str(self.raw(name)?).ok()?;
        (!text.is_empty()).then_some(text)
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    pub fn whole(&self, name: &str) -> Option<i64> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let list = self.raw(name).and_then(|raw| serde_json::from_str(raw).ok());
        list.unwrap_or_default()
    }
}

/// The platform of an operating system as public tables name it: `Windows11`, `WindowsServer2019`, `Linux`, `macOS`.
pub fn platform(operating_system: &str) -> String {
    let lower = operating_system.to_ascii_lowercase();
    if let Some(at) = lower.find("windows") {
        let mut words = lower[at + "windows".len()..].split_whitespace();
        let first = words.next().unwrap_or_default();
        let version = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) || matches!(word, "xp" | "vista");
        return match first {
            "server" => format!(
                "WindowsServer{}",
                words.next().filter(|word| version(word)).unwrap_or_default()
            ),
            word if version(word) => format!("Windows{word}"),
            _ => "Windows".to_owned(),
        };
    }
    for (sign, name) in [("mac", "macOS"), ("ios", "iOS"), ("android", "Android")] {
        if lower.starts_with(sign) {
            return name.to_owned();
        }
    }
    match lower.contains("linux")
        || ["ubuntu", "debian", "red hat", "centos", "suse"]
            .iter()
            .any(|it| lower.contains(it))
    {
        true => "Linux".to_owned(),
        false => operating_system.to_owned(),
    }
}

/// The family of a platform: `Windows`, `Linux`, ...
pub fn family(platform: &str) -> &str {
    if platform.starts_with("Windows") {
        "Windows"
    } else {
        platform
    }
}

/// Seconds since 1970, as directories write times; 0 and -1 stand for never.
pub fn seconds(told: &Told<'_>, name: &str) -> Option<i64> {
    let seconds = told.whole(name).filter(|&it| it > 0)?;
    seconds.checked_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_named_as_public_tables_name_them() {
        for (system, name) in [
            ("Windows 11 Enterprise", "Windows11"),
            ("Microsoft Windows 10 Pro", "Windows10"),
            ("Windows Server 2019 Standard", "WindowsServer2019"),
            ("Windows", "Windows"),
            ("Linux Kernel 4.14", "Linux"),
            ("MacOS", "macOS"),
            ("VxWorks", "VxWorks"),
        ] {
            assert_eq!(platform(system), name);
        }
    }

    #[test]
    fn members_are_read_by_type_and_others_count_as_untold() {
        let told = Told::of(r#"{"enabled":true,"name":"a\"b","n":3,"list":["x"],"empty":""}"#);
        assert_eq!(told.flag("enabled"), Some(true));
        assert_eq!(told.text("name").as_deref(), Some("a\"b"));
        assert_eq!(
            (told.text("n"), told.whole("n"), told.text("empty")),
            (None, Some(3), None)
        );
        assert_eq!(told.texts("list"), ["x"]);
        assert_eq!(Told::of("[1]").members().count() + Told::of("").members().count(), 0);
    }
}
