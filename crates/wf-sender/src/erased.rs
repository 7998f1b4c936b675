use std::{future::Future, pin::Pin, sync::Arc};

use wf_transport::{Batch, Limits, LineKind, Outcome, Route, Transport};

/// A transport whose type is forgotten, so that a sender has no type parameter: one boxed future a batch.
pub(crate) trait Erased: Send + Sync {
    fn limits(&self, kind: LineKind) -> Limits;
    fn route(&self, kind: LineKind) -> Route;
    fn attempt(self: Arc<Self>, batch: Batch) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;
}

impl<T: Transport> Erased for T {
    fn limits(&self, kind: LineKind) -> Limits {
        Transport::limits(self, kind)
    }

    fn route(&self, kind: LineKind) -> Route {
        Transport::route(self, kind)
    }

    fn attempt(self: Arc<Self>, batch: Batch) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        Box::pin(async move { self.deliver(&batch).await })
    }
}
