use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use wf_transport::{Batch, Cause, Limits, LineKind, Outcome, Route, Transport};

use crate::erased::Erased;

/// Writes the lines of every batch to a writer, within the limits and routes of the transport that it stands in for.
pub(crate) struct DryRun<W> {
    stands_in_for: Arc<dyn Erased>,
    writer: Mutex<W>,
}

impl<W: Write + Send + 'static> DryRun<W> {
    pub(crate) fn new(stands_in_for: Arc<dyn Erased>, writer: W) -> Self {
        Self { stands_in_for, writer: Mutex::new(writer) }
    }
}

impl<W: Write + Send + 'static> Transport for DryRun<W> {
    fn limits(&self, kind: LineKind) -> Limits {
        self.stands_in_for.limits(kind)
    }

    fn route(&self, kind: LineKind) -> Route {
        self.stands_in_for.route(kind)
    }

    async fn deliver(&self, batch: &Batch) -> Outcome {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        batch.written();
        match writer.write_all(batch.bytes()).and_then(|()| writer.flush()) {
            Ok(()) => Outcome::Stored,
            Err(_) => Outcome::Unknown(Cause::Other),
        }
    }
}
