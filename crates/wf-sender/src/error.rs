use std::{error::Error, fmt};

use wf_format::FormatError;
use wf_queue::PushError;

use crate::reason::Refused;

/// Why a point was refused.
///
/// Every refusal is counted in the ledger under the matching [`Refused`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The sender is closed.
    Closed,
    /// The worker panicked, or this process is a fork of the one that started the sender.
    Dead,
    /// The lane has no room; a later try may succeed.
    Full,
    /// The point cannot be written as a valid line.
    Invalid(FormatError),
    /// The transport does not carry this kind.
    NoRoute,
    /// The lines of the point are longer than a record may be (64 KiB).
    TooLong,
}

impl SendError {
    /// Tells whether the point was refused only because the lane had no room.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full)
    }

    /// Returns the cell under which the refusal is counted; a fork's is [`Refused::Forked`] instead of `Dead`.
    pub(crate) const fn reason(self) -> Refused {
        match self {
            Self::Closed => Refused::Closed,
            Self::Dead => Refused::Dead,
            Self::Full => Refused::QueueFull,
            Self::Invalid(_) => Refused::Invalid,
            Self::NoRoute => Refused::NoRoute,
            Self::TooLong => Refused::TooLong,
        }
    }
}

impl From<FormatError> for SendError {
    fn from(error: FormatError) -> Self {
        Self::Invalid(error)
    }
}

impl From<PushError> for SendError {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Full => Self::Full,
            PushError::TooLong => Self::TooLong,
            // A queue refuses for no other reason than these and being closed.
            _ => Self::Closed,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the sender is closed"),
            Self::Dead => f.write_str("the sender's worker is gone"),
            Self::Full => f.write_str("the lane is full"),
            Self::Invalid(error) => write!(f, "invalid point: {error}"),
            Self::NoRoute => f.write_str("the transport does not carry this kind"),
            Self::TooLong => f.write_str("the point is longer than 64 KiB"),
        }
    }
}

impl Error for SendError {}

/// Why lines could not be sent at once; nothing of them is in the books, but for refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NowError {
    /// The sender is closed.
    Closed,
    /// The worker panicked, or this process is a fork of the one that started the sender.
    Dead,
    /// A line is blank, or holds a control character.
    Invalid(FormatError),
    /// The transport does not carry this kind.
    NoRoute,
    /// The turn of these lines did not come in time.
    Timeout,
}

impl fmt::Display for NowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the sender is closed"),
            Self::Dead => f.write_str("the sender's worker is gone"),
            Self::Invalid(error) => write!(f, "invalid line: {error}"),
            Self::NoRoute => f.write_str("the transport does not carry this kind"),
            Self::Timeout => f.write_str("the turn of these lines did not come in time"),
        }
    }
}

impl Error for NowError {}

/// Why a sender could not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The default source or a global point tag is not valid.
    Invalid(FormatError),
    /// A setting is out of its range; the field names it.
    OutOfRange(&'static str),
    /// The operating system gave no thread or no runtime.
    Thread(std::io::Error),
    /// The transport's own settings are not valid.
    Transport(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => write!(f, "invalid default source or point tag: {error}"),
            Self::OutOfRange(setting) => write!(f, "{setting} is out of range"),
            Self::Thread(_) => f.write_str("the worker thread could not start"),
            Self::Transport(error) => write!(f, "the transport cannot be built: {error}"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Invalid(error) => Some(error),
            Self::OutOfRange(_) => None,
            Self::Thread(error) => Some(error),
            Self::Transport(error) => Some(&**error),
        }
    }
}
