//! Other names of the same function: old spellings and short forms.

use super::FunctionKind;

const SCALAR: &[(&str, &str)] = &[
    ("array_iif", "array_iff"),
    ("array_strcat", "strcat_array"),
    ("arraylength", "array_length"),
    ("base64_decodestring", "base64_decode_tostring"),
    ("base64_encodestring", "base64_encode_tostring"),
    ("columnifexists", "column_ifexists"),
    ("current_cursor", "cursor_current"),
    ("datepart", "datetime_part"),
    ("extentid", "extent_id"),
    ("extractall", "extract_all"),
    ("extractjson", "extract_json"),
    ("floor", "bin"),
    ("hash_xxhash64", "hash"),
    ("iif", "iff"),
    ("make_string", "unicode_codepoints_to_string"),
    ("merge_tdigest", "tdigest_merge"),
    ("notempty", "isnotempty"),
    ("notnull", "isnotnull"),
    ("pack", "bag_pack"),
    ("pack_dictionary", "bag_pack"),
    ("parsejson", "parse_json"),
    ("parseurl", "parse_url"),
    ("parseurlquery", "parse_urlquery"),
    // With its arguments in another order, which the binder changes.
    ("replace", "replace_regex"),
    ("row_rank", "row_rank_dense"),
    ("to_utf8", "unicode_codepoints_from_string"),
    ("toboolean", "tobool"),
    ("todouble", "toreal"),
    ("todynamic", "parse_json"),
    ("toobject", "parse_json"),
    ("totime", "totimespan"),
    ("weekofyear", "week_of_year"),
];

const AGGREGATE: &[(&str, &str)] = &[
    ("any", "take_any"),
    ("anyif", "take_anyif"),
    ("argmax", "arg_max"),
    ("argmin", "arg_min"),
    ("cnt", "count"),
    ("make_dictionary", "make_bag"),
    ("makelist", "make_list"),
    ("makeset", "make_set"),
    ("merge_tdigest", "tdigest_merge"),
];

/// The name by which a function is computed.
pub(super) fn canonical(kind: FunctionKind, name: &'static str) -> &'static str {
    let synonyms = match kind {
        FunctionKind::Scalar => SCALAR,
        FunctionKind::Aggregate => AGGREGATE,
        FunctionKind::PlugIn => &[],
    };
    synonyms
        .iter()
        .find(|(synonym, _)| *synonym == name)
        .map_or(name, |(_, canonical)| canonical)
}
