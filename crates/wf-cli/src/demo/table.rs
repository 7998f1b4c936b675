use std::fmt::Write;

use wf_receiver::Receiver;
use wf_sdk::{Ledger, LineKind, Stats};

use super::receiver_kind;

/// The books of one kind beside what the receiver saw of it.
#[derive(Debug)]
pub(crate) struct Row {
    kind: &'static str,
    books: Ledger,
    seen: u64,
}

impl Row {
    /// Whether the receiver saw what the books say that it must have seen.
    pub(crate) fn agrees(&self) -> bool {
        self.seen == self.books.delivered() + self.books.unconfirmed()
    }
}

/// Returns one row for each kind that was offered, and one for all.
pub(crate) fn rows(stats: &Stats, receiver: &Receiver) -> Vec<Row> {
    let mut rows: Vec<_> = LineKind::ALL
        .into_iter()
        .filter(|kind| stats[*kind].offered() > 0)
        .map(|kind| Row { kind: kind.name(), books: stats[kind], seen: receiver.seen(receiver_kind(kind)) })
        .collect();
    let seen = rows.iter().map(|row| row.seen).sum();
    rows.push(Row { kind: "all", books: stats.total(), seen });
    rows
}

pub(crate) fn text(rows: &[Row]) -> String {
    let mut text = format!(
        "{:10}{:>9}{:>10}{:>9}{:>11}{:>9}{:>13}{:>9}\n",
        "kind", "offered", "accepted", "refused", "delivered", "dropped", "unconfirmed", "seen"
    );
    for Row { kind, books, seen } in rows {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{kind:10}{:>9}{:>10}{:>9}{:>11}{:>9}{:>13}{seen:>9}",
            books.offered(),
            books.accepted(),
            books.refused(),
            books.delivered(),
            books.dropped(),
            books.unconfirmed()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wf_receiver::Receiver;
    use wf_sdk::Metric;

    use super::{Row, rows, text};

    #[test]
    fn a_row_agrees_only_if_the_receiver_saw_every_point() {
        let receiver = Receiver::start().unwrap();
        let sender = wf_sdk::connect(&receiver.url()).unwrap().source("h").start().unwrap();
        for _ in 0..3 {
            sender.send(&Metric::new("m", 1.0)).unwrap();
        }
        assert!(sender.close(Duration::from_secs(10)).complete);
        let rows = rows(&sender.stats(), &receiver);
        assert!(rows.iter().all(Row::agrees), "{}", text(&rows));
        receiver.clear();
        let rows = super::rows(&sender.stats(), &receiver);
        assert!(!rows[0].agrees() && !rows[1].agrees() && rows.len() == 2, "{}", text(&rows));
        let first = text(&rows).lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(first, "point 3 3 0 3 0 0 0");
    }
}
