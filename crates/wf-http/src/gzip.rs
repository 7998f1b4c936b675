use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use wf_transport::Batch;

/// Compresses the lines of `batch`, or returns `None` if they are to travel as they are.
pub(crate) fn gzip(batch: &Batch, level: u8) -> Option<Bytes> {
    if level == 0 {
        return None;
    }
    // Lines repeat names and tags: at level 1 a sixth is what most batches come to.
    let room = batch.bytes().len() / 6;
    let mut encoder = GzEncoder::new(Vec::with_capacity(room), Compression::new(level.min(9).into()));
    // Writing to memory does not fail; if it did, the plain lines are as good.
    encoder.write_all(batch.bytes()).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
