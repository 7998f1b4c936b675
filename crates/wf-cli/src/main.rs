//! The `wf` command.
fn main() {}
