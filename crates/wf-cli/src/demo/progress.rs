use std::{
    cell::Cell,
    io::{IsTerminal, stderr},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::outlets::Outlets;

/// Says how far the demo is: a bar on a terminal, a line a second elsewhere.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    seconds_said: Cell<u64>,
}

impl Progress {
    pub(crate) fn new(duration: Duration) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(duration.as_millis() as u64);
            bar.set_style(
                ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar
        });
        Self { bar, seconds_said: Cell::new(0) }
    }

    pub(crate) fn show(&self, elapsed: Duration, outlets: &Outlets) {
        let (mut accepted, mut pending, mut lines) = (0, 0, 0);
        for outlet in outlets.iter() {
            let books = outlet.sender.stats().total();
            accepted += books.accepted();
            pending += books.pending();
            lines += outlet.receiver.counts().accepted.total();
        }
        let words = format!("accepted {accepted} · pending {pending} · lines received {lines}");
        match &self.bar {
            Some(bar) => {
                bar.set_position(elapsed.as_millis() as u64);
                bar.set_message(words);
            }
            None if elapsed.as_secs() > self.seconds_said.get() => {
                self.seconds_said.set(elapsed.as_secs());
                eprintln!("{:>4} s  {words}", elapsed.as_secs());
            }
            None => {}
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}

const TEMPLATE: &str = "[{elapsed_precise}] {bar:30} {msg}";
