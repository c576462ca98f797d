//! Mistakes in files that people write for this tool, drawn as findings are.
//!
//! Never: a finding; a mistake ends the run.

use std::fmt::{self, Write as _};

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::Color;
use super::plain::{unlike_command, visible};
use super::text::{NARROWEST, columns, handler};
use super::window::Window;
use crate::base::Sources;
use crate::rules::Mistake;

#[derive(Debug)]
struct Shown<'a> {
    mistake: &'a Mistake,
    source: Window,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.mistake.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new("error[configuration]"))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.mistake.help.as_ref().map(|help| Box::new(visible(help).into_owned()) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let places = self.source.places().iter();
        Some(Box::new(places.map(|at| LabeledSpan::new_primary_with_span(None, *at))))
    }
}

/// All mistakes, each with its lines.
#[must_use]
pub fn mistakes(sources: &Sources, mistakes: &[Mistake], color: Color, width: usize) -> String {
    let width = width.max(NARROWEST);
    let handler = handler(color, width);
    let mut out = String::new();
    for mistake in mistakes {
        let shown = Shown { mistake, source: Window::new(sources, &[mistake.at], columns(width)) };
        let mut text = String::new();
        // Only a place outside its file would fail, and the words say enough then.
        if handler.render_report(&mut text, &shown).is_err() {
            text = visible(&mistake.message).into_owned();
        }
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            writeln!(out, "{}", unlike_command(line)).expect("a string takes all");
        }
        out.push('\n');
    }
    out
}
