//! Every client sends every point to a receiver, which says what came.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use wf_format::NamePolicy;
use wf_receiver::{Kind, Receiver};

use crate::generate::NOW_MILLIS;
use crate::points::Point;
use crate::{KINDS, ours};

/// The lines of each kind, in the order in which they are sent.
pub(crate) type Lines = BTreeMap<&'static str, Vec<String>>;

/// A way by which points come to the receiver.
#[derive(Clone, Copy)]
pub(crate) struct Road {
    pub(crate) client: &'static str,
    /// Whether the client speaks to the service: TLS, a token, and no events.
    pub(crate) direct: bool,
}

/// The clients of the Python SDK. Events sent directly are left out: plain JSON, labelled gzip.
pub(crate) const THEIRS: [Road; 4] = [
    Road { client: "WavefrontProxyClient", direct: false },
    Road { client: "WavefrontClient, proxy", direct: false },
    Road { client: "WavefrontClient, direct", direct: true },
    Road { client: "WavefrontDirectClient", direct: true },
];

pub(crate) struct Peer<'a> {
    pub(crate) python: &'a Path,
    pub(crate) script: &'a Path,
}

impl Peer<'_> {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.python);
        // Loopback is not reached through a proxy, and nobody's saved password replaces the token.
        command.arg(self.script).env("NO_PROXY", "*").env("NETRC", "/dev/null");
        command
    }

    /// Sends the points of a file by a client of theirs.
    pub(crate) fn send(&self, road: Road, points: &Path, lines: &Lines) -> anyhow::Result<()> {
        let mut settings = Receiver::builder()
            .clock_millis(NOW_MILLIS)
            .time_window(false)
            .keep_lines(usize::MAX)
            .traces_port(0);
        if road.direct {
            settings = settings.tls(true).token(TOKEN);
        }
        let receiver = settings.start()?;
        let mut command = self.command();
        if let Some(pem) = receiver.ca_pem() {
            let path = points.with_extension("pem");
            fs::write(&path, pem)?;
            command.env("REQUESTS_CA_BUNDLE", path);
        }
        let traces = receiver.traces_addr().context("no port for traces")?.port();
        command.args(["send", road.client]).arg(points);
        command.args([receiver.port(), traces].map(|port| port.to_string()));
        let status = command.status()?;
        ensure!(status.success(), "{}: {status}", road.client);
        arrived(&receiver, lines)
    }
}

/// Sends the points by ours.
pub(crate) fn send_ours(points: &[Point], default_source: &str, lines: &Lines) -> anyhow::Result<()> {
    let receiver =
        Receiver::builder().clock_millis(NOW_MILLIS).time_window(false).keep_lines(usize::MAX).start()?;
    let sender = wf_sdk::connect(&receiver.url())?
        .source(default_source)
        .names(NamePolicy::Python)
        .stamp(false)
        .start()?;
    for point in points {
        ours::with(point, |point| sender.send_timeout(point, PATIENCE))?;
    }
    let report = sender.close(PATIENCE);
    ensure!(report.complete, "{report:?}");
    arrived(&receiver, lines)
}

/// Checks that the receiver took these lines, in this order within each kind, and nothing else.
fn arrived(receiver: &Receiver, expected: &Lines) -> anyhow::Result<()> {
    let total = expected.values().map(|lines| lines.len() as u64).sum();
    // Streams are not answered, so the last of them may still be on their way.
    let all =
        receiver.wait_until(PATIENCE, |counts| counts.accepted.total() + counts.rejected.total() >= total);
    let counts = receiver.counts();
    let bad = counts.rejected.total()
        + counts.discarded
        + counts.errors
        + counts.lost
        + counts.unauthorized
        + counts.too_long
        + counts.unterminated;
    if !all || bad > 0 {
        let mut text = format!("{} of {total} lines accepted", counts.accepted.total());
        for rejection in receiver.rejected().iter().take(3) {
            write!(text, "\n  {rejection}")?;
        }
        bail!("{text}\n  {counts:?}");
    }

    let mut found = Lines::new();
    for line in receiver.accepted() {
        found.entry(name_of(line.kind)).or_default().push(line.text);
    }
    for (kind, lines) in expected {
        let found = found.remove(kind).unwrap_or_default();
        ensure!(found.len() == lines.len(), "{} lines of {kind} instead of {}", found.len(), lines.len());
        if let Some((found, line)) = found.iter().zip(lines).find(|(found, line)| found != line) {
            bail!("another {kind}:\n  expected {line}\n  received {found}");
        }
    }
    ensure!(found.is_empty(), "unexpected: {:?}", found.keys());
    Ok(())
}

pub(crate) fn name_of(kind: Kind) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == kind).map_or("another kind", |(name, _)| name)
}

/// For a step that takes seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// As in `peer.py`.
const TOKEN: &str = "conformance";
