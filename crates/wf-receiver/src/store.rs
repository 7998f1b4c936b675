//! What a receiver remembers, and how a batch gets there.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wf_parse::{Code, Format, Kind, Parsed, Parser, Record, Verdict};

use crate::answer::Answer;
use crate::builder::Builder;
use crate::counts::{Counts, KINDS, kind_index};
use crate::door::Door;
use crate::event::JsonEvent;
use crate::ids::Ids;
use crate::line::{Line, Rejection};
use crate::seen::{Judged, Seen};
use crate::sum::Sum;

/// The state shared by a receiver's handle and its thread.
#[derive(Debug)]
pub(crate) struct Store {
    settings: Builder,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) counts: Counts,
    pub(crate) ids: [Ids; KINDS],
    pub(crate) sums: [Sum; KINDS],
    pub(crate) accepted: VecDeque<Line>,
    pub(crate) rejected: VecDeque<Rejection>,
    pub(crate) script: VecDeque<Answer>,
    pub(crate) always: Option<Answer>,
}

/// How lines came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Http,
    Stream,
}

/// Where lines came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) way: Way,
    pub(crate) door: Door,
    pub(crate) client: IpAddr,
}

impl Store {
    pub(crate) fn new(settings: Builder) -> Self {
        Self { settings, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Whether this is the token that is wanted, if one is.
    pub(crate) fn admits(&self, token: Option<&str>) -> bool {
        self.settings.token.is_none() || self.settings.token.as_deref() == token
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // What a panicking test left behind is still a set of counters.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    pub(crate) fn wait_until(&self, timeout: Duration, mut done: impl FnMut(&Counts) -> bool) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.lock();
        loop {
            if done(&state.counts) {
                return true;
            }
            state = match deadline.map(|it| it.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Takes a batch in, line by line.
    ///
    /// # Errors
    ///
    /// The reason of the line that ended an HTTP request; the lines before it are taken, those behind it lost.
    pub(crate) fn take(&self, origin: Origin, format: Format, text: &str) -> Result<(), String> {
        let parser = self.parser(origin);
        self.change(|state| {
            let mut lines = text.split('\n');
            // The text behind the last line feed is no line if it is empty.
            if text.is_empty() || text.ends_with('\n') {
                lines.next_back();
            }
            let mut lines = lines.peekable();
            while let Some(line) = lines.next() {
                let parsed = self.parse(&parser, origin.door.format(format, line), line);
                self.count(state, line, &parsed);
                let fatal = parsed.problem().filter(|it| origin.way == Way::Http && it.ends_request());
                let ends_batch = fatal.is_some() || lines.peek().is_none();
                self.show(&Seen { text: line, judged: Judged::Line(&parsed), ends_batch });
                if let Some(problem) = fatal {
                    state.counts.lost += lines.filter(|it| !it.trim().is_empty()).count() as u64;
                    return Err(problem.to_string());
                }
            }
            Ok(())
        })
    }

    /// Takes one event in that came as JSON, or what was no event.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub(crate) fn take_event(&self, event: Result<&JsonEvent, &String>, text: &str) -> Result<(), String> {
        let judged = Judged::Event(event.err().map(String::as_str));
        self.show(&Seen { text, judged, ends_batch: true });
        let kind = Kind::Event;
        self.change(|state| match event {
            Ok(event) => {
                state.counts.accepted.add(kind, None);
                let room = self.settings.keep_ids;
                if !state.ids[kind_index(kind)].add(event.id.as_deref(), None, room) {
                    state.counts.without_id += 1;
                }
                let kept = || Line { kind, source: None, text: text.to_owned() };
                keep(&mut state.accepted, self.settings.keep_lines, kept);
                Ok(())
            }
            Err(reason) => {
                state.counts.rejected.add(kind, None);
                let kept = || Rejection {
                    kind,
                    verdict: Verdict::Reject,
                    line: text.to_owned(),
                    code: "400".to_owned(),
                    reason: reason.clone(),
                    column: 1,
                };
                keep(&mut state.rejected, self.settings.keep_lines, kept);
                Err(reason.clone())
            }
        })
    }

    fn parser(&self, origin: Origin) -> Parser {
        let host = self.settings.remote_host.clone().unwrap_or_else(|| origin.client.to_string());
        let now = self.settings.clock_millis.unwrap_or_else(system_millis);
        Parser::new()
            .now_millis(now)
            .remote_host(host)
            .limits(self.settings.limits)
            .annotate(origin.door.annotates())
            .http(origin.way == Way::Http)
    }

    fn parse<'a>(&self, parser: &Parser, format: Format, line: &'a str) -> Parsed<'a> {
        let parsed = parser.parse(format, line);
        let late = parsed.problem().is_some_and(|it| it.code() == Code::Time);
        match time_millis(&parsed).filter(|_| late && !self.settings.time_window) {
            // Judged as if it had just happened, so that everything else is still checked.
            Some(time) => parser.clone().now_millis(time).parse(format, line),
            None => parsed,
        }
    }

    fn show(&self, seen: &Seen<'_>) {
        if let Some(on_line) = &self.settings.on_line {
            on_line.lock().unwrap_or_else(PoisonError::into_inner)(seen);
        }
    }

    fn count(&self, state: &mut State, line: &str, parsed: &Parsed<'_>) {
        let kind = parsed.kind();
        let granularity = parsed.granularity();
        match parsed.verdict() {
            Verdict::Accept => {
                state.counts.accepted.add(kind, granularity);
                let room = self.settings.keep_ids;
                if !state.ids[kind_index(kind)].add(id(parsed), granularity, room) {
                    state.counts.without_id += 1;
                }
                if let Some(value) = value(parsed) {
                    state.sums[kind_index(kind)].add(value);
                }
                let kept =
                    || Line { kind, source: parsed.source().map(str::to_owned), text: line.to_owned() };
                keep(&mut state.accepted, self.settings.keep_lines, kept);
                return;
            }
            Verdict::Reject => state.counts.rejected.add(kind, granularity),
            Verdict::Discard => state.counts.discarded += 1,
            Verdict::Ignore => {
                state.counts.ignored += 1;
                return;
            }
            _ => state.counts.errors += 1,
        }
        keep(&mut state.rejected, self.settings.keep_lines, || rejection(kind, line, parsed));
    }
}

/// The value of the tag, annotation or span-log field `id`; the source of what can have none of them.
fn id<'a>(parsed: &'a Parsed<'_>) -> Option<&'a str> {
    match parsed.record()? {
        Record::SpanLogs(logs) => {
            let mut fields = logs.logs.iter().filter_map(|it| it.fields.as_ref()).flatten();
            fields.find(|(key, _)| key == ID).and_then(|(_, value)| value.as_deref())
        }
        Record::SourceTag(_) | Record::SourceDescription(_) => parsed.source(),
        _ => parsed.tag(ID),
    }
}

fn value(parsed: &Parsed<'_>) -> Option<f64> {
    match parsed.record()? {
        Record::Metric(metric) => Some(metric.value),
        _ => None,
    }
}

/// The time that the time window is about.
fn time_millis(parsed: &Parsed<'_>) -> Option<i64> {
    match parsed.record()? {
        Record::Metric(metric) => Some(metric.timestamp_millis),
        Record::Histogram(histogram) => Some(histogram.timestamp_millis),
        Record::Span(span) => Some(span.start_millis),
        _ => None,
    }
}

fn rejection(kind: Kind, line: &str, parsed: &Parsed<'_>) -> Rejection {
    let problem = parsed.problem();
    Rejection {
        kind,
        verdict: parsed.verdict(),
        line: line.to_owned(),
        code: problem.map(|it| it.code().to_string()).unwrap_or_default(),
        reason: problem.map(ToString::to_string).unwrap_or_default(),
        column: problem.map_or(1, wf_parse::Problem::column),
    }
}

fn keep<T>(lines: &mut VecDeque<T>, room: usize, line: impl FnOnce() -> T) {
    if room == 0 {
        return;
    }
    if lines.len() == room {
        lines.pop_front();
    }
    lines.push_back(line());
}

fn system_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The tag by which lines are told apart.
const ID: &str = "id";
