//! What a line costs while it waits.

use anyhow::ensure;
use benches::measure::{Effort, Figures};
use benches::row::Row;
use wf_queue::MAX_RECORD;

use crate::queue::{CAPACITY, lines};

/// Everything the ring has reserved, its slack too, over the lines of 122 bytes that fit; the peer is their text.
pub(crate) fn rows(_: Effort) -> anyhow::Result<Vec<Row>> {
    let lines = lines();
    let (producer, consumer) = wf_queue::queue(1 << 20, CAPACITY)?;
    let accepted = lines.iter().cycle().take_while(|line| producer.try_push(line).is_ok()).count();
    let text: usize = lines.iter().cycle().take(accepted).map(Vec::len).sum();
    ensure!(consumer.len() == accepted && consumer.bytes() > CAPACITY - 256, "the ring is not full");
    let each = |name, bytes: usize| Figures { name, rounds: vec![bytes as f64 / accepted as f64] };
    let ours = each("ours", CAPACITY + MAX_RECORD);
    Ok(vec![Row::new("memory/queued-point", "bytes", &ours, &each("text", text))])
}
