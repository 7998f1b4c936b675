//! Runs steps one after the other, all of them whatever fails, and ends with a table of minutes.

use std::time::{Duration, Instant};

use anyhow::bail;

/// The steps run so far.
///
/// A failure does not stop the rest: one run tells a developer everything there is to mend.
pub(crate) struct Steps {
    only: Option<String>,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    took: Duration,
    verdict: Verdict,
}

enum Verdict {
    Passed,
    Skipped,
    Failed,
}

impl Steps {
    /// Makes an empty list, which will take all steps or those whose name contains `only`.
    pub(crate) fn new(only: Option<String>) -> Self {
        Self { only, rows: Vec::new() }
    }

    /// Runs a step that needs nothing but the toolchain at hand.
    pub(crate) fn step<E: Into<anyhow::Error>>(
        &mut self,
        name: &'static str,
        body: impl FnOnce() -> Result<(), E>,
    ) {
        self.step_unless(|| None, name, body);
    }

    /// Runs a step, or prints why it is skipped. What is missing is asked only if the step is to run.
    pub(crate) fn step_unless<E: Into<anyhow::Error>>(
        &mut self,
        missing: impl FnOnce() -> Option<String>,
        name: &'static str,
        body: impl FnOnce() -> Result<(), E>,
    ) {
        if self.only.as_ref().is_some_and(|only| !name.contains(&**only)) {
            return;
        }
        if let Some(reason) = missing() {
            println!("\nSKIP {name}: {reason}");
            self.rows.push(Row { name, took: Duration::ZERO, verdict: Verdict::Skipped });
            return;
        }
        println!("\n==> {name}");
        let start = Instant::now();
        let verdict = match body() {
            Ok(()) => Verdict::Passed,
            Err(error) => {
                println!("FAILED {name}: {:#}", error.into());
                Verdict::Failed
            }
        };
        let took = start.elapsed();
        println!("<== {name}: {:.1} min", minutes(took));
        self.rows.push(Row { name, took, verdict });
    }

    /// Prints the table.
    ///
    /// # Errors
    ///
    /// Names every step that failed, or says that there was none to run.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        if self.rows.is_empty() {
            bail!("no step is named like this");
        }
        println!();
        for row in &self.rows {
            let verdict = match row.verdict {
                Verdict::Passed => "ok",
                Verdict::Skipped => "SKIPPED",
                Verdict::Failed => "FAILED",
            };
            println!("{:>6.1} min  {:<24} {verdict}", minutes(row.took), row.name);
        }
        println!("{:>6.1} min  total", minutes(self.rows.iter().map(|row| row.took).sum()));

        let failed = |row: &&Row| matches!(row.verdict, Verdict::Failed);
        let failed: Vec<_> = self.rows.iter().filter(failed).map(|row| row.name).collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

fn minutes(took: Duration) -> f64 {
    took.as_secs_f64() / 60.0
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn one_failure_fails_the_whole_and_stops_nothing() {
        let mut steps = Steps::new(None);
        let mut ran = Vec::new();
        steps.step("first", || Err::<(), _>(anyhow!("broken")));
        steps.step("second", || {
            ran.push("second");
            anyhow::Ok(())
        });
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: first");
        assert_eq!(ran, ["second"]);
    }

    #[test]
    fn a_skipped_step_neither_runs_nor_fails() {
        let mut steps = Steps::new(None);
        steps.step_unless(|| Some("no such tool".to_owned()), "absent", || Err::<(), _>(anyhow!("ran")));
        steps.finish().unwrap();
    }

    #[test]
    fn only_the_named_steps_run() {
        let mut steps = Steps::new(Some("miri".to_owned()));
        steps.step_unless(|| panic!("asked"), "test", || Err::<(), _>(anyhow!("ran")));
        steps.step("miri tree", || anyhow::Ok(()));
        steps.finish().unwrap();

        let mut steps = Steps::new(Some("mire".to_owned()));
        steps.step("miri tree", || anyhow::Ok(()));
        steps.finish().unwrap_err();
    }
}
