//! What a request brought.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method};
use wf_parse::Format;

use crate::door::Door;
use crate::event::JsonEvent;
use crate::query;
use crate::store::{Origin, Store};

/// Lines, as a proxy takes them at any path, or one event as JSON, for the service's API.
pub(crate) struct Batch<'a> {
    origin: Origin,
    text: &'a str,
    content: Content,
}

enum Content {
    /// Or why it is none.
    Event(Result<JsonEvent, String>),
    Lines(Format),
}

impl<'a> Batch<'a> {
    pub(crate) fn new(head: &Parts, origin: Origin, text: &'a str) -> Self {
        // A proxy takes an event at this path too, as a line.
        let is_event = origin.door == Door::Metrics
            && head.uri.path().ends_with(EVENT_API)
            && (is_json(&head.headers) || text.trim_start().starts_with(['{', '[']));
        let content = if is_event {
            Content::Event(suits(head).and_then(|()| JsonEvent::parse(text)))
        } else {
            Content::Lines(query::format(head))
        };
        Self { origin, text, content }
    }

    pub(crate) const fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) const fn is_event(&self) -> bool {
        matches!(self.content, Content::Event(_))
    }

    pub(crate) const fn format(&self) -> Format {
        match self.content {
            Content::Event(_) => Format::Event,
            Content::Lines(format) => format,
        }
    }

    /// How many lines it has, blank ones not counted; an event is one.
    pub(crate) fn lines(&self) -> usize {
        match self.content {
            Content::Event(_) => 1,
            Content::Lines(_) => filled(self.text),
        }
    }

    /// Takes it into the counts.
    ///
    /// # Errors
    ///
    /// Why the request was ended before all was taken.
    pub(crate) fn store(&self, store: &Store) -> Result<(), String> {
        match &self.content {
            Content::Event(event) => store.take_event(event.as_ref(), self.text),
            Content::Lines(format) => store.take(self.origin, *format, self.text),
        }
    }
}

/// How many lines of a text are not blank.
pub(crate) fn filled(text: &str) -> usize {
    text.split('\n').filter(|it| !it.trim().is_empty()).count()
}

/// Whether a request is what the API for events takes: a POST of plain JSON, which is all that SDKs send there.
fn suits(head: &Parts) -> Result<(), String> {
    let problem = if head.method != Method::POST {
        "the method is not POST"
    } else if !is_json(&head.headers) {
        "the content type is not application/json"
    } else if head.headers.contains_key(CONTENT_ENCODING) {
        "the content is encoded"
    } else {
        return Ok(());
    };
    Err(problem.to_owned())
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"))
}

const EVENT_API: &str = "/api/v2/event";
