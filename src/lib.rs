//! gitops-guard, the library behind the command: each room is a module, in the order of the pipeline.
pub mod api;
pub mod base;
pub mod compare;
pub mod delivery;
pub mod grammar;
pub mod impact;
pub mod model;
pub mod parse;
pub mod render;
pub mod report;
pub mod rules;
pub mod secrets;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tidy;
pub mod world;
