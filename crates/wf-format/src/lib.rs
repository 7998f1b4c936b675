//! Encodes Wavefront metrics, delta counters, histograms and spans as text lines, without allocating.
#![forbid(unsafe_code)]
