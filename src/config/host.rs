//! The canonical form of `host` and `host:port`, as they appear in `Host`, `Origin` and the options.

use std::net::IpAddr;

/// Splits a port off; `host` may be an IPv6 address in brackets.
pub(crate) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            (name, Some(port))
        }
        _ => (host, None),
    }
}

/// The IP address that `name` is, with an IPv4-mapped IPv6 address as the IPv4 address.
pub(crate) fn ip_of(name: &str) -> Option<IpAddr> {
    let address: IpAddr = name.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    Some(address.to_canonical())
}

/// A name without a port in lower case and without the trailing dot of an absolute domain name.
pub(crate) fn canonical_name(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The canonical form of an entry of an option, `host` or `host:port`; `None` if no request can carry it.
pub(super) fn canonical_entry(entry: &str) -> Option<String> {
    let (name, port) = split_port(entry);
    let name = match ip_of(name) {
        Some(IpAddr::V6(address)) => format!("[{address}]"),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => Some(canonical_name(name)).filter(|name| is_domain(name))?,
    };
    match port {
        Some(port) => port
            .parse::<u16>()
            .ok()
            .filter(|port| *port != 0)
            .map(|port| format!("{name}:{port}")),
        None => Some(name),
    }
}

/// The canonical form of an origin, `scheme://host` or `scheme://host:port`; `None` if no browser sends it.
pub(super) fn canonical_origin(origin: &str) -> Option<String> {
    let (scheme, host) = origin.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let host = canonical_entry(host).filter(|_| is_scheme)?;
    // browsers leave the default port out
    let host = match scheme.as_str() {
        "http" => host.strip_suffix(":80").unwrap_or(&host),
        "https" => host.strip_suffix(":443").unwrap_or(&host),
        _ => &host,
    };
    Some(format!("{scheme}://{host}"))
}

/// Whether `name` is a domain name as browsers send it, which is ASCII.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_what_requests_carry() {
        for (entry, canonical) in [
            ("Notes.Example", "notes.example"),
            ("notes.example.", "notes.example"),
            ("notes.example.:81", "notes.example:81"),
            ("[::FFFF:192.0.2.1]:80", "192.0.2.1:80"),
            ("[::1]", "[::1]"),
            ("::1", "[::1]"),
            ("my_host", "my_host"),
        ] {
            assert_eq!(canonical_entry(entry).as_deref(), Some(canonical), "{entry}");
        }
        for never in [
            "https://notes.example",
            "notes.example/x",
            "*.example",
            "a b",
            "ñ.example",
            "notes.example:0",
            "notes.example:65536",
            "a..b",
            "[\"notes.example\"]",
            "",
        ] {
            assert_eq!(canonical_entry(never), None, "{never}");
        }
    }

    #[test]
    fn origins_become_what_browsers_send() {
        for (origin, canonical) in [
            ("https://Notes.Example:443", "https://notes.example"),
            ("http://notes.example:80", "http://notes.example"),
            ("http://notes.example:443", "http://notes.example:443"),
            ("app://obsidian.md", "app://obsidian.md"),
            ("moz-extension://a-b", "moz-extension://a-b"),
        ] {
            assert_eq!(canonical_origin(origin).as_deref(), Some(canonical), "{origin}");
        }
        for never in [
            "notes.example",
            "null",
            "*",
            "https://*",
            "https://notes.example/",
            "https://",
            "://notes.example",
            "[\"https://notes.example\"]",
            "https://a@b.example",
        ] {
            assert_eq!(canonical_origin(never), None, "{never}");
        }
    }
}
