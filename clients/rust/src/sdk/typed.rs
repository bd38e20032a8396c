//! Typed messages as JSON and back, one table for all 15: the documented fields in documented order.

use serde_json::{Map, Number, Value};

use crate::v1::{self, SourceType, event::Data};

/// The source type that a typed message belongs to; `None` for JSON.
pub(super) fn source_type(data: &Data) -> Option<SourceType> {
    table_source_type(data)
}

/// A typed message as the members of `data`; `None` for JSON.
pub(super) fn to_json(data: &Data) -> Option<Map<String, Value>> {
    table_to_json(data)
}

/// The typed message of `source_type` with the members of a JSON object. Members that it has no field for, or whose
/// values are of another kind, make it `None`.
#[must_use]
pub fn typed_from_json(source_type: SourceType, members: &Map<String, Value>) -> Option<Data> {
    let mut members = members.clone();
    let data = table_from_json(source_type, &mut members)?;
    members.is_empty().then_some(data)
}

impl From<Map<String, Value>> for Data {
    fn from(members: Map<String, Value>) -> Self {
        Self::Json(Value::Object(members).to_string())
    }
}

/// A field that may be set, or a list that may be empty.
trait Field: Sized {
    fn put(&self, name: &str, members: &mut Map<String, Value>);
    /// `None` if it is of another kind.
    fn take(value: Option<Value>) -> Option<Self>;
}

macro_rules! scalar {
    ($type:ty, $put:expr, $take:expr) => {
        impl Field for Option<$type> {
            fn put(&self, name: &str, members: &mut Map<String, Value>) {
                if let Some(value) = self.clone().and_then($put) {
                    members.insert(name.to_owned(), value);
                }
            }

            fn take(value: Option<Value>) -> Option<Self> {
                let Some(value) = value else {
                    return Some(None);
                };
                $take(&value).map(Some)
            }
        }
    };
}

scalar!(
    String,
    |text: String| Some(Value::String(text)),
    |value: &Value| value.as_str().map(str::to_owned)
);
// JSON has no word for what is not finite.
scalar!(
    f64,
    |number: f64| Number::from_f64(number).map(Value::Number),
    Value::as_f64
);
scalar!(i64, |number: i64| Some(Value::from(number)), Value::as_i64);

impl Field for Vec<String> {
    fn put(&self, name: &str, members: &mut Map<String, Value>) {
        if !self.is_empty() {
            members.insert(name.to_owned(), self.iter().cloned().map(Value::String).collect());
        }
    }

    fn take(value: Option<Value>) -> Option<Self> {
        let Some(value) = value else {
            return Some(Self::new());
        };
        let texts = value.as_array()?.iter();
        texts.map(|text| text.as_str().map(str::to_owned)).collect()
    }
}

macro_rules! table {
    ($($name:ident { $($field:ident),+ })+) => {
        fn table_source_type(data: &Data) -> Option<SourceType> {
            match data {
                Data::Json(_) => None,
                $(Data::$name(_) => Some(SourceType::$name),)+
            }
        }

        fn table_to_json(data: &Data) -> Option<Map<String, Value>> {
            let mut members = Map::new();
            match data {
                Data::Json(_) => return None,
                $(Data::$name(message) => { $(message.$field.put(stringify!($field), &mut members);)+ })+
            }
            Some(members)
        }

        fn table_from_json(source_type: SourceType, members: &mut Map<String, Value>) -> Option<Data> {
            match source_type {
                SourceType::Unspecified => None,
                $(SourceType::$name => {
                    Some(Data::$name(v1::$name { $($field: Field::take(members.remove(stringify!($field)))?,)+ }))
                })+
            }
        }

        $(impl From<v1::$name> for Data {
            fn from(message: v1::$name) -> Self {
                Self::$name(message)
            }
        })+
    };
}

table! {
    AudioSystem { text, duration, app_name, confidence }
    AudioMic { text, duration, confidence }
    ScreenOcr { text, app_name, window_title, url }
    Journal { text, duration }
    WebBrowsing { url, title, domain, reading_time }
    Music { track, artist, album, duration }
    Health { steps, heart_rate, sleep_hours }
    Calendar { title, start, end, attendees, location }
    Notes { title, text, tags }
    Gps { lat, lon, accuracy, place_name }
    Photos { filename, location, timestamp }
    Email { subject, from, to, date }
    Messaging { platform, from, preview }
    Activity { app_name, duration, category }
    Braindump { text }
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
