//! The pages of Postern, as files within the binary.
//!
//! `build.rs` builds them from `web/` and compresses them; nothing is compressed while serving. Start at [`get`].
//! Only the binary depends on this crate, so that no other needs npm to be checked or tested.
//!
//! **Invariant:** nothing here speaks HTTP, reads a file or a clock.

mod encoding;

use encoding::Encodings;

/// What the pages may load and do, for the header `Content-Security-Policy`: files of their own address, and nothing
/// else. The hash is that of nothing at all: Fluent makes empty style elements and fills them by script, which no
/// policy of styles forbids; a style element with a text stays forbidden.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; img-src 'self'; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The folder of files whose names hold a hash of their content (`build.assetsDir` in `web/vite.config.ts`).
const HASHED: &str = "static/";

const INDEX: &str = "index.html";

/// One file, as it is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    pub bytes: &'static [u8],
    /// For `Content-Type`.
    pub media_type: &'static str,
    /// For `Content-Encoding`; `None`: the bytes are the file itself.
    pub encoding: Option<&'static str>,
    /// For `ETag`, with its quotes; differs for each encoding.
    pub etag: String,
    /// This path will never hold anything else: browsers may keep it for ever.
    pub is_immutable: bool,
}

struct File {
    path: &'static str,
    etag: &'static str,
    bytes: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

/// Sorted by path.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// What to answer at an address of the pages.
///
/// * `path`: of the URL, decoded or not, with or without its first slash.
/// * `accept_encoding`: the header, empty when there was none.
///
/// An address that is no file is the page's own to understand, so it gets the page. `None` for a file with a hash
/// that is not there: it belongs to another version of the pages.
pub fn get(path: &str, accept_encoding: &str) -> Option<Asset> {
    let path = path.trim_start_matches('/');
    let found = find(path);
    if found.is_none() && path.starts_with(HASHED) {
        return None;
    }
    let file = found.or_else(|| find(INDEX))?;
    let accepted = Encodings::parse(accept_encoding);
    let (bytes, encoding) = match (file.brotli, file.gzip) {
        (Some(bytes), _) if accepted.brotli => (bytes, Some("br")),
        (_, Some(bytes)) if accepted.gzip => (bytes, Some("gzip")),
        _ => (file.bytes, None),
    };
    Some(Asset {
        bytes,
        media_type: media_type(file.path),
        encoding,
        etag: format!("\"{}-{}\"", file.etag, encoding.unwrap_or("plain")),
        is_immutable: file.path.starts_with(HASHED),
    })
}

fn find(path: &str) -> Option<&'static File> {
    let at = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
    FILES.get(at)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_so_that_they_are_found() {
        assert!(FILES.is_sorted_by(|a, b| a.path < b.path));
        assert!(FILES.iter().all(|file| find(file.path).is_some()));
    }

    #[test]
    fn an_address_of_the_page_gets_the_page() {
        let index = get("/", "").unwrap();
        assert_eq!(index.media_type, "text/html; charset=utf-8");
        assert!(!index.is_immutable);
        for address in [
            "",
            "index.html",
            "/attack-paths/0123",
            "/assets/DC01.CORP.EXAMPLE",
            "/assets/S-1-5%2F1",
        ] {
            assert_eq!(get(address, "").as_ref(), Some(&index), "{address}");
        }
    }

    #[test]
    fn a_file_of_another_version_is_missing_rather_than_the_page() {
        assert_eq!(get("/static/index-0000.js", "br"), None);
    }

    #[test]
    fn each_encoding_has_an_etag_of_its_own() {
        for file in FILES {
            let etags: Vec<String> = ["", "gzip", "br"]
                .iter()
                .map(|accepted| get(file.path, accepted).unwrap().etag)
                .collect();
            let is_compressed = file.gzip.is_some() && file.brotli.is_some();
            assert_eq!(
                etags[0] != etags[1] && etags[1] != etags[2],
                is_compressed,
                "{}",
                file.path
            );
        }
    }

    #[test]
    fn no_file_has_an_unknown_media_type() {
        for file in FILES {
            assert_ne!(media_type(file.path), "application/octet-stream", "{}", file.path);
        }
    }
}
