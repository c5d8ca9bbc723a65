//! From a drawing of arrows.app to an OpenGraph document: what the picture says by caption, said in properties.
//!
//! A drawing is made for people: a node's kind is the beginning of its caption, a flag is the text `True`, and some
//! words are misspelt. [`Drawing::document`] writes what the collectors of the reference would write.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use postern_model::NodeKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How ids and values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As the reference's own tests set a graph up: SIDs, every object in a domain, flags as flags.
    Typed,
    /// As little as a file may say: captions for ids, values as text, and no domain but where the drawing names one.
    Bare,
}

#[derive(Deserialize)]
struct File {
    nodes: Vec<RawNode>,
    relationships: Vec<RawEdge>,
}

#[derive(Deserialize)]
struct RawNode {
    id: String,
    caption: String,
    labels: Vec<String>,
    properties: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEdge {
    from_id: String,
    to_id: String,
    #[serde(rename = "type")]
    kind: String,
    properties: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Object {
    caption: String,
    kind: NodeKind,
    properties: BTreeMap<String, String>,
}

/// A relation between captions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub source: String,
    pub kind: String,
    pub target: String,
}

/// Drawings put together, with what a test sets beside them.
#[derive(Clone, Default)]
pub struct Drawing {
    /// Caption → object. Captions that occur again are told apart by a number.
    objects: BTreeMap<String, Object>,
    edges: Vec<(Edge, BTreeMap<String, String>)>,
}

impl Drawing {
    /// Adds a file's nodes and relations.
    pub fn read(&mut self, path: &Path) {
        let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file: File = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let is_azure = file.relationships.iter().any(|it| it.kind.starts_with("AZ"));
        let mut captions = HashMap::new();
        for node in file.nodes {
            // Boxes of the drawing that explain it.
            if node.caption.is_empty() || node.caption.ends_with(':') {
                continue;
            }
            let mut caption = node.caption.trim().to_owned();
            if self.objects.contains_key(&caption) {
                caption = format!("{caption} {}", node.id);
            }
            let object = Object {
                kind: kind_of(&node, is_azure),
                properties: node
                    .properties
                    .into_iter()
                    .map(|(name, value)| property(&name, value))
                    .collect(),
                caption: caption.clone(),
            };
            captions.insert(node.id, caption.clone());
            self.objects.insert(caption, object);
        }
        for edge in file.relationships {
            let (Some(source), Some(target)) = (captions.get(&edge.from_id), captions.get(&edge.to_id)) else {
                continue;
            };
            let properties = edge
                .properties
                .into_iter()
                .map(|(name, value)| property(&name, value))
                .collect();
            self.edges.push((
                Edge {
                    source: source.clone(),
                    kind: relation_name(&edge.kind).to_owned(),
                    target: target.clone(),
                },
                properties,
            ));
        }
    }

    /// Makes one more thing so: `User A -MemberOf-> Group C`, `DC.enabled=true`, or with a minus in front what is
    /// drawn and is not so: `- User A -MemberOf-> Group C`.
    pub fn set(&mut self, line: &str) {
        let (line, is_added) = match line.strip_prefix("- ") {
            Some(line) => (line, false),
            None => (line, true),
        };
        if let Some((source, rest)) = line.split_once(" -") {
            let (kind, target) = rest
                .split_once("-> ")
                .unwrap_or_else(|| panic!("{line} is no relation"));
            for end in [source, target] {
                self.objects.entry(end.to_owned()).or_insert_with(|| Object {
                    caption: end.to_owned(),
                    kind: kind_of_caption(end).unwrap_or_else(|| panic!("{end} is of no kind")),
                    properties: BTreeMap::new(),
                });
            }
            let edge = Edge {
                source: source.to_owned(),
                kind: kind.to_owned(),
                target: target.to_owned(),
            };
            match is_added {
                true => self.edges.push((edge, BTreeMap::new())),
                false => {
                    let count = self.edges.len();
                    self.edges.retain(|(it, _)| *it != edge);
                    assert!(self.edges.len() < count, "{line} is not drawn");
                }
            }
            return;
        }
        let (place, value) = line.split_once('=').unwrap_or_else(|| panic!("{line} sets nothing"));
        let (caption, name) = place
            .rsplit_once('.')
            .unwrap_or_else(|| panic!("{place} is no property"));
        let object = self
            .objects
            .get_mut(caption)
            .unwrap_or_else(|| panic!("{caption} is not drawn"));
        match name {
            "kind" => object.kind = NodeKind::parse(value).unwrap_or_else(|| panic!("{value} is no kind")),
            _ => {
                object.properties.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Relations of a kind, as they are drawn.
    pub fn drawn(&self, kind: &str) -> BTreeSet<(String, String)> {
        let edges = self.edges.iter().filter(|(edge, _)| edge.kind == kind);
        edges
            .map(|(edge, _)| (edge.source.clone(), edge.target.clone()))
            .collect()
    }

    /// Captions by the id that [`Self::document`] gives.
    pub fn captions(&self, style: Style) -> HashMap<String, String> {
        let ids = self.ids(style);
        ids.into_iter()
            .map(|(caption, id)| (id.to_ascii_uppercase(), caption))
            .collect()
    }

    /// The document, without relations of some kinds: those that are to be derived.
    pub fn document(&self, style: Style, without: &[&str]) -> Value {
        let ids = self.ids(style);
        let nodes: Vec<_> = self.objects.values().map(|it| self.node(it, &ids, style)).collect();
        let is_left = |edge: &Edge| !without.contains(&edge.kind.as_str());
        let edges = self
            .edges
            .iter()
            .filter(|(edge, _)| is_left(edge))
            .map(|(edge, properties)| {
                json!({
                    "kind": edge.kind,
                    "start": {"value": ids[&edge.source]}, "end": {"value": ids[&edge.target]},
                    "properties": values(properties, style),
                })
            });
        json!({"graph": {"nodes": nodes, "edges": edges.collect::<Vec<_>>()}})
    }

    fn node(&self, object: &Object, ids: &BTreeMap<String, String>, style: Style) -> Value {
        let mut properties = values(&object.properties, style);
        properties.remove("objectid");
        let is_cloud = object.kind.as_str().starts_with("AZ");
        properties.entry("name").or_insert_with(|| json!(object.caption));
        if style == Style::Typed && is_cloud {
            properties.entry("tenantid").or_insert_with(|| json!(TENANT));
        }
        if style == Style::Typed && !is_cloud {
            let sid = self
                .domain_of(object)
                .map_or(LONE_DOMAIN.to_owned(), |domain| ids[&domain.caption].clone());
            properties.entry("domainsid").or_insert_with(|| json!(sid));
            if object.kind == NodeKind::Domain {
                properties.entry("collected").or_insert_with(|| json!(true));
            }
        }
        let base = if is_cloud { "AZBase" } else { "Base" };
        json!({"id": ids[&object.caption], "kinds": [object.kind.as_str(), base], "properties": properties})
    }

    /// Caption → id.
    fn ids(&self, style: Style) -> BTreeMap<String, String> {
        let numbered = (1_u32..).zip(self.objects.values());
        let ids = numbered.map(|(number, object)| (object.caption.clone(), self.id(number, object, style)));
        ids.collect()
    }

    fn id(&self, number: u32, object: &Object, style: Style) -> String {
        if let Some(drawn) = object.properties.get("objectid") {
            return drawn.clone();
        }
        // A domain is known by its SID, and these groups by the end of theirs.
        if let (NodeKind::Domain, Some(sid)) = (object.kind, object.properties.get("domainsid")) {
            return sid.clone();
        }
        let (name, sid) = match self.domain_of(object) {
            Some(domain) if object.kind != NodeKind::Domain => {
                let at = (1_u32..)
                    .zip(self.objects.values())
                    .find(|(_, it)| it.caption == domain.caption);
                let (at, _) = at.expect("it is one of them");
                (domain.caption.clone(), self.id(at, domain, style))
            }
            _ => ("HARNESS".to_owned(), LONE_DOMAIN.to_owned()),
        };
        match object.caption.as_str() {
            "Authenticated Users" => return format!("{name}-S-1-5-11"),
            "Domain Users" => return format!("{sid}-513"),
            "RDPGroup" => return format!("{}-555", self.computer_id(style)),
            _ => {}
        }
        let is_principal = matches!(object.kind, NodeKind::User | NodeKind::Computer | NodeKind::Group);
        match (style, object.kind) {
            (Style::Typed, NodeKind::Domain) => format!("S-1-5-21-7-7-{number}"),
            (Style::Typed, NodeKind::LocalGroup) => format!("{}-{}", self.computer_id(style), 1000 + number),
            (Style::Typed, NodeKind::AzRole) => format!("{}@{TENANT}", role_template(&object.caption)),
            (Style::Typed, NodeKind::AzTenant) => TENANT.to_owned(),
            (Style::Typed, _) if is_principal => format!("{sid}-{}", 1000 + number),
            (Style::Typed, _) => format!("AAAAAAAA-0000-4000-8000-{number:012}"),
            (Style::Bare, _) => object.caption.replace(' ', "_"),
        }
    }

    /// The id of the only computer of a drawing with local groups.
    fn computer_id(&self, style: Style) -> String {
        let mut computers = (1_u32..).zip(self.objects.values());
        let (number, computer) = computers
            .find(|(_, it)| it.kind == NodeKind::Computer)
            .expect("a computer");
        self.id(number, computer, style)
    }

    /// The domain with the number of the caption; the only one, where there is only one.
    fn domain_of(&self, object: &Object) -> Option<&Object> {
        if object.kind == NodeKind::Domain {
            return self.objects.get(&object.caption);
        }
        let domains: Vec<_> = self.objects.values().filter(|it| it.kind == NodeKind::Domain).collect();
        if let Some(sid) = object.properties.get("domainsid") {
            return domains
                .iter()
                .find(|it| it.properties.get("domainsid") == Some(sid))
                .copied();
        }
        if let [only] = domains[..] {
            return Some(only);
        }
        let number = |caption: &str| -> String {
            let digits = caption.chars().skip_while(|it| !it.is_ascii_digit());
            digits.take_while(char::is_ascii_digit).collect()
        };
        let own = number(&object.caption);
        domains
            .iter()
            .find(|it| number(&it.caption) == own)
            .or(domains.first())
            .copied()
    }
}

const TENANT: &str = "AAAAAAAA-1111-4111-8111-000000000000";
/// Of the objects of a drawing without a domain.
const LONE_DOMAIN: &str = "S-1-5-21-7-7-0";

fn role_template(caption: &str) -> &'static str {
    match caption {
        "AppAdminRole" => "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
        "CloudAppAdminRole" => "158c047a-c907-4556-b7ef-446551a6b5f7",
        other => panic!("{other} is no role that drawings name"),
    }
}

/// The names of properties in the reference's schema; three are misspelt in some drawings.
fn property(name: &str, value: String) -> (String, String) {
    let name = match name.to_ascii_lowercase().as_str() {
        "blocksinheritence" => "blocksinheritance".to_owned(),
        "requiremanagerapproval" => "requiresmanagerapproval".to_owned(),
        other => other.to_owned(),
    };
    // Some drawings state the type of a flag.
    let value = value.strip_prefix("BOOL:").map(str::to_owned).unwrap_or(value);
    (name, value)
}

fn relation_name(drawn: &str) -> &str {
    match drawn {
        "PublisedTo" | "PublishTo" => "PublishedTo",
        "RIL" => "RemoteInteractiveLogonRight",
        // The arrow of a tree of units without a word on it.
        "" => "Contains",
        // Stands for any right over an object.
        "Control" => "GenericAll",
        other => other,
    }
}

/// Values as text, or as what the text says.
fn values(properties: &BTreeMap<String, String>, style: Style) -> Map<String, Value> {
    /// What a drawing tells people, or the program that a drawing was made for.
    const NOTES: [&str; 7] = [
        "kind",
        "nodeset",
        "crossproduct",
        "var name",
        "asserted",
        "not represented",
        "system_tags",
    ];
    let left = properties.iter().filter(|(name, _)| !NOTES.contains(&name.as_str()));
    let value = |name: &str, text: &str| match name {
        // A level may look like a number, and is a name.
        "functionallevel" => json!(text),
        _ => typed(text, style),
    };
    left.map(|(name, text)| (name.clone(), value(name, text))).collect()
}

fn typed(text: &str, style: Style) -> Value {
    let lower = text.to_ascii_lowercase();
    if let Some(items) = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        let items = items.split(',').map(|it| it.trim().trim_matches('"'));
        return items.filter(|it| !it.is_empty() && *it != "...").collect();
    }
    match (style, lower.as_str()) {
        (Style::Typed, "true") => json!(true),
        (Style::Typed, "false") => json!(false),
        (Style::Typed, number) => number.parse::<i64>().map_or_else(|_| json!(text), |it| json!(it)),
        (Style::Bare, _) => json!(text),
    }
}

fn kind_of(node: &RawNode, is_azure: bool) -> NodeKind {
    let labels = node.labels.iter().map(String::as_str);
    let stated = labels.chain(node.properties.get("kind").map(String::as_str));
    let stated: Vec<_> = stated
        .filter_map(NodeKind::parse)
        .filter(|kind| *kind != NodeKind::Base)
        .collect();
    if let Some(kind) = stated.first() {
        return *kind;
    }
    let of_caption = kind_of_caption(&node.caption);
    let of_cloud = || {
        let word: String = node.caption.chars().take_while(|it| it.is_ascii_alphabetic()).collect();
        let word = if node.caption == "Service Principal" {
            "ServicePrincipal"
        } else {
            &word
        };
        NodeKind::parse(&format!("AZ{word}"))
    };
    let kind = match of_caption {
        Some(kind) if kind.as_str().starts_with("AZ") => Some(kind),
        of_caption if is_azure => of_cloud().or(of_caption),
        of_caption => of_caption,
    };
    // Accounts are drawn with a person's name.
    kind.unwrap_or(NodeKind::User)
}

/// The kind that a caption names: `Group1-3`, `LocalOU A`, `NTAuthStore2`.
fn kind_of_caption(caption: &str) -> Option<NodeKind> {
    const EXACT: [(&str, NodeKind); 5] = [
        ("Authenticated Users", NodeKind::Group),
        ("Domain Users", NodeKind::Group),
        ("Direct Access Users Group", NodeKind::LocalGroup),
        ("Local Group A", NodeKind::LocalGroup),
        ("RDPGroup", NodeKind::LocalGroup),
    ];
    /// The longer words first, where one is part of another.
    const WORDS: [(&str, NodeKind); 19] = [
        ("AZServicePrincipal", NodeKind::AzServicePrincipal),
        ("AZTenant", NodeKind::AzTenant),
        ("AZGroup", NodeKind::AzGroup),
        ("AZApp", NodeKind::AzApp),
        ("AdminRole", NodeKind::AzRole),
        ("EnterpriseCA", NodeKind::EnterpriseCa),
        ("RootCA", NodeKind::RootCa),
        ("AIACA", NodeKind::AiaCa),
        ("NTAuthStore", NodeKind::NtAuthStore),
        ("CertTemplate", NodeKind::CertTemplate),
        ("IssuancePolicy", NodeKind::IssuancePolicy),
        ("Container", NodeKind::Container),
        ("Computer", NodeKind::Computer),
        ("Domain", NodeKind::Domain),
        ("Group", NodeKind::Group),
        ("User", NodeKind::User),
        ("GPO", NodeKind::Gpo),
        ("OU", NodeKind::Ou),
        ("DC", NodeKind::Computer),
    ];
    let caption = caption.trim();
    let exact = EXACT.iter().find(|(word, _)| *word == caption);
    exact
        .or_else(|| WORDS.iter().find(|(word, _)| caption.contains(word)))
        .map(|(_, kind)| *kind)
}
