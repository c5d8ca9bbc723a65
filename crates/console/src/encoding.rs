//! Which encodings a browser takes, from its header `Accept-Encoding` (RFC 9110, section 12.5.3).

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encodings {
    pub gzip: bool,
    pub brotli: bool,
}

impl Encodings {
    /// `*` is not followed: no browser sends it, and who does can take the file as it is.
    pub(crate) fn parse(header: &str) -> Self {
        let mut found = Self::default();
        for part in header.split(',') {
            let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
            let is_wanted = !is_zero(parameters);
            match name.trim().to_ascii_lowercase().as_str() {
                "gzip" => found.gzip = is_wanted,
                "br" => found.brotli = is_wanted,
                _ => {}
            }
        }
        found
    }
}

/// `q=0` and `q=0.000` refuse an encoding.
fn is_zero(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let value = parameter.trim().strip_prefix("q=");
        value.is_some_and(|value| value.trim().parse() == Ok(0.0_f32))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_taken() {
        for (header, gzip, brotli) in [
            ("", false, false),
            ("gzip, deflate, br, zstd", true, true),
            ("br;q=0, gzip;q=0.5", true, false),
            ("BR; q=1.0", false, true),
            ("gzip;q=0.000", false, false),
            ("identity, x-gzip", false, false),
        ] {
            assert_eq!(Encodings::parse(header), Encodings { gzip, brotli }, "{header}");
        }
    }
}
