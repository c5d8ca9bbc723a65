//! `parse_user_agent`: the browser, the operating system and the device that a user agent names.
//!
//! A list of some dozen patterns, which knows the browsers, tools and systems that logs are full of. What it does not
//! know is the family `Other`; the language's own list is longer by far and names rare devices too.

use std::sync::OnceLock;

use regex::{Captures, Regex};

use crate::json::Properties;
use crate::strings::text;
use crate::{Context, Datum, Json, Kernel, convert, elements};

pub const FUNCTIONS: &[(&str, Kernel)] = &[("parse_user_agent", parse_user_agent)];

/// A pattern whose groups are versions, and the family it stands for.
type Rule = (&'static str, &'static str);

/// The first that matches counts: what pretends to be another comes before it.
const BROWSERS: &[Rule] = &[
    (r"AdobeAIR/(\d+)\.(\d+)\.?(\d+)?", "AdobeAIR"),
    (r"Series60/(\d+)\.(\d+).*AppleWebKit", "Nokia OSS Browser"),
    (r"(?i)googlebot/(\d+)\.(\d+)", "Googlebot"),
    (r"(?i)bingbot/(\d+)\.(\d+)", "bingbot"),
    (r"YandexBot/(\d+)\.(\d+)", "YandexBot"),
    (r"AhrefsBot/(\d+)\.(\d+)", "AhrefsBot"),
    (r"SemrushBot/?(\d+)?", "SemrushBot"),
    (r"DuckDuckBot/(\d+)\.(\d+)", "DuckDuckBot"),
    (r"facebookexternalhit/(\d+)\.(\d+)", "FacebookBot"),
    (r"PowerShell/(\d+)\.(\d+)\.?(\d+)?", "PowerShell"),
    (r"^curl/(\d+)\.(\d+)\.?(\d+)?", "curl"),
    (r"^Wget/(\d+)\.(\d+)\.?(\d+)?", "Wget"),
    (r"python-requests/(\d+)\.(\d+)\.?(\d+)?", "Python Requests"),
    (r"Python-urllib/(\d+)\.(\d+)", "Python-urllib"),
    (r"aiohttp/(\d+)\.(\d+)\.?(\d+)?", "Python aiohttp"),
    (r"Go-http-client/(\d+)\.(\d+)", "Go-http-client"),
    (r"okhttp/(\d+)\.(\d+)\.?(\d+)?", "okhttp"),
    (r"Apache-HttpClient/(\d+)\.(\d+)\.?(\d+)?", "Apache-HttpClient"),
    (r"PostmanRuntime/(\d+)\.(\d+)\.?(\d+)?", "PostmanRuntime"),
    (r"^Java/(\d+)\.(\d+)\.?(\d+)?", "Java"),
    (r"EdgA/(\d+)\.(\d+)\.?(\d+)?", "Edge Mobile"),
    (r"EdgiOS/(\d+)\.(\d+)\.?(\d+)?", "Edge Mobile"),
    (r"Edge?/(\d+)\.(\d+)\.?(\d+)?", "Edge"),
    (
        r"OPR/(\d+)\.(\d+)\.?(\d+)?.* Mobile|Mobile.* OPR/(\d+)\.(\d+)\.?(\d+)?",
        "Opera Mobile",
    ),
    (r"OPR/(\d+)\.(\d+)\.?(\d+)?", "Opera"),
    (r"Opera/.+Version/(\d+)\.(\d+)", "Opera"),
    (r"SamsungBrowser/(\d+)\.(\d+)", "Samsung Internet"),
    (r"Vivaldi/(\d+)\.(\d+)\.?(\d+)?", "Vivaldi"),
    (r"YaBrowser/(\d+)\.(\d+)\.?(\d+)?", "Yandex Browser"),
    (r"HeadlessChrome/(\d+)\.(\d+)\.?(\d+)?", "HeadlessChrome"),
    (r"Electron/(\d+)\.(\d+)\.?(\d+)?", "Electron"),
    (r"CriOS/(\d+)\.(\d+)\.?(\d+)?", "Chrome Mobile iOS"),
    (r"FxiOS/(\d+)\.(\d+)\.?(\d+)?", "Firefox iOS"),
    (r"Mobile.*Firefox/(\d+)\.(\d+)", "Firefox Mobile"),
    (r"Firefox/(\d+)\.(\d+)\.?(\d+)?", "Firefox"),
    (r"; wv\).+Chrome/(\d+)\.(\d+)\.?(\d+)?", "Chrome Mobile WebView"),
    (r"Chrome/(\d+)\.(\d+)\.?(\d+)?.* Mobile", "Chrome Mobile"),
    (r"Chromium/(\d+)\.(\d+)\.?(\d+)?", "Chromium"),
    (r"Chrome/(\d+)\.(\d+)\.?(\d+)?", "Chrome"),
    (r"Version/(\d+)\.(\d+)\.?(\d+)?.*Mobile.*Safari", "Mobile Safari"),
    (r"Version/(\d+)\.(\d+)\.?(\d+)?.*Safari", "Safari"),
    (r"MSIE (\d+)\.(\d+)", "IE"),
    (r"Trident/7\.\d.*rv:(\d+)\.(\d+)", "IE"),
];

const SYSTEMS: &[Rule] = &[
    (r"Windows Phone (?:OS )?(\d+)\.(\d+)", "Windows Phone"),
    (r"Android (\d+)\.?(\d+)?\.?(\d+)?", "Android"),
    (r"(?:iPhone|iPad|iPod).+?OS (\d+)[_.](\d+)[_.]?(\d+)?", "iOS"),
    (r"Mac OS X (\d+)[_.](\d+)[_.]?(\d+)?", "Mac OS X"),
    (r"CrOS \S+ (\d+)\.(\d+)\.?(\d+)?", "Chrome OS"),
    (r"SymbianOS/(\d+)\.(\d+)", "Symbian OS"),
    (r"Ubuntu(?:[/ ](\d+)\.(\d+))?", "Ubuntu"),
    (r"Fedora(?:/(\d+))?", "Fedora"),
    (r"Debian", "Debian"),
    (r"FreeBSD", "FreeBSD"),
    (r"Linux", "Linux"),
];

/// What Windows calls itself by its version.
const WINDOWS: &[(&str, &str, &str)] = &[
    ("Windows NT 10.0", "10", ""),
    ("Windows NT 6.3", "8", "1"),
    ("Windows NT 6.2", "8", ""),
    ("Windows NT 6.1", "7", ""),
    ("Windows NT 6.0", "Vista", ""),
    ("Windows NT 5.2", "XP", ""),
    ("Windows NT 5.1", "XP", ""),
    ("Windows NT 5.0", "2000", ""),
];

/// Pattern, family and brand; `$1` is the first group. The model is the first group, else the family.
const DEVICES: &[(&str, &str, &str)] = &[
    (r"(?i)bot\b|spider|crawler|facebookexternalhit", "Spider", "Spider"),
    ("iPhone", "iPhone", "Apple"),
    ("iPad", "iPad", "Apple"),
    ("iPod", "iPod", "Apple"),
    (r"Nokia([A-Z]\d+)(?:-\d+)?", "Nokia $1", "Nokia"),
    (r"Android[^)]*; ((?:SM|GT|SAMSUNG)[- ][\w-]+)", "Samsung $1", "Samsung"),
    (r"Android[^)]*; (Pixel[^;)]*?)(?: Build|[;)])", "$1", "Google"),
    (r"Android[^)]*; ([^;)]+?)(?: Build/[^;)]*)?\)", "$1", "Generic_Android"),
    ("Macintosh", "Mac", "Apple"),
];

/// The compiled patterns of a list; all of them are patterns, as a test says.
fn compiled<'r>(slot: &'static OnceLock<Vec<Regex>>, patterns: impl Iterator<Item = &'r str>) -> &'static [Regex] {
    slot.get_or_init(|| patterns.filter_map(|pattern| Regex::new(pattern).ok()).collect())
}

fn browsers() -> &'static [Regex] {
    static PATTERNS: OnceLock<Vec<Regex>> = OnceLock::new();
    compiled(&PATTERNS, BROWSERS.iter().map(|(pattern, _)| *pattern))
}

fn systems() -> &'static [Regex] {
    static PATTERNS: OnceLock<Vec<Regex>> = OnceLock::new();
    compiled(&PATTERNS, SYSTEMS.iter().map(|(pattern, _)| *pattern))
}

fn devices() -> &'static [Regex] {
    static PATTERNS: OnceLock<Vec<Regex>> = OnceLock::new();
    compiled(&PATTERNS, DEVICES.iter().map(|(pattern, _, _)| *pattern))
}

fn parse_user_agent<'a>(_: &Context, arguments: &[Datum<'a>]) -> Datum<'a> {
    let agent = text(arguments, 0);
    let wanted: Vec<String> = match (elements::array(arguments, 1), arguments.get(1)) {
        (Some(items), _) => items
            .iter()
            .map(|item| convert::json_text(item).to_lowercase())
            .collect(),
        (None, Some(wanted)) => vec![convert::text(wanted).to_lowercase()],
        (None, None) => ["browser", "os", "device"].map(str::to_owned).to_vec(),
    };
    let mut parts = Properties::default();
    for wanted in &wanted {
        match wanted.as_str() {
            "browser" => parts.add("Browser".to_owned(), || browser(&agent)),
            "os" => parts.add("OperatingSystem".to_owned(), || system(&agent)),
            "device" => parts.add("Device".to_owned(), || device(&agent)),
            _ => {}
        }
    }
    Datum::dynamic(parts.into())
}

fn object<const N: usize>(entries: [(&str, &str); N]) -> Json {
    let entries = entries.map(|(name, value)| (name.to_owned(), Json::String(value.to_owned())));
    Json::Object(entries.into())
}

/// The groups that took part in a match, in their order.
fn groups<'t>(captures: &Captures<'t>) -> [&'t str; 3] {
    let mut found = captures.iter().skip(1).flatten().map(|group| group.as_str());
    [(); 3].map(|()| found.next().unwrap_or(""))
}

fn first_match<'t>(patterns: &[Regex], agent: &'t str) -> Option<(usize, [&'t str; 3])> {
    patterns
        .iter()
        .enumerate()
        .find_map(|(index, pattern)| Some((index, groups(&pattern.captures(agent)?))))
}

fn browser(agent: &str) -> Json {
    let (family, [major, minor, patch]) = match first_match(browsers(), agent) {
        Some((index, versions)) => (BROWSERS[index].1, versions),
        None => ("Other", [""; 3]),
    };
    object([
        ("Family", family),
        ("MajorVersion", major),
        ("MinorVersion", minor),
        ("Patch", patch),
    ])
}

fn system(agent: &str) -> Json {
    let windows = WINDOWS.iter().find(|(name, _, _)| agent.contains(name));
    let (family, [major, minor, patch]) = match (windows, first_match(systems(), agent)) {
        (Some((_, major, minor)), _) => ("Windows", [*major, *minor, ""]),
        (None, Some((index, versions))) => (SYSTEMS[index].1, versions),
        (None, None) => ("Other", [""; 3]),
    };
    object([
        ("Family", family),
        ("MajorVersion", major),
        ("MinorVersion", minor),
        ("Patch", patch),
        ("PatchMinor", ""),
    ])
}

fn device(agent: &str) -> Json {
    let Some((index, [model, ..])) = first_match(devices(), agent) else {
        return object([("Family", "Other"), ("Brand", ""), ("Model", "")]);
    };
    let (_, family, brand) = DEVICES[index];
    let family = family.replace("$1", model);
    let model = match (brand, model) {
        ("Spider", _) => "Desktop",
        (_, "") => family.as_str(),
        (_, model) => model,
    };
    object([("Family", &family), ("Brand", brand), ("Model", model)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, j, s};

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(browsers().len(), BROWSERS.len());
        assert_eq!(systems().len(), SYSTEMS.len());
        assert_eq!(devices().len(), DEVICES.len());
    }

    #[test]
    fn documented_agents() {
        let air = "Mozilla/5.0 (Windows; U; en-US) AppleWebKit/531.9 (KHTML, like Gecko) AdobeAIR/2.5.1";
        assert_eq!(
            call("parse_user_agent", &[s(air), s("browser")]),
            j(r#"{"Browser":{"Family":"AdobeAIR","MajorVersion":"2","MinorVersion":"5","Patch":"1"}}"#)
        );
        let nokia = "Mozilla/5.0 (SymbianOS/9.2; U; Series60/3.1 NokiaN81-3/10.0.032 Profile/MIDP-2.0 \
                     Configuration/CLDC-1.1 ) AppleWebKit/413 (KHTML, like Gecko) Safari/4";
        let parsed = call("parse_user_agent", &[s(nokia), j(r#"["browser","os","device"]"#)]);
        let shown = convert::text(&parsed).into_owned();
        assert!(
            shown.contains(r#""Family":"Nokia OSS Browser","MajorVersion":"3","MinorVersion":"1""#),
            "{shown}"
        );
        assert!(
            shown.contains(r#""Family":"Symbian OS","MajorVersion":"9","MinorVersion":"2""#),
            "{shown}"
        );
        assert!(shown.contains(r#""Family":"Nokia N81","Brand":"Nokia""#), "{shown}");
    }

    #[test]
    fn agents_of_logs() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/120.0.0.0 Safari/537.36";
        let table = [
            (chrome.to_owned(), "Chrome", "Windows", "Other"),
            (format!("{chrome} Edg/120.0.2210.91"), "Edge", "Windows", "Other"),
            ("curl/8.4.0".to_owned(), "curl", "Other", "Other"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.1 Mobile/15E148 Safari/604.1"
                    .to_owned(),
                "Mobile Safari",
                "iOS",
                "iPhone",
            ),
            ("".to_owned(), "Other", "Other", "Other"),
        ];
        for (agent, browser, system, device) in table {
            let parsed = call("parse_user_agent", &[s(&agent), j(r#"["browser","os","device"]"#)]);
            let Datum::Dynamic(parsed) = &parsed else {
                panic!("an object")
            };
            let tree = parsed.tree();
            for (part, family) in [("Browser", browser), ("OperatingSystem", system), ("Device", device)] {
                let found = tree.get(part).and_then(|part| part.get("Family"));
                assert_eq!(found, Some(&Json::String(family.to_owned())), "{part} of {agent}");
            }
        }
    }
}
