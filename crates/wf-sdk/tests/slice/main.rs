//! The path from a program's points to a receiver, whole: faults, places to call from, bad input, examples.

mod bad_input;
mod classic;
mod contexts;
mod examples;
mod faults;
#[path = "../paths/mod.rs"]
mod paths;
mod service;
