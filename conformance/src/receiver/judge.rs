use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use anyhow::{Context, bail};
use fastrand::Rng;
use wf_parse::{Format, Limits, Parser, Verdict};

use super::{NOW_MILLIS, REMOTE_HOST};

/// A line, and where it comes in.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) format: Format,
    pub(crate) listener: Listener,
    pub(crate) line: String,
}

/// What a receiver is set to, besides the format.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listener {
    pub(crate) limits: Preset,
    pub(crate) http: bool,
    /// A trace port, which adds no source.
    pub(crate) bare: bool,
}

/// Limits that both `wf-format` and `wf-parse` know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Preset {
    #[default]
    Proxy,
    Tenant,
    Strict,
}

impl Preset {
    pub(crate) const ALL: [Self; 3] = [Self::Proxy, Self::Tenant, Self::Strict];
}

impl Listener {
    /// A metric port over raw TCP more often than not.
    pub(crate) fn any(rng: &mut Rng) -> Self {
        let limits = Preset::ALL[usize::from(rng.u8(..4)) % 3];
        Self { limits, http: rng.u8(..4) == 0, bare: rng.u8(..8) == 0 }
    }

    pub(crate) fn parser(self) -> Parser {
        let limits = match self.limits {
            Preset::Proxy => Limits::PROXY,
            Preset::Tenant => Limits::TENANT,
            Preset::Strict => Limits::DEFAULT,
        };
        let parser = Parser::new().limits(limits).now_millis(NOW_MILLIS).remote_host(REMOTE_HOST);
        parser.http(self.http).annotate(!self.bare)
    }

    fn byte(self) -> u8 {
        self.limits as u8 | u8::from(self.http) << 2 | u8::from(self.bare) << 3
    }
}

/// The real receiver's decoders in a process of their own.
pub(crate) struct Judge {
    child: Child,
    questions: Option<BufWriter<ChildStdin>>,
    answers: BufReader<ChildStdout>,
}

/// What a receiver makes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    /// The number of the reject code; none for lines that are not refused with one.
    pub(crate) code: Option<u16>,
    /// What is sent on.
    pub(crate) canonical: Option<String>,
}

impl Judge {
    /// Starts the compiled `Judge.java`.
    pub(crate) fn start(class_path: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new("java")
            .args(["-Dfile.encoding=UTF-8", "-cp"])
            .arg(class_path)
            .args(["Judge", &NOW_MILLIS.to_string(), REMOTE_HOST])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("java does not start")?;
        let questions = child.stdin.take().map(|stdin| BufWriter::with_capacity(1 << 20, stdin));
        let answers = BufReader::with_capacity(1 << 20, child.stdout.take().context("no stdout")?);
        Ok(Self { child, questions, answers })
    }

    /// Asks about all lines at once.
    pub(crate) fn ask(&mut self, questions: &[Question]) -> anyhow::Result<Vec<Answer>> {
        let pipe = self.questions.as_mut().context("closed")?;
        let answers = &mut self.answers;
        thread::scope(|scope| {
            let asking = scope.spawn(|| {
                for Question { format, listener, line } in questions {
                    pipe.write_all(&[letter(*format), listener.byte()])?;
                    pipe.write_all(&u32::try_from(line.len()).unwrap_or(u32::MAX).to_be_bytes())?;
                    pipe.write_all(line.as_bytes())?;
                }
                pipe.flush()
            });
            let answers = questions
                .iter()
                .map(|question| answer(answers).with_context(|| format!("about {question:?}")));
            let answers = answers.collect::<anyhow::Result<Vec<_>>>();
            match asking.join() {
                Ok(asked) => asked?,
                Err(_) => bail!("the asking thread panicked"),
            }
            answers
        })
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // The end of its input is its end.
        self.questions = None;
        let _ = self.child.wait();
    }
}

fn answer(from: &mut impl Read) -> anyhow::Result<Answer> {
    let mut head = [0; 7];
    from.read_exact(&mut head).context("the judge has stopped")?;
    let [verdict, code @ .., l0, l1, l2, l3] = head;
    let verdict = match verdict {
        0 => Verdict::Accept,
        1 => Verdict::Reject,
        2 => Verdict::Discard,
        3 => Verdict::Ignore,
        4 => Verdict::Error,
        other => bail!("no verdict: {other}"),
    };
    let code = Some(u16::from_be_bytes(code)).filter(|code| *code != 0);
    let canonical = match usize::try_from(i32::from_be_bytes([l0, l1, l2, l3])) {
        Err(_) => None,
        Ok(length) => {
            let mut text = vec![0; length];
            from.read_exact(&mut text)?;
            Some(String::from_utf8(text)?)
        }
    };
    Ok(Answer { verdict, code, canonical })
}

const fn letter(format: Format) -> u8 {
    match format {
        Format::Wavefront => b'w',
        Format::Histogram => b'h',
        Format::Trace => b't',
        Format::SpanLogs => b's',
        _ => b'a',
    }
}
