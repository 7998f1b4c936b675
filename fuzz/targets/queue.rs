//! Any sequence of operations on the queue does what it does to a `VecDeque` with the same two bounds.
#![cfg_attr(fuzzing, no_main)]

use std::collections::VecDeque;

use arbitrary::Arbitrary;
use wf_queue::{PushError, queue_at};

#[derive(Arbitrary, Debug)]
struct Input {
    max_records: u8,
    max_bytes: u16,
    records: u32,
    words: u32,
    ops: Vec<Op>,
}

#[derive(Arbitrary, Debug)]
enum Op {
    Push { len: u16, fill: u8 },
    Drain { records: u8, bytes: u16 },
    Close,
}

fn check(input: Input) {
    let (max_records, max_bytes) = (usize::from(input.max_records), usize::from(input.max_bytes));
    let Ok((producer, mut consumer)) = queue_at(max_records, max_bytes, input.records >> 1, input.words)
    else {
        assert!(max_records == 0 || max_bytes == 0);
        return;
    };
    let mut twin: VecDeque<Vec<u8>> = VecDeque::new();
    let mut closed = false;
    for op in input.ops {
        match op {
            Op::Push { len, fill } => {
                let record = vec![fill; usize::from(len)];
                let taken = |record: &Vec<u8>| 8 + record.len().next_multiple_of(8);
                let bytes = twin.iter().map(taken).sum::<usize>() + taken(&record);
                let expected = if record.len() > producer.max_record() {
                    Err(PushError::TooLong)
                } else if closed {
                    Err(PushError::Closed)
                } else if twin.len() == max_records || bytes > producer.max_bytes() {
                    Err(PushError::Full)
                } else {
                    twin.push_back(record.clone());
                    Ok((twin.len(), bytes))
                };
                assert_eq!(producer.try_push(&record).map(|fill| (fill.records, fill.bytes)), expected);
            }
            Op::Drain { records, bytes } => {
                let (max_records, max_bytes) = (usize::from(records), usize::from(bytes));
                let (mut expected, mut sum) = (Vec::new(), 0);
                while let Some(record) = twin.front() {
                    sum += record.len();
                    if expected.len() == max_records || (!expected.is_empty() && sum > max_bytes) {
                        break;
                    }
                    expected.extend(twin.pop_front());
                }
                let mut drained = Vec::new();
                consumer.drain(max_records, max_bytes, |record| drained.push(record.to_vec()));
                // Only the lengths of records would be readable in a message.
                assert!(drained == expected, "{:?}, not {:?}", lengths(&drained), lengths(&expected));
            }
            Op::Close => {
                producer.close();
                closed = true;
            }
        }
        assert_eq!((producer.len(), consumer.len()), (twin.len(), twin.len()));
        assert_eq!(consumer.is_drained(), closed && twin.is_empty());
    }
}

fn lengths(records: &[Vec<u8>]) -> Vec<usize> {
    records.iter().map(Vec::len).collect()
}

wf_fuzz::target!("queue", check);
