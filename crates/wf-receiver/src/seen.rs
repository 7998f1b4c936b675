//! A line on its way through the receiver.

use std::sync::{Arc, Mutex};

use wf_parse::{Kind, Parsed, Problem, Verdict};

/// A line and what the receiver made of it, as [`Builder::on_line`](crate::Builder::on_line) shows it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub(crate) text: &'a str,
    pub(crate) judged: Judged<'a>,
    pub(crate) ends_batch: bool,
}

/// Who judged a line, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Judged<'a> {
    Line(&'a Parsed<'a>),
    /// An event in its JSON form, and why it is none.
    Event(Option<&'a str>),
}

/// The closure that sees every line; a mutex because the receiver's thread is not the one that made it.
pub(crate) type OnLine = Arc<Mutex<dyn FnMut(&Seen<'_>) + Send>>;

impl Seen<'_> {
    /// The text as it arrived, without its line feed; of an event in its JSON form, the whole body.
    #[must_use]
    pub const fn text(&self) -> &str {
        self.text
    }

    /// What the line is, or was taken for.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.judged {
            Judged::Line(parsed) => parsed.kind(),
            Judged::Event(_) => Kind::Event,
        }
    }

    /// What happens to the line.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self.judged {
            Judged::Line(parsed) => parsed.verdict(),
            Judged::Event(None) => Verdict::Accept,
            Judged::Event(Some(_)) => Verdict::Reject,
        }
    }

    /// The line as a proxy would send it on, see [`Parsed::canonical`](wf_parse::Parsed::canonical); `None` unless
    /// accepted, and for events in their JSON form. Computed at each call.
    #[must_use]
    pub fn canonical(&self) -> Option<String> {
        match self.judged {
            Judged::Line(parsed) => parsed.canonical(),
            Judged::Event(_) => None,
        }
    }

    /// The reject code, such as `WF-300`; `None` if there is none, as for events in their JSON form.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        self.problem().map(|problem| problem.code().to_string())
    }

    /// Why the line was not accepted; `None` for accepted and blank lines.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self.judged {
            Judged::Line(_) => self.problem().map(ToString::to_string),
            Judged::Event(reason) => reason.map(str::to_owned),
        }
    }

    /// The place of the problem, 1-based, in characters; `None` if there is none, as for events in their JSON form.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.problem().map(Problem::column)
    }

    /// Tells whether no line of the same request, or of the same read of a stream, is processed after this one: the
    /// moment to flush what must be kept before the client learns that it arrived.
    #[must_use]
    pub const fn ends_batch(&self) -> bool {
        self.ends_batch
    }

    fn problem(&self) -> Option<&Problem> {
        match self.judged {
            Judged::Line(parsed) => parsed.problem(),
            Judged::Event(_) => None,
        }
    }
}
