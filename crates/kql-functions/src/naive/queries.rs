//! Queries drawn at random, always the same for the same number, over two tables that they bring along.
//!
//! What they ask for has one answer, but for the order of rows: rows are taken and numbered after a sort by all columns
//! alone, lists are sorted, and no join keeps an arbitrary row.

use std::fmt::Write;

use postern_kql::Type;

/// The tables of all queries, with nulls, empty texts, repeated keys and every kind of JSON.
const TABLES: &str = r#"let T = datatable(k:string, n:long, r:real, b:bool, t:datetime, d:dynamic)[
    "a", 1, 0.5, true, datetime(2026-01-01), dynamic([1, 2, 3]),
    "a", 2, -1.5, false, datetime(2026-01-01 12:30), dynamic({"x": 1, "y": "two"}),
    "b", long(null), 2.25, bool(null), datetime(null), dynamic(null),
    "b", 7, real(null), true, datetime(2026-02-28 23:59:59), dynamic([]),
    "", -3, 0.0, false, datetime(2025-12-31), dynamic("text"),
    "C d", 7, 1e10, true, datetime(2026-01-02), dynamic([null, "a", 2.5, {"x": [true]}]),
    "c", 0, -0.25, bool(null), datetime(2026-01-01), dynamic(42)
];
let U = datatable(k:string, m:long, s:string)[
    "a", 10, "n=1;", "a", 20, "n=x;", "b", 30, "", "x", long(null), "m=2;n=5;", "", 50, "n=-7;", "c", 0, "n=1;n=2;"
];
"#;

struct Drawing {
    state: u64,
    columns: Vec<(String, Type)>,
    next_name: usize,
}

/// The query of a number.
pub fn query(seed: u64) -> String {
    let mut drawing = Drawing {
        state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995,
        columns: Vec::new(),
        next_name: 0,
    };
    let mut text = TABLES.to_owned();
    if drawing.below(3) == 0 {
        drawing.columns = columns(&[("k", Type::String), ("m", Type::Long), ("s", Type::String)]);
        text.push('U');
    } else {
        drawing.columns = columns(&[
            ("k", Type::String),
            ("n", Type::Long),
            ("r", Type::Real),
            ("b", Type::Bool),
            ("t", Type::DateTime),
            ("d", Type::Dynamic),
        ]);
        text.push('T');
    }
    for _ in 0..=drawing.below(4) {
        if let Some(stage) = drawing.stage() {
            let _ = write!(text, "\n| {stage}");
        }
    }
    text
}

fn columns(columns: &[(&str, Type)]) -> Vec<(String, Type)> {
    columns.iter().map(|(name, ty)| ((*name).to_owned(), *ty)).collect()
}

impl Drawing {
    fn below(&mut self, count: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) as usize) % count
    }

    fn one_of<'o>(&mut self, options: &[&'o str]) -> &'o str {
        options[self.below(options.len())]
    }

    fn name(&mut self) -> String {
        self.next_name += 1;
        format!("c{}", self.next_name)
    }

    fn column(&mut self, wanted: impl Fn(Type) -> bool) -> Option<(String, Type)> {
        let fitting: Vec<(String, Type)> = self.columns.iter().filter(|(_, ty)| wanted(*ty)).cloned().collect();
        if fitting.is_empty() {
            return None;
        }
        let at = self.below(fitting.len());
        Some(fitting[at].clone())
    }

    /// An operator that fits the columns, which it changes; `None` where none fits.
    fn stage(&mut self) -> Option<String> {
        match self.below(18) {
            0 | 1 => Some(format!("where {}", self.expression(Type::Bool, 2))),
            2 | 3 => Some(self.extend()),
            4 => Some(self.project()),
            5 | 6 => Some(self.summarize()),
            7 => self.distinct(),
            8 | 9 => self.join(),
            10 => self.expand(),
            11 => self.sorted(),
            12 => self.parse(),
            13 => self.series(),
            14 => self.union(),
            15 => self.lookup(),
            16 => self.apply(),
            _ => self.partition(),
        }
    }

    fn extend(&mut self) -> String {
        let ty = self.ty();
        let value = self.expression(ty, 2);
        let name = if self.below(4) == 0 {
            self.columns[0].0.clone()
        } else {
            self.name()
        };
        match self.columns.iter_mut().find(|(known, _)| *known == name) {
            Some(column) => column.1 = ty,
            None => self.columns.push((name.clone(), ty)),
        }
        format!("extend {name} = {value}")
    }

    fn project(&mut self) -> String {
        let mut kept = Vec::new();
        let mut parts = Vec::new();
        for (name, ty) in self.columns.clone() {
            if self.below(3) > 0 {
                parts.push(name.clone());
                kept.push((name, ty));
            }
        }
        let (name, ty) = (self.name(), self.ty());
        parts.push(format!("{name} = {}", self.expression(ty, 2)));
        kept.push((name, ty));
        self.columns = kept;
        format!("project {}", parts.join(", "))
    }

    fn summarize(&mut self) -> String {
        let mut kept = Vec::new();
        let mut parts = Vec::new();
        for _ in 0..=self.below(3) {
            let (name, (call, ty)) = (self.name(), self.aggregate());
            parts.push(format!("{name} = {call}"));
            kept.push((name, ty));
        }
        let mut keys = Vec::new();
        for _ in 0..self.below(3) {
            let ty = [Type::String, Type::Long, Type::Bool, Type::DateTime][self.below(4)];
            let (name, value) = (self.name(), self.expression(ty, 1));
            keys.push(format!("{name} = {value}"));
            kept.push((name, ty));
        }
        // Keys stand first in the result.
        kept.rotate_right(keys.len());
        self.columns = kept;
        let by = if keys.is_empty() {
            String::new()
        } else {
            format!(" by {}", keys.join(", "))
        };
        format!("summarize {}{by}", parts.join(", "))
    }

    fn aggregate(&mut self) -> (String, Type) {
        let long = self.expression(Type::Long, 1);
        let real = self.expression(Type::Real, 1);
        let text = self.expression(Type::String, 1);
        let holds = self.expression(Type::Bool, 1);
        match self.below(14) {
            0 => ("count()".to_owned(), Type::Long),
            1 => (format!("countif({holds})"), Type::Long),
            2 => (format!("sum({long})"), Type::Long),
            3 => (format!("sumif({long}, {holds})"), Type::Long),
            4 => (format!("avg({real})"), Type::Real),
            5 => (format!("min({text})"), Type::String),
            6 => (format!("max({long})"), Type::Long),
            7 => (format!("dcount({text})"), Type::Long),
            8 => (format!("array_sort_asc(make_set({text}))"), Type::Dynamic),
            9 => (format!("array_sort_asc(make_list_if({long}, {holds}))"), Type::Dynamic),
            10 => (format!("percentile({long}, 60)"), Type::Long),
            11 => (format!("round(stdev({long}), 6)"), Type::Real),
            12 => (format!("maxif({real}, {holds})"), Type::Real),
            _ => (format!("count_distinct({long})"), Type::Long),
        }
    }

    fn distinct(&mut self) -> Option<String> {
        let kept: Vec<(String, Type)> = self
            .columns
            .iter()
            .filter(|(_, ty)| *ty != Type::Dynamic)
            .take(3)
            .cloned()
            .collect();
        if kept.is_empty() {
            return None;
        }
        let names: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        let stage = format!("distinct {}", names.join(", "));
        self.columns = kept;
        Some(stage)
    }

    fn join(&mut self) -> Option<String> {
        let (key, _) = self.column(|ty| ty == Type::String)?;
        let kind = self.one_of(&[
            "inner",
            "leftouter",
            "rightouter",
            "fullouter",
            "leftsemi",
            "leftanti",
            "rightsemi",
            "rightanti",
        ]);
        let [first, second, third] = [self.name(), self.name(), self.name()];
        let right = columns(&[(&first, Type::String), (&second, Type::Long), (&third, Type::String)]);
        match kind {
            "leftsemi" | "leftanti" => {}
            "rightsemi" | "rightanti" => self.columns = right,
            _ => self.columns.extend(right),
        }
        let table = format!("U | project {first} = k, {second} = m, {third} = s");
        Some(format!("join kind={kind} ({table}) on $left.{key} == $right.{first}"))
    }

    fn union(&mut self) -> Option<String> {
        let known = self.columns.iter().find(|(name, _)| name == "k").map(|(_, ty)| *ty);
        match known {
            None => self.columns.push(("k".to_owned(), Type::String)),
            Some(Type::String) => {}
            // Two columns of one name and several types are told apart by new names.
            Some(_) => return None,
        }
        let name = self.name();
        self.columns.push((name.clone(), Type::Long));
        Some(format!("union (U | project k, {name} = m)"))
    }

    fn lookup(&mut self) -> Option<String> {
        let (key, _) = self.column(|ty| ty == Type::String)?;
        let [first, second] = [self.name(), self.name()];
        self.columns.push((second.clone(), Type::Long));
        let kind = self.one_of(&["leftouter", "inner"]);
        let table = format!("U | project {first} = k, {second} = m");
        Some(format!("lookup kind={kind} ({table}) on $left.{key} == $right.{first}"))
    }

    fn apply(&mut self) -> Option<String> {
        let (name, _) = self.column(|ty| ty == Type::Dynamic)?;
        let [element, total, count] = [self.name(), self.name(), self.name()];
        let body = if self.below(2) == 0 {
            format!("summarize {total} = sum({element}), {count} = count()")
        } else {
            format!("where {element} != 2 | project {total} = {element} + 1, {count} = {element} / 2")
        };
        self.columns
            .extend(columns(&[(&total, Type::Long), (&count, Type::Long)]));
        Some(format!("mv-apply {element} = {name} to typeof(long) on ({body})"))
    }

    fn partition(&mut self) -> Option<String> {
        let (key, ty) = self.column(|ty| matches!(ty, Type::String | Type::Long))?;
        let value = self.expression(Type::Long, 1);
        let [count, greatest, of] = [self.name(), self.name(), self.name()];
        self.columns = columns(&[(&of, ty), (&count, Type::Long), (&greatest, Type::Long)]);
        let body = format!("summarize {count} = count(), {greatest} = max({value}) by {of} = {key}");
        Some(format!("partition hint.strategy=native by {key} ({body})"))
    }

    fn expand(&mut self) -> Option<String> {
        let (name, _) = self.column(|ty| ty == Type::Dynamic)?;
        let ty = [Type::Dynamic, Type::Long, Type::String][self.below(3)];
        self.columns
            .iter_mut()
            .filter(|column| column.0 == name)
            .for_each(|column| column.1 = ty);
        let as_type = if ty == Type::Dynamic {
            String::new()
        } else {
            format!(" to typeof({ty})")
        };
        if self.below(2) == 0 {
            return Some(format!("mv-expand {name}{as_type}"));
        }
        let index = self.name();
        self.columns.push((index.clone(), Type::Long));
        Some(format!("mv-expand with_itemindex={index} {name}{as_type}"))
    }

    /// Rows in one order, and what depends on it.
    fn sorted(&mut self) -> Option<String> {
        if self.columns.iter().any(|(_, ty)| *ty == Type::Dynamic) {
            return None;
        }
        let mut keys: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        for key in &mut keys {
            let order = self.one_of(&["", " asc", " desc", " asc nulls last", " desc nulls first"]);
            key.push_str(order);
        }
        let keys = keys.join(", ");
        let count = self.below(6);
        Some(match self.below(4) {
            // More rows than there are: which of equal ones are left out is open.
            0 => format!("top 100000 by {}", keys.split(',').next().unwrap_or_default()),
            1 => format!("sort by {keys} | take {count}"),
            2 => {
                let (name, ty) = self.column(|_| true)?;
                let new = self.name();
                self.columns.push((new.clone(), ty));
                format!(
                    "sort by {keys} | extend {new} = {}({name})",
                    self.one_of(&["prev", "next"])
                )
            }
            _ => {
                let (value, new) = (self.expression(Type::Long, 1), self.name());
                self.columns.push((new.clone(), Type::Long));
                format!("sort by {keys} | extend {new} = row_number() + row_cumsum({value})")
            }
        })
    }

    fn parse(&mut self) -> Option<String> {
        let (name, _) = self.column(|ty| ty == Type::String)?;
        let new = self.name();
        self.columns.push((new.clone(), Type::Long));
        let operator = self.one_of(&["parse", "parse-where", "parse kind=relaxed", "parse kind=regex"]);
        Some(format!("{operator} {name} with * \"n=\" {new}:long \";\" *"))
    }

    fn series(&mut self) -> Option<String> {
        let (axis, _) = self.column(|ty| ty == Type::Long)?;
        let (key, _) = self.column(|ty| ty == Type::String)?;
        if key == axis {
            return None;
        }
        let [count, total, by] = [self.name(), self.name(), self.name()];
        let value = self.expression(Type::Long, 1);
        let step = 1 + self.below(4);
        let bounds = self.one_of(&[" from -5 to 8", " from 0", "", " to 20"]);
        self.columns = columns(&[
            (&by, Type::String),
            (&count, Type::Dynamic),
            (&total, Type::Dynamic),
            (&axis, Type::Dynamic),
        ]);
        let aggregates = format!("{count} = count(), {total} = sum({value}) default=-1");
        Some(format!(
            "make-series {aggregates} on {axis}{bounds} step {step} by {by} = {key}"
        ))
    }

    fn ty(&mut self) -> Type {
        [
            Type::Long,
            Type::Long,
            Type::Real,
            Type::String,
            Type::String,
            Type::Bool,
            Type::DateTime,
            Type::Dynamic,
        ][self.below(8)]
    }

    fn expression(&mut self, ty: Type, depth: usize) -> String {
        if depth == 0 || self.below(3) == 0 {
            return match self.column(|known| known == ty) {
                Some((name, _)) if self.below(5) > 0 => name,
                _ => self.constant(ty),
            };
        }
        let mut of = |ty| self.expression(ty, depth - 1);
        let (long, other, real) = (of(Type::Long), of(Type::Long), of(Type::Real));
        let (text, word, holds) = (of(Type::String), of(Type::String), of(Type::Bool));
        let (time, tree) = (of(Type::DateTime), of(Type::Dynamic));
        match ty {
            Type::Long => match self.below(9) {
                0 => format!("({long} + {other})"),
                1 => format!("({long} * {other})"),
                2 => format!("({long} / {other})"),
                3 => format!("({long} % {other})"),
                4 => format!("strlen({text})"),
                5 => format!("tolong({text})"),
                6 => format!("iff({holds}, {long}, {other})"),
                7 => format!("array_length({tree})"),
                _ => format!("bin({long}, 3)"),
            },
            Type::Real => match self.below(5) {
                0 => format!("({real} + {long})"),
                1 => format!("({long} * 0.5)"),
                2 => format!("todouble({text})"),
                3 => format!("round({real}, 1)"),
                _ => format!("coalesce({real}, 2.5)"),
            },
            Type::String => match self.below(7) {
                0 => format!("strcat({text}, \"-\", {long})"),
                1 => format!("toupper({text})"),
                2 => format!("tostring({tree})"),
                3 => format!("tostring({time})"),
                4 => format!("substring({text}, 0, 1)"),
                5 => format!("iff({holds}, {text}, {word})"),
                _ => format!("tostring({tree}.x)"),
            },
            Type::Bool => match self.below(13) {
                0 => format!("({long} {} {other})", self.one_of(&["==", "!=", "<", "<=", ">", ">="])),
                1 => format!(
                    "({text} {} {word})",
                    self.one_of(&["==", "!=", "=~", "!~", "has", "contains", "startswith"])
                ),
                2 => format!("({holds} and {long} > 1)"),
                3 => format!("({holds} or isempty({text}))"),
                4 => format!("not({holds})"),
                5 => format!("isnull({long})"),
                6 => format!("({text} {} (\"a\", {word}))", self.one_of(&["in", "!in", "in~"])),
                7 => format!("({long} between (0 .. {other}))"),
                8 => format!("({real} > {long})"),
                9 => format!("isnotnull({tree})"),
                10 => format!("({time} > datetime(2026-01-01))"),
                11 => format!("({tree} == {long})"),
                _ => format!("({tree} has {word})"),
            },
            Type::DateTime => match self.below(4) {
                0 => format!("bin({time}, 1d)"),
                1 => format!("({time} + 90m)"),
                2 => format!("startofday({time})"),
                _ => format!("iff({holds}, {time}, datetime(2026-06-01))"),
            },
            _ => match self.below(5) {
                0 => format!("todynamic(tostring(pack_array({long}, {text})))"),
                1 => format!("todynamic(tostring(bag_pack(\"x\", {long}, \"z\", {text})))"),
                2 => format!("todynamic(tostring(split({text}, \" \")))"),
                3 => format!("{tree}[0]"),
                _ => format!("todynamic({text})"),
            },
        }
    }

    fn constant(&mut self, ty: Type) -> String {
        self.one_of(match ty {
            Type::Long => &["0", "1", "-2", "7", "long(null)"],
            Type::Real => &["0.0", "1.5", "-3.25", "real(null)"],
            Type::String => &["\"\"", "\"a\"", "\"B\"", "\"n=4;\"", "\"c D\""],
            Type::Bool => &["true", "false", "bool(null)"],
            Type::DateTime => &["datetime(2026-01-01)", "datetime(2026-03-01 10:00)", "datetime(null)"],
            // A literal tells the binder that it is an array or a bag, which functions of the other refuse.
            _ => &[
                "todynamic('[1, \"a\"]')",
                "todynamic('{\"x\": 2}')",
                "dynamic(null)",
                "todynamic('[]')",
            ],
        })
        .to_owned()
    }
}
