//! The rules for `data` in its typed form: the message of the batch's source type, with strings and numbers bounded as in
//! JSON.

use openclone_core::validate::{MAX_DATA_STRING, Rule, Violations};

use crate::{
    payload::{self, Visitor},
    v1::{SourceType, event::Data},
};

/// Records the violations of a typed payload.
pub(super) fn check(data: &Data, source_type: SourceType, violations: &mut Violations) {
    // With an unknown source type every payload would be wrong; the source type itself is reported then.
    if let Some(expected) = source_type.to_core()
        && payload::source_type(data) != Some(source_type)
    {
        violations.field("data", Some(Rule::Payload { expected }));
        return;
    }
    violations.enter("data", |violations| payload::visit(data, &mut Fields(violations)));
}

/// Checks the fields of one payload.
struct Fields<'v>(&'v mut Violations);

impl<'a> Visitor<'a> for Fields<'_> {
    fn text(&mut self, name: &'static str, value: &'a Option<String>) {
        self.0.field(name, value.as_deref().and_then(too_long));
    }

    fn real(&mut self, name: &'static str, value: Option<f64>) {
        let is_finite = value.is_none_or(f64::is_finite);
        self.0.field(name, (!is_finite).then_some(Rule::Finite));
    }

    fn whole(&mut self, _name: &'static str, _value: Option<i64>) {}

    fn list(&mut self, name: &'static str, values: &'a [String]) {
        self.0.enter(name, |violations| {
            for (index, text) in values.iter().enumerate() {
                violations.field(index, too_long(text));
            }
        });
    }
}

fn too_long(text: &str) -> Option<Rule> {
    (text.len() > MAX_DATA_STRING).then_some(Rule::TooLong {
        limit: MAX_DATA_STRING,
    })
}
