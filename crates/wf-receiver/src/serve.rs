//! The listener: connections in, each to the side that speaks its protocol.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::door::Door;
use crate::request::{self, Broken};
use crate::socket::{Socket, Stream};
use crate::store::Store;
use crate::stream;

/// Accepts connections for ever.
pub(crate) async fn serve(
    listener: TcpListener,
    door: Door,
    tls: Option<TlsAcceptor>,
    store: Arc<Store>,
) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, client)) => {
                store.change(|state| state.counts.connections += 1);
                tokio::spawn(connection(stream, client, door, tls.clone(), Arc::clone(&store)));
            }
            // Out of file descriptors, most likely: trying again at once would only burn the processor.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}

async fn connection(
    stream: TcpStream,
    client: SocketAddr,
    door: Door,
    tls: Option<TlsAcceptor>,
    store: Arc<Store>,
) {
    let mut stream = match tls {
        None => Stream::Plain(stream),
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => Stream::Tls(Box::new(stream)),
            // A client that does not trust us, most likely; it knows why.
            Err(_) => return store.change(|state| state.counts.failed_handshakes += 1),
        },
    };
    let mut ahead = Vec::with_capacity(2);
    while ahead.len() < 2 {
        if !matches!(stream.read_buf(&mut ahead).await, Ok(1..)) {
            break;
        }
    }
    if is_http(&ahead) {
        http(ahead, stream, client, door, store).await;
    } else if !ahead.is_empty() {
        stream::read(ahead, stream, client.ip(), &store, door).await;
    }
}

/// As the proxy tells: by the first two letters of a method.
fn is_http(ahead: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] = [b"GE", b"PO", b"PU", b"HE", b"OP", b"PA", b"DE", b"TR", b"CO"];
    METHODS.iter().any(|method| ahead.starts_with(method))
}

async fn http(ahead: Vec<u8>, stream: Stream, client: SocketAddr, door: Door, store: Arc<Store>) {
    // Answers are small and awaited; holding them back would only cost time.
    let _ = stream.tcp().set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let socket = TokioIo::new(Socket::new(ahead, stream, Arc::clone(&reset)));
    let service = service_fn(|request| {
        let (store, reset) = (Arc::clone(&store), Arc::clone(&reset));
        async move {
            let answer = request::answer(request, door, client.ip(), &store).await;
            if matches!(answer, Err(Broken::Reset)) {
                reset.store(true, Ordering::Relaxed);
            }
            answer
        }
    });
    // An error is a client that went away or spoke no HTTP; there is nobody to tell.
    let _ = http1::Builder::new().serve_connection(socket, service).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_known_by_two_letters() {
        for ahead in [&b"GE"[..], b"PO", b"COUNT.x 1", b"PATCH", b"TRAFFIC 1"] {
            assert!(is_http(ahead), "{ahead:?}");
        }
        for ahead in [&b""[..], b"G", b"\"GE", b"ge", b"!M", b"LI"] {
            assert!(!is_http(ahead), "{ahead:?}");
        }
    }
}
