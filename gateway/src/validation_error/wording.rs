//! `type`, `msg` and `ctx` of each violation, in the words that clients of the original backend know.

use openclone_core::{
    Platform, SourceType,
    validate::{MAX_DATA_KEYS, MAX_EVENTS, Rule},
};
use serde_json::{Value, json};

/// The pattern that semver.org gives for SemVer 2.0.
pub(crate) const SEMVER_PATTERN: &str = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$";

type Wording = (&'static str, String, Option<Value>);

/// `type`, `msg` and `ctx` of a violation.
pub(super) fn wording(rule: &Rule) -> Wording {
    match rule {
        Rule::StringType => plain("string_type", "Input should be a valid string"),
        Rule::StringUnicode => plain(
            "string_unicode",
            "Input should be a valid string, unable to parse raw data as a unicode string",
        ),
        Rule::UuidType => plain("uuid_type", "UUID input should be a string, bytes or UUID object"),
        Rule::FloatType => plain("float_type", "Input should be a valid number"),
        Rule::FloatParsing => plain(
            "float_parsing",
            "Input should be a valid number, unable to parse string as a number",
        ),
        Rule::ListType => plain("list_type", "Input should be a valid list"),
        Rule::ModelType => plain(
            "model_attributes_type",
            "Input should be a valid dictionary or object to extract fields from",
        ),
        Rule::Missing => plain("missing", "Field required"),
        Rule::SourceType => one_of("enum", &SourceType::ALL.map(SourceType::as_str)),
        Rule::Platform => one_of("literal_error", &Platform::ALL.map(Platform::as_str)),
        Rule::Uuid(error) => {
            let msg = format!("Input should be a valid UUID, {error}");
            ("uuid_parsing", msg, Some(json!({ "error": error.to_string() })))
        }
        Rule::UuidVersion => (
            "uuid_version",
            "UUID version 4 expected".to_owned(),
            Some(json!({ "expected_version": 4 })),
        ),
        Rule::PluginId => pattern(Rule::PLUGIN_ID_PATTERN),
        Rule::Version => pattern(SEMVER_PATTERN),
        Rule::TooEarly => value_error("timestamp before 2020-01-01"),
        Rule::TooLate => value_error("timestamp more than 24h in the future"),
        Rule::NoEvents => {
            let ctx = json!({ "field_type": "List", "min_length": 1, "actual_length": 0 });
            (
                "too_short",
                "List should have at least 1 item after validation, not 0".to_owned(),
                Some(ctx),
            )
        }
        Rule::TooManyEvents { actual } => too_long("List", MAX_EVENTS, *actual),
        Rule::TooManyKeys { actual } => too_long("Dictionary", MAX_DATA_KEYS, *actual),
        Rule::TooLong { limit } => {
            let msg = format!("String should have at most {limit} characters");
            ("string_too_long", msg, Some(json!({ "max_length": limit })))
        }
        Rule::Finite => plain("finite_number", "Input should be a finite number"),
        Rule::Object => plain("dict_type", "Input should be a valid dictionary"),
        // Rules that a batch from JSON never breaks, and rules of a newer service.
        other => value_error(&other.to_string()),
    }
}

fn plain(r#type: &'static str, msg: &str) -> Wording {
    (r#type, msg.to_owned(), None)
}

fn value_error(reason: &str) -> Wording {
    (
        "value_error",
        format!("Value error, {reason}"),
        Some(json!({ "error": {} })),
    )
}

fn pattern(pattern: &str) -> Wording {
    let msg = format!("String should match pattern '{pattern}'");
    (
        "string_pattern_mismatch",
        msg,
        Some(json!({ "pattern": pattern })),
    )
}

fn too_long(field_type: &str, limit: usize, actual: usize) -> Wording {
    let msg = format!("{field_type} should have at most {limit} items after validation, not {actual}");
    let ctx = json!({ "field_type": field_type, "max_length": limit, "actual_length": actual });
    ("too_long", msg, Some(ctx))
}

fn one_of(r#type: &'static str, names: &[&str]) -> Wording {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let expected = match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    };
    (
        r#type,
        format!("Input should be {expected}"),
        Some(json!({ "expected": expected })),
    )
}
