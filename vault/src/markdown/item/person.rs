//! Names of people, as headers of mails and calendars have them.

use crate::markdown::normalise::is_blank;

/// The name in `Name <address>`, without quotes; else all of it.
pub(super) fn display_name(text: &str) -> &str {
    let trimmed = text.trim();
    let Some((name, address)) = trimmed.rsplit_once('<') else {
        return trimmed;
    };
    let name = name.trim();
    let name = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
        .unwrap_or(name)
        .trim();
    let closed = address.strip_suffix('>').filter(|address| !address.contains('>'));
    match closed {
        Some(_) if !is_blank(name) => name,
        Some(address) if !is_blank(address) => address,
        _ => trimmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_shown_by_name() {
        let table = [
            ("Ada <ada@example.com>", "Ada"),
            ("\"Lovelace, Ada\" <ada@example.com>", "Lovelace, Ada"),
            ("<ada@example.com>", "ada@example.com"),
            ("\"\" <ada@example.com>", "ada@example.com"),
            ("ada@example.com", "ada@example.com"),
            ("a < b", "a < b"),
            ("Ada <x> y", "Ada <x> y"),
        ];
        for (text, name) in table {
            assert_eq!(display_name(text), name, "{text}");
        }
    }
}
