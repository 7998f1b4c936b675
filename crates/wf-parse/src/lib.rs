//! Reads and validates Wavefront lines exactly as the receiver does.
#![forbid(unsafe_code)]
