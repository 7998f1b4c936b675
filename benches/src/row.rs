//! Rows: ours against one peer.

use serde_json::{Value, json};

use crate::measure::Figures;

/// One comparison. Less is better in every unit there is.
#[derive(Debug)]
pub struct Row {
    /// What was done.
    pub name: &'static str,
    /// Median of the rounds.
    pub ours: f64,
    /// Median of the rounds.
    pub peer: f64,
    /// Who else did it.
    pub peer_name: &'static str,
    /// Of both.
    pub unit: &'static str,
    /// Ours / peer, of the medians.
    pub ratio: f64,
    /// The lowest and the highest ratio of one round.
    pub spread: [f64; 2],
}

impl Row {
    /// Ours against one peer.
    pub fn new(name: &'static str, unit: &'static str, ours: &Figures, peer: &Figures) -> Self {
        let ratios = ours.rounds.iter().zip(&peer.rounds).map(|(ours, peer)| ours / peer);
        let spread =
            ratios.fold([f64::INFINITY, 0.0], |[low, high], ratio: f64| [low.min(ratio), high.max(ratio)]);
        let (ours, median) = (ours.median(), peer.median());
        Self { name, ours, peer: median, peer_name: peer.name, unit, ratio: ours / median, spread }
    }

    /// The first of `figures` against each of the others.
    pub fn all(name: &'static str, unit: &'static str, figures: &[Figures]) -> Vec<Self> {
        figures[1..].iter().map(|peer| Self::new(name, unit, &figures[0], peer)).collect()
    }

    /// The highest ratio that is aimed at.
    pub fn aim(&self) -> Option<f64> {
        let aim = |&&(name, peer, _): &&(&str, &str, f64)| name == self.name && peer == self.peer_name;
        AIMS.iter().find(aim).map(|&(_, _, ratio)| ratio)
    }

    /// Whether that is reached; `None` where nothing is aimed at.
    pub fn is_met(&self) -> Option<bool> {
        self.aim().map(|aim| self.ratio <= aim)
    }

    /// As an object.
    pub fn json(&self) -> Value {
        json!({
            "name": self.name,
            "ours": self.ours,
            "peer": self.peer,
            "peer_name": self.peer_name,
            "unit": self.unit,
            "ratio": self.ratio,
            "spread": self.spread,
            "aim": self.aim(),
            "met": self.is_met(),
        })
    }
}

/// Rows as a table, a line each.
pub fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<24} {:<10} {:>10} {:>10} {:<11} {:>8} {:>19}  {:>7}\n",
        "row", "peer", "ours", "peer", "unit", "ratio", "spread", "aim"
    );
    for row in rows {
        let spread = format!("[{}..{}]", ratio(row.spread[0]), ratio(row.spread[1]));
        let verdict = match (row.aim(), row.is_met()) {
            (Some(aim), Some(met)) => format!("{:>7}  {}", ratio(aim), if met { "met" } else { "missed" }),
            _ => String::new(),
        };
        let line = format!(
            "{:<24} {:<10} {:>10} {:>10} {:<11} {:>8} {spread:>19}  {verdict}",
            row.name,
            row.peer_name,
            figure(row.ours),
            figure(row.peer),
            row.unit,
            ratio(row.ratio)
        );
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

fn ratio(value: f64) -> String {
    if value >= 0.1 { format!("{value:.2}") } else { format!("{value:.4}") }
}

/// What the project wants to reach: a row, a peer, and the highest ratio.
const AIMS: &[(&str, &str, f64)] = &[
    ("e2e/cpu-per-million", "questdb", 0.4),
    ("e2e/http-gzip", "compressor", 2.0),
    ("e2e/http-gzip", "python", 1.0 / 20.0),
    ("e2e/tcp", "python", 1.0 / 100.0),
    ("e2e/tcp", "questdb", 0.4),
    ("format/histogram-20", "write!", 0.2),
    ("format/metric-mixed", "memcpy", 1.6),
    ("format/metric-mixed", "python", 1.0 / 180.0),
    ("format/metric-mixed", "questdb", 0.2),
    ("format/series", "memcpy", 0.9),
    ("format/span-5", "write!", 1.0 / 15.0),
    ("memory/queued-point", "text", 1.15),
    ("parse/metric-mixed", "encode", 3.0),
    ("queue/paced-p1", "mutex", 0.7),
    ("queue/paced-p1", "thingbuf", 0.35),
    ("queue/paced-p2", "mutex", 0.7),
    ("queue/paced-p2", "thingbuf", 0.55),
    ("queue/paced-p4", "mutex", 0.7),
    ("queue/paced-p4", "thingbuf", 0.75),
    ("queue/rejected", "thingbuf", 0.4),
    ("queue/solo", "memcpy", 1.6),
    ("send/stalled-p999", "healthy", 1.5),
    ("send/stalled-p999", "thingbuf", 0.15),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: &[f64]) -> Row {
        let figures = |name, rounds: &[f64]| Figures { name, rounds: rounds.to_vec() };
        Row::new("queue/solo", "ns/line", &figures("ours", ours), &figures("memcpy", &[1.0, 2.0, 4.0]))
    }

    #[test]
    fn ratios_are_of_medians_and_the_spread_is_of_rounds() {
        let row = row(&[2.0, 3.0, 4.0]);
        assert_eq!((row.ours, row.peer, row.ratio), (3.0, 2.0, 1.5));
        assert_eq!(row.spread, [1.0, 2.0]);
    }

    #[test]
    fn an_aim_is_met_up_to_its_ratio() {
        assert_eq!(row(&[3.0, 3.2, 4.0]).is_met(), Some(true));
        assert_eq!(row(&[3.0, 3.3, 4.0]).is_met(), Some(false));
        assert_eq!(Row { peer_name: "mutex", ..row(&[3.0, 3.3, 4.0]) }.is_met(), None);
    }

    #[test]
    fn the_table_says_what_was_missed() {
        let table = table(&[row(&[2.0, 3.3, 4.0])]);
        assert!(table.ends_with("1.60  missed\n"), "{table}");
    }
}
