//! Receivers that read as fast as they can and judge nothing, each on a thread of its own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use cpu_time::ThreadTime;
use flate2::read::MultiGzDecoder;

/// What has come so far.
#[derive(Default)]
struct Seen {
    lines: AtomicU64,
    /// Nanoseconds of processor time that the sink itself took.
    cpu: AtomicU64,
    /// Of HTTP requests, as they came.
    bodies: Mutex<Vec<Vec<u8>>>,
}

pub(crate) struct Sink {
    pub(crate) port: u16,
    seen: Arc<Seen>,
}

impl Sink {
    /// Counts the lines of one connection after the other.
    pub(crate) fn tcp() -> anyhow::Result<Self> {
        Self::start(|stream, seen| {
            let mut buf = vec![0; 256 * 1024];
            let cpu = ThreadTime::now();
            let mut before = 0;
            while let Ok(len @ 1..) = { &stream }.read(&mut buf) {
                // Blank lines, which the Python SDK sends by HTTP, do not come this way.
                let lines = buf[..len].iter().filter(|&&byte| byte == b'\n').count();
                let now = cpu.elapsed().as_nanos() as u64;
                seen.cpu.fetch_add(now - before, Ordering::Relaxed);
                before = now;
                seen.lines.fetch_add(lines as u64, Ordering::Release);
            }
        })
    }

    /// Answers each POST with 202 and keeps its body, to be counted when the clock stands.
    pub(crate) fn http() -> anyhow::Result<Self> {
        Self::start(|stream, seen| {
            // A client that goes away ends its connection and nothing else.
            let _ = serve(&stream, seen);
        })
    }

    fn start(serve: impl Fn(TcpStream, &Seen) + Clone + Send + 'static) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let seen = Arc::new(Seen::default());
        let theirs = Arc::clone(&seen);
        // Ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, seen) = (serve.clone(), Arc::clone(&theirs));
                thread::spawn(move || serve(stream, &seen));
            }
        });
        Ok(Self { port, seen })
    }

    pub(crate) fn lines(&self) -> u64 {
        self.seen.lines.load(Ordering::Acquire)
    }

    /// Processor time of the sink's connections.
    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.seen.cpu.load(Ordering::Relaxed))
    }

    /// Waits until so many lines in all have come.
    pub(crate) fn wait_for(&self, lines: u64) -> anyhow::Result<()> {
        let start = Instant::now();
        while self.lines() < lines {
            ensure!(start.elapsed() < Duration::from_secs(60), "{} of {lines} lines have come", self.lines());
            thread::sleep(Duration::from_micros(50));
        }
        ensure!(self.lines() == lines, "{} lines have come in place of {lines}", self.lines());
        Ok(())
    }

    /// Counts and forgets the lines of all bodies.
    pub(crate) fn count_bodies(&self) -> anyhow::Result<u64> {
        let bodies = std::mem::take(&mut *self.seen.bodies.lock().expect("no panic under the lock"));
        let mut lines = 0;
        for body in bodies {
            let mut text = String::new();
            if body.starts_with(&[0x1f, 0x8b]) {
                MultiGzDecoder::new(&*body).read_to_string(&mut text)?;
            } else {
                text = String::from_utf8(body)?;
            }
            lines += text.lines().filter(|line| !line.is_empty()).count() as u64;
        }
        Ok(lines)
    }
}

/// Reads requests with a `Content-Length`, which is all that the clients here send.
fn serve(mut stream: &TcpStream, seen: &Seen) -> anyhow::Result<()> {
    let mut buf = Vec::new();
    let mut chunk = vec![0; 256 * 1024];
    loop {
        let head = loop {
            if let Some(end) = buf.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read(&mut chunk)? {
                0 => return Ok(()),
                len => buf.extend_from_slice(&chunk[..len]),
            }
        };
        let text = String::from_utf8_lossy(&buf[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.context("no content-length")?.trim().parse()?;
        while buf.len() < head + length {
            match stream.read(&mut chunk)? {
                0 => return Ok(()),
                len => buf.extend_from_slice(&chunk[..len]),
            }
        }
        let body = buf[head..head + length].to_vec();
        buf.drain(..head + length);
        seen.bodies.lock().expect("no panic under the lock").push(body);
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
    }
}
