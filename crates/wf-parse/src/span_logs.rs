use serde_json::{Map, Value};

use crate::java;
use crate::json;
use crate::number;
use crate::problem::{Code, Fault, shown};
use crate::span::Span;

/// The logs of one span, from one JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanLogs {
    /// The trace id, any string.
    pub trace_id: String,
    /// The span id, any string.
    pub span_id: String,
    /// Tells apart spans that share an id: `spanSecondaryId`, else `_spanSecondaryId`.
    pub secondary_id: Option<String>,
    /// The logs in the order written.
    pub logs: Vec<SpanLog>,
    /// The span's own line, used by the receiver for sampling only.
    pub span: Option<String>,
}

/// One log of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanLog {
    /// **Microseconds** since the epoch, taken as they are.
    pub timestamp_micros: i64,
    /// The fields, sorted by key; a value may be null. `None` if the log has no `fields`.
    pub fields: Option<Vec<(String, Option<String>)>>,
}

/// What decoding finds: the logs, and where a field is not text, which the receiver's serializer trips over.
pub(crate) struct Decoded {
    pub(crate) logs: SpanLogs,
    pub(crate) unwritable: Option<Box<Fault>>,
}

impl SpanLogs {
    /// Reads the first JSON value of the line; what follows it is lost, as in the receiver.
    pub(crate) fn decode(line: &str) -> Result<Decoded, Box<Fault>> {
        let first = |text: &str| serde_json::Deserializer::from_str(text).into_iter::<Value>().next();
        let value = match json::readable(line)?.and_then(|readable| first(&readable)) {
            Some(Ok(value)) => Some(Ok(value)),
            // Once more, for a place in the line.
            _ => first(line),
        };
        let value = match value {
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                // One line, so its column (1-based, in bytes) is the place.
                let text = error.to_string();
                let reason = text.split(" at line ").next().unwrap_or(&text);
                let at = floor_char_boundary(line, error.column().saturating_sub(1));
                return Err(Fault::new(Code::Syntax, at, format!("the JSON is broken: {reason}")));
            }
            None => return Err(Fault::new(Code::Syntax, 0, "a span log is a JSON object")),
        };
        let Value::Object(mut object) = value else {
            return Err(Fault::new(Code::Syntax, 0, "a span log is a JSON object"));
        };
        let end = line.len();
        let trace_id = required_text(&mut object, "traceId", end)?;
        let span_id = required_text(&mut object, "spanId", end)?;
        let span = text(object.remove("span"));
        let secondary_id = match object.remove("spanSecondaryId") {
            Some(value) => text(Some(value)),
            None => text(object.remove("_spanSecondaryId")),
        };
        let mut unwritable = None;
        let logs = match object.remove("logs") {
            // The receiver walks over the elements of whatever it finds; a scalar has none.
            Some(Value::Array(logs)) => logs.into_iter().map(|log| one(log, end, &mut unwritable)).collect(),
            Some(Value::Object(logs)) => {
                logs.into_iter().map(|(_, log)| one(log, end, &mut unwritable)).collect()
            }
            Some(_) => Ok(Vec::new()),
            None => Err(Fault::new(Code::Syntax, end, "\"logs\" is missing; it may be an empty array")),
        }?;
        Ok(Decoded { logs: Self { trace_id, span_id, secondary_id, logs, span }, unwritable })
    }

    /// Checks the embedded span line, which must decode and pass the sampler.
    pub(crate) fn check_span(&self) -> Result<(), Box<Fault>> {
        let Some(line) = &self.span else { return Ok(()) };
        // A place inside the JSON string is not a place in the line: the whole object is to blame.
        let blame = |mut fault: Box<Fault>| {
            fault.at = 0;
            fault.reason.insert_str(0, "in \"span\": ");
            fault
        };
        Span::decode(line).map_err(blame)?.sample().map_err(blame)
    }

    pub(crate) fn canonical(&self) -> String {
        let logs: Vec<Value> = self.logs.iter().map(SpanLog::to_json).collect();
        // In the order of the keys: a map keeps the order of insertion if anybody in the build asks serde_json for that.
        let mut object = Map::new();
        object.insert("customer".into(), "dummy".into());
        object.insert("logs".into(), logs.into());
        object.insert("span".into(), self.span.clone().into());
        object.insert("spanId".into(), self.span_id.as_str().into());
        object.insert("spanSecondaryId".into(), self.secondary_id.clone().into());
        object.insert("traceId".into(), self.trace_id.as_str().into());
        Value::Object(object).to_string()
    }
}

impl SpanLog {
    fn to_json(&self) -> Value {
        let fields = self.fields.as_ref().map(|fields| {
            fields.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect::<Map<_, _>>()
        });
        let mut log = Map::new();
        log.insert("fields".into(), fields.map_or(Value::Null, Value::Object));
        log.insert("timestamp".into(), self.timestamp_micros.into());
        Value::Object(log)
    }
}

fn one(log: Value, end: usize, unwritable: &mut Option<Box<Fault>>) -> Result<SpanLog, Box<Fault>> {
    let Value::Object(mut log) = log else {
        return Err(Fault::new(
            Code::Syntax,
            end,
            "each of \"logs\" is an object with \"timestamp\" and \"fields\"",
        ));
    };
    let Some(timestamp) = log.remove("timestamp") else {
        return Err(Fault::new(Code::Syntax, end, "a log has no \"timestamp\" (microseconds since 1970)"));
    };
    let fields = match log.remove("fields") {
        None | Some(Value::Null) => None,
        Some(Value::Object(fields)) => Some(fields),
        Some(_) => return Err(Fault::new(Code::Syntax, end, "\"fields\" is not an object")),
    };
    let fields = fields.map(|fields| {
        let mut kept = Vec::with_capacity(fields.len());
        for (key, value) in fields {
            if !matches!(value, Value::String(_) | Value::Null) && unwritable.is_none() {
                let reason = format!(
                    "the field {} is not text; the receiver drops the whole span log without a word: write it as a string",
                    shown(&key)
                );
                *unwritable = Some(Fault::new(Code::Internal, 0, reason));
            }
            kept.push((key, text(Some(value))));
        }
        kept.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        kept
    });
    Ok(SpanLog { timestamp_micros: as_long(&timestamp), fields })
}

/// `JsonNode.asLong`: numbers are cut, numeric text is read, everything else is 0.
fn as_long(value: &Value) -> i64 {
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().map(|value| value as i64)).unwrap_or(0)
        }
        Value::String(text) => {
            let text = java::trim(text);
            let text = text.strip_prefix('+').unwrap_or(text);
            // Digits alone are an integer, or nothing if they are too many.
            let digits = text.strip_prefix('-').unwrap_or(text);
            if digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return text.parse().unwrap_or(0);
            }
            number::parse_double(text).map_or(0, |value| value as i64)
        }
        Value::Bool(value) => i64::from(*value),
        _ => 0,
    }
}

fn required_text(object: &mut Map<String, Value>, key: &str, end: usize) -> Result<String, Box<Fault>> {
    text(object.remove(key))
        .ok_or_else(|| Fault::new(Code::Syntax, end, format!("\"{key}\" is missing or not a string")))
}

/// `JsonNode.textValue`: anything but a string is nothing.
fn text(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
