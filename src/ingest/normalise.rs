//! Normalises an event's data, so that redaction reads what will be written.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use openclone_core::json::{Object, Value};
use openclone_vault::markdown::normalise as normalise_text;

/// Normalises all texts and keys of `data`. Keys stay unique.
pub(super) fn normalise(data: &mut Object<'_>) {
    let mut changed = false;
    for (key, member) in data.iter_mut() {
        changed |= text(key);
        value(member);
    }
    if changed {
        number_equal_keys(data);
    }
}

fn value(value: &mut Value<'_>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(string) => {
            text(string);
        }
        Value::Array(items) => items.iter_mut().for_each(self::value),
        Value::Object(object) => normalise(object),
    }
}

/// Whether the text changed.
fn text(text: &mut Cow<'_, str>) -> bool {
    let Cow::Owned(normalised) = normalise_text(text) else {
        return false;
    };
    *text = Cow::Owned(normalised);
    true
}

/// Gives keys a number that have become equal to an earlier one.
fn number_equal_keys(data: &mut Object<'_>) {
    let mut taken: HashSet<String> = data.iter().map(|(key, _)| key.to_string()).collect();
    let mut last: HashMap<String, usize> = HashMap::new();
    for (key, _) in data.iter_mut() {
        let Some(number) = last.get_mut(key.as_ref()) else {
            last.insert(key.to_string(), 1);
            continue;
        };
        let free = loop {
            *number += 1;
            let name = format!("{key} {number}");
            if taken.insert(name.clone()) {
                break name;
            }
        };
        *key = Cow::Owned(free);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use openclone_redact::{RedactConfig, Redactor};

    use super::*;

    /// The data of a JSON text as it reaches the renderer, and the number of secrets.
    fn redacted(json: &str) -> (Object<'_>, u32) {
        let mut data = Object::parse(json).unwrap();
        normalise(&mut data);
        let redactor = Redactor::new(&RedactConfig::default()).unwrap();
        let count = redactor.redact_object(&mut data);
        (data, count)
    }

    #[test]
    fn what_hides_a_secret_is_removed_before_redaction() {
        let github = ["gh", "p_", "q7Zr2xW9kP4vN8tLm3Yb6Hc1Jd5Fg0Rs2Qa4"].concat();
        let aws = ["AK", "IAQZ7X", "\\u200b", "W2KPNV4TLMYB"].concat();
        for text in [
            format!("key \\u001b[32m{github}\\u001b[0m"),
            aws,
            "4111\\t1111\\t1111\\t1111".to_owned(),
            "4111\u{a0}1111\u{a0}1111\u{a0}1111".to_owned(),
            "password\\u200b: hunter2x".to_owned(),
        ] {
            let json = format!("{{\"text\": \"{text}\"}}");
            let (data, count) = redacted(&json);
            assert_eq!(count, 1, "{text}: {data:?}");
        }
    }

    #[test]
    fn keys_that_become_equal_stay_apart() {
        let (data, _) = redacted(r#"{"a": 1, "a\u200b": 2, "a 2": 3, "\u200ba": 4}"#);
        let keys: Vec<&str> = data.iter().map(|(key, _)| key.as_ref()).collect();
        assert_eq!(keys, ["a", "a 3", "a 2", "a 4"]);
    }
}
