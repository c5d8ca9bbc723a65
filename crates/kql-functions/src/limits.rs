//! How large one value may grow. Texts and JSON values come from data and from what queries do to them: without a bound
//! a short query makes gigabytes (`repeat(repeat(...))`).
//!
//! What would be larger is null (a text: empty), and the [`Context`] is told, so that the result can say so.

use crate::{Context, Datum, Dynamic, Json};

/// Bytes of one text that a function makes.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// Bytes of memory that one JSON value which a function makes may take, roughly.
pub const DYNAMIC_BYTES_MAX: usize = 64 << 20;

/// Elements that a function makes by itself where its arguments ask for more: the language's own limit.
pub const ELEMENTS_MAX: usize = 1 << 20;

/// How deep arrays and objects may stand in one another in a value that a function makes. A step of `scan` can wrap a
/// value once more for every row, and whoever walks through a value needs stack for each level.
pub const DEPTH_MAX: usize = 120;

/// Memory of a JSON value besides its texts.
const NODE_BYTES: usize = size_of::<Json>();

/// A tree takes about so many times the memory of its text.
const TREE_PER_TEXT: usize = 4;

/// Roughly the memory that the value takes as a tree.
pub fn weight(tree: &Json) -> usize {
    NODE_BYTES
        + match tree {
            Json::String(text) => text.len(),
            Json::Array(items) => items.iter().map(weight).sum(),
            Json::Object(entries) => entries
                .iter()
                .map(|(name, value)| size_of::<String>() + name.len() + weight(value))
                .sum(),
            _ => 0,
        }
}

/// As [`weight`], of a value of any type.
pub fn weight_of(datum: &Datum<'_>) -> usize {
    match datum {
        Datum::String(text) => NODE_BYTES + text.len(),
        Datum::Dynamic(Dynamic::Text(text)) => NODE_BYTES + TREE_PER_TEXT * text.len(),
        Datum::Dynamic(Dynamic::Tree(tree)) => weight(tree),
        // As text none of the others is longer than this.
        _ => NODE_BYTES + 40,
    }
}

/// Whether a JSON value of so many bytes may be made; the context is told where not.
pub fn may_weigh(cx: &Context, bytes: usize) -> bool {
    let may = bytes <= DYNAMIC_BYTES_MAX;
    if !may {
        cx.reach("a dynamic value would have been larger than 64 MiB and is null");
    }
    may
}

/// Whether all arguments together may go into one JSON value.
pub fn may_join(cx: &Context, arguments: &[Datum<'_>]) -> bool {
    arguments.iter().all(|argument| may_wrap(cx, argument)) && may_weigh(cx, arguments.iter().map(weight_of).sum())
}

/// Whether so many copies of a value may go into one JSON value.
pub fn may_repeat(cx: &Context, value: &Datum<'_>, times: usize) -> bool {
    may_wrap(cx, value) && may_weigh(cx, weight_of(value).saturating_mul(times))
}

/// Whether a value may stand inside another one.
fn may_wrap(cx: &Context, value: &Datum<'_>) -> bool {
    match value {
        Datum::Dynamic(Dynamic::Tree(tree)) => may_be_deep(cx, depth(tree) + 1),
        // What is read from text is no deeper than the reader of JSON goes.
        _ => true,
    }
}

/// Whether a value may have so many levels; the context is told where not.
pub fn may_be_deep(cx: &Context, levels: usize) -> bool {
    let may = levels <= DEPTH_MAX;
    if !may {
        cx.reach("a dynamic value would have been nested more than 120 levels deep and is null");
    }
    may
}

fn depth(tree: &Json) -> usize {
    match tree {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(entries) => 1 + entries.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether a text of so many bytes may be made; the context is told where not.
pub fn may_be_text(cx: &Context, bytes: usize) -> bool {
    let may = bytes <= TEXT_BYTES_MAX;
    if !may {
        cx.reach("a text would have been longer than 16 MiB and is empty");
    }
    may
}
