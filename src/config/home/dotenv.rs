//! `<home>/.env`: `API_KEY=…`, the key of tenant `default`.
//!
//! The file is read as shells and dotenv libraries do: `NAME=value`, with optional `export`, quotes around the value and a
//! comment after it. Other names are ignored; of several lines with the name the last one counts.

use std::path::{Path, PathBuf};

use data_encoding::BASE32_NOPAD;
use secrecy::SecretString;
use uuid::Uuid;

use super::files;

/// The key cannot be used. Messages never contain the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DotenvError {
    /// `.env` cannot be read or written.
    #[error("cannot use {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The value is not valid as a key.
    #[error("{location}: API_KEY {reason}; allowed: 8 to 256 printable ASCII characters")]
    BadKey {
        /// File and line, or the variable.
        location: String,
        /// The reason.
        reason: &'static str,
    },
}

/// The key in the variable `API_KEY`.
pub(super) fn from_variable(text: &str) -> Result<SecretString, DotenvError> {
    check(text, || "variable API_KEY".to_owned())
}

/// The key in the file; `None` without a file or without such a line.
pub(super) fn read(path: &Path) -> Result<Option<SecretString>, DotenvError> {
    let Some(text) = read_text(path)? else {
        return Ok(None);
    };
    let found = text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index + 1, value_of(line)?)))
        .last();
    found
        .map(|(line, value)| {
            let location = || format!("{}, line {line}", path.display());
            match value {
                Ok(value) => check(&value, location),
                Err(reason) => Err(DotenvError::BadKey {
                    location: location(),
                    reason,
                }),
            }
        })
        .transpose()
}

/// Generates a key and writes it to a new file, or appends it to one without a key.
pub(super) fn create(path: &Path) -> Result<SecretString, DotenvError> {
    let key = new_key();
    let line = format!("API_KEY={key}");
    let contents = format!("# The key that plugins send as X-API-Key.\n{line}\n");
    let made =
        files::write_new_private(path, contents.as_bytes()).map_err(|error| file_error(path, &error))?;
    if !made {
        let before = read_text(path)?.unwrap_or_default();
        files::append_line(path, &before, &line).map_err(|error| file_error(path, &error))?;
    }
    Ok(key.into())
}

fn read_text(path: &Path) -> Result<Option<String>, DotenvError> {
    files::read_text(path).map_err(|error| file_error(path, &error))
}

/// The value of `API_KEY`, if the line sets it; `Err` if its quotes are wrong.
fn value_of(line: &str) -> Option<Result<String, &'static str>> {
    let line = line.trim();
    let line = line
        .strip_prefix("export")
        .filter(|rest| rest.starts_with(char::is_whitespace))
        .unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    (name.trim() == "API_KEY").then(|| parse_value(value.trim()))
}

fn parse_value(text: &str) -> Result<String, &'static str> {
    let (value, rest) = match text.chars().next() {
        Some('\'') => text[1..]
            .split_once('\'')
            .map(|(value, rest)| (value.to_owned(), rest))
            .ok_or("has no closing quote")?,
        Some('"') => parse_double_quoted(&text[1..]).ok_or("has no closing quote")?,
        _ => return Ok(without_comment(text).to_owned()),
    };
    match without_comment(rest) {
        "" => Ok(value),
        _ => Err("has text after its closing quote"),
    }
}

/// The value up to the closing quote, and the rest. A backslash escapes what it escapes in a shell.
fn parse_double_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    None
}

/// The text before a `#` at the start or after white space.
fn without_comment(text: &str) -> &str {
    let is_comment = |at: usize| text[..at].chars().next_back().is_none_or(char::is_whitespace);
    let end = text
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| is_comment(*at));
    text[..end.unwrap_or(text.len())].trim()
}

fn check(value: &str, location: impl FnOnce() -> String) -> Result<SecretString, DotenvError> {
    let reason = match value.chars().count() {
        0 => "is empty",
        1..8 => "is too short",
        257.. => "is too long",
        _ if value.chars().any(char::is_control) => "contains a control character",
        _ if !value.is_ascii() => "contains a character outside ASCII, which gRPC cannot carry",
        _ if value.trim() != value => "begins or ends with a space, which HTTP does not carry",
        _ => return Ok(value.into()),
    };
    Err(DotenvError::BadKey {
        location: location(),
        reason,
    })
}

/// 160 random bits.
fn new_key() -> String {
    let mut random = [0_u8; 32];
    random[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    random[16..].copy_from_slice(Uuid::new_v4().as_bytes());
    let digest = blake3::hash(&random);
    format!(
        "oc_{}",
        BASE32_NOPAD.encode(&digest.as_bytes()[..20]).to_lowercase()
    )
}

fn file_error(path: &Path, error: &std::io::Error) -> DotenvError {
    DotenvError::File {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn read_from(contents: &[u8]) -> Result<Option<String>, String> {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(".env");
        fs::write(&path, contents).unwrap();
        let key = read(&path).map_err(|error| error.to_string())?;
        Ok(key.map(|key| key.expose_secret().to_owned()))
    }

    #[test]
    fn lines_are_read_as_shells_do() {
        for (text, key) in [
            ("API_KEY=abcdefgh", Some("abcdefgh")),
            ("# API_KEY=abcdefgh\n", None),
            ("\nexport API_KEY = \"a b c d e=f\"\r\n", Some("a b c d e=f")),
            ("OTHER_API_KEY=x\nAPI_KEY='clave-larga'\n", Some("clave-larga")),
            ("\u{feff}API_KEY=abcdefgh\n", Some("abcdefgh")),
            ("export\tAPI_KEY=abcdefgh\n", Some("abcdefgh")),
            ("exported\nAPI_KEY=abcdefgh # the key\n", Some("abcdefgh")),
            ("API_KEY=abc#defgh\n", Some("abc#defgh")),
            ("API_KEY='abc # defgh'  # the key\n", Some("abc # defgh")),
            (
                "API_KEY=\"abc\\\"\\\\d\\efgh\"# the key\n",
                Some("abc\"\\d\\efgh"),
            ),
            ("API_KEY=11111111\nAPI_KEY=22222222\n", Some("22222222")),
            ("", None),
        ] {
            assert_eq!(read_from(text.as_bytes()), Ok(key.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn bad_keys_are_named_but_never_shown() {
        for text in [
            "API_KEY=",
            "API_KEY=\"\"",
            "API_KEY=sekrit",
            "API_KEY=sek\u{7}ritsekrit",
            "API_KEY=sekrít-sekrit",
            "API_KEY='sekritsekrit",
            "API_KEY=\"sekritsekrit\\\"",
            "API_KEY='sekrit'sekrit",
            "API_KEY= # sekritsekrit",
        ] {
            let error = read_from(text.as_bytes()).unwrap_err();
            assert!(
                error.contains("line 1: API_KEY") && !error.contains("sek"),
                "{error}"
            );
        }
        assert!(read_from(format!("API_KEY={}", "k".repeat(257)).as_bytes()).is_err());
        assert!(
            read_from(b"API_KEY=\xff\xff\xff\xff\xff\xff\xff\xff")
                .unwrap_err()
                .contains("not UTF-8")
        );
    }

    #[test]
    fn a_file_without_a_key_gets_one_line_more() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(".env");
        fs::write(&path, "OTHER=1").unwrap();
        let key = create(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("OTHER=1\nAPI_KEY={}\n", key.expose_secret()));
        assert_eq!(read(&path).unwrap().unwrap().expose_secret(), key.expose_secret());
    }
}
