//! A small HTTP client on a raw socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use wf_receiver::Receiver;

/// One connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(receiver: &Receiver) -> Self {
        Self::at(receiver.addr())
    }

    pub(crate) fn at(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        // 16 MiB take seconds without optimization, and many more on a machine that is busy.
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    pub(crate) fn send(&mut self, method: &str, target: &str, headers: &str, body: &[u8]) -> io::Result<()> {
        let length = body.len();
        let head =
            format!("{method} {target} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{headers}\r\n");
        self.write(&[head.as_bytes(), body].concat())
    }

    pub(crate) fn read(&mut self) -> io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        head.make_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |it| it.parse().unwrap())];
        self.stream.read_exact(&mut body)?;
        Ok(Reply { status, head, body: String::from_utf8(body).unwrap() })
    }

    pub(crate) fn ask(&mut self, method: &str, target: &str, headers: &str, body: &[u8]) -> Reply {
        self.send(method, target, headers, body).unwrap();
        self.read().unwrap()
    }

    pub(crate) fn post(&mut self, f: &str, body: &str) -> Reply {
        self.ask("POST", &format!("/report?f={f}"), "", body.as_bytes())
    }
}

pub(crate) fn post(receiver: &Receiver, f: &str, body: &str) -> Reply {
    Client::new(receiver).post(f, body)
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// At least `size` spaces without a proper end, from one block again and again: a compressor without optimization would
/// take many seconds.
pub(crate) fn gzip_bomb(size: usize) -> Vec<u8> {
    let text = [b' '; 64 * 1024];
    let mut block = vec![0; text.len()];
    let mut compress = Compress::new(Compression::fast(), false);
    // A full flush ends at a byte and refers to nothing before it, so the block may stand anywhere.
    compress.compress(&text, &mut block, FlushCompress::Full).unwrap();
    block.truncate(usize::try_from(compress.total_out()).unwrap());
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [&head[..], &block.repeat(size.div_ceil(text.len()))].concat()
}
