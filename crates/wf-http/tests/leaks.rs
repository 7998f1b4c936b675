//! Nothing is left behind. Alone in its binary, because it counts the whole process' file descriptors.
#![cfg(target_os = "linux")]

use std::time::Duration;

use tokio::runtime::Handle;
use wf_http::{Client, Timeouts};
use wf_testkit::{Peer, Script};
use wf_transport::{Batch, LineKind, Records};

#[tokio::test]
async fn neither_tasks_nor_descriptors_outlive_an_endpoint() {
    let before = descriptors();
    let stalls = [
        Script::answering(202),
        Script::new(),
        Script::new().hold(),
        Script::new().read_bytes(1024).hold(),
        Script::new().read_request().write("HTTP/1.1 200").hold(),
        Script::new().read_request().write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").hold(),
        Script::new().read_bytes(1024).answer(413).hold(),
    ];
    for (number, stall) in stalls.into_iter().enumerate() {
        let peer = Peer::start([stall]);
        let short = Timeouts { answer: Duration::from_millis(20), ..Timeouts::DEFAULT };
        let client = Client::builder("127.0.0.1").timeouts(short).build().unwrap();
        for size in [10, 8 << 20] {
            let endpoint = client.endpoint(peer.port(), "/").unwrap();
            let batch = Batch::new(LineKind::Point, Records::from_iter([vec![b'x'; size]]));
            for _ in 0..3 {
                let _ = tokio::time::timeout(Duration::from_millis(50), endpoint.post(&batch.again())).await;
            }
            drop(endpoint);
            settles("tasks", number, || Handle::current().metrics().num_alive_tasks() == 0).await;
        }
        drop((client, peer));
        settles("descriptors", number, || descriptors() <= before).await;
    }
}

async fn settles(what: &str, number: usize, done: impl Fn() -> bool) {
    for _ in 0..1000 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("{what} are left after stall {number}");
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
