//! The listener, and its HTTP side: a request in, an answer out.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use wf_parse::Format;

use crate::answer::{Act, Answer};
use crate::body::{Body, Unreadable};
use crate::door::Door;
use crate::socket::{Socket, Stream};
use crate::store::{Origin, Store, Way};
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
            Err(_) => return,
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
            let answer = answer(request, client, door, &store).await;
            if matches!(answer, Err(Broken::Reset)) {
                reset.store(true, Ordering::Relaxed);
            }
            answer
        }
    });
    // An error is a client that went away or spoke no HTTP; there is nobody to tell.
    let _ = http1::Builder::new().serve_connection(socket, service).await;
}

async fn answer(
    request: Request<Incoming>,
    client: SocketAddr,
    door: Door,
    store: &Store,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    let gzip = head.headers.get(CONTENT_ENCODING).is_some_and(|it| is_gzip(it.as_bytes()));
    let body = Body::read(body, gzip).await.map_err(|_| Broken::Cut)?;
    store.change(|state| {
        state.counts.requests += 1;
        state.counts.body_bytes += body.wire_bytes as u64;
        state.counts.text_bytes += body.content.as_ref().map_or(0, |it| it.len() as u64);
    });
    if head.method == Method::OPTIONS {
        return Ok(respond(StatusCode::NO_CONTENT, ""));
    }
    if !store.admits(token(&head)) {
        store.change(|state| state.counts.unauthorized += 1);
        return Ok(respond(StatusCode::UNAUTHORIZED, "401 Unauthorized\n"));
    }
    let content = match body.content {
        Ok(content) => content,
        Err(Unreadable::TooLarge) => return Ok(respond_and_close(StatusCode::PAYLOAD_TOO_LARGE, "")),
        Err(Unreadable::BadGzip(error)) => {
            let text = format!("Decompression error: {error}");
            return Ok(respond_and_close(StatusCode::BAD_REQUEST, &text));
        }
    };
    // As Java reads it: what is no UTF-8 becomes U+FFFD.
    let text = String::from_utf8_lossy(&content);
    let batch = Batch::new(&head, door, &text, client);
    let Some(answer) = scripted(store, batch.format, &text) else { return Ok(batch.honest(store)) };
    if answer.stores && answer.act != Act::Honest {
        // The reason is lost with the honest answer.
        let _ = batch.store(store);
    }
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    match answer.act {
        Act::Honest => Ok(batch.honest(store)),
        Act::Status(status) => Ok(prescribed(status, &answer)),
        Act::Hang => std::future::pending().await,
        Act::Reset => Err(Broken::Reset),
    }
}

/// Why a connection ends without an answer.
#[derive(Debug)]
enum Broken {
    /// The client went away in its own request.
    Cut,
    /// A script wants it.
    Reset,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "request is incomplete",
            Self::Reset => "reset by script",
        })
    }
}

impl Error for Broken {}

/// The next scripted answer, if this request gets one.
fn scripted(store: &Store, format: Format, text: &str) -> Option<Answer> {
    let lines = || text.split('\n').filter(|it| !it.trim().is_empty()).count();
    store.change(|state| {
        let answer = state.script.pop_front().or_else(|| state.always.clone())?;
        let lines = lines();
        if !answer.concerns(format, lines) {
            return None;
        }
        if answer.act != Act::Honest {
            state.counts.scripted += 1;
            if !answer.stores {
                state.counts.unread += lines as u64;
            }
        }
        Some(answer)
    })
}

/// What a request brought.
struct Batch<'a> {
    format: Format,
    /// One event as JSON, for the service's API.
    is_event: bool,
    door: Door,
    text: &'a str,
    client: SocketAddr,
}

impl<'a> Batch<'a> {
    fn new(head: &Parts, door: Door, text: &'a str, client: SocketAddr) -> Self {
        // A proxy takes lines at any path, this one too.
        let is_event =
            head.uri.path().ends_with("/api/v2/event") && text.trim_start().starts_with(['{', '[']);
        let format = if is_event {
            Format::Event
        } else {
            Format::from_query(query_value(head.uri.query(), "f").unwrap_or_default())
        };
        Self { format, is_event, door, text, client }
    }

    fn store(&self, store: &Store) -> Result<(), String> {
        if self.is_event {
            store.take_event(self.text)
        } else {
            let origin = Origin { way: Way::Http, door: self.door, client: self.client.ip() };
            store.take(origin, self.format, self.text)
        }
    }

    fn honest(&self, store: &Store) -> Response<Full<Bytes>> {
        match (self.is_event, self.store(store)) {
            (false, Ok(())) => respond(StatusCode::ACCEPTED, ""),
            (false, Err(reason)) => respond(StatusCode::BAD_REQUEST, &format!("reason: \"{reason}\"")),
            (true, Ok(())) => {
                let text = format!(
                    r#"{{"status":{{"result":"OK","message":"","code":200}},"response":{}}}"#,
                    self.text.trim()
                );
                json(respond(StatusCode::OK, &text))
            }
            (true, Err(reason)) => {
                let message = serde_json::Value::from(reason);
                let text = format!(r#"{{"status":{{"result":"ERROR","message":{message},"code":400}}}}"#);
                json(respond(StatusCode::BAD_REQUEST, &text))
            }
        }
    }
}

fn json(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The token of a request, from wherever the real ones look for it.
fn token(head: &Parts) -> Option<&str> {
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = header("authorization").map(|value| value.strip_prefix("Bearer ").unwrap_or(value));
    let query = || ["t", "token", "api_key"].into_iter().find_map(|key| query_value(head.uri.query(), key));
    authorization.or_else(|| header("x-auth-token")).or_else(query)
}

fn prescribed(status: u16, answer: &Answer) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(status, &answer.body);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn respond_and_close(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = respond(status, text);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn respond(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn is_gzip(encoding: &[u8]) -> bool {
    encoding.eq_ignore_ascii_case(b"gzip") || encoding.eq_ignore_ascii_case(b"x-gzip")
}

/// The value of the first parameter of this name in a query.
fn query_value<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
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

    #[test]
    fn f_is_found_among_other_parameters() {
        for (query, f) in [
            ("", ""),
            ("f=trace", "trace"),
            ("a=b&f=histogram&c", "histogram"),
            ("ff=trace", ""),
            ("f=a&f=b", "a"),
            ("f", ""),
        ] {
            assert_eq!(query_value(Some(query), "f").unwrap_or_default(), f, "{query}");
        }
    }
}
