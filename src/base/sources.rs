//! All text of the run, by content, and what may be shown of it.
//!
//! Never: a disk or git; contents come through a `Loader` that `read/` installs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::embedded::{Embedded, NoLoader};
use super::{BlobId, ContentId, FileId, LineIndex, Position, RepoPath, Span, TextRange};

/// Fetches the bytes of one content when it is first used.
pub trait Loader: Send + Sync {
    /// The bytes of the file at `path`.
    ///
    /// # Errors
    /// Where they cannot be had; the text says why, for the user.
    fn load(&self, path: &RepoPath, blob: Option<BlobId>) -> Result<Vec<u8>, LoadError>;
}

/// Why a content cannot be read, in words for the user ("no permission to read it").
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(pub String);

/// The bytes of one content.
#[derive(Clone, Debug)]
pub enum Content {
    /// UTF-8.
    Text(Arc<str>),
    /// Anything else.
    Binary(Arc<[u8]>),
    /// They could not be read.
    Failed(LoadError),
}

/// A content that stands for another one which is not here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Special {
    /// A pointer of git LFS.
    LfsPointer,
    /// A file that git-crypt encrypted.
    GitCrypt,
}

impl Content {
    /// The text, where it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) | Self::Failed(_) => None,
        }
    }

    /// The bytes; empty where they could not be read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
            Self::Failed(_) => &[],
        }
    }

    /// What this content stands for, if not for itself.
    #[must_use]
    pub fn special(&self) -> Option<Special> {
        let bytes = self.bytes();
        if bytes.starts_with(b"version https://git-lfs.github.com/spec/") && bytes.len() < 1024 {
            Some(Special::LfsPointer)
        } else if bytes.starts_with(b"\0GITCRYPT\0") {
            Some(Special::GitCrypt)
        } else {
            None
        }
    }
}

/// What may be shown of a file: its text with every redacted range replaced by a mark of fixed width.
#[derive(Debug)]
pub struct Shown {
    text: Arc<str>,
    lines: LineIndex,
    /// Redacted ranges of the real text, sorted, and how long each mark is.
    blanked: Vec<TextRange>,
}

impl Shown {
    const MARK: &'static str = "[redacted]";

    fn new(text: &Arc<str>, mut redacted: Vec<TextRange>) -> Self {
        redacted.sort_unstable();
        let mut blanked: Vec<TextRange> = Vec::new();
        for range in redacted {
            match blanked.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => blanked.push(range),
            }
        }
        if blanked.is_empty() {
            return Self { lines: LineIndex::new(text), text: text.clone(), blanked };
        }
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        for range in &blanked {
            shown.push_str(&text[from..range.start as usize]);
            shown.push_str(Self::MARK);
            // Lines keep their numbers: a redacted block value leaves its line breaks.
            shown.extend(text[range.bytes()].matches('\n'));
            from = range.end as usize;
        }
        shown.push_str(&text[from..]);
        Self { lines: LineIndex::new(&shown), text: shown.into(), blanked }
    }

    /// The text with its redacted parts blanked.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines of [`Self::text`].
    #[must_use]
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }
}

struct File {
    path: RepoPath,
    content: ContentId,
    /// The file whose bytes this one's text stands in, for an embedded text.
    outer: Option<FileId>,
}

struct Loaded {
    path: RepoPath,
    blob: Option<BlobId>,
    loader: Arc<dyn Loader>,
    content: OnceLock<Content>,
    lines: OnceLock<LineIndex>,
    redacted: Mutex<Vec<TextRange>>,
    shown: OnceLock<Shown>,
    /// Whether a search for secrets of known formats found nothing.
    quiet: OnceLock<bool>,
    embedded: Option<Embedded>,
}

#[derive(PartialEq, Eq, Hash)]
enum ContentKey {
    Blob(BlobId),
    /// A text inside another content, by its bytes there and by what they mean: a variable in it may have a value, and one
    /// inside an escaped text stands for the whole of that.
    Embedded(ContentId, TextRange, Arc<str>),
    /// A content whose blob id nobody computed: the path stands for it.
    Path(RepoPath),
}

/// All files and contents of the run. It only grows; text is loaded on first use and kept.
#[derive(Default)]
pub struct Sources {
    files: boxcar::Vec<File>,
    contents: boxcar::Vec<Loaded>,
    interned: Mutex<Interned>,
}

#[derive(Default)]
struct Interned {
    files: HashMap<(RepoPath, ContentId), FileId>,
    contents: HashMap<ContentKey, ContentId>,
}

impl Sources {
    /// The id of the file at `path` with the content `blob`, which `loader` fetches when it is first used. Without a
    /// blob id the path itself names the content.
    pub fn intern(&self, path: &RepoPath, blob: Option<BlobId>, loader: &Arc<dyn Loader>) -> FileId {
        let mut interned = self.interned.lock().unwrap_or_else(PoisonError::into_inner);
        let key = blob.map_or_else(|| ContentKey::Path(path.clone()), ContentKey::Blob);
        let content = *interned.contents.entry(key).or_insert_with(|| {
            ContentId(self.contents.push(Loaded {
                path: path.clone(),
                blob,
                loader: loader.clone(),
                content: OnceLock::new(),
                lines: OnceLock::new(),
                redacted: Mutex::default(),
                shown: OnceLock::new(),
                quiet: OnceLock::new(),
                embedded: None,
            }) as u32)
        });
        *interned
            .files
            .entry((path.clone(), content))
            .or_insert_with(|| FileId(self.files.push(File { path: path.clone(), content, outer: None }) as u32))
    }

    /// A text that a value of a file holds (an inline patch, a Helm values block), as a file of its own: `at` is the
    /// value's bytes in the outer file, `text` what they mean. The path is the outer file's. The id is the same
    /// whenever the same bytes are asked for with the same meaning, and so in both worlds. Spans of an embedded text become spans of the outer file by
    /// [`Self::outermost`], which the model does for every place that it gives out.
    pub fn embed(&self, at: Span, text: &str) -> FileId {
        let at = self.outermost(at);
        let path = self.path(at.file).clone();
        let blank: Arc<dyn Loader> = Arc::new(NoLoader);
        let mut interned = self.interned.lock().unwrap_or_else(PoisonError::into_inner);
        let text: Arc<str> = text.into();
        let key = ContentKey::Embedded(self.content_id(at.file), at.range, text.clone());
        let content = *interned.contents.entry(key).or_insert_with(|| {
            ContentId(self.contents.push(Loaded {
                path: path.clone(),
                blob: None,
                loader: blank,
                content: OnceLock::from(Content::Text(text.clone())),
                lines: OnceLock::new(),
                redacted: Mutex::default(),
                shown: OnceLock::new(),
                quiet: OnceLock::new(),
                embedded: Some(Embedded::new(at.range, self.slice(at), &text)),
            }) as u32)
        });
        *interned
            .files
            .entry((path.clone(), content))
            .or_insert_with(|| FileId(self.files.push(File { path, content, outer: Some(at.file) }) as u32))
    }

    /// The bytes of a file on disk that a span stands for: the span itself, except in an embedded text.
    #[must_use]
    pub fn outermost(&self, span: Span) -> Span {
        let file = &self.files[span.file.0 as usize];
        match (file.outer, &self.contents[file.content.index()].embedded) {
            (Some(outer), Some(embedded)) => Span { file: outer, range: embedded.outer(span.range) },
            _ => span,
        }
    }

    /// The path of a file.
    #[must_use]
    pub fn path(&self, file: FileId) -> &RepoPath {
        &self.files[file.0 as usize].path
    }

    /// The content that a file has.
    #[must_use]
    pub fn content_id(&self, file: FileId) -> ContentId {
        self.files[file.0 as usize].content
    }

    /// git's name of a file's content, where it is known.
    #[must_use]
    pub fn blob(&self, file: FileId) -> Option<BlobId> {
        self.loaded(file).blob
    }

    /// The content of a file, loaded on first use.
    pub fn content(&self, file: FileId) -> &Content {
        let loaded = self.loaded(file);
        loaded.content.get_or_init(|| match loaded.loader.load(&loaded.path, loaded.blob) {
            Err(error) => Content::Failed(error),
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Content::Text(text.into()),
                Err(error) => Content::Binary(error.into_bytes().into()),
            },
        })
    }

    /// The text of a file; empty where it is not UTF-8 or could not be read.
    pub fn text(&self, file: FileId) -> &str {
        self.content(file).text().unwrap_or_default()
    }

    /// The bytes of a span as text.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.range.bytes()).unwrap_or_default()
    }

    /// The first and the first behind the last line and column of a span.
    pub fn positions(&self, span: Span) -> (Position, Position) {
        self.located(span, LineIndex::position)
    }

    /// The same, but columns count units of UTF-16.
    pub fn positions_utf16(&self, span: Span) -> (Position, Position) {
        self.located(span, LineIndex::position_utf16)
    }

    fn located(&self, span: Span, position: fn(&LineIndex, &str, u32) -> Position) -> (Position, Position) {
        let span = self.outermost(span);
        let text = self.text(span.file);
        let lines = self.loaded(span.file).lines.get_or_init(|| LineIndex::new(text));
        (position(lines, text, span.range.start), position(lines, text, span.range.end))
    }

    /// What `look` says of the content of a file, asked once: whether a search for secrets of known formats finds nothing
    /// in it. Several ask, and most texts hold none.
    pub fn is_quiet(&self, file: FileId, look: impl FnOnce() -> bool) -> bool {
        *self.loaded(file).quiet.get_or_init(look)
    }

    /// Blanks a span in everything that is shown from now on. All redaction comes before the first report.
    pub fn redact(&self, span: Span) {
        let span = self.outermost(span);
        let loaded = self.loaded(span.file);
        debug_assert!(loaded.shown.get().is_none(), "redaction comes before the report");
        loaded.redacted.lock().unwrap_or_else(PoisonError::into_inner).push(span.range);
    }

    /// The redacted parts of a span, in the file on disk: sorted, none beside another, cut to the span. A span of no
    /// bytes lies in a part that goes around it.
    pub fn blanked(&self, span: Span) -> Vec<TextRange> {
        let span = self.outermost(span);
        let blanked = &self.shown(span.file).blanked;
        let first = blanked.partition_point(|range| range.end <= span.range.start);
        let end = span.range.end.max(span.range.start + 1);
        let within = blanked[first..].iter().take_while(|range| range.start < end);
        within
            .map(|range| {
                let start = range.start.max(span.range.start);
                TextRange::new(start, range.end.min(span.range.end).max(start))
            })
            .collect()
    }

    /// What may be shown of a file.
    pub fn shown(&self, file: FileId) -> &Shown {
        let file = self.files[file.0 as usize].outer.unwrap_or(file);
        let loaded = self.loaded(file);
        loaded.shown.get_or_init(|| {
            let redacted = loaded.redacted.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let text = match self.content(file) {
                Content::Text(text) => text.clone(),
                Content::Binary(_) | Content::Failed(_) => Arc::from(""),
            };
            Shown::new(&text, redacted)
        })
    }

    /// A range of the real text as a range of [`Shown::text`]. An end inside a redacted part moves to its mark's edge.
    pub fn shown_range(&self, span: Span) -> TextRange {
        let span = self.outermost(span);
        let shown = self.shown(span.file);
        let real = self.text(span.file);
        let moved = |offset: u32, edge: u32| {
            let (mut added, mut removed) = (0, 0);
            for range in &shown.blanked {
                let breaks = real[range.bytes()].matches('\n').count();
                if range.end <= offset {
                    added += (Shown::MARK.len() + breaks) as u32;
                    removed += range.end - range.start;
                } else if range.start < offset {
                    return range.start + added - removed + edge;
                }
            }
            offset + added - removed
        };
        let start = moved(span.range.start, 0);
        TextRange::new(start, moved(span.range.end, Shown::MARK.len() as u32).max(start))
    }

    /// The words of a span as they may be shown.
    pub fn shown_slice(&self, span: Span) -> Cow<'_, str> {
        Cow::Borrowed(self.shown(span.file).text().get(self.shown_range(span).bytes()).unwrap_or_default())
    }

    fn loaded(&self, file: FileId) -> &Loaded {
        &self.contents[self.content_id(file).index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static str);

    impl Loader for Fixed {
        fn load(&self, _: &RepoPath, _: Option<BlobId>) -> Result<Vec<u8>, LoadError> {
            Ok(self.0.into())
        }
    }

    #[test]
    fn equal_contents_are_one_and_equal_files_are_one() {
        let sources = Sources::default();
        let loader: Arc<dyn Loader> = Arc::new(Fixed("a: 1\n"));
        let path = |text| RepoPath::new(text).expect("a path");
        let blob = Some(BlobId([7; 20]));
        let (a, b) = (sources.intern(&path("a"), blob, &loader), sources.intern(&path("b"), blob, &loader));
        assert_ne!(a, b);
        assert_eq!(sources.content_id(a), sources.content_id(b));
        assert_eq!(a, sources.intern(&path("a"), blob, &loader));
    }

    #[test]
    fn what_is_redacted_is_not_shown() {
        let sources = Sources::default();
        let loader: Arc<dyn Loader> = Arc::new(Fixed("user: me\npassword: hunter2 # mine\nhost: db\n"));
        let file = sources.intern(&RepoPath::new("a.yaml").expect("a path"), None, &loader);
        let at = |start, end| Span { file, range: TextRange::new(start, end) };
        sources.redact(at(19, 26));
        assert_eq!(sources.shown(file).text(), "user: me\npassword: [redacted] # mine\nhost: db\n");
        assert_eq!(sources.shown_slice(at(19, 26)), "[redacted]");
        assert_eq!(sources.shown_slice(at(21, 23)), "[redacted]");
        assert_eq!(sources.shown_slice(at(34, 38)), "host");
        assert_eq!(sources.blanked(at(9, 21)), [TextRange::new(19, 21)]);
        assert_eq!(sources.blanked(at(20, 20)), [TextRange::new(20, 20)]);
        assert!(sources.blanked(at(26, 40)).is_empty() && sources.blanked(at(0, 19)).is_empty());
        assert_eq!(sources.positions(at(34, 38)).0, Position { line: 3, column: 1 });
    }

    #[test]
    fn an_embedded_text_points_into_the_outer_file() {
        let sources = Sources::default();
        let loader: Arc<dyn Loader> = Arc::new(Fixed("patch: |-\n    kind: A\n\n    size: 12\nnext: 'one two'\n"));
        let outer = sources.intern(&RepoPath::new("k.yaml").expect("a path"), None, &loader);
        let at = |start, end| Span { file: outer, range: TextRange::new(start, end) };
        let block = sources.embed(at(7, 36), "kind: A\n\nsize: 12");
        assert_eq!(block, sources.embed(at(7, 36), "kind: A\n\nsize: 12"));
        let size = sources.outermost(Span { file: block, range: TextRange::new(15, 17) });
        assert_eq!((size.file, sources.slice(size)), (outer, "12"));
        assert_eq!(sources.positions(Span { file: block, range: TextRange::new(9, 13) }).0.line, 4);
        let line = sources.embed(at(43, 52), "one two");
        let two = sources.outermost(Span { file: line, range: TextRange::new(4, 7) });
        assert_eq!(sources.slice(two), "two");
        let escaped = sources.embed(at(42, 52), "not what is written");
        assert_eq!(sources.outermost(Span { file: escaped, range: TextRange::new(4, 7) }), at(42, 52));
    }
}
