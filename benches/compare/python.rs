//! The vendor's SDK for Python, in a process of its own.

use std::cell::RefCell;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use benches::measure::Effort;

use crate::format::points_for_python;

/// A running interpreter that answers one line with one line.
pub(crate) struct Python {
    child: RefCell<Child>,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Python {
    /// Starts the interpreter that `WF_BENCH_PYTHON` names, if there is one and this is no trial.
    pub(crate) fn start(effort: Effort) -> anyhow::Result<Option<Self>> {
        let Some(interpreter) = env::var_os("WF_BENCH_PYTHON").filter(|_| !effort.is_trial()) else {
            return Ok(None);
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/compare/peer.py");
        let mut child =
            Command::new(interpreter).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take().context("a pipe")?;
        let stdout = BufReader::new(child.stdout.take().context("a pipe")?);
        let python = Self { child: RefCell::new(child), pipes: RefCell::new((stdin, stdout)) };
        python.ask(&points_for_python().to_string()).context("the Python SDK does not start")?;
        Ok(Some(python))
    }

    /// Says something and waits for the number that is answered.
    pub(crate) fn ask(&self, what: &str) -> anyhow::Result<f64> {
        let (stdin, stdout) = &mut *self.pipes.borrow_mut();
        writeln!(stdin, "{what}")?;
        stdin.flush()?;
        let mut answer = String::new();
        stdout.read_line(&mut answer)?;
        match answer.trim().parse() {
            Ok(number) => Ok(number),
            Err(_) => bail!("the Python SDK answered {answer:?}"),
        }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It does nothing that would be lost.
        let _ = self.child.get_mut().kill();
        let _ = self.child.get_mut().wait();
    }
}
