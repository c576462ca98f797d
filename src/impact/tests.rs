//! Instances under both definitions.
//!
//! Never: a severity.
