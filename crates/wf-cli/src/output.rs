//! What every command says in the same way.

use std::{
    error::Error,
    fmt::{self, Display},
    io::{self, Write, stderr},
    process::ExitCode,
};

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Something was refused or not delivered.
pub(crate) const REFUSED: u8 = 1;
/// The arguments cannot be used.
pub(crate) const USAGE: u8 = 2;
/// The server could not be reached.
pub(crate) const UNREACHABLE: u8 = 3;
/// The server wants another token, or none of this kind of data.
pub(crate) const FORBIDDEN: u8 = 4;
/// An input cannot be read.
pub(crate) const UNREADABLE: u8 = 5;

/// Ended by Ctrl-C, everything in hand being dealt with.
pub(crate) const INTERRUPTED: u8 = 130;

/// What results are collected in before they are written.
pub(crate) const BUFFER: usize = 64 * 1024;

/// Why a command ends early, and with which exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    /// Says why on stderr and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        say(&self.message);
        ExitCode::from(self.code)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// Writes a line to stderr, which may be closed: `eprintln!` would panic.
pub(crate) fn say(message: impl Display) {
    let _ = writeln!(stderr().lock(), "wf: {message}");
}

/// Says whether a command failed because nobody reads its output any more, which is its quiet end.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
