//! One acknowledged HTTP POST at a time over one owned connection.
#![forbid(unsafe_code)]
