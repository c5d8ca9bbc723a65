//! A network map in OpenGraph shape: segments with address ranges, routes with ports, hosts in segments.

use serde_json::{Value, json};

/// The node id of the Internet in every map written here.
pub const INTERNET: &str = "INTERNET";

#[derive(Clone, Debug, Default)]
pub struct NetworkMap {
    pub segments: Vec<Segment>,
    pub routes: Vec<Route>,
    /// Host id (the SID of its account) and segment id.
    pub located: Vec<(String, &'static str)>,
}

#[derive(Clone, Copy, Debug)]
pub struct Segment {
    pub id: &'static str,
    pub name: &'static str,
    pub cidr: &'static str,
}

/// Traffic that a firewall lets through, one direction; `ports` like `tcp/445`.
#[derive(Clone, Debug)]
pub struct Route {
    pub from: &'static str,
    pub to: &'static str,
    pub ports: Vec<&'static str>,
}

impl NetworkMap {
    /// The map as OpenGraph. The Internet is a node of it when a route begins there.
    pub fn to_json(&self) -> Value {
        let mut nodes = Vec::new();
        if self.routes.iter().any(|route| route.from == INTERNET) {
            nodes.push(json!({"id": INTERNET, "kinds": ["Internet"], "properties": {"name": "Internet"}}));
        }
        nodes.extend(self.segments.iter().map(|segment| {
            json!({
                "id": segment.id,
                "kinds": ["NetworkSegment"],
                "properties": {"name": segment.name, "cidrs": [segment.cidr]},
            })
        }));
        let routes = self.routes.iter().map(|route| {
            json!({
                "kind": "RoutesTrafficTo",
                "start": {"value": route.from},
                "end": {"value": route.to},
                "properties": {"ports": route.ports},
            })
        });
        let located = self.located.iter().map(|(host, segment)| {
            json!({"kind": "LocatedIn", "start": {"value": host}, "end": {"value": segment}, "properties": {}})
        });
        json!({"graph": {"nodes": nodes, "edges": routes.chain(located).collect::<Vec<_>>()}})
    }
}
