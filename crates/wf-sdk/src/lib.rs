//! The Rust SDK for Wavefront: metrics, histograms and spans to a proxy, and books that balance.
#![forbid(unsafe_code)]
