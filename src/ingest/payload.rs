//! Converts the `data` of an event, typed or JSON, to the form that is hashed, redacted and rendered.
//!
//! Both forms give the same result for the same values: members have their documented names; unset fields and empty lists
//! are left out.

use openclone_client::v1::event::Data;
use openclone_vault::{Number, Object, Value};

/// The most fields of a typed payload.
const MAX_FIELDS: usize = 5;

/// The members of `data`; `None` if it is missing, not an object or has a non-finite number, which validation rejects.
pub(crate) fn object(data: Option<&Data>) -> Option<Object<'_>> {
    let data = data?;
    if let Data::Json(json) = data {
        return Object::parse(json).ok();
    }
    let mut members = Members {
        object: Object::with_capacity(MAX_FIELDS),
        finite: true,
    };
    fill(&mut members, data);
    members.finite.then_some(members.object)
}

struct Members<'a> {
    object: Object<'a>,
    finite: bool,
}

impl<'a> Members<'a> {
    fn text(&mut self, key: &'static str, value: &'a Option<String>) -> &mut Self {
        if let Some(text) = value {
            self.object.push(key, Value::String(text.as_str().into()));
        }
        self
    }

    fn real(&mut self, key: &'static str, value: Option<f64>) -> &mut Self {
        if let Some(number) = value {
            self.finite &= number.is_finite();
            if number.is_finite() {
                self.object.push(key, Value::Number(Number::from(number)));
            }
        }
        self
    }

    fn whole(&mut self, key: &'static str, value: Option<i64>) -> &mut Self {
        if let Some(number) = value {
            self.object.push(key, Value::Number(Number::from(number)));
        }
        self
    }

    fn list(&mut self, key: &'static str, values: &'a [String]) -> &mut Self {
        if !values.is_empty() {
            let items = values
                .iter()
                .map(|text| Value::String(text.as_str().into()))
                .collect();
            self.object.push(key, Value::Array(items));
        }
        self
    }
}

fn fill<'a>(to: &mut Members<'a>, data: &'a Data) {
    match data {
        Data::Json(_) => to,
        Data::AudioSystem(m) => to
            .text("text", &m.text)
            .real("duration", m.duration)
            .text("app_name", &m.app_name)
            .real("confidence", m.confidence),
        Data::AudioMic(m) => to
            .text("text", &m.text)
            .real("duration", m.duration)
            .real("confidence", m.confidence),
        Data::ScreenOcr(m) => to
            .text("text", &m.text)
            .text("app_name", &m.app_name)
            .text("window_title", &m.window_title)
            .text("url", &m.url),
        Data::Journal(m) => to.text("text", &m.text).real("duration", m.duration),
        Data::WebBrowsing(m) => to
            .text("url", &m.url)
            .text("title", &m.title)
            .text("domain", &m.domain)
            .real("reading_time", m.reading_time),
        Data::Music(m) => to
            .text("track", &m.track)
            .text("artist", &m.artist)
            .text("album", &m.album)
            .real("duration", m.duration),
        Data::Health(m) => to
            .whole("steps", m.steps)
            .real("heart_rate", m.heart_rate)
            .real("sleep_hours", m.sleep_hours),
        Data::Calendar(m) => to
            .text("title", &m.title)
            .text("start", &m.start)
            .text("end", &m.end)
            .list("attendees", &m.attendees)
            .text("location", &m.location),
        Data::Notes(m) => to
            .text("title", &m.title)
            .text("text", &m.text)
            .list("tags", &m.tags),
        Data::Gps(m) => to
            .real("lat", m.lat)
            .real("lon", m.lon)
            .real("accuracy", m.accuracy)
            .text("place_name", &m.place_name),
        Data::Photos(m) => to
            .text("filename", &m.filename)
            .text("location", &m.location)
            .real("timestamp", m.timestamp),
        Data::Email(m) => to
            .text("subject", &m.subject)
            .text("from", &m.from)
            .list("to", &m.to)
            .text("date", &m.date),
        Data::Messaging(m) => to
            .text("platform", &m.platform)
            .text("from", &m.from)
            .text("preview", &m.preview),
        Data::Activity(m) => to
            .text("app_name", &m.app_name)
            .real("duration", m.duration)
            .text("category", &m.category),
        Data::Braindump(m) => to.text("text", &m.text),
    };
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
