//! Send, flush, close and drop from everywhere that people call them from, each within ten seconds.

use std::time::{Duration, Instant};

use wf_receiver::{Kind, Receiver};
use wf_sdk::{Metric, Sender};
use wf_testkit::watchdog;

const LONG: Duration = Duration::from_secs(10);

/// Runs `scene` under a watchdog with a sender, then checks that its point arrived.
fn check(scene: impl FnOnce(Sender) + Send + 'static) {
    let receiver = Receiver::start().unwrap();
    let url = receiver.url();
    watchdog(LONG, move || scene(wf_sdk::connect(&url).unwrap().source("web-1").start().unwrap()));
    // A drop inside a runtime does not wait: the worker delivers in the background.
    assert!(receiver.wait_until(LONG, |counts| counts.accepted.of(Kind::Metric) == 1));
}

/// Everything that waits, from wherever the caller is.
fn use_it(sender: &Sender) {
    sender.send(&Metric::new("m", 1.0)).unwrap();
    assert!(sender.flush(LONG).complete);
    assert!(sender.close(LONG).complete);
    assert_eq!(sender.stats().total().delivered(), 1);
}

fn send_and_drop(sender: Sender) {
    sender.send(&Metric::new("m", 1.0)).unwrap();
    drop(sender);
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A user's type that closes its sender when it goes.
struct Service(Sender);

impl Drop for Service {
    fn drop(&mut self) {
        use_it(&self.0);
    }
}

#[test]
fn from_a_thread_without_a_runtime() {
    check(|sender| use_it(&sender));
    check(send_and_drop);
}

#[test]
fn inside_a_current_thread_runtime() {
    check(|sender| current_thread().block_on(async move { use_it(&sender) }));
    check(|sender| current_thread().block_on(async move { send_and_drop(sender) }));
}

#[test]
fn inside_a_multi_thread_runtime() {
    check(|sender| {
        let task = async move { use_it(&sender) };
        multi_thread().block_on(async { tokio::spawn(task).await.unwrap() });
    });
    check(|sender| {
        let task = async move { send_and_drop(sender) };
        multi_thread().block_on(async { tokio::spawn(task).await.unwrap() });
    });
}

#[test]
fn from_the_drop_of_a_users_type() {
    check(|sender| drop(Service(sender)));
    check(|sender| current_thread().block_on(async move { drop(Service(sender)) }));
    check(|sender| {
        let task = async move { drop(Service(sender)) };
        multi_thread().block_on(async { tokio::spawn(task).await.unwrap() });
    });
}

#[test]
fn started_inside_a_runtime_that_ends_before_it() {
    let receiver = Receiver::start().unwrap();
    let url = receiver.url();
    watchdog(LONG, move || {
        let sender = multi_thread().block_on(async { wf_sdk::connect(&url).unwrap().start().unwrap() });
        use_it(&sender);
    });
}

#[test]
fn a_drop_inside_a_runtime_does_not_stop_its_tasks() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_always(Some(wf_receiver::Answer::hang()));
    let sender = wf_sdk::connect(&receiver.url()).unwrap().start().unwrap();
    let took = watchdog(LONG, move || {
        current_thread().block_on(async move {
            sender.send(&Metric::new("m", 1.0)).unwrap();
            let before = Instant::now();
            drop(sender);
            before.elapsed()
        })
    });
    assert!(took < Sender::DROP_DEADLINE / 2, "{took:?}");
}
