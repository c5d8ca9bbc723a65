//! Where something stands in a text: bytes here, UTF-16 units in a browser.

/// The byte at which a browser's `unit` stands; within a character its first byte, behind the end the end.
pub fn byte_of(text: &str, unit: usize) -> usize {
    let mut units = 0;
    for (byte, character) in text.char_indices() {
        units += character.len_utf16();
        if units > unit {
            return byte;
        }
    }
    text.len()
}

/// How many UTF-16 units stand before a byte.
pub fn unit_of(text: &str, byte: usize) -> usize {
    let end = text.floor_char_boundary(byte);
    text[..end].encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_every_width_are_counted() {
        let text = "aé€😀b";
        let places = [(0, 0), (1, 1), (2, 3), (3, 6), (5, 10), (6, 11)];
        for (unit, byte) in places {
            assert_eq!(byte_of(text, unit), byte);
            assert_eq!(unit_of(text, byte), unit);
        }
        assert_eq!(byte_of(text, 4), 6, "within the pair of units of one character");
        assert_eq!(byte_of(text, 99), text.len());
        assert_eq!(unit_of(text, 99), 6);
        assert_eq!(unit_of(text, 8), 3, "within a character");
    }
}
