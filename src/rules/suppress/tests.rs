//! The suppressions over small worlds.
//!
//! Never: an embedded rule.
