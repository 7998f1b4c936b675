//! An in-process Wavefront endpoint for tests and demos.
#![forbid(unsafe_code)]
