//! Each kind of difference with a smallest instance that shows it.
//!
//! Never: a kind without one, where there can be one.
