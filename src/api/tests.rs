//! What compiled APIs make of instances.
//!
//! Never: a test of a private step; each goes through `compile` and `judge`.
