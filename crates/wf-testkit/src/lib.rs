//! Test helpers: a per-id oracle, a scripted peer and a fault relay.
#![forbid(unsafe_code)]
