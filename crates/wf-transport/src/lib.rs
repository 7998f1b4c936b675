//! The seam between the Wavefront sender and what carries its batches.
#![forbid(unsafe_code)]
