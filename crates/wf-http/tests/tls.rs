//! Who is trusted, what leaves when nobody is, and where the token never shows.

use std::{
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use wf_http::{Client, Endpoint, Timeouts, Tls, Token};
use wf_transport::{Batch, Cause, LineKind, Outcome, Records};

const CANARY: &str = "wf-CANARY-3f9d";
const ANSWER: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server's certificate for `name`, after `change`.
fn config(issuer: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}

/// A server on 127.0.0.1 that serves connections one after the other, and remembers what it read inside TLS.
struct Server {
    port: u16,
    inside: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(config: ServerConfig, answer: &'static str, goodbye: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&inside);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut buffer = [0; 4096];
                while let Ok(size @ 1..) = stream.read(&mut buffer).await {
                    let complete = {
                        let mut read = read.lock().unwrap();
                        read.extend_from_slice(&buffer[..size]);
                        read.ends_with(batch().bytes())
                    };
                    if complete {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        stream.flush().await.unwrap();
                        if !goodbye {
                            break; // The TCP connection ends, TLS does not.
                        }
                    }
                }
            }
        });
        Self { port, inside, task }
    }

    fn read(&self) -> String {
        String::from_utf8_lossy(&self.inside.lock().unwrap()).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn batch() -> Batch {
    Batch::new(LineKind::Point, Records::from_iter(["\"a\" 1 source=\"h\"\n"]))
}

fn endpoint(host: &str, port: u16, tls: Tls) -> Endpoint {
    let timeouts = Timeouts { connect: LONG, tls: SHORT * 10, answer: LONG, ..Timeouts::DEFAULT };
    let client = Client::builder(host).token(CANARY).tls(tls).timeouts(timeouts).build().unwrap();
    client.endpoint(port, "/report?f=wavefront").unwrap()
}

/// A server with `config` is asked as `host` by a client that trusts `trusted`.
async fn check(config: ServerConfig, host: &str, trusted: &Authority, expected: Outcome) {
    let server = Server::start(config, ANSWER, true).await;
    let endpoint = endpoint(host, server.port, Tls::ca_pem(trusted.pem()));
    let batch = batch();
    assert_eq!(endpoint.post(&batch).await, expected);
    let accepted = expected == Outcome::status(202);
    assert_eq!(batch.was_written(), accepted);
    assert_eq!(server.read().contains("POST"), accepted);
    if !accepted {
        assert_eq!(server.read(), "", "not a byte before the server is trusted");
    }
}

const DISTRUSTED: Outcome = Outcome::Unsent(Cause::Tls);

#[tokio::test]
async fn own_ca_is_accepted() {
    let ca = authority();
    check(config(&ca, "localhost", |_| {}), "localhost", &ca, Outcome::status(202)).await;
    check(config(&ca, "127.0.0.1", |_| {}), "127.0.0.1", &ca, Outcome::status(202)).await;
}

#[tokio::test]
async fn expired() {
    let ca = authority();
    let config = config(&ca, "localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
    check(config, "localhost", &ca, DISTRUSTED).await;
}

#[tokio::test]
async fn not_yet_valid() {
    let ca = authority();
    let config = config(&ca, "localhost", |params| params.not_before = date_time_ymd(3000, 1, 1));
    check(config, "localhost", &ca, DISTRUSTED).await;
}

#[tokio::test]
async fn wrong_host() {
    let ca = authority();
    check(config(&ca, "example.com", |_| {}), "localhost", &ca, DISTRUSTED).await;
    check(config(&ca, "localhost", |_| {}), "127.0.0.1", &ca, DISTRUSTED).await;
}

#[tokio::test]
async fn unknown_issuer() {
    check(config(&authority(), "localhost", |_| {}), "localhost", &authority(), DISTRUSTED).await;
}

#[tokio::test]
async fn the_systems_roots_do_not_know_a_private_ca() {
    let server = Server::start(config(&authority(), "localhost", |_| {}), ANSWER, true).await;
    let client = Client::builder("localhost").tls(Tls::native_roots()).build();
    let Ok(client) = client else {
        assert_eq!(client.err(), Some(wf_http::BuildError::Roots), "a machine without roots trusts nobody");
        return;
    };
    let endpoint = client.endpoint(server.port, "/").unwrap();
    assert_eq!(endpoint.post(&batch()).await, DISTRUSTED);
}

#[tokio::test]
async fn a_configuration_of_your_own() {
    let ca = authority();
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let mut mine = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    // A server that does not speak it would end the handshake.
    mine.alpn_protocols = vec![b"h2".to_vec()];
    let mut theirs = config(&ca, "localhost", |_| {});
    theirs.alpn_protocols = vec![b"http/1.1".to_vec()];
    let server = Server::start(theirs, ANSWER, true).await;
    let endpoint = endpoint("localhost", server.port, Tls::config(mine));
    for _ in 0..2 {
        assert_eq!(endpoint.post(&batch()).await, Outcome::status(202));
    }
}

#[tokio::test]
async fn a_server_without_tls_sees_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        let size = stream.read(&mut read).await.unwrap();
        stream.write_all(ANSWER.as_bytes()).await.unwrap();
        read.truncate(size);
        read
    });
    let endpoint = endpoint("localhost", port, Tls::ca_pem(authority().pem()));
    assert_eq!(endpoint.post(&batch()).await, DISTRUSTED);
    let read = String::from_utf8_lossy(&server.await.unwrap()).into_owned();
    assert!(!read.contains("POST") && !read.contains(CANARY));
}

#[tokio::test]
async fn a_handshake_that_stalls_or_is_cut() {
    for cut in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let timeouts = Timeouts { tls: SHORT, ..Timeouts::DEFAULT };
        let tls = Tls::ca_pem(authority().pem());
        let client = Client::builder("localhost").tls(tls).timeouts(timeouts).build().unwrap();
        let endpoint = client.endpoint(port, "/").unwrap();
        let batch = batch();
        let (outcome, held) = tokio::join!(endpoint.post(&batch), async {
            let (stream, _) = listener.accept().await.unwrap();
            if cut { None } else { Some(stream) }
        });
        assert_eq!(outcome, DISTRUSTED);
        assert!(!batch.was_written());
        drop(held);
    }
}

#[tokio::test]
async fn a_close_without_goodbye_in_mid_answer() {
    for answer in ["", "HTTP/1.1 202 Acc"] {
        let ca = authority();
        let server = Server::start(config(&ca, "localhost", |_| {}), answer, false).await;
        let endpoint = endpoint("localhost", server.port, Tls::ca_pem(ca.pem()));
        assert_eq!(endpoint.post(&batch()).await, Outcome::Unknown(Cause::Closed));
    }
}

#[tokio::test]
async fn early_refusal_and_close_in_mid_body() {
    let ca = authority();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = endpoint("localhost", listener.local_addr().unwrap().port(), Tls::ca_pem(ca.pem()));
    let acceptor = TlsAcceptor::from(Arc::new(config(&ca, "localhost", |_| {})));
    let batch = Batch::new(LineKind::Point, Records::from_iter([vec![b'x'; 16 << 20]]));
    let (outcome, ()) = tokio::join!(endpoint.post(&batch), async {
        let (stream, _) = listener.accept().await.unwrap();
        // Else the answer may still wait in this kernel for an acknowledgement when the close throws it away.
        stream.set_nodelay(true).unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        stream.read_exact(&mut [0; 1024]).await.unwrap();
        stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
    });
    assert_eq!(outcome, Outcome::status(413));
}

#[tokio::test]
async fn the_token_shows_nowhere_but_inside_tls() {
    let ca = authority();
    let server = Server::start(config(&ca, "localhost", |_| {}), ANSWER, true).await;
    let builder = Client::builder("localhost").token(CANARY).tls(Tls::ca_pem(ca.pem()));
    let client = builder.clone().build().unwrap();
    let endpoint = client.endpoint(server.port, "/").unwrap();
    let outcome = endpoint.post(&batch()).await;
    let refused = [
        Client::builder("proxy").token(CANARY).build().err(),
        Client::builder(format!("{CANARY}@proxy")).build().err(),
        Client::builder("proxy").token(format!("{CANARY}\r\n")).allow_insecure_token(true).build().err(),
        client.endpoint(1, CANARY).err(),
        Client::builder("proxy").tls(Tls::ca_pem(CANARY)).build().err(),
    ]
    .map(Option::unwrap);
    let texts = refused.map(|error| error.to_string());

    let token = Token::new(CANARY);
    let shown = format!("{builder:?} {client:?} {endpoint:?} {token:?} {outcome:?} {refused:?} {texts:?}");
    assert!(!shown.contains(CANARY), "{shown}");
    assert!(shown.contains("Token(***)"));
    assert!(server.read().contains(&format!("authorization: Bearer {CANARY}\r\n")));
}

/// Runs `own_ca_is_accepted` again, in a process with an environment that tempts.
#[test]
fn proxy_variables_and_key_logs_are_not_read() {
    let log = std::env::temp_dir().join(format!("wf-http-keys-{}", std::process::id()));
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "own_ca_is_accepted"]).env("SSLKEYLOGFILE", &log);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        child.env(name, "http://127.0.0.1:1");
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    assert!(!log.exists());
}
