//! An event in its JSON form: what the service's `/api/v2/event` takes.

use serde_json::{Map, Value};

/// What is kept of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JsonEvent {
    /// The annotation `id`.
    pub(crate) id: Option<String>,
}

impl JsonEvent {
    /// Reads one object; name, annotations, start and end are required, other keys ignored.
    ///
    /// # Errors
    ///
    /// Why it is no event.
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
        check_texts(&event, "hosts")?;
        check_texts(&event, "tags")?;
        Ok(Self { id: annotations.get("id").and_then(Value::as_str).map(str::to_owned) })
    }
}

/// Absent, `null`, as Go writes an empty list, or an array of texts.
fn check_texts(event: &Map<String, Value>, key: &str) -> Result<(), String> {
    let is_good = match event.get(key) {
        None | Some(Value::Null) => true,
        Some(Value::Array(texts)) => texts.iter().all(Value::is_string),
        Some(_) => false,
    };
    if is_good { Ok(()) } else { Err(format!("{key} is not an array of texts")) }
}

#[cfg(test)]
mod tests {
    use super::JsonEvent;

    #[test]
    fn what_is_required_is_enough() {
        let whole =
            r#"{"name":"n","annotations":{"id":"7"},"hosts":["h"],"startTime":1,"endTime":2,"tags":["t"]}"#;
        let least = r#"{"name":"n","annotations":{},"startTime":0,"endTime":0}"#;
        let nulls = r#"{"name":"n","annotations":{"id":""},"startTime":1,"endTime":2,"hosts":null,"tags":null,"x":1}"#;
        for (text, id) in [(whole, Some("7")), (least, None), (nulls, Some(""))] {
            assert_eq!(JsonEvent::parse(text).unwrap().id.as_deref(), id, "{text}");
        }
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
        check(r#"{"name":1,"annotations":{},"startTime":1,"endTime":2}"#, "name");
        check(r#"{"name":"n","annotations":{},"startTime":1,"endTime":2}{}"#, "one JSON object");
        check(r#"{"annotations":{},"startTime":1,"endTime":2}"#, "name");
        check(r#"{"name":" ","annotations":{},"startTime":1,"endTime":2}"#, "name");
        check(r#"{"name":"n","startTime":1,"endTime":2}"#, "annotations");
        check(r#"{"name":"n","annotations":{"a":1},"startTime":1,"endTime":2}"#, "annotation");
        check(r#"{"name":"n","annotations":{},"endTime":2}"#, "startTime");
        check(r#"{"name":"n","annotations":{},"startTime":"1","endTime":2}"#, "startTime");
        check(r#"{"name":"n","annotations":{},"startTime":-1,"endTime":2}"#, "startTime");
        check(r#"{"name":"n","annotations":{},"startTime":1.5,"endTime":2}"#, "startTime");
        check(r#"{"name":"n","annotations":{},"startTime":1}"#, "endTime");
        check(r#"{"name":"n","annotations":{},"startTime":1,"endTime":2,"hosts":"h"}"#, "hosts");
        check(r#"{"name":"n","annotations":{},"startTime":1,"endTime":2,"tags":[1]}"#, "tags");
    }
}
