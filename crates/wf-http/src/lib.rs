//! One acknowledged HTTP POST at a time over one owned connection.
//!
//! A [`Client`] holds what requests to one host share: TLS, token, compression and time limits. An [`Endpoint`] is one
//! port and path there with the one connection that is kept open to it; [`Endpoint::post`] sends a batch and says
//! honestly what became of it.
//!
//! ```no_run
//! use wf_http::Client;
//! use wf_transport::{Batch, LineKind, Outcome, Records};
//!
//! # async fn example() -> Result<(), wf_http::BuildError> {
//! let client = Client::builder("localhost").build()?;
//! let points = client.endpoint(2878, "/report?f=wavefront")?;
//!
//! let batch = Batch::new(LineKind::Point, Records::from_iter(["\"cpu.load\" 0.42 source=\"web-1\"\n"]));
//! assert_eq!(points.post(&batch).await, Outcome::status(202));
//! # Ok(())
//! # }
//! ```
//!
//! # What an outcome proves
//!
//! | what happened | outcome |
//! |---|---|
//! | a status line came, whatever became of the body after it | [`Answered`](wf_transport::Outcome::Answered) |
//! | the host name did not resolve, no address took the connection, TLS failed or its time ran out | [`Unsent`](wf_transport::Outcome::Unsent) with `Resolve`, `Connect` or `Tls` |
//! | the connection was gone before a byte of the request left | `Unsent(Closed)` |
//! | the connection ended, or a time limit passed, after a byte may have left | [`Unknown`](wf_transport::Outcome::Unknown) with `Closed`, `Reset` or `Deadline` |
//! | the answer was not HTTP/1, or a success before the request was complete | `Unknown(Protocol)` |
//!
//! Not one of these is retried here, and no redirect is followed: the token goes to the configured host alone.
//!
//! # Design
//!
//! `hyper`'s connection API, not its pooled client: the pool sends a request again on its own, and each attempt has to
//! be counted. hyper hands a request back when the connection was unusable before it began; for the rest, the stream
//! under hyper counts the bytes that left. A connection goes back to its endpoint only after a complete exchange, and
//! one that has been idle for longer than [`Timeouts::idle`] is not used again.
//!
//! TLS is rustls with the `ring` provider, named explicitly: the process-wide default provider is never consulted.
//! The roots are the system's, a PEM file's, or whatever your own `rustls::ClientConfig` says. There is no switch that
//! turns verification off. Proxy variables (`HTTPS_PROXY` and the like) and `SSLKEYLOGFILE` are not read;
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` say where the system's roots are.
//!
//! # Not here
//!
//! No retries, no policy, no pooling, no HTTP/2, no reading of answers beyond status and `Retry-After`.
#![forbid(unsafe_code)]

mod client;
mod connection;
mod endpoint;
mod error;
mod gzip;
mod host;
mod meter;
mod retry_after;
mod timeouts;
mod tls;
mod token;

pub use crate::client::{Builder, Client};
pub use crate::endpoint::Endpoint;
pub use crate::error::BuildError;
pub use crate::retry_after::retry_after;
pub use crate::timeouts::Timeouts;
pub use crate::tls::Tls;
pub use crate::token::Token;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
