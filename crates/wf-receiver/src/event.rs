//! An event in its JSON form: what the service's `/api/v2/event` takes.

use serde_json::{Map, Value};

/// What is kept of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JsonEvent {
    /// The annotation `id`.
    pub(crate) id: Option<String>,
    /// The first host.
    pub(crate) host: Option<String>,
}

impl JsonEvent {
    /// Reads one object; name, annotations, start and end are required.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("not one JSON object: {error}"))?;
        let Value::Object(event) = value else { return Err("not a JSON object".to_owned()) };
        let name = event.get("name").and_then(Value::as_str);
        if name.is_none_or(|name| name.trim().is_empty()) {
            return Err("name is missing".to_owned());
        }
        for time in ["startTime", "endTime"] {
            if event.get(time).and_then(Value::as_i64).is_none_or(i64::is_negative) {
                return Err(format!("{time} is not a number of milliseconds"));
            }
        }
        let annotations = event.get("annotations").and_then(Value::as_object);
        let annotations = annotations.ok_or_else(|| "annotations are missing".to_owned())?;
        if annotations.values().any(|value| !value.is_string()) {
            return Err("an annotation is no text".to_owned());
        }
        let hosts = texts(&event, "hosts")?;
        texts(&event, "tags")?;
        let id = annotations.get("id").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { id, host: hosts.into_iter().next() })
    }
}

/// An array of texts; none if it is absent.
fn texts(event: &Map<String, Value>, key: &str) -> Result<Vec<String>, String> {
    let Some(value) = event.get(key) else { return Ok(Vec::new()) };
    let texts = value.as_array().and_then(|array| {
        array.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    texts.ok_or_else(|| format!("{key} is not an array of texts"))
}

#[cfg(test)]
mod tests {
    use super::JsonEvent;

    #[test]
    fn a_whole_event_is_read() {
        let text =
            r#"{"name":"n","annotations":{"id":"7"},"hosts":["h"],"startTime":1,"endTime":2,"tags":["t"]}"#;
        let event = JsonEvent::parse(text).unwrap();
        assert_eq!((event.id.as_deref(), event.host.as_deref()), (Some("7"), Some("h")));
    }

    #[track_caller]
    fn check(text: &str, reason: &str) {
        let error = JsonEvent::parse(text).unwrap_err();
        assert!(error.contains(reason), "{text}: {error}");
    }

    #[test]
    fn what_is_no_event_has_a_reason() {
        check("", "JSON");
        check("[]", "object");
        check(r#"{"name":"n","annotations":{},"startTime":1,"endTime":2}{}"#, "one JSON object");
        check(r#"{"annotations":{},"startTime":1,"endTime":2}"#, "name");
        check(r#"{"name":" ","annotations":{},"startTime":1,"endTime":2}"#, "name");
        check(r#"{"name":"n","startTime":1,"endTime":2}"#, "annotations");
        check(r#"{"name":"n","annotations":{"a":1},"startTime":1,"endTime":2}"#, "annotation");
        check(r#"{"name":"n","annotations":{},"endTime":2}"#, "startTime");
        check(r#"{"name":"n","annotations":{},"startTime":"1","endTime":2}"#, "startTime");
        check(r#"{"name":"n","annotations":{},"startTime":1}"#, "endTime");
        check(r#"{"name":"n","annotations":{},"startTime":1,"endTime":2,"hosts":"h"}"#, "hosts");
        check(r#"{"name":"n","annotations":{},"startTime":1,"endTime":2,"tags":[1]}"#, "tags");
    }
}
