use anyhow::{Result, anyhow, bail};
use serde_json::{Map, Value};
use wf_sdk::format::Id;

/// The fields of a JSON object, read by name. Errors say the field by its path, as in `tags[2]`; null means absent.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

pub(super) type Pairs<'a> = Vec<(&'a str, &'a str)>;

impl<'a> Fields<'a> {
    /// Reads `value` as an object that has no other fields than `known`.
    pub(super) fn of(value: &'a Value, path: String, known: &[&str]) -> Result<Self> {
        let Value::Object(map) = value else { bail!("{path} is not a JSON object") };
        let fields = Self { map, path };
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                bail!("unknown field {}; known are {}", fields.place(&shown(name)), known.join(", "))
            }
            None => Ok(fields),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>> {
        self.value(name).map(|value| text(value, &self.place(name))).transpose()
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>> {
        self.value(name).map(|value| integer(value, &self.place(name))).transpose()
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>> {
        self.value(name).map(|value| number(value, &self.place(name))).transpose()
    }

    pub(super) fn id(&self, name: &str) -> Result<Option<Id>> {
        self.value(name).map(|value| id(value, &self.place(name))).transpose()
    }

    /// Reads a list with `read`; none if the field is absent.
    pub(super) fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&'a Value, &str) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let place = self.place(name);
        let Value::Array(values) = value else { bail!("{place} is not a list") };
        let item = |(at, value)| read(value, &format!("{place}[{at}]"));
        values.iter().enumerate().map(item).collect::<Result<_>>().map(Some)
    }

    /// Reads `{"key":"value"}` or `[["key","value"]]`.
    pub(super) fn pairs(&self, name: &str) -> Result<Pairs<'a>> {
        match self.value(name) {
            Some(Value::Object(map)) => {
                let pair = |(key, value): (&'a String, &'a Value)| {
                    Ok((key.as_str(), text(value, &format!("{}.{}", self.place(name), shown(key)))?))
                };
                map.iter().map(pair).collect()
            }
            Some(Value::Array(_)) => self
                .list(name, |value, place| match pair(value) {
                    Some((key, value)) => Ok((text(key, place)?, text(value, place)?)),
                    None => bail!("{place} is not a list of a key and a value"),
                })
                .map(Option::unwrap_or_default),
            Some(_) => bail!("{} is neither an object nor a list of pairs", self.place(name)),
            None => Ok(Pairs::new()),
        }
    }

    /// Insists on a field that was read.
    pub(super) fn need<T>(&self, name: &str, value: Result<Option<T>>) -> Result<T> {
        value?.ok_or_else(|| anyhow!("{} is missing", self.place(name)))
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

pub(super) fn text<'a>(value: &'a Value, place: &str) -> Result<&'a str> {
    value.as_str().ok_or_else(|| anyhow!("{place} is not a text"))
}

pub(super) fn integer(value: &Value, place: &str) -> Result<i64> {
    value.as_i64().ok_or_else(|| anyhow!("{place} is not an integer of 64 bits"))
}

/// Reads a number, or one of the texts that JSON has no number for.
pub(super) fn number(value: &Value, place: &str) -> Result<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
        None => value.as_f64(),
    }
    .ok_or_else(|| anyhow!("{place} is neither a number nor \"NaN\", \"Infinity\" or \"-Infinity\""))
}

pub(super) fn id(value: &Value, place: &str) -> Result<Id> {
    text(value, place)?.parse().map_err(|error| anyhow!("{place}: {error}"))
}

/// Gives the two values of a list of two.
pub(super) fn pair(value: &Value) -> Option<(&Value, &Value)> {
    match value.as_array()?.as_slice() {
        [first, second] => Some((first, second)),
        _ => None,
    }
}

/// The text with controls escaped, cut so that an error stays one line.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}
