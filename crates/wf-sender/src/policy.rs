//! What an outcome means to a batch, and whom a wait concerns: pure functions, time passed in.
//!
//! Three questions for each outcome: was the batch refused for sure, was it stored for sure, is it the data's fault?

use std::time::{Duration, Instant};

use wf_transport::{Cause, LineKind, Outcome};

use crate::{
    backoff::{Backoff, with_retry_after},
    reason::{Dropped, Loss, Unconfirmed},
};

/// Whether points of a kind may be sent again when nobody knows whether they arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "either the endpoint may see a point twice, or it may not")]
pub enum RetryClass {
    /// At most once: never sent again after an unknown outcome, because the service adds it up.
    Additive,
    /// At least once: a second copy replaces the first.
    Replaceable,
}

impl RetryClass {
    /// Returns the class that `kind` has unless the user says otherwise.
    ///
    /// Delta counters and distributions are merged by the service, and each event posted is another event, so these are
    /// additive.
    #[must_use]
    pub const fn default_for(kind: LineKind) -> Self {
        match kind {
            LineKind::Delta | LineKind::Histogram | LineKind::Event => Self::Additive,
            _ => Self::Replaceable,
        }
    }
}

/// The settings that decisions depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) backoff: Backoff,
    /// Between probes of an endpoint that is misconfigured rather than busy.
    pub(crate) slow_probe: Duration,
    /// How old a point may grow, by kind.
    pub(crate) max_age: [Duration; LineKind::ALL.len()],
}

impl Policy {
    pub(crate) const SLOW_PROBE: Duration = Duration::from_secs(60);
    pub(crate) const MAX_AGE: Duration = Duration::from_secs(3600);
    /// The service refuses deltas older than 15 minutes, and an unstamped one lands in the minute of its arrival.
    pub(crate) const MAX_AGE_OF_DELTAS: Duration = Duration::from_secs(600);
    /// Between attempts while the endpoint's certificate is not accepted.
    const TLS: Backoff = Backoff { base: Duration::from_secs(5), cap: Duration::from_secs(60) };
    const TLS_FLOOR: Duration = Duration::from_secs(5);
    /// A credential may be renewed at any time, so this is the longest that a refused one waits.
    const CREDENTIAL_CAP: Duration = Duration::from_secs(60);
}

impl Default for Policy {
    fn default() -> Self {
        let mut max_age = [Self::MAX_AGE; LineKind::ALL.len()];
        max_age[LineKind::Delta.index()] = Self::MAX_AGE_OF_DELTAS;
        Self { backoff: Backoff::DEFAULT, slow_probe: Self::SLOW_PROBE, max_age }
    }
}

/// One attempt that ended, and what is known of its batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) outcome: Outcome,
    pub(crate) kind: LineKind,
    pub(crate) class: RetryClass,
    pub(crate) points: usize,
    /// Failed attempts in a row before this one, of this lane.
    pub(crate) lane_failures: u32,
    /// The same of the target, whatever the lane.
    pub(crate) target_failures: u32,
    pub(crate) taint: Taint,
    /// How often the pieces of this batch may still be split to find a bad line.
    pub(crate) splits_left: u32,
    /// Of the oldest point.
    pub(crate) age: Duration,
}

/// What earlier attempts leave open about a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taint {
    /// The endpoint has none of it.
    #[default]
    Clean,
    /// A proxy answered 400 to several lines at once: some may have been taken, the bad one was not.
    Partial,
    /// An attempt ended with an unknown outcome.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) fate: Fate,
    /// What the batch is known to be from now on.
    pub(crate) taint: Taint,
    pub(crate) wait: Option<Wait>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    Lost(Loss),
    /// The whole batch again, when the wait is over.
    Retry,
    /// In two halves; `too_large` remembers the size as one that the endpoint does not take.
    Split {
        too_large: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) scope: Scope,
    pub(crate) until: Instant,
}

/// Whom a wait concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The lane whose data, kind or path it is about.
    Lane,
    /// Every lane: the endpoint cannot be reached, is busy or refuses the token. One lane at a time probes.
    Target,
}

impl Policy {
    /// Decides what becomes of a batch after an attempt; `jitter` is in 0..1.
    pub(crate) fn decide(&self, attempt: &Attempt, jitter: f64, now: Instant) -> Decision {
        let mut decision = self.by_outcome(attempt, jitter, now);
        let keeps = matches!(decision.fate, Fate::Retry | Fate::Split { .. });
        if keeps && attempt.age >= self.max_age[attempt.kind.index()] {
            decision.fate = Fate::Lost(expired(decision.taint));
        }
        decision
    }

    fn by_outcome(&self, attempt: &Attempt, jitter: f64, now: Instant) -> Decision {
        let backoff = self.backoff.wait(attempt.target_failures, jitter);
        let step = Step { attempt, jitter, now, backoff };
        match attempt.outcome {
            Outcome::Stored => step.delivered(),
            Outcome::Unacknowledged => step.lost(Loss::Unconfirmed(Unconfirmed::NoAck)),
            Outcome::Refused(_) => step.refused(Dropped::Rejected),
            Outcome::Unsent(cause) => match cause {
                // The endpoint closed a kept connection as we were about to use it: nothing is wrong yet.
                Cause::Closed if attempt.lane_failures.max(attempt.target_failures) == 0 => {
                    step.retry(Scope::Lane, Duration::ZERO)
                }
                Cause::Tls => {
                    let wait = Self::TLS.wait(attempt.target_failures, jitter).max(Self::TLS_FLOOR);
                    step.retry(Scope::Target, wait)
                }
                _ => step.retry(Scope::Target, backoff),
            },
            Outcome::Unknown(cause) => match cause {
                Cause::Deadline => step.doubtful(Unconfirmed::Deadline, Scope::Target, backoff),
                Cause::Panic => step.doubtful(Unconfirmed::Panic, Scope::Target, backoff),
                // Not HTTP at all: a configuration error.
                Cause::Protocol => step.doubtful(Unconfirmed::Protocol, Scope::Lane, self.slow_probe),
                _ => step.doubtful(Unconfirmed::Reset, Scope::Target, backoff),
            },
            Outcome::Answered { status, retry_after, partial } => {
                self.by_status(&step, status, retry_after, partial)
            }
            // A variant of a newer seam: nobody knows.
            _ => step.doubtful(Unconfirmed::Protocol, Scope::Target, backoff),
        }
    }

    fn by_status(
        &self,
        step: &Step<'_>,
        status: u16,
        retry_after: Option<Duration>,
        partial: bool,
    ) -> Decision {
        let asked = with_retry_after(step.backoff, retry_after, step.jitter);
        let credential = Backoff { cap: self.backoff.cap.max(Self::CREDENTIAL_CAP), ..self.backoff };
        let credential = |failures| credential.wait(failures, step.jitter);
        match status {
            200..=299 => step.delivered(),
            // A kind may have a path or a port of its own, so only its lane stops.
            300..=399 | 404 | 407 | 410 => step.retry(Scope::Lane, self.slow_probe),
            400 if partial => step.bad_line_somewhere(),
            401 => step.retry(Scope::Target, credential(step.attempt.target_failures)),
            403 => step.retry(Scope::Lane, credential(step.attempt.lane_failures)),
            406 | 408 | 421 | 425 | 429 => step.retry(Scope::Target, asked),
            413 if step.attempt.points > 1 => step.split(true),
            413 => step.refused(Dropped::TooLarge),
            431 | 501 | 505 => step.refused(Dropped::Rejected),
            400..=499 => step.bad_line(),
            502 | 504 => step.doubtful(Unconfirmed::Gateway, Scope::Target, asked),
            // Busy by its own word: it took nothing.
            503 if retry_after.is_some() => step.retry(Scope::Target, asked),
            _ => step.doubtful(Unconfirmed::ServerError, Scope::Target, asked),
        }
    }
}

/// Returns how a batch that waited too long is lost.
pub(crate) const fn expired(taint: Taint) -> Loss {
    match taint {
        Taint::Clean => Loss::Dropped(Dropped::Expired),
        Taint::Partial | Taint::Unknown => Loss::Unconfirmed(Unconfirmed::Expired),
    }
}

/// Returns the number of splits that finding one bad line among `points` takes at most: log2, two requests each.
pub(crate) const fn splits_for(points: usize) -> u32 {
    match points {
        0 | 1 => 0,
        _ => usize::BITS - (points - 1).leading_zeros(),
    }
}

/// What every answer about one attempt has in common.
struct Step<'a> {
    attempt: &'a Attempt,
    jitter: f64,
    now: Instant,
    backoff: Duration,
}

impl Step<'_> {
    fn delivered(&self) -> Decision {
        Decision { fate: Fate::Delivered, taint: self.attempt.taint, wait: None }
    }

    fn lost(&self, loss: Loss) -> Decision {
        Decision { fate: Fate::Lost(loss), taint: self.attempt.taint, wait: None }
    }

    /// Refused for sure now; an earlier unknown outcome still stands.
    fn refused(&self, reason: Dropped) -> Decision {
        self.lost(match self.attempt.taint {
            Taint::Clean => Loss::Dropped(reason),
            Taint::Partial | Taint::Unknown => Loss::Unconfirmed(Unconfirmed::Rejected),
        })
    }

    fn retry(&self, scope: Scope, wait: Duration) -> Decision {
        Decision {
            fate: Fate::Retry,
            taint: self.attempt.taint,
            wait: Some(Wait { scope, until: self.now + wait }),
        }
    }

    fn split(&self, too_large: bool) -> Decision {
        Decision { fate: Fate::Split { too_large }, taint: self.attempt.taint, wait: None }
    }

    /// The endpoint may have stored it: replaceable data goes again, additive data is not ours to repeat.
    fn doubtful(&self, reason: Unconfirmed, scope: Scope, wait: Duration) -> Decision {
        let fate = match self.attempt.class {
            RetryClass::Replaceable => Fate::Retry,
            RetryClass::Additive => Fate::Lost(Loss::Unconfirmed(reason)),
        };
        Decision { fate, taint: Taint::Unknown, ..self.retry(scope, wait) }
    }

    /// Nothing of the batch was taken, because of one line in it or of all.
    fn bad_line(&self) -> Decision {
        match self.attempt.class {
            RetryClass::Replaceable if self.may_split() => self.split(false),
            _ => self.refused(Dropped::Rejected),
        }
    }

    /// A proxy's 400: the lines before the bad one were taken, those after it were not.
    fn bad_line_somewhere(&self) -> Decision {
        let rejected = Loss::Unconfirmed(Unconfirmed::Rejected);
        match (self.attempt.class, self.attempt.points) {
            (RetryClass::Additive, _) => self.lost(rejected),
            // Alone, nothing went before it; only an attempt with an unknown end leaves a doubt.
            (RetryClass::Replaceable, ..=1) if self.attempt.taint < Taint::Unknown => {
                self.lost(Loss::Dropped(Dropped::Rejected))
            }
            (RetryClass::Replaceable, ..=1) => self.lost(rejected),
            (RetryClass::Replaceable, _) => {
                let taint = self.attempt.taint.max(Taint::Partial);
                let fate =
                    if self.may_split() { Fate::Split { too_large: false } } else { Fate::Lost(rejected) };
                Decision { fate, taint, wait: None }
            }
        }
    }

    fn may_split(&self) -> bool {
        self.attempt.points > 1 && self.attempt.splits_left > 0
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
