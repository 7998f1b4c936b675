use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Batch, LineKind, Outcome, Transport};

/// A transport that keeps what it is given, for tests and examples.
///
/// Clones share what was kept. Outcomes can be scripted: each [`then`](Self::then) is used up by one attempt, and after
/// them every attempt is [`Outcome::Stored`]. A batch is kept whenever its outcome leaves open that it arrived:
/// everything but a refusal, an error status or [`Outcome::Unsent`].
///
/// ```
/// use wf_transport::{Batch, LineKind, MemoryTransport, Outcome, Records, Transport};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let memory = MemoryTransport::new().then(Outcome::status(500));
/// let batch = Batch::new(LineKind::Point, Records::from_iter(["a 1 source=h\n"]));
/// assert_eq!(memory.deliver(&batch).await, Outcome::status(500));
/// assert_eq!(memory.deliver(&batch.again()).await, Outcome::Stored);
/// assert_eq!(memory.text(LineKind::Point), "a 1 source=h\n");
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryTransport {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    script: VecDeque<Outcome>,
    kept: [Vec<u8>; LineKind::ALL.len()],
    attempts: usize,
}

impl MemoryTransport {
    /// Creates a transport that stores every batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the outcome of one attempt to the script.
    #[must_use]
    pub fn then(self, outcome: Outcome) -> Self {
        self.with(|shared| shared.script.push_back(outcome));
        self
    }

    /// Returns the lines kept so far of `kind`, in the order in which they came.
    #[must_use]
    pub fn text(&self, kind: LineKind) -> String {
        self.with(|shared| String::from_utf8_lossy(&shared.kept[kind.index()]).into_owned())
    }

    /// Returns the number of attempts so far.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.with(|shared| shared.attempts)
    }

    fn with<R>(&self, f: impl FnOnce(&mut Shared) -> R) -> R {
        f(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for MemoryTransport {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        self.with(|shared| {
            shared.attempts += 1;
            let outcome = shared.script.pop_front().unwrap_or(Outcome::Stored);
            let may_have_arrived = match outcome {
                Outcome::Answered { status, partial, .. } => partial || (200..300).contains(&status),
                Outcome::Refused(_) | Outcome::Unsent(_) => false,
                Outcome::Stored | Outcome::Unacknowledged | Outcome::Unknown(_) => true,
            };
            if may_have_arrived {
                batch.written();
                shared.kept[batch.kind().index()].extend_from_slice(batch.bytes());
            }
            outcome
        })
    }
}

impl fmt::Debug for MemoryTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransport").field("attempts", &self.attempts()).finish_non_exhaustive()
    }
}
