//! Configurations, right and wrong.
//!
//! Never: a disk but for the fixtures.
