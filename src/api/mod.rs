//! CRD, XRD and Promise compiled to the API that the controller installs, and what that API makes of an instance.
//!
//! Never: a comparison of two APIs, a file, a severity.

/// An API as the controller would install it.
#[derive(Debug)]
pub struct Definition {}
