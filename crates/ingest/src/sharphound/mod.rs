//! SharpHound JSON, formats 3 to 6: what a collector saw of a directory and of its hosts.
//!
//! One file holds objects of one type. Start at [`read`], which walks the file (`envelope`), reads each
//! element as a `shape::Record`, brings it into the shape of the newest format (`legacy`) and turns it into rows
//! (`record`, `acl`, `host`) of the cells that it belongs to (`cells`). Ids are written in upper case.
//!
//! Sources: the shapes that BloodHound Community Edition reads (its packages `ein` and `graphify`), and the
//! collection methods of SharpHound.

mod acl;
mod cells;
pub(crate) mod cursor;
pub(crate) mod envelope;
mod host;
mod legacy;
pub(crate) mod output;
mod record;
pub(crate) mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::ControlFlow;

use postern_model::{NodeKind, ObjectClass, RelationKind};

use self::cells::{BoundaryIndex, Cells, Slot};
use self::cursor::Cursor;
use self::envelope::{FileMeta, Position, Step, Visit, locate_meta, walk};
use self::legacy::DomainSids;
use self::output::{End, Output, Place, shown, upper};
use self::shape::{Record, Session, Text, is_key};
use crate::{Format, IngestError, Input, Probe, Sink, Summary};

pub use self::cells::{BOUNDARIES_MAX, OBJECTS_MAX};
pub use self::envelope::RECORD_BYTES_MAX;

/// Records of well-known principals wait for the end of the file, up to so many bytes of them.
const WELL_KNOWN_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The newest format that is known.
const VERSION_MAX: i64 = 6;

/// So many names of rights that are not known are told apart; the others are counted as one.
const UNKNOWN_RIGHTS_MAX: usize = 100;

/// What the elements of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Objects(ObjectClass, NodeKind),
    Sessions,
    Deleted,
}

fn content_of(kind: &str) -> Option<Content> {
    Some(match kind {
        "users" => Content::Objects(ObjectClass::Users, NodeKind::User),
        "computers" => Content::Objects(ObjectClass::Computers, NodeKind::Computer),
        "groups" => Content::Objects(ObjectClass::Groups, NodeKind::Group),
        "domains" => Content::Objects(ObjectClass::Domains, NodeKind::Domain),
        "ous" => Content::Objects(ObjectClass::Ous, NodeKind::Ou),
        "containers" => Content::Objects(ObjectClass::Containers, NodeKind::Container),
        "gpos" => Content::Objects(ObjectClass::Gpos, NodeKind::Gpo),
        "certtemplates" => Content::Objects(ObjectClass::CertTemplates, NodeKind::CertTemplate),
        "enterprisecas" => Content::Objects(ObjectClass::EnterpriseCas, NodeKind::EnterpriseCa),
        "rootcas" => Content::Objects(ObjectClass::RootCas, NodeKind::RootCa),
        "aiacas" => Content::Objects(ObjectClass::AiaCas, NodeKind::AiaCa),
        "ntauthstores" => Content::Objects(ObjectClass::NtAuthStores, NodeKind::NtAuthStore),
        "issuancepolicies" => Content::Objects(ObjectClass::IssuancePolicies, NodeKind::IssuancePolicy),
        "sessions" => Content::Sessions,
        "deleted" => Content::Deleted,
        _ => return None,
    })
}

pub static FORMAT: Format = Format {
    id: "sharphound",
    title: "SharpHound JSON",
    dates_itself: false,
    sniff,
    read,
};

/// Whether a file is a collection, of any version: an object whose `meta` names a type of SharpHound. A file that
/// breaks off after its first key, or lost its `meta`, is taken for one, so that [`read`] can say so.
///
/// # Errors
/// [`IngestError::Io`] when the bytes cannot be read.
fn sniff(probe: &mut Probe<'_, '_>) -> Result<bool, IngestError> {
    if probe.head.starts_with(b"\xFF\xFE{\0") || probe.head.starts_with(b"\xFE\xFF\0{") {
        // JSON in UTF-16: `read` says what to do about it.
        return Ok(true);
    }
    match kind_in_meta(probe) {
        Ok(Some(kind)) if content_of(&kind).is_some() => Ok(true),
        // `read` says that the type is not known, or that the part is missing which tells it.
        Ok(_) => Ok(begins_with_records(probe.head) && contains(probe.head, b"\"ObjectIdentifier\"")),
        Err(IngestError::Malformed { .. }) => Ok(begins_with_records(probe.head)),
        Err(error) => Err(error),
    }
}

/// Whether the first key of an object is one of the envelope's.
fn begins_with_records(head: &[u8]) -> bool {
    let key = || {
        let inside = head.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start();
        let inside = inside.strip_prefix(b"\"")?;
        let end = inside.iter().position(|byte| *byte == b'"')?;
        std::str::from_utf8(&inside[..end]).ok()
    };
    key().is_some_and(|key| {
        let key = key.to_ascii_lowercase();
        key == "data" || key == "meta" || is_list_of(&key)
    })
}

/// Whether a key of the envelope is that of the array of records, as collectors of format 3 have it.
fn is_list_of(key: &str) -> bool {
    matches!(content_of(key), Some(Content::Objects(..) | Content::Sessions))
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|it| it == wanted)
}

/// The type that the envelope's `meta` names; AzureHound has the same envelope.
///
/// # Errors
/// [`IngestError::Malformed`] for an object that is no envelope, or a damaged one; [`IngestError::Io`].
pub(crate) fn kind_in_meta(probe: &mut Probe<'_, '_>) -> Result<Option<String>, IngestError> {
    if !probe.head.trim_ascii_start().starts_with(b"{") {
        return Ok(None);
    }
    Ok(locate_meta(probe.input)?.map(|meta| meta.kind))
}

/// Reads a SharpHound file.
///
/// Elements that cannot be used are rejected one by one; so is, once per name, a right that is not known.
///
/// # Errors
/// [`IngestError::Unsupported`] for another version; [`IngestError::Malformed`] when the file is cut off, is no valid
/// JSON, has no `meta` or no `data`, or passes [`OBJECTS_MAX`] or [`RECORD_BYTES_MAX`]; [`IngestError::Io`] and
/// [`IngestError::Sink`].
fn read(mut input: Input<'_>, sink: &mut dyn Sink) -> Result<Summary, IngestError> {
    let unsupported = |found: String| IngestError::Unsupported {
        name: input.name.to_owned(),
        found,
        understood: "SharpHound formats 3 to 6",
    };
    let malformed = |reason: &str| IngestError::Malformed {
        name: input.name.to_owned(),
        position: "the end".to_owned(),
        reason: reason.to_owned(),
    };
    // The closures above keep the name; the reader itself is borrowed anew.
    let meta = locate_meta(&mut Input {
        name: input.name,
        bytes: &mut *input.bytes,
        length: input.length,
        site: input.site,
    })?;
    let Some(meta) = meta else {
        return Err(malformed(
            "there is no `meta` that says what the file holds; export it again",
        ));
    };
    let content = match (content_of(&meta.kind), meta.version) {
        (_, Some(version)) if version < legacy::VERSION_MIN => {
            return Err(unsupported(format!(
                "SharpHound format {version}, which names everything by its name"
            )));
        }
        (_, Some(version)) if version > VERSION_MAX => {
            return Err(unsupported(format!("SharpHound format {version}")));
        }
        (Some(content), _) => content,
        (None, _) => {
            let kind = shown(&meta.kind);
            return Err(unsupported(format!("a SharpHound file of the unknown type `{kind}`")));
        }
    };
    if !meta.has_data {
        return Err(malformed("there is no array of records, `data`; export the file again"));
    }

    let domains = if legacy::names_domains(meta.version) {
        let mut domains = DomainSids::default();
        walk(&mut input, &mut domains)?;
        domains.decide();
        Some(domains)
    } else {
        None
    };
    let name = input.name;
    let mut reader = Reader::new(name, content, &meta, domains, sink);
    walk(&mut input, &mut reader)?;
    reader.finish()
}

/// A file being read.
struct Reader<'s> {
    name: &'s str,
    content: Content,
    version: Option<i64>,
    /// Set for a format that names domains by their names.
    domains: Option<DomainSids>,
    output: Output<'s>,
    cells: Cells,
    /// JSON of the records of well-known principals, with their places.
    well_known: Vec<(Position, String)>,
    well_known_bytes: usize,
    /// Per right that is not known: how often, and where first.
    unknown_rights: BTreeMap<String, (u64, Position)>,
    position: Position,
    /// Computer of the session before.
    session_computer: String,
    /// Properties of the entry at hand.
    ace_properties: String,
}

/// The object whose record is being read.
#[derive(Clone, Copy, Debug)]
struct Subject<'r> {
    end: End<'r>,
    boundary: BoundaryIndex,
    /// Collectors add well-known principals to what they read; such a record is no observation of all of it.
    is_well_known: bool,
}

impl<'s> Reader<'s> {
    fn new(
        name: &'s str,
        content: Content,
        meta: &FileMeta,
        domains: Option<DomainSids>,
        sink: &'s mut dyn Sink,
    ) -> Self {
        let class = match content {
            Content::Objects(class, _) => class,
            Content::Sessions => ObjectClass::Computers,
            Content::Deleted => ObjectClass::Deleted,
        };
        Self {
            name,
            content,
            version: meta.version,
            domains,
            output: Output::new(sink),
            cells: Cells::new(class, meta.methods),
            well_known: Vec::new(),
            well_known_bytes: 0,
            unknown_rights: BTreeMap::new(),
            position: Position { index: 0, byte: 0 },
            session_computer: String::new(),
            ace_properties: String::new(),
        }
    }

    /// Rejects the record at hand, whose object is `id`, if that much is known.
    fn reject(&mut self, id: Option<&str>, reason: impl Display) {
        self.cells.add_unread(id);
        self.output.reject(self.position, reason);
    }

    /// The boundary of this name. `None`, with the record rejected, when there are too many.
    fn boundary(&mut self, name: &str, id: &str) -> Option<BoundaryIndex> {
        let boundary = self.cells.boundary(name);
        if boundary.is_none() {
            let name = shown(name);
            let reason = format_args!("the file names more than {BOUNDARIES_MAX} domains; {name} is left out");
            self.reject(Some(id), reason);
        }
        boundary
    }

    fn session(&mut self, session: &Session<'_>) -> Result<(), IngestError> {
        let (computer, user) = (upper(&session.computer), upper(&session.user));
        if computer.is_empty() || user.is_empty() {
            self.reject(None, "the session names no computer or no user");
            return Ok(());
        }
        let Some(boundary) = self.boundary(domain_of_id(&computer).unwrap_or_default(), &computer) else {
            return Ok(());
        };
        let at = Place {
            cell: self.cells.cell(boundary, Slot::Sessions),
            subject: &computer,
        };
        if self.session_computer != *computer {
            self.output.covered(at)?;
            self.session_computer = computer.clone().into_owned();
        }
        let properties = match session.logon_type.0 {
            Some(kind) => format!("{{\"logontype\":{kind}}}"),
            None => String::new(),
        };
        self.output.relation(
            at,
            End {
                id: &computer,
                kind: NodeKind::Computer,
            },
            End {
                id: &user,
                kind: NodeKind::User,
            },
            RelationKind::HasSession,
            &properties,
        )?;
        Ok(())
    }

    fn tombstone(&mut self, id: &str) -> Result<(), IngestError> {
        let id = upper(id);
        if id.is_empty() {
            self.reject(None, "the deleted object has no id");
            return Ok(());
        }
        if let Some(boundary) = self.boundary(domain_of_id(&id).unwrap_or_default(), &id) {
            let at = Place {
                cell: self.cells.cell(boundary, Slot::Tombstones),
                subject: &id,
            };
            self.output.object(
                at,
                End {
                    id: &id,
                    kind: NodeKind::Base,
                },
                "",
                "",
            )?;
        }
        Ok(())
    }

    fn unknown_right(&mut self, right: &str) {
        let right = &*shown(right);
        let is_new = !self.unknown_rights.contains_key(right);
        let right = if is_new && self.unknown_rights.len() >= UNKNOWN_RIGHTS_MAX {
            "(others)"
        } else {
            right
        };
        self.unknown_rights
            .entry(right.to_owned())
            .or_insert((0, self.position))
            .0 += 1;
    }

    fn finish(mut self) -> Result<Summary, IngestError> {
        if let Content::Objects(_, kind) = self.content {
            let home = self.cells.home();
            for (position, json) in std::mem::take(&mut self.well_known) {
                self.position = position;
                if let Ok((mut record, _)) = envelope::element::<Record<'_>>(&json) {
                    legacy::modern(&mut record, kind, self.version, self.domains.as_ref());
                    self.record(&record, kind, Some(home))?;
                }
            }
        }
        for (right, (entries, first)) in std::mem::take(&mut self.unknown_rights) {
            let entries = if entries == 1 {
                "1 entry".to_owned()
            } else {
                format!("{entries} entries")
            };
            self.output.reject(
                first,
                format_args!("the right `{right}` is not known; {entries} with it are left out"),
            );
        }
        let Self { cells, mut output, .. } = self;
        let cells = cells.finish(|cell, subject| output.covered(Place { cell, subject }))?;
        Ok(Summary {
            cells,
            observed_at: None,
            counts: output.finish()?,
        })
    }
}

impl Visit for Reader<'_> {
    fn element(&mut self, text: &str, position: Position) -> Result<Step, IngestError> {
        self.position = position;
        let length = match self.content {
            Content::Objects(_, kind) => match envelope::element::<Record<'_>>(text) {
                Ok((mut record, length)) => {
                    legacy::modern(&mut record, kind, self.version, self.domains.as_ref());
                    if self.is_to_wait(&record, &text[..length]) {
                        self.well_known_bytes += length;
                        self.well_known.push((position, text[..length].to_owned()));
                    } else {
                        self.record(&record, kind, None)?;
                    }
                    length
                }
                Err(step) => return Ok(step),
            },
            Content::Sessions => match envelope::element::<Session<'_>>(text) {
                Ok((session, length)) => {
                    self.session(&session)?;
                    length
                }
                Err(step) => return Ok(step),
            },
            Content::Deleted => match envelope::element::<Text<'_>>(text) {
                Ok((id, length)) => {
                    self.tombstone(&id)?;
                    length
                }
                Err(step) => return Ok(step),
            },
        };
        Ok(Step::Done(length))
    }

    fn rejected(&mut self, bytes: &[u8], position: Position, reason: String) {
        self.position = position;
        let id = id_in(&String::from_utf8_lossy(bytes));
        self.reject(id.as_deref(), reason);
    }

    fn data(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn value(&mut self, _: &str, _: &str) {}
}

/// The id in a record that cannot be used, if it stands before what is wrong with it.
fn id_in(record: &str) -> Option<String> {
    let mut id = None;
    // What ends the walk is why the record was rejected.
    let _ = Cursor::new(record).each_field(|cursor, key| {
        if is_key(key, "ObjectIdentifier") {
            id = Some(upper(&cursor.string()?).into_owned());
        } else {
            cursor.skip()?;
        }
        Ok(())
    });
    id.filter(|id| !id.is_empty())
}

/// The domain SID in a principal's SID, or in a local group's.
fn domain_of_id(id: &str) -> Option<&str> {
    let rest = id.strip_prefix("S-1-5-21-")?;
    let mut ends = rest.match_indices('-').map(|(at, _)| at);
    let (_, second) = (ends.next()?, ends.next()?);
    let end = ends.next().unwrap_or(rest.len());
    (end > second + 1).then(|| &id[..id.len() - rest.len() + end])
}

/// What an id in a list of principals is, as far as the collector knows.
fn kind_of(text: &str) -> NodeKind {
    match text {
        "User" => NodeKind::User,
        "Group" => NodeKind::Group,
        "Computer" => NodeKind::Computer,
        "Base" | "" => NodeKind::Base,
        other => NodeKind::parse(other).unwrap_or_else(|| match other.to_ascii_lowercase().as_str() {
            "localgroup" => NodeKind::LocalGroup,
            "localuser" => NodeKind::LocalUser,
            // The type of a file stands where the kind of an object is meant.
            kind => match content_of(kind) {
                Some(Content::Objects(_, kind)) => kind,
                _ => NodeKind::Base,
            },
        }),
    }
}
