use std::fmt;

/// Declares a closed list of reasons with their words, so that a table can have one cell a reason.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every reason, in the order of their cells.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// Returns the reason as one word, as it stands in printed ledgers.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl Reason for $name {
            fn index(self) -> usize {
                self as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

/// A closed list of reasons, each with a cell of its own.
pub(crate) trait Reason: Copy {
    /// Returns the place of the reason's cell.
    fn index(self) -> usize;
}

reasons! {
    /// Why a point was refused when it was offered: it was never accepted.
    Refused {
        /// The sender is closed.
        Closed = "closed",
        /// The worker panicked, or its thread is gone.
        Dead = "dead",
        /// The process is a fork; the worker lives in the parent.
        Forked = "forked",
        /// The point cannot be written as a valid line.
        Invalid = "invalid",
        /// The transport does not carry this kind.
        NoRoute = "no_route",
        /// The lane has no room.
        QueueFull = "queue_full",
        /// The point is longer than a record may be (64 KiB).
        TooLong = "too_long",
    }
}

reasons! {
    /// Why an accepted point was given up, with the promise that the endpoint never took it.
    Dropped {
        /// It waited longer than its kind may.
        Expired = "expired",
        /// The process is a fork; the point belongs to the parent, which sends it.
        Forked = "forked",
        /// It was sent at once, by a call that makes one attempt, and was refused or never left.
        NotRetried = "not_retried",
        /// The endpoint refused it for good.
        Rejected = "rejected",
        /// The sender was closed before it could be sent.
        Shutdown = "shutdown",
        /// The endpoint finds it too large, alone.
        TooLarge = "too_large",
        /// The worker panicked.
        Worker = "worker",
    }
}

reasons! {
    /// Why nobody knows what became of an accepted point: the endpoint may have taken it.
    Unconfirmed {
        /// No answer came in time.
        Deadline = "deadline",
        /// It waited longer than its kind may, after an attempt with an unknown end.
        Expired = "expired",
        /// The process is a fork; the point was in the parent's hands.
        Forked = "forked",
        /// A gateway failed (502, 504) and may have passed it on.
        Gateway = "gateway",
        /// The transport never learns more, as with raw TCP.
        NoAck = "no_ack",
        /// The transport panicked after it had begun to write.
        Panic = "panic",
        /// The answer was not the protocol.
        Protocol = "protocol",
        /// It was refused, after an attempt that may have stored it.
        Rejected = "rejected",
        /// The connection closed or was reset before an answer.
        Reset = "reset",
        /// The server failed (500, 503 and the like) and may have stored it.
        ServerError = "server_error",
        /// The sender was closed while it was in the air, or after an attempt with an unknown end.
        Shutdown = "shutdown",
        /// The worker panicked while it was in the air, or after an attempt with an unknown end.
        Worker = "worker",
    }
}

/// Why an accepted point did not count as delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an accepted point ends in one of three ways, by design")]
pub enum Loss {
    /// The endpoint never took it.
    Dropped(Dropped),
    /// The endpoint may have taken it.
    Unconfirmed(Unconfirmed),
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(reason) => write!(f, "dropped{{{reason}}}"),
            Self::Unconfirmed(reason) => write!(f, "unconfirmed{{{reason}}}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dropped, Reason, Refused, Unconfirmed};

    #[track_caller]
    fn check<R: Reason + std::fmt::Debug, const N: usize>(all: [R; N]) {
        for (place, reason) in all.into_iter().enumerate() {
            assert_eq!(reason.index(), place, "{reason:?}");
        }
    }

    #[test]
    fn every_reason_has_its_own_cell() {
        check(Refused::ALL);
        check(Dropped::ALL);
        check(Unconfirmed::ALL);
    }
}
