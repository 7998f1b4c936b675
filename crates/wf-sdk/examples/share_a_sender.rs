//! One sender, shared by threads and by components that do not know each other.
//!
//! `cargo run --example share_a_sender -- proxy://localhost:2878`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, thread, time::Duration};

use wf_sdk::{DeltaCounter, Metric, Sender};

/// A component that keeps a handle of its own: a clone is an `Arc`, not a second queue.
struct Orders {
    sender: Sender,
}

impl Orders {
    fn take(&self, amount: f64) {
        // Telemetry must not fail the order: a refusal is counted in the books, and that is enough here.
        let _ = self.sender.send(&DeltaCounter::new("orders.count", 1.0));
        let _ = self.sender.send(&Metric::new("orders.amount", amount));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "proxy://localhost:2878".to_owned());
    let sender = wf_sdk::connect(&url)?
        .source("shop-1")
        .on_loss(|kind, loss, points| println!("lost {points} of kind {kind}: {loss}"))
        .start()?;
    // Whoever holds the last handle, `main` waits for the delivery.
    let guard = sender.close_on_drop();

    let orders = Orders { sender: sender.clone() };
    thread::scope(|scope| {
        for worker in 0..4 {
            let (orders, sender) = (&orders, sender.clone());
            scope.spawn(move || {
                for order in 0..10 {
                    orders.take(f64::from(worker * 10 + order));
                }
                let tags = [("worker", worker.to_string())];
                sender.send_timeout(&Metric::new("worker.done", 1.0).tags(&tags), Duration::from_secs(5))
            });
        }
    });
    drop(guard);
    println!("{}", sender.stats().total());
    let books = sender.stats().total();
    if books.delivered() == books.offered() { Ok(()) } else { Err("not everything was delivered".into()) }
}
