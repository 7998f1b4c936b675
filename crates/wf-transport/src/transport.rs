use std::{future::Future, sync::Arc};

use crate::{Batch, LineKind, Outcome};

/// Something that carries batches of Wavefront lines to an endpoint.
///
/// The sender calls [`deliver`](Transport::deliver) inside a tokio runtime of its own, for several kinds at a time and
/// never twice at a time for one kind. The returned future may be dropped at any await point, on a deadline or at
/// close.
pub trait Transport: Send + Sync + 'static {
    /// Returns the most that one call may carry, so that a batch is one request with one answer.
    ///
    /// Asked once a kind, when the sender starts.
    fn limits(&self, kind: LineKind) -> Limits {
        let _ = kind;
        Limits::DEFAULT
    }

    /// Returns how this kind travels.
    ///
    /// Asked once a kind, when the sender starts; a kind without a route is refused at `send`.
    fn route(&self, kind: LineKind) -> Route {
        let _ = kind;
        Route::Line
    }

    /// Tries once to deliver `batch` and says what happened.
    ///
    /// # Contract
    ///
    /// Call [`Batch::written`] before the first byte can leave. A future that is dropped or panics before that counts
    /// as not sent, after it as unknown. Do not retry and do not sleep: the sender does both.
    fn deliver(&self, batch: &Batch) -> impl Future<Output = Outcome> + Send;
}

impl<T: Transport> Transport for Arc<T> {
    fn limits(&self, kind: LineKind) -> Limits {
        (**self).limits(kind)
    }

    fn route(&self, kind: LineKind) -> Route {
        (**self).route(kind)
    }

    fn deliver(&self, batch: &Batch) -> impl Future<Output = Outcome> + Send {
        (**self).deliver(batch)
    }
}

/// The most that one call of [`Transport::deliver`] may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Points (records) in one batch, at least 1.
    pub points: usize,
    /// Bytes in one batch before any compression, at least one line (32,768 bytes); a single record above it still
    /// travels, alone.
    pub bytes: usize,
}

impl Limits {
    /// 10,000 points and 4 MiB: well under the 40,000 points and 16 MiB that a proxy takes in one request.
    pub const DEFAULT: Self = Self { points: 10_000, bytes: 4 << 20 };
}

/// How a transport carries one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// As one JSON object a record, as events do when they go to the service directly.
    Json,
    /// As lines.
    Line,
    /// Not at all: a point of this kind is refused when it is offered.
    None,
}
