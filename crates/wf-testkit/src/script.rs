//! What a peer does with one connection.

use std::time::Duration;

use crate::gate::Gate;

/// One act of a scripted connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Reads exactly this many bytes.
    ReadBytes(usize),
    /// Reads one HTTP request: the head, and a body by `Content-Length` or in chunks.
    ReadRequest,
    /// Reads until the other side ends.
    ReadAll,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Writes these bytes one at a time, with this pause before each.
    Drip(Vec<u8>, Duration),
    /// Waits.
    Sleep(Duration),
    /// Waits until the gate lets it pass.
    Gate(Gate),
    /// Ends the writing half (FIN); later steps may still read.
    Fin,
    /// Resets the connection (RST): closes with a linger time of zero. Ends the script.
    Rst,
    /// Keeps the connection open, without reading, for as long as the peer lives.
    Hold,
    /// Repeats these steps until the connection ends.
    Repeat(Vec<Self>),
}

/// The steps that a peer takes on one connection, in order.
///
/// After the last step the socket is closed: with a FIN if everything that arrived was read, with a reset by the
/// kernel if not. A step that fails because the other side is gone ends the script.
///
/// ```
/// use wf_testkit::Script;
///
/// // Takes two requests, answers the first, and dies after it has read the second.
/// let script = Script::new().read_request().answer(202).read_request().rst();
/// assert_eq!(script.steps().len(), 4);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Script {
    steps: Vec<Step>,
}

impl Script {
    /// A script that closes at once.
    #[must_use]
    pub const fn new() -> Self {
        Self { steps: Vec::new() }
    }

    /// A script that answers every request of a connection with `status` and an empty body.
    #[must_use]
    pub fn answering(status: u16) -> Self {
        Self::new().repeat(Self::new().read_request().answer(status))
    }

    /// Adds any step.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Adds [`Step::ReadBytes`].
    #[must_use]
    pub fn read_bytes(self, n: usize) -> Self {
        self.then(Step::ReadBytes(n))
    }

    /// Adds [`Step::ReadRequest`].
    #[must_use]
    pub fn read_request(self) -> Self {
        self.then(Step::ReadRequest)
    }

    /// Adds [`Step::ReadAll`].
    #[must_use]
    pub fn read_all(self) -> Self {
        self.then(Step::ReadAll)
    }

    /// Adds [`Step::Write`].
    #[must_use]
    pub fn write(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Write(bytes.as_ref().to_vec()))
    }

    /// Writes an HTTP/1.1 answer with `status`, no further header and no body; the connection stays usable.
    #[must_use]
    pub fn answer(self, status: u16) -> Self {
        self.answer_with(status, &[], "")
    }

    /// Writes an HTTP/1.1 answer with these headers and this body; `Content-Length` is added.
    #[must_use]
    pub fn answer_with(self, status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status} Scripted\r\n");
        for (key, value) in headers {
            text = text + key + ": " + value + "\r\n";
        }
        // 204 and 304 have no body and must not announce one.
        if !matches!(status, 100..=199 | 204 | 304) {
            text = text + "content-length: " + &body.len().to_string() + "\r\n";
        }
        self.write(text + "\r\n" + body)
    }

    /// Adds [`Step::Drip`].
    #[must_use]
    pub fn drip(self, bytes: impl AsRef<[u8]>, pause: Duration) -> Self {
        self.then(Step::Drip(bytes.as_ref().to_vec(), pause))
    }

    /// Adds [`Step::Sleep`].
    #[must_use]
    pub fn sleep(self, time: Duration) -> Self {
        self.then(Step::Sleep(time))
    }

    /// Adds [`Step::Gate`].
    #[must_use]
    pub fn gate(self, gate: &Gate) -> Self {
        self.then(Step::Gate(gate.clone()))
    }

    /// Adds [`Step::Fin`].
    #[must_use]
    pub fn fin(self) -> Self {
        self.then(Step::Fin)
    }

    /// Adds [`Step::Rst`].
    #[must_use]
    pub fn rst(self) -> Self {
        self.then(Step::Rst)
    }

    /// Adds [`Step::Hold`].
    #[must_use]
    pub fn hold(self) -> Self {
        self.then(Step::Hold)
    }

    /// Adds [`Step::Repeat`] with the steps of `script`.
    #[must_use]
    pub fn repeat(self, script: Self) -> Self {
        self.then(Step::Repeat(script.steps))
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl From<Vec<Step>> for Script {
    fn from(steps: Vec<Step>) -> Self {
        Self { steps }
    }
}
