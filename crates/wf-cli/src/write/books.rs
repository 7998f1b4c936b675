use std::{
    fmt,
    io::{Write, stdout},
    process::ExitCode,
};

use serde_json::{Map, Value, json};
use wf_sdk::{Dropped, Refused, Stats, Unconfirmed, transport::Outcome};

use crate::output::{FORBIDDEN, Output, REFUSED, UNREACHABLE, say};

/// The sender's ledger over all kinds, with what was refused before it got there.
#[derive(Debug)]
pub(crate) struct Books {
    offered: u64,
    accepted: u64,
    refused: Vec<(&'static str, u64)>,
    delivered: u64,
    dropped: Vec<(&'static str, u64)>,
    unconfirmed: Vec<(&'static str, u64)>,
    pending: u64,
    failures: u64,
    last_failure: Option<Outcome>,
}

impl Books {
    /// Adds up the sender's books and the lines that were not offered to it, being `invalid` or `too_long`.
    pub(crate) fn new(stats: &Stats, invalid: u64, too_long: u64) -> Self {
        let ledger = stats.total();
        let refused = |reason| {
            let early = match reason {
                Refused::Invalid => invalid,
                Refused::TooLong => too_long,
                _ => 0,
            };
            (reason.name(), ledger.refused_for(reason) + early)
        };
        Self {
            offered: ledger.offered() + invalid + too_long,
            accepted: ledger.accepted(),
            refused: not_zero(Refused::ALL.map(refused)),
            delivered: ledger.delivered(),
            dropped: not_zero(Dropped::ALL.map(|reason| (reason.name(), ledger.dropped_for(reason)))),
            unconfirmed: not_zero(
                Unconfirmed::ALL.map(|reason| (reason.name(), ledger.unconfirmed_for(reason))),
            ),
            pending: ledger.pending(),
            failures: stats.failures(),
            last_failure: stats.last_failure(),
        }
    }

    /// Prints the ledger on one line; a closed stdout is no reason to panic.
    pub(crate) fn print(&self, output: Output) {
        let mut stdout = stdout().lock();
        let _ = match output {
            Output::Text => writeln!(stdout, "{self}"),
            Output::Json => writeln!(stdout, "{}", self.json()),
        };
        let _ = stdout.flush();
    }

    /// Gives 0 if all was delivered; if not, says what failed last, and gives 4 if the server refused the sender, 3 if it
    /// was never reached, else 1.
    pub(crate) fn judge(&self, is_stream: bool) -> ExitCode {
        let unconfirmed: u64 = self.unconfirmed.iter().map(|(_, count)| count).sum();
        let written = self.delivered + if is_stream { unconfirmed } else { 0 };
        if written == self.offered {
            return ExitCode::SUCCESS;
        }
        if let Some(outcome) = self.last_failure {
            say(format_args!("failed attempts: {}; the last: {}", self.failures, told(outcome)));
        }
        let is_nothing_taken = self.delivered == 0 && unconfirmed == 0;
        match self.last_failure {
            Some(Outcome::Answered { status: 401 | 403, .. }) => ExitCode::from(FORBIDDEN),
            Some(Outcome::Unsent(_)) if is_nothing_taken => ExitCode::from(UNREACHABLE),
            _ => ExitCode::from(REFUSED),
        }
    }

    fn json(&self) -> Value {
        json!({
            "offered": self.offered,
            "accepted": self.accepted,
            "refused": object(&self.refused),
            "delivered": self.delivered,
            "dropped": object(&self.dropped),
            "unconfirmed": object(&self.unconfirmed),
            "pending": self.pending,
            "failures": self.failures,
        })
    }
}

/// One line, in the words of the sender's ledger.
impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = |f: &mut fmt::Formatter<'_>, what, reasons: &[_]| {
            reasons.iter().try_for_each(|(reason, count)| write!(f, " {what}{{{reason}}} {count}"))
        };
        write!(f, "offered {} accepted {}", self.offered, self.accepted)?;
        reasons(f, "refused", &self.refused)?;
        write!(f, " delivered {}", self.delivered)?;
        reasons(f, "dropped", &self.dropped)?;
        reasons(f, "unconfirmed", &self.unconfirmed)?;
        write!(f, " pending {} failures {}", self.pending, self.failures)
    }
}

/// Says what an attempt came to.
fn told(outcome: Outcome) -> String {
    match outcome {
        Outcome::Answered { status: 401, .. } => "answered 401, the token is missing or wrong".to_owned(),
        Outcome::Answered { status: 403, .. } => {
            "answered 403, the token may not send this, or this kind of data is switched off".to_owned()
        }
        Outcome::Answered { status, .. } => format!("answered {status}"),
        Outcome::Refused(cause) => format!("refused for good ({cause})"),
        Outcome::Unsent(cause) => format!("nothing was sent ({cause})"),
        Outcome::Unknown(cause) => format!("it may have arrived ({cause})"),
        other => format!("{other:?}"),
    }
}

fn not_zero(counts: impl IntoIterator<Item = (&'static str, u64)>) -> Vec<(&'static str, u64)> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn object(counts: &[(&'static str, u64)]) -> Value {
    Value::Object(
        counts.iter().map(|(reason, count)| ((*reason).to_owned(), json!(count))).collect::<Map<_, _>>(),
    )
}
