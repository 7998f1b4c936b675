//! The HTTP side: a request in, an answer out.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::answer::{Act, Answer};
use crate::batch::Batch;
use crate::body::{Body, Unreadable};
use crate::door::Door;
use crate::query::token;
use crate::store::{Origin, Store, Way};

/// Answers a request, which is to say: takes what it brought, unless a script or the lack of a token is against it.
pub(crate) async fn answer(
    request: Request<Incoming>,
    door: Door,
    client: IpAddr,
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
    let batch = Batch::new(&head, Origin { way: Way::Http, door, client }, &text);
    if !store.admits(token(&head)) {
        store.change(|state| {
            state.counts.unauthorized += 1;
            state.counts.unread += batch.lines() as u64;
        });
        return Ok(respond(StatusCode::UNAUTHORIZED, "401 Unauthorized\n"));
    }
    let Some(answer) = scripted(store, &batch) else { return Ok(honest(store, &batch)) };
    if answer.stores && answer.act != Act::Honest {
        // The reason is lost with the honest answer.
        let _ = batch.store(store);
    }
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    match answer.act {
        Act::Honest => Ok(honest(store, &batch)),
        Act::Status(status) => Ok(prescribed(status, &answer)),
        Act::Hang => std::future::pending().await,
        Act::Reset => Err(Broken::Reset),
    }
}

/// Why a connection ends without an answer.
#[derive(Debug)]
pub(crate) enum Broken {
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
fn scripted(store: &Store, batch: &Batch<'_>) -> Option<Answer> {
    store.change(|state| {
        let answer = state.script.pop_front().or_else(|| state.always.clone())?;
        let lines = batch.lines();
        if !answer.concerns(batch.format(), lines) {
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

/// Takes a batch and answers as its receiver would: a proxy to lines, the service to an event of its API.
fn honest(store: &Store, batch: &Batch<'_>) -> Response<Full<Bytes>> {
    match (batch.is_event(), batch.store(store)) {
        (false, Ok(())) => respond(StatusCode::ACCEPTED, ""),
        (false, Err(reason)) => respond(StatusCode::BAD_REQUEST, &format!("reason: \"{reason}\"")),
        (true, Ok(())) => {
            let event = batch.text().trim();
            let status = r#"{"result":"OK","message":"","code":200}"#;
            json(StatusCode::OK, &format!(r#"{{"status":{status},"response":{event}}}"#))
        }
        (true, Err(reason)) => {
            let message = serde_json::Value::from(reason);
            let text = format!(r#"{{"status":{{"result":"ERROR","message":{message},"code":400}}}}"#);
            json(StatusCode::BAD_REQUEST, &text)
        }
    }
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

fn json(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = respond(status, text);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn is_gzip(encoding: &[u8]) -> bool {
    encoding.eq_ignore_ascii_case(b"gzip") || encoding.eq_ignore_ascii_case(b"x-gzip")
}
