//! The rules of `data` in its typed form: the message of the batch's source type, its strings and doubles bounded as
//! in JSON.

use super::{MAX_DATA_STRING, Report, Rule};
use crate::v1::{SourceType, event::Data};

/// Reports what is wrong with a typed payload.
pub(super) fn check(data: &Data, source_type: SourceType, report: &mut Report) {
    // With an unknown source type every payload would be wrong; the source type itself is reported then.
    if source_type != SourceType::Unspecified && source_type_of(data) != Some(source_type) {
        report.field(
            "data",
            Some(Rule::Payload {
                expected: source_type,
            }),
        );
        return;
    }
    report.inside("data", |report| visit(data, &mut Fields(report)));
}

fn source_type_of(data: &Data) -> Option<SourceType> {
    Some(match data {
        Data::Json(_) => return None,
        Data::AudioSystem(_) => SourceType::AudioSystem,
        Data::AudioMic(_) => SourceType::AudioMic,
        Data::ScreenOcr(_) => SourceType::ScreenOcr,
        Data::Journal(_) => SourceType::Journal,
        Data::WebBrowsing(_) => SourceType::WebBrowsing,
        Data::Music(_) => SourceType::Music,
        Data::Health(_) => SourceType::Health,
        Data::Calendar(_) => SourceType::Calendar,
        Data::Notes(_) => SourceType::Notes,
        Data::Gps(_) => SourceType::Gps,
        Data::Photos(_) => SourceType::Photos,
        Data::Email(_) => SourceType::Email,
        Data::Messaging(_) => SourceType::Messaging,
        Data::Activity(_) => SourceType::Activity,
        Data::Braindump(_) => SourceType::Braindump,
    })
}

fn visit(data: &Data, fields: &mut Fields<'_>) {
    match data {
        Data::Json(_) => {}
        Data::AudioSystem(m) => {
            fields
                .text("text", &m.text)
                .number("duration", m.duration)
                .text("app_name", &m.app_name);
            fields.number("confidence", m.confidence);
        }
        Data::AudioMic(m) => {
            fields
                .text("text", &m.text)
                .number("duration", m.duration)
                .number("confidence", m.confidence);
        }
        Data::ScreenOcr(m) => {
            fields.text("text", &m.text).text("app_name", &m.app_name);
            fields.text("window_title", &m.window_title).text("url", &m.url);
        }
        Data::Journal(m) => _ = fields.text("text", &m.text).number("duration", m.duration),
        Data::WebBrowsing(m) => {
            fields
                .text("url", &m.url)
                .text("title", &m.title)
                .text("domain", &m.domain);
            fields.number("reading_time", m.reading_time);
        }
        Data::Music(m) => {
            fields
                .text("track", &m.track)
                .text("artist", &m.artist)
                .text("album", &m.album);
            fields.number("duration", m.duration);
        }
        Data::Health(m) => {
            _ = fields
                .number("heart_rate", m.heart_rate)
                .number("sleep_hours", m.sleep_hours)
        }
        Data::Calendar(m) => {
            fields
                .text("title", &m.title)
                .text("start", &m.start)
                .text("end", &m.end);
            fields
                .list("attendees", &m.attendees)
                .text("location", &m.location);
        }
        Data::Notes(m) => {
            _ = fields
                .text("title", &m.title)
                .text("text", &m.text)
                .list("tags", &m.tags)
        }
        Data::Gps(m) => {
            fields
                .number("lat", m.lat)
                .number("lon", m.lon)
                .number("accuracy", m.accuracy);
            fields.text("place_name", &m.place_name);
        }
        Data::Photos(m) => {
            fields
                .text("filename", &m.filename)
                .text("location", &m.location)
                .number("timestamp", m.timestamp);
        }
        Data::Email(m) => {
            fields
                .text("subject", &m.subject)
                .text("from", &m.from)
                .list("to", &m.to)
                .text("date", &m.date);
        }
        Data::Messaging(m) => {
            fields
                .text("platform", &m.platform)
                .text("from", &m.from)
                .text("preview", &m.preview);
        }
        Data::Activity(m) => {
            fields
                .text("app_name", &m.app_name)
                .number("duration", m.duration)
                .text("category", &m.category);
        }
        Data::Braindump(m) => _ = fields.text("text", &m.text),
    }
}

/// The fields of one payload.
struct Fields<'a>(&'a mut Report);

impl Fields<'_> {
    fn text(&mut self, field: &'static str, value: &Option<String>) -> &mut Self {
        let is_long = value.as_ref().is_some_and(|text| text.len() > MAX_DATA_STRING);
        self.0.field(
            field,
            is_long.then_some(Rule::TooLong {
                limit: MAX_DATA_STRING,
            }),
        );
        self
    }

    fn number(&mut self, field: &'static str, value: Option<f64>) -> &mut Self {
        let is_finite = value.is_none_or(f64::is_finite);
        self.0.field(field, (!is_finite).then_some(Rule::Finite));
        self
    }

    fn list(&mut self, field: &'static str, values: &[String]) -> &mut Self {
        self.0.inside(field, |report| {
            for (index, text) in values.iter().enumerate() {
                if text.len() > MAX_DATA_STRING {
                    report.field(
                        index,
                        Some(Rule::TooLong {
                            limit: MAX_DATA_STRING,
                        }),
                    );
                }
            }
        });
        self
    }
}
