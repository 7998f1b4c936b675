//! Delivers Wavefront batches to a proxy.
#![forbid(unsafe_code)]
