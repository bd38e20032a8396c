//! Converts an event's `data`, typed or JSON, to the one form that is hashed, redacted and rendered.
//!
//! Both forms give the same object when they carry the same values: members have their documented names; an unset field
//! and an empty list are no members.

use openclone_client::{
    payload::{self, MAX_FIELDS, Visitor},
    v1::event::Data,
};
use openclone_core::json::{Number, Object, Value};

/// The members of `data`; `None` when it is absent, is not an object, or has a number that is not finite, which
/// validation has rejected before.
pub(crate) fn object(data: Option<&Data>) -> Option<Object<'_>> {
    let data = data?;
    if let Data::Json(json) = data {
        return Object::parse(json).ok();
    }
    let mut members = Members {
        object: Object::with_capacity(MAX_FIELDS),
        is_finite: true,
    };
    payload::visit(data, &mut members);
    members.is_finite.then_some(members.object)
}

struct Members<'a> {
    object: Object<'a>,
    is_finite: bool,
}

impl<'a> Visitor<'a> for Members<'a> {
    fn text(&mut self, name: &'static str, value: &'a Option<String>) {
        if let Some(text) = value {
            self.object.push(name, Value::String(text.as_str().into()));
        }
    }

    fn real(&mut self, name: &'static str, value: Option<f64>) {
        if let Some(number) = value {
            self.is_finite &= number.is_finite();
            self.object.push(name, Value::Number(Number::from(number)));
        }
    }

    fn whole(&mut self, name: &'static str, value: Option<i64>) {
        if let Some(number) = value {
            self.object.push(name, Value::Number(Number::from(number)));
        }
    }

    fn list(&mut self, name: &'static str, values: &'a [String]) {
        if !values.is_empty() {
            let items = values
                .iter()
                .map(|text| Value::String(text.as_str().into()))
                .collect();
            self.object.push(name, Value::Array(items));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use openclone_client::v1;

    use super::*;

    #[test]
    fn typed_and_json_forms_agree() {
        let pairs = [
            (
                Data::AudioSystem(v1::AudioSystem {
                    text: Some("a".into()),
                    duration: Some(60.0),
                    app_name: None,
                    confidence: Some(0.95),
                }),
                r#"{"text": "a", "duration": 60, "confidence": 0.95}"#,
            ),
            (
                Data::Health(v1::Health {
                    steps: Some(i64::MAX),
                    heart_rate: Some(71.5),
                    sleep_hours: None,
                }),
                r#"{"steps": 9223372036854775807, "heart_rate": 71.5}"#,
            ),
            (
                Data::Calendar(v1::Calendar {
                    attendees: vec!["x".into(), "y".into()],
                    ..v1::Calendar::default()
                }),
                r#"{"attendees": ["x", "y"]}"#,
            ),
            (
                Data::Notes(v1::Notes {
                    title: Some(String::new()),
                    ..v1::Notes::default()
                }),
                r#"{"title": ""}"#,
            ),
        ];
        for (typed, json) in &pairs {
            assert_eq!(
                object(Some(typed)).unwrap(),
                object(Some(&Data::Json((*json).into()))).unwrap()
            );
        }
    }

    #[test]
    fn what_is_no_data_is_none() {
        assert!(object(None).is_none());
        let endless = Data::Journal(v1::Journal {
            duration: Some(f64::NAN),
            ..v1::Journal::default()
        });
        assert!(object(Some(&endless)).is_none());
        assert!(object(Some(&Data::Json("[]".into()))).is_none());
    }
}
