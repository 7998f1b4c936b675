//! Every promise of the receiver, over a socket.

mod client;
mod counting;
mod http;
mod life;
mod on_line;
mod script;
mod service;
mod stream;
mod tls;
