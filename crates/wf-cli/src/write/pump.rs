use std::{
    fmt::Display,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use indicatif::ProgressBar;
use wf_parse::Record;
use wf_sdk::{Event, SendError, Sender};

use super::{
    check::{Check, Checked},
    pace::Pace,
};
use crate::{
    input::{Input, Line},
    output::say,
};

/// Reads lines, and offers those that are worth it to a sender.
pub(crate) struct Pump {
    pub(crate) sender: Sender,
    pub(crate) check: Check,
    pub(crate) pace: Option<Pace>,
    pub(crate) is_direct: bool,
    /// How long a line waits while nothing is taken.
    pub(crate) patience: Duration,
    pub(crate) shared: Arc<Shared>,
    pub(crate) bar: ProgressBar,
}

/// What others see of a pump while it works.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) is_stopped: AtomicBool,
    pub(crate) invalid: AtomicU64,
    pub(crate) too_long: AtomicU64,
}

/// Why a pump stopped.
#[derive(Debug)]
pub(crate) enum End {
    /// Everything was read, or it was told to stop.
    Read,
    /// For all of its patience there was no room.
    NoRoom,
    Unreadable(Input, io::Error),
}

impl Pump {
    pub(crate) fn run(mut self, inputs: &[Input]) -> End {
        for input in inputs {
            let end = self.read(input).unwrap_or_else(|error| End::Unreadable(input.clone(), error));
            if !matches!(end, End::Read) {
                return end;
            }
        }
        End::Read
    }

    fn read(&mut self, input: &Input) -> io::Result<End> {
        let mut lines = input.open()?;
        while !self.shared.is_stopped.load(Relaxed) {
            let Some((number, line)) = lines.next()? else { break };
            match self.offer(&line) {
                Ok(()) => {}
                Err(Trouble::Refused(reason)) => {
                    self.bar.suspend(|| say(format_args!("{input}:{number}: refused: {reason}")));
                }
                Err(Trouble::NoRoom) => return Ok(End::NoRoom),
                Err(Trouble::Closed) => break,
            }
        }
        Ok(End::Read)
    }

    /// Offers a line to the sender, unless it is not worth it.
    fn offer(&mut self, line: &Line<'_>) -> Result<(), Trouble> {
        let text = match line {
            Line::Text(text) => text.trim(),
            Line::NotUtf8 => return Err(self.invalid("the line is not UTF-8")),
            Line::TooLong => {
                self.shared.too_long.fetch_add(1, Relaxed);
                return Err(Trouble::Refused(SendError::TooLong.to_string()));
            }
        };
        match self.check.line(text, self.is_direct) {
            Checked::Blank => return Ok(()),
            Checked::Refused(refusal) => return Err(self.invalid(&refusal)),
            Checked::Line { kind, source } => {
                if let Some(pace) = &mut self.pace {
                    pace.wait();
                }
                match source {
                    Some(source) => {
                        let line = format!("{text} source=\"{source}\"");
                        self.sender.send_line_timeout(kind, &line, self.patience)
                    }
                    None => self.sender.send_line_timeout(kind, text, self.patience),
                }
            }
            Checked::Event(parsed) => {
                let Some(Record::Event(event)) = parsed.record() else { return Ok(()) };
                if let Some(pace) = &mut self.pace {
                    pace.wait();
                }
                send_event(&self.sender, event, self.patience)
            }
        }
        .map_err(Trouble::from)
    }

    fn invalid(&self, reason: impl Display) -> Trouble {
        self.shared.invalid.fetch_add(1, Relaxed);
        Trouble::Refused(reason.to_string())
    }
}

/// Why a line was not accepted.
enum Trouble {
    Refused(String),
    NoRoom,
    Closed,
}

impl From<SendError> for Trouble {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Full => Self::NoRoom,
            SendError::Closed | SendError::Dead => Self::Closed,
            error => Self::Refused(error.to_string()),
        }
    }
}

/// Sends an event in parts, which the sender writes in the form that its server takes.
fn send_event(sender: &Sender, event: &wf_parse::Event<'_>, patience: Duration) -> Result<(), SendError> {
    let hosts: Vec<&str> = event.hosts.iter().map(AsRef::as_ref).collect();
    let tags: Vec<&str> = event.tags.iter().map(AsRef::as_ref).collect();
    let annotations: Vec<(&str, &str)> =
        event.annotations.iter().map(|tag| (&*tag.key, &*tag.value)).collect();
    let name = event.name.as_deref().unwrap_or_default();
    let event = Event::new(name, event.start_millis)
        .end(event.end_millis)
        .annotations(&annotations)
        .hosts(&hosts)
        .tags(&tags);
    sender.send_timeout(&event, patience)
}
