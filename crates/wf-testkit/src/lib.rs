//! Test helpers: a scripted peer that lies, a fault relay, and a judge that counts every id.
//!
//! Everything here runs on threads of its own, so it serves plain tests and tests inside a runtime alike, and
//! speaks to loopback only. Failures panic: this is code for tests.
//!
//! ```
//! use std::io::{Read, Write};
//! use wf_testkit::{Peer, Script};
//!
//! let peer = Peer::start([Script::new().read_request().answer(503).fin()]);
//! let mut client = std::net::TcpStream::connect(peer.addr()).unwrap();
//! client.write_all(b"POST /report HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi").unwrap();
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).unwrap();
//!
//! assert!(answer.starts_with("HTTP/1.1 503 "));
//! assert_eq!(peer.connection(0).requests[0].body, b"hi");
//! ```
//!
//! # Not here
//! An honest end is `wf-receiver`. Loss and delay below TCP need the kernel; [`Relay`] works on bytes of a stream.

#![forbid(unsafe_code)]

mod authority;
mod gate;
mod oracle;
mod peer;
mod relay;
mod request;
mod rng;
mod script;
mod seeds;
mod server;
mod watchdog;

pub use crate::authority::Authority;
pub use crate::gate::Gate;
pub use crate::oracle::{Class, Oracle, Seen, Totals};
pub use crate::peer::{Connection, End, Peer, PeerBuilder};
pub use crate::relay::{Fault, Relay};
pub use crate::request::Request;
pub use crate::rng::Rng;
pub use crate::script::{Script, Step};
pub use crate::seeds::{CI_SEEDS, for_each_seed, seeds};
pub use crate::watchdog::watchdog;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
