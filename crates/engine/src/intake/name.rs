//! Names of files as they may be shown and stored: a name is anybody's text, and a terminal obeys what is in it.

use std::borrow::Cow;

/// Bytes of a name that are shown. File systems allow 255 for one part of a path, archives 65,535 in all.
pub const NAME_BYTES_MAX: usize = 1_024;

/// The name with everything escaped that could move the cursor, turn the reading direction, or not be seen at all.
pub fn harmless(name: &str) -> Cow<'_, str> {
    if name.len() <= NAME_BYTES_MAX && !name.chars().any(is_deceptive) {
        return Cow::Borrowed(name);
    }
    let mut shown = String::with_capacity(name.len().min(NAME_BYTES_MAX) + 16);
    for character in name.chars() {
        if shown.len() >= NAME_BYTES_MAX {
            shown.push('…');
            break;
        }
        if is_deceptive(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Marks, embeddings, overrides and isolates of the reading direction.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // What has no width, and the ends of lines that are no control characters.
            | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_move_the_cursor_or_turn_the_text() {
        assert_eq!(
            harmless("a\u{1b}[2Jb\nc\0\u{7f}\u{9b}"),
            r"a\u{1b}[2Jb\u{a}c\u{0}\u{7f}\u{9b}"
        );
        assert_eq!(harmless("users\u{202e}nosj.exe"), r"users\u{202e}nosj.exe");
        assert_eq!(harmless("two\u{2028}lines\u{200b}"), r"two\u{2028}lines\u{200b}");
    }

    #[test]
    fn ordinary_names_in_any_script_stay() {
        for name in [
            "C:\\scans\\Größe 1.json",
            "領域/ユーザー.json",
            "../../users.json",
            "العربية.json",
        ] {
            assert!(matches!(harmless(name), Cow::Borrowed(same) if same == name));
        }
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let long = "ä".repeat(40_000);
        let shown = harmless(&long);
        assert!(shown.ends_with("ä…") && shown.len() <= NAME_BYTES_MAX + '…'.len_utf8() + 1);
        let escapes = "\u{1b}".repeat(40_000);
        assert!(harmless(&escapes).len() <= NAME_BYTES_MAX + 16);
    }
}
