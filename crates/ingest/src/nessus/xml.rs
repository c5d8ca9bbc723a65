//! XML as a scanner writes it, read element by element with bounded memory.
//!
//! Start at [`Xml::next_child`]: it opens the next child of the element that is open, which is then read
//! by another `next_child`, by [`Xml::text`] or by [`Xml::skip`], each of which goes on behind its end.
//!
//! **Invariant:** no entity of a document type is ever expanded, and no bytes outside the file are read; an
//! entity that XML itself does not define stays as it is written.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::{IngestError, Input, ReadSeek};

/// A tag, a comment or a run of text between tags may have this many bytes.
pub(super) const XML_EVENT_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Elements may lie inside each other this deep.
pub(super) const XML_DEPTH_MAX: usize = 64;

const BUFFER_BYTES: usize = 64 * 1024;

pub(super) struct Xml<'a> {
    /// The file, for messages.
    name: &'a str,
    reader: Reader<Source<&'a mut dyn ReadSeek>>,
    buffer: Vec<u8>,
    /// Inside of the start tag that was opened last.
    tag: String,
    tag_name_bytes: usize,
    /// Where the tag that was read last begins.
    position: u64,
    depth: usize,
}

/// Text of an element, without white space around it.
pub(super) struct Text {
    pub(super) text: String,
    /// The element holds more than was asked for.
    pub(super) is_cut: bool,
}

impl<'a> Xml<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        let mut reader = Reader::from_reader(Source::new(input.bytes));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self {
            name: input.name,
            reader,
            buffer: Vec::new(),
            tag: String::new(),
            tag_name_bytes: 0,
            position: 0,
            depth: 0,
        }
    }

    /// Opens the next child of the open element. False at the end of the element, which is closed then,
    /// and at the end of the file when no element is open.
    pub(super) fn next_child(&mut self) -> Result<bool, IngestError> {
        loop {
            match next_event(self.name, &mut self.reader, &mut self.buffer, &mut self.position)? {
                Event::Start(start) => {
                    self.tag_name_bytes = start.name().as_ref().len();
                    self.tag.clear();
                    self.tag.push_str(&start);
                    self.depth += 1;
                    break;
                }
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(false);
                }
                Event::Eof => return self.end_of_file().map(|()| false),
                Event::Text(text) if self.depth == 0 && !text.trim().is_empty() => {
                    return Err(self.malformed("text stands outside of the report; export it again".to_owned()));
                }
                _ => {}
            }
        }
        self.check_depth().map(|()| true)
    }

    /// Name of the element that was opened last, without its namespace.
    pub(super) fn tag_name(&self) -> &str {
        let name = &self.tag[..self.tag_name_bytes];
        name.rsplit_once(':').map_or(name, |(_, local)| local)
    }

    /// Values of these attributes of the element that was opened last.
    ///
    /// # Errors
    /// A sentence, when the tag is not written as XML asks for.
    pub(super) fn attributes<const N: usize>(&self, names: [&str; N]) -> Result<[Option<String>; N], String> {
        let mut values = [const { None }; N];
        let start = BytesStart::from_content(self.tag.as_str(), self.tag_name_bytes);
        // Whether a name stands twice is looked at for those that are asked for only: the reader's own check compares
        // each with all before it, which takes hours for the millions that fit into one tag.
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|cause| format!("its attributes cannot be read ({cause})"))?;
            if let Some(index) = names.iter().position(|&name| name == attribute.key.as_ref()) {
                let value = unescape(&attribute.value).trim().to_owned();
                if values[index].replace(value).is_some() {
                    return Err(format!("its attribute {} stands in it twice", names[index]));
                }
            }
        }
        Ok(values)
    }

    /// The first `bytes_max` bytes of the text inside the open element, which is closed.
    pub(super) fn text(&mut self, bytes_max: usize) -> Result<Text, IngestError> {
        let mut text = String::new();
        let mut is_cut = false;
        let inside = self.depth;
        while self.depth >= inside {
            let event = next_event(self.name, &mut self.reader, &mut self.buffer, &mut self.position)?;
            match &event {
                Event::Text(it) => is_cut |= push_bounded(&mut text, it, bytes_max),
                Event::CData(it) => is_cut |= push_bounded(&mut text, it, bytes_max),
                Event::GeneralRef(it) => is_cut |= push_bounded(&mut text, &resolve(it), bytes_max),
                Event::Start(_) => self.depth += 1,
                Event::End(_) => self.depth -= 1,
                _ => {}
            }
            let is_end_of_file = matches!(event, Event::Eof);
            drop(event);
            self.check_depth()?;
            if is_end_of_file {
                self.end_of_file()?;
            }
        }
        let text = match text.trim() {
            trimmed if trimmed.len() == text.len() => text,
            trimmed => trimmed.to_owned(),
        };
        Ok(Text { text, is_cut })
    }

    /// Closes the open element with all that is in it.
    pub(super) fn skip(&mut self) -> Result<(), IngestError> {
        self.text(0).map(|_| ())
    }

    /// Where the tag that was read last begins, as rejects state it.
    pub(super) fn position(&self) -> String {
        format!("byte {}", self.position)
    }

    /// Where the first byte that is not UTF-8 was, and how many there were. They are read as `?`.
    pub(super) fn repaired(&self) -> Option<(u64, u64)> {
        let source = self.reader.get_ref();
        source.first_repaired.map(|first| (first, source.repaired))
    }

    pub(super) fn malformed(&self, reason: String) -> IngestError {
        IngestError::Malformed {
            name: self.name.to_owned(),
            position: self.position(),
            reason,
        }
    }

    fn check_depth(&self) -> Result<(), IngestError> {
        if self.depth > XML_DEPTH_MAX {
            return Err(self.malformed(format!("elements lie more than {XML_DEPTH_MAX} deep inside each other")));
        }
        Ok(())
    }

    fn end_of_file(&self) -> Result<(), IngestError> {
        if self.depth == 0 {
            return Ok(());
        }
        Err(self.malformed("the file ends inside an element; it was cut short, export it again".to_owned()))
    }
}

/// Takes the reader's parts one by one, so that the event borrows none but the buffer.
fn next_event<'b, R: Read>(
    name: &str,
    reader: &mut Reader<Source<R>>,
    buffer: &'b mut Vec<u8>,
    position: &mut u64,
) -> Result<Event<'b>, IngestError> {
    buffer.clear();
    let source = reader.get_mut();
    source.event_start = source.consumed;
    *position = source.consumed;
    reader
        .read_event_into(buffer)
        .map_err(|cause| failure(name, *position, reader.get_ref().is_over_limit, cause))
}

fn failure(name: &str, position: u64, is_over_limit: bool, cause: quick_xml::Error) -> IngestError {
    let reason = match cause {
        _ if is_over_limit => format!(
            "a tag or a text is larger than {} MiB",
            XML_EVENT_BYTES_MAX / (1024 * 1024)
        ),
        quick_xml::Error::Io(cause) => {
            return IngestError::Io {
                name: name.to_owned(),
                cause: io::Error::new(cause.kind(), cause),
            };
        }
        cause => format!("the XML is broken ({cause}); export the file again"),
    };
    IngestError::Malformed {
        name: name.to_owned(),
        position: format!("byte {position}"),
        reason,
    }
}

/// Appends what fits below `bytes_max` in all, at a character's end. Returns whether something was left out.
fn push_bounded(text: &mut String, more: &str, bytes_max: usize) -> bool {
    let room = bytes_max.saturating_sub(text.len());
    if more.len() <= room {
        text.push_str(more);
        return false;
    }
    text.push_str(&more[..more.floor_char_boundary(room)]);
    true
}

fn resolve<'r>(reference: &'r BytesRef<'_>) -> Cow<'r, str> {
    if let Some(text) = resolve_predefined_entity(reference) {
        return Cow::Borrowed(text);
    }
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Cow::Owned(character.to_string()),
        Ok(None) | Err(_) => Cow::Owned(format!("&{};", reference.as_ref() as &str)),
    }
}

/// Replaces the references in an attribute's value.
fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(start) = rest.find('&') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        match rest.find(';') {
            Some(end) => {
                text.push_str(&resolve(&BytesRef::new(&rest[1..end])));
                rest = &rest[end + 1..];
            }
            None => break,
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Bytes on their way into the XML reader: UTF-8 without exception, and no more of them for one event than
/// [`XML_EVENT_BYTES_MAX`].
struct Source<R> {
    inner: R,
    buffer: Box<[u8]>,
    /// `buffer[start..ready]` is checked and waits to be read; `buffer[ready..filled]` is the beginning of
    /// a character.
    start: usize,
    ready: usize,
    filled: usize,
    consumed: u64,
    event_start: u64,
    is_over_limit: bool,
    repaired: u64,
    first_repaired: Option<u64>,
}

impl<R: Read> Source<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            ready: 0,
            filled: 0,
            consumed: 0,
            event_start: 0,
            is_over_limit: false,
            repaired: 0,
            first_repaired: None,
        }
    }

    /// Reads until at least one whole character is ready, or the end of the file.
    fn refill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.ready..self.filled, 0);
        self.filled -= self.ready;
        self.start = 0;
        self.ready = 0;
        while self.ready == 0 {
            let read = match self.inner.read(&mut self.buffer[self.filled..]) {
                Ok(read) => read,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => return Err(cause),
            };
            self.filled += read;
            self.check(read == 0);
            if read == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Marks what is UTF-8 as ready; overwrites bytes that are not, each by one `?`, so that positions stay.
    fn check(&mut self, is_last: bool) {
        while let Err(fault) = std::str::from_utf8(&self.buffer[self.ready..self.filled]) {
            self.ready += fault.valid_up_to();
            let bad = match fault.error_len() {
                Some(bad) => bad,
                None if is_last => self.filled - self.ready,
                None => return,
            };
            let position = self.consumed + self.ready as u64;
            self.first_repaired.get_or_insert(position);
            self.repaired += bad as u64;
            self.buffer[self.ready..self.ready + bad].fill(b'?');
        }
        self.ready = self.filled;
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed - self.event_start > XML_EVENT_BYTES_MAX {
            self.is_over_limit = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.start == self.ready {
            self.refill()?;
        }
        Ok(&self.buffer[self.start..self.ready])
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.consumed += bytes as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::testing::Huge;

    fn with<T>(bytes: &[u8], run: impl FnOnce(&mut Xml<'_>) -> T) -> T {
        let mut cursor = Cursor::new(bytes);
        let mut xml = Xml::new(Input {
            name: "in.nessus",
            length: bytes.len() as u64,
            bytes: &mut cursor,
            site: None,
        });
        run(&mut xml)
    }

    /// Text of the root element.
    fn text(bytes: &[u8], bytes_max: usize) -> Result<Text, IngestError> {
        with(bytes, |xml| {
            assert!(xml.next_child().unwrap());
            xml.text(bytes_max)
        })
    }

    #[test]
    fn references_are_resolved_and_unknown_entities_stay_as_written() {
        let document = br#"<!DOCTYPE a [<!ENTITY bomb "boom"><!ENTITY file SYSTEM "file:///etc/passwd">]>
            <a b="1 &lt; &#50; &bomb; &file; & c">x &amp; &#x41;&bomb;&file; & <![CDATA[<&amp;>]]> &#0;</a>"#;
        with(document, |xml| {
            xml.next_child().unwrap();
            let [attribute] = xml.attributes(["b"]).unwrap();
            assert_eq!(attribute.unwrap(), "1 < 2 &bomb; &file; & c");
            assert_eq!(xml.text(1000).unwrap().text, "x & A&bomb;&file; & <&amp;> &#0;");
        });
    }

    #[test]
    fn entities_of_entities_are_never_expanded() {
        let mut document = String::from("<!DOCTYPE a [<!ENTITY e0 \"ha\">");
        for level in 1..100 {
            let ten = format!("&e{};", level - 1).repeat(10);
            document.push_str(&format!("<!ENTITY e{level} \"{ten}\">"));
        }
        document.push_str(
            "<!ENTITY % more SYSTEM \"file:///etc/passwd\"> %more; <!ENTITY self \"&self;\">]>\
             <a b='&e99;'>&e99;&self;%more;</a>",
        );
        with(document.as_bytes(), |xml| {
            xml.next_child().unwrap();
            assert_eq!(xml.attributes(["b"]).unwrap(), [Some("&e99;".to_owned())]);
            assert_eq!(xml.text(1_000).unwrap().text, "&e99;&self;%more;");
        });
        let outside = br#"<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a>text</a>"#;
        assert_eq!(text(outside, 10).unwrap().text, "text");
    }

    #[test]
    fn a_tag_of_a_million_attributes_is_read_in_no_time() {
        let many: String = (0..1_000_000).map(|number| format!(" a{number}=\"\"")).collect();
        let begun = Instant::now();
        with(format!("<a{many} b=\"1\"/>").as_bytes(), |xml| {
            xml.next_child().unwrap();
            assert_eq!(xml.attributes(["b", "c"]).unwrap(), [Some("1".to_owned()), None]);
        });
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }

    #[test]
    fn an_attribute_that_stands_twice_is_told_where_it_is_asked_for() {
        with(b"<a b='1' c='2' b='3'/>", |xml| {
            xml.next_child().unwrap();
            assert_eq!(xml.attributes(["c"]).unwrap(), [Some("2".to_owned())]);
            let reason = xml.attributes(["b"]).unwrap_err();
            assert_eq!(reason, "its attribute b stands in it twice");
        });
    }

    #[test]
    fn the_encoding_that_a_file_declares_changes_nothing() {
        for declared in ["ISO-8859-1", "UTF-16", "UTF-7", "no such encoding"] {
            let document = format!("<?xml version=\"1.0\" encoding=\"{declared}\"?><a>Größe</a>");
            assert_eq!(text(document.as_bytes(), 100).unwrap().text, "Größe");
        }
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>Gr\xf6\xdfe</a>";
        assert_eq!(text(latin, 100).unwrap().text, "Gr??e");
    }

    #[test]
    fn gigabytes_in_one_piece_end_the_file_when_the_limit_is_reached() {
        for (before, after) in [
            ("<a b=\"", "\"/>"),
            ("<a>", "</a>"),
            ("<a><![CDATA[", "]]></a>"),
            ("<a><!--", "--></a>"),
            ("<!DOCTYPE a [", "]><a/>"),
            ("<?xml ", "?><a/>"),
            ("<a", "/>"),
            ("<a>&", ";</a>"),
        ] {
            let mut huge = Huge::new(before, "x", 3 << 30, after);
            let mut xml = Xml::new(Input {
                name: "in.nessus",
                length: huge.length(),
                bytes: &mut huge,
                site: None,
            });
            let read = xml.next_child().and_then(|_| xml.skip());
            let error = read.expect_err(before).to_string();
            assert!(
                error.ends_with("a tag or a text is larger than 32 MiB"),
                "{before}: {error}"
            );
        }
    }

    #[test]
    fn text_is_cut_at_the_end_of_a_character() {
        let cut = text("<a>héllo</a>".as_bytes(), 2).unwrap();
        assert_eq!((cut.text.as_str(), cut.is_cut), ("h", true));
        let whole = text("<a>héllo</a>".as_bytes(), 6).unwrap();
        assert_eq!((whole.text.as_str(), whole.is_cut), ("héllo", false));
    }

    #[test]
    fn bytes_that_are_not_utf_8_become_question_marks_wherever_a_read_ends() {
        for padding in BUFFER_BYTES - 12..BUFFER_BYTES {
            let mut document = format!("<a>{}", "é".repeat(padding / 2)).into_bytes();
            document.resize(document.len() + padding % 2, b'.');
            let bad_at = document.len() as u64;
            document.extend_from_slice(b"\xE9t\xE9</a>");
            with(&document, |xml| {
                xml.next_child().unwrap();
                let text = xml.text(usize::MAX).unwrap().text;
                assert!(text.starts_with("éé") && text.ends_with("?t?"), "{padding}");
                assert_eq!(xml.repaired(), Some((bad_at, 2)));
            });
        }
    }

    #[test]
    fn positions_count_from_the_first_byte_of_the_file() {
        with(b"\xEF\xBB\xBF<a>\n<b/></a>", |xml| {
            xml.next_child().unwrap();
            xml.next_child().unwrap();
            assert_eq!((xml.tag_name(), xml.position().as_str()), ("b", "byte 7"));
        });
    }

    #[test]
    fn a_text_above_its_limit_ends_the_file_with_a_sentence() {
        let document = format!("<a>{}</a>", "x".repeat(XML_EVENT_BYTES_MAX as usize + BUFFER_BYTES + 1));
        let error = text(document.as_bytes(), 10).err().unwrap();
        assert_eq!(
            error.to_string(),
            "in.nessus at byte 3: a tag or a text is larger than 32 MiB"
        );
    }

    #[test]
    fn elements_too_deep_end_the_file_with_a_sentence() {
        for depth in [XML_DEPTH_MAX + 1, 10_000, 1_000_000] {
            let error = text("<a>".repeat(depth).as_bytes(), 10).err().unwrap();
            let reason = "elements lie more than 64 deep inside each other";
            assert!(error.to_string().ends_with(reason), "{error}");
        }
    }

    #[test]
    fn a_file_that_ends_early_says_where() {
        let error = text(b"<a>text", 10).err().unwrap();
        assert_eq!(
            error.to_string(),
            "in.nessus at byte 7: the file ends inside an element; it was cut short, export it again"
        );
    }
}
