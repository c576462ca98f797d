//! Rule files to rules, check kinds, the engine, findings. The only room with severities.
//!
//! Never: a file, a rendering, a word of one output format.

mod finding;

pub use finding::{Check, Facts, Finding, Hit, Label, ObjectName, Severity, Sink, Status, Subject};
