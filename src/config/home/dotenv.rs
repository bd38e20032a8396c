//! `<home>/.env`: `API_KEY=…`, the key of tenant `default`.
//!
//! Lines are `NAME=value`, with an optional `export ` before the name and optional quotes around the value. Empty
//! lines, lines that begin with `#` and other names are ignored.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

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
    #[error("{location}: API_KEY {reason}; allowed: 8 to 256 printable characters")]
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
        .map(|(line, value)| check(value, || format!("{}, line {line}", path.display())))
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
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| DotenvError::File {
            path: path.to_owned(),
            reason: "not UTF-8".into(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(path, &error)),
    }
}

fn value_of(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=')?;
    (name.trim_end() == "API_KEY").then(|| unquote(value.trim()))
}

fn unquote(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

fn check(value: &str, location: impl FnOnce() -> String) -> Result<SecretString, DotenvError> {
    let reason = match value.chars().count() {
        0 => "is empty",
        1..8 => "is too short",
        257.. => "is too long",
        _ if value.chars().any(char::is_control) => "contains a control character",
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
            (
                "OTHER_API_KEY=x\nAPI_KEY='clave-más-larga'\n",
                Some("clave-más-larga"),
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
