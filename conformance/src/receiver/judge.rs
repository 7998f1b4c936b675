use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use anyhow::{Context, bail};
use wf_parse::{Format, Verdict};

use super::{NOW_MILLIS, REMOTE_HOST};

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
    /// What is sent on; the judge has none for span logs.
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
    pub(crate) fn ask(&mut self, lines: &[(Format, String)]) -> anyhow::Result<Vec<Answer>> {
        let questions = self.questions.as_mut().context("closed")?;
        let answers = &mut self.answers;
        thread::scope(|scope| {
            let asking = scope.spawn(|| {
                for (format, line) in lines {
                    questions.write_all(&[letter(*format)])?;
                    questions.write_all(&u32::try_from(line.len()).unwrap_or(u32::MAX).to_be_bytes())?;
                    questions.write_all(line.as_bytes())?;
                }
                questions.flush()
            });
            let answers =
                lines.iter().map(|(_, line)| answer(answers).with_context(|| format!("about {line:?}")));
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
