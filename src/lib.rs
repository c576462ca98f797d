//! gitops-guard judges a change to a GitOps repository before it is merged. This is the library behind the command;
//! each room of the house is a module, here in the order of the pipeline. A room uses the rooms that its paragraph
//! names and no other; a test holds that table.
//!
//! **base** – ids, paths, spans, the text of the run ([`base::Sources`]), the paths of one side ([`base::Snapshot`]),
//! problems. Uses nothing. Never: git, YAML, Kubernetes.
//!
//! **read** – the work tree, the index, a revision or a plain folder as a snapshot, by one code path; the history of
//! paths. Uses base. All IO is
//! here and at the edge. Never: an opinion on what is relevant, beyond what git ignores.
//!
//! **parse** – text to a span tree with comments and problems, and the type of a scalar; one content at a time. Uses base.
//! Never: a path, a failure.
//!
//! **grammar** – the small languages in manifests: globs, the Go templates that ApplicationSets use, `${VAR}` of Flux.
//! Uses base. Never: a document as a whole.
//!
//! **model** – values with origins, objects, typed views of the kinds the tool knows. Uses base, parse and grammar. Never:
//! a judgement.
//!
//! **render** – a build to objects, as kustomize would. Uses base, parse, grammar and model. Never: a file of its own
//! accord, a remote, a process.
//!
//! **delivery** – applications to the builds they ask for; clusters, roots, tiers, prune. Uses base, parse, grammar, model
//! and render's request types. Never: a rendering.
//!
//! **api** – CRD, XRD, Promise and ResourceGraphDefinition as the API that the controller installs, and what it makes of an
//! instance. Uses base, grammar and model. Never: a comparison.
//!
//! **secrets** – what is a credential, what is encrypted or a placeholder, what must not be shown. Uses base, parse,
//! grammar and model. Never: a value that leaves the room.
//!
//! **world** – everything one side means; drives the loop from builds to objects to applications to further builds. Uses
//! all above but read. Never: the other side.
//!
//! **compare** – two worlds to changes, totally. Uses model, api, delivery and world. Never: the word "breaking".
//!
//! **impact** – changes to what happens: instances hit; what is delivered and what nobody renders. Uses what compare uses,
//! and compare. Never: a grade.
//!
//! **rules** – rule files, check kinds, the engine, findings. Uses all above but read and render. The only room with
//! severities. Never: a file, a format.
//!
//! **report** – findings to text, JSON, SARIF, annotations, Code Quality, test results or a summary. Uses base and the
//! types of rules and impact. Never: a finding dropped or graded again.
//!
//! **cli, config, baseline, sides, run, folder, init, origins, starter, survey, touched, blanked, shown** – the edge: what
//! may be asked, on the command line and in the configuration, what is known and does not count, which two trees are
//! meant, the pipeline, a line a stage, one folder rendered, a repository looked at and the files that it begins with,
//! where rendered values come from, who is touched, objects without their secrets, and how their texts differ.

pub mod api;
pub mod base;
pub mod baseline;
mod blanked;
pub mod cli;
pub mod compare;
pub mod config;
pub mod delivery;
pub mod folder;
pub mod grammar;
pub mod impact;
mod init;
pub mod model;
pub mod origins;
pub mod parse;
pub mod read;
pub mod render;
pub mod report;
pub mod rules;
pub mod run;
pub mod secrets;
pub mod shown;
pub mod sides;
mod starter;
mod survey;
pub mod touched;
pub mod world;

#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tidy;
