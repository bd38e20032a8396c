//! Destinations of the only links that an item may hold.

use crate::value::Number;

use super::{
    escape::{is_emoji, is_entity},
    normalise::normalise,
};

/// A link's destination that means one thing to every parser: `http`, `https` or `geo`, with nothing in it that ends
/// it or that anything acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Destination(String);

impl Destination {
    /// The page at `url`; `None` unless it is an absolute http(s) address with a plain host and no user name (which could
    /// pass for the host).
    pub(super) fn web(url: &str) -> Option<Self> {
        let url = normalise(url);
        let url = url.trim();
        if url.contains('\n') {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let scheme = ["https", "http"]
            .into_iter()
            .find(|known| scheme.eq_ignore_ascii_case(known))?;
        let host_end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        if !is_host(&rest[..host_end]) {
            return None;
        }
        let mut encoded = String::with_capacity(url.len() + 8);
        encoded.push_str(scheme);
        encoded.push_str("://");
        encode(&mut encoded, rest);
        Some(Self(encoded))
    }

    /// A point on Earth; `None` if it is not on it.
    pub(super) fn geo(lat: &Number<'_>, lon: &Number<'_>) -> Option<Self> {
        let within = |degrees: &Number<'_>, limit: f64| {
            let plain = !degrees.as_str().contains('e');
            plain
                && degrees
                    .as_str()
                    .parse::<f64>()
                    .is_ok_and(|value| value.abs() <= limit)
        };
        let on_earth = within(lat, 90.0) && within(lon, 180.0);
        on_earth.then(|| Self(format!("geo:{},{}", lat.as_str(), lon.as_str())))
    }

    /// The destination as it may stand between the brackets of a link.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_host(authority: &str) -> bool {
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '.' | '-' | '_');
    !host.is_empty() && host.chars().all(plain) && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Percent-encodes what would end the destination, or what Markdown, Obsidian or one of its plugins would act on.
fn encode(out: &mut String, rest: &str) {
    let bytes = rest.as_bytes();
    for (at, character) in rest.char_indices() {
        let doubled = || {
            let byte = bytes[at];
            at > 0 && bytes[at - 1] == byte || bytes.get(at + 1) == Some(&byte)
        };
        let is_encoded = match character {
            // Two would be a comment of Obsidian's.
            '%' => doubled() || rest[at + 1..].chars().next().is_some_and(is_live),
            // The second of two would be Dataview's separator.
            ':' => at > 0 && bytes[at - 1] == b':',
            '&' if is_entity(&bytes[at + 1..]) => {
                out.push_str("&amp;");
                continue;
            }
            _ => is_live(character),
        };
        if is_encoded {
            let mut utf8 = [0; 4];
            for byte in character.encode_utf8(&mut utf8).bytes() {
                push_encoded(out, byte);
            }
        } else {
            out.push(character);
        }
    }
}

/// Whether a character is always encoded. Behind an emoji a date would be one of the Tasks plugin's.
fn is_live(character: char) -> bool {
    "`()<>[]\\\"|^{}$".contains(character)
        || character.is_whitespace()
        || character.is_control()
        || is_emoji(character)
}

fn push_encoded(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_are_encoded() {
        let table = [
            (
                "https://example.com/a_b?c=d&e=f#g",
                "https://example.com/a_b?c=d&e=f#g",
            ),
            ("HTTP://Example.com:8080", "http://Example.com:8080"),
            (
                "https://e.com/a b\"<>`{}|\\^[](x)*'$;~~é",
                "https://e.com/a%20b%22%3C%3E%60%7B%7D%7C%5C%5E%5B%5D%28x%29*'%24;~~é",
            ),
            (
                "https://e.com/%20%zz%%?a==&b::c#d#e",
                "https://e.com/%20%zz%25%25?a==&b:%3Ac#d#e",
            ),
            ("https://ñandú.es/ñ_*~", "https://ñandú.es/ñ_*~"),
            (
                "https://e.com/?a=1&copy=2&lt;3",
                "https://e.com/?a=1&copy=2&amp;lt;3",
            ),
            (
                "https://e.com/📅2026-01-01",
                "https://e.com/%F0%9F%93%852026-01-01",
            ),
            ("https://e.com/a%%%b::c", "https://e.com/a%25%25%25b:%3Ac"),
            ("https://e.com/%>%41%", "https://e.com/%25%3E%41%"),
            (" https://e.com/\u{202e}x\n", "https://e.com/x"),
        ];
        for (url, expected) in table {
            assert_eq!(
                Destination::web(url).as_ref().map(Destination::as_str),
                Some(expected),
                "{url}"
            );
        }
    }

    #[test]
    fn other_addresses_are_no_links() {
        let bad = [
            "",
            "example.com",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "obsidian://open?vault=v",
            "data:text/html,x",
            "https://",
            "https:///x",
            "https://user@e.com/",
            "https://bank.com:x@e.com",
            "https://e.com:8o",
            "https://a b/",
            "java\nscript://e.com",
            "http:/e.com",
            "//e.com",
            "https://[::1]/",
            "ftp://e.com",
            "xhttps://e.com",
            "https://e%2ecom",
            "https://e.com/a\nb",
        ];
        for url in bad {
            assert_eq!(Destination::web(url), None, "{url}");
        }
    }

    #[test]
    fn points_on_earth_have_a_link() {
        let geo = |lat: f64, lon: f64| Destination::geo(&lat.into(), &lon.into()).map(|found| found.0);
        assert_eq!(geo(40.4168, -3.7038).as_deref(), Some("geo:40.4168,-3.7038"));
        assert_eq!(geo(-90.0, 180.0).as_deref(), Some("geo:-90,180"));
        assert_eq!(geo(90.1, 0.0), None);
        assert_eq!(geo(0.0, -180.5), None);
        assert_eq!(geo(1e-9, 0.0), None);
    }
}
