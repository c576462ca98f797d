//! Where the lines of a text are written that is printed as a block.
//!
//! Never: a line that does not stand in a file as it is.

use crate::base::{FileId, Span, TextRange};
use crate::model::View;
use crate::parse::Kind;

/// The place of each line of a text: a block in a file, or a whole file that a generator reads. Nothing where the lines
/// are not those of a file.
pub(super) fn of_lines(view: View<'_>) -> Vec<Span> {
    let trees = view.trees();
    let Some(text) = view.as_str() else { return Vec::new() };
    let at = view.place();
    if view.notation() == Some(Kind::Literal) {
        return trees
            .embedded(view)
            .map(|file| lines(file, text, |at| trees.sources().outermost(at)))
            .unwrap_or_default();
    }
    if view.notation().is_none() && at == trees.top(at.file) && trees.sources().text(at.file) == text {
        return lines(at.file, text, |at| at);
    }
    Vec::new()
}

fn lines(file: FileId, text: &str, place: impl Fn(Span) -> Span) -> Vec<Span> {
    let mut start = 0;
    let line = |line: &str| {
        let end = start + line.len() as u32;
        let range = TextRange::new(start, end);
        start = end;
        place(Span { file, range })
    };
    text.split_inclusive('\n').map(line).collect()
}
