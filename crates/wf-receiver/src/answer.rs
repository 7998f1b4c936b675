//! What the receiver says to a request when a test tells it to.

use std::fmt::Display;
use std::time::Duration;

use wf_parse::Format;

/// An answer that a test prescribes with [`Receiver::script`](crate::Receiver::script) or
/// [`Receiver::answer_always`](crate::Receiver::answer_always).
///
/// Unless [`after_storing`](Answer::after_storing) is said, the batch is thrown away unread, whatever the status: an
/// `Answer::status(202)` is an endpoint that lies.
///
/// ```
/// use wf_receiver::Answer;
///
/// let pushed_back = Answer::status(429).retry_after(2);
/// let stored_and_failed = Answer::status(502).after_storing();
/// let too_large = Answer::status(413).unless_at_most(500);
/// let never = Answer::hang().after_storing();
/// # let _ = (pushed_back, stored_and_failed, too_large, never);
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) act: Act,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) stores: bool,
    pub(crate) delay: Duration,
    unless_at_most: Option<usize>,
    only: Option<Format>,
}

impl Answer {
    /// The answer of a proxy that does its work; for a place in a script.
    #[must_use]
    pub const fn honest() -> Self {
        Self::new(Act::Honest)
    }

    /// An answer with this status and no body. What HTTP does not know as a status (below 100 or over 999) becomes 500.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::new(Act::Status(status))
    }

    /// No answer, ever; the connection stays open until the client or the receiver goes.
    #[must_use]
    pub const fn hang() -> Self {
        Self::new(Act::Hang)
    }

    /// No answer: the connection is reset (RST) once the request has been read.
    #[must_use]
    pub const fn reset() -> Self {
        Self::new(Act::Reset)
    }

    /// Takes the batch into the counts before the answer, as an honest receiver would.
    #[must_use]
    pub const fn after_storing(mut self) -> Self {
        self.stores = true;
        self
    }

    /// Waits this long before the answer; default zero.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds `Retry-After` in whole seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", seconds)
    }

    /// Adds any header; one that HTTP does not allow is left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Gives the answer this body; default empty.
    #[must_use]
    pub fn body(mut self, text: impl Into<String>) -> Self {
        self.body = text.into();
        self
    }

    /// Handles a request honestly if it has at most this many lines (blank ones not counted).
    #[must_use]
    pub const fn unless_at_most(mut self, lines: usize) -> Self {
        self.unless_at_most = Some(lines);
        self
    }

    /// Handles a request honestly unless its query names this format; [`Format::Auto`] is a request that names none.
    #[must_use]
    pub const fn only_for(mut self, format: Format) -> Self {
        self.only = Some(format);
        self
    }

    const fn new(act: Act) -> Self {
        Self {
            act,
            headers: Vec::new(),
            body: String::new(),
            stores: false,
            delay: Duration::ZERO,
            unless_at_most: None,
            only: None,
        }
    }

    /// Whether the answer is meant for such a request.
    pub(crate) fn concerns(&self, format: Format, lines: usize) -> bool {
        self.only.is_none_or(|only| only == format) && self.unless_at_most.is_none_or(|most| lines > most)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Honest,
    Status(u16),
    Hang,
    Reset,
}
