//! Typed messages as JSON and back: the documented fields in documented order.

use serde_json::{Map, Number, Value};

pub(super) use crate::payload::source_type;
use crate::{
    payload::{self, Source, Visitor},
    v1::{SourceType, event::Data},
};

/// A typed message as the members of `data`; `None` for JSON.
pub(super) fn to_json(data: &Data) -> Option<Map<String, Value>> {
    source_type(data)?;
    let mut members = Members(Map::new());
    payload::visit(data, &mut members);
    Some(members.0)
}

/// The typed message of `source_type` with the members of a JSON object. Members that it has no field for, or whose
/// values are of another kind, make it `None`.
#[must_use]
pub fn typed_from_json(source_type: SourceType, members: &Map<String, Value>) -> Option<Data> {
    let mut members = Members(members.clone());
    let data = payload::read(source_type, &mut members)?;
    members.0.is_empty().then_some(data)
}

impl From<Map<String, Value>> for Data {
    fn from(members: Map<String, Value>) -> Self {
        Self::Json(Value::Object(members).to_string())
    }
}

/// The members of a JSON object.
struct Members(Map<String, Value>);

impl Members {
    fn put(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// Removes a member and reads it; `None` if it is of another kind, `Some(None)` if there is none.
    fn take<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
        match self.0.remove(name) {
            Some(value) => read(&value).map(Some),
            None => Some(None),
        }
    }
}

impl<'a> Visitor<'a> for Members {
    fn text(&mut self, name: &'static str, value: &'a Option<String>) {
        self.put(name, value.clone().map(Value::String));
    }

    fn real(&mut self, name: &'static str, value: Option<f64>) {
        // JSON cannot represent a number that is not finite
        self.put(name, value.and_then(Number::from_f64).map(Value::Number));
    }

    fn whole(&mut self, name: &'static str, value: Option<i64>) {
        self.put(name, value.map(Value::from));
    }

    fn list(&mut self, name: &'static str, values: &'a [String]) {
        let is_set = !values.is_empty();
        self.put(
            name,
            is_set.then(|| values.iter().cloned().map(Value::String).collect()),
        );
    }
}

impl Source for Members {
    fn text(&mut self, name: &'static str) -> Option<Option<String>> {
        self.take(name, |value| value.as_str().map(str::to_owned))
    }

    fn real(&mut self, name: &'static str) -> Option<Option<f64>> {
        self.take(name, Value::as_f64)
    }

    fn whole(&mut self, name: &'static str) -> Option<Option<i64>> {
        self.take(name, Value::as_i64)
    }

    fn list(&mut self, name: &'static str) -> Option<Vec<String>> {
        let texts = |value: &Value| {
            let texts = value.as_array()?.iter();
            texts.map(|text| text.as_str().map(str::to_owned)).collect()
        };
        self.take(name, texts).map(Option::unwrap_or_default)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_documented_events_of_every_type_are_the_same_there_and_back() {
        for known in SourceType::ALL {
            let path = format!(
                "{}/../../tests/data/{}.json",
                env!("CARGO_MANIFEST_DIR"),
                known.json_name()
            );
            let batch: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            for event in batch["events"].as_array().unwrap() {
                let members = event["data"].as_object().unwrap();
                let data = typed_from_json(known, members).unwrap();
                assert_eq!(source_type(&data), Some(known));
                let back = to_json(&data).unwrap();
                assert_eq!(back.len(), members.len());
                for (name, value) in members {
                    let same = back[name] == *value || back[name].as_f64() == value.as_f64();
                    assert!(same, "{name}: {value} became {}", back[name]);
                }
            }
        }
    }

    #[test]
    fn what_has_no_field_or_another_kind_is_no_typed_message() {
        for text in [
            r#"{"text": 1}"#,
            r#"{"text": "x", "mood": 1}"#,
            r#"{"text": null}"#,
        ] {
            let Value::Object(members) = serde_json::from_str(text).unwrap() else {
                panic!()
            };
            assert_eq!(typed_from_json(SourceType::Braindump, &members), None, "{text}");
        }
    }
}
