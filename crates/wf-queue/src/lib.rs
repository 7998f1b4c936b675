//! A bounded many-producers-one-consumer ring of byte records.
#![forbid(unsafe_code)]
