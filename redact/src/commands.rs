//! Secrets in the syntax of programs: `curl -u user:password`, `.netrc`, the code of a Wi-Fi, a Kubernetes secret.

use std::ops::Range;

use crate::words::{has_digit, head, is_placeholder, is_state, varied};

/// The password in the argument of `-u` or `--user` that ends at `at`, or the whole argument if a key is the user.
pub(crate) fn curl_user(text: &str, at: usize) -> Option<Range<usize>> {
    let skipped = text[at..]
        .bytes()
        .take(6)
        .take_while(|byte| b" =\t".contains(byte))
        .count();
    if skipped == 0 {
        return None;
    }
    let start = at + skipped;
    let window = head(&text[start..], 192);
    let argument = match window.chars().next()? {
        quote @ ('"' | '\'') if !window[1..].starts_with(['{', '$']) || !window.contains("\":\"") => {
            let inner = &window[1..];
            let end = inner.find(quote)?;
            (start + 1, &inner[..end])
        }
        _ => (start, window.split(char::is_whitespace).next()?),
    };
    let (from, argument) = argument;
    let (user, password) = argument.split_once(':')?;
    let shown = |part: &str| part.trim_matches(['"', '\'']).to_owned();
    if password.is_empty() {
        return is_given(user).then_some(from..from + user.len());
    }
    let begin = from + user.len() + 1;
    (is_given(&shown(password)) && !user.starts_with(['$', '<'])).then_some(begin..begin + password.len())
}

/// Whether an argument is a password and not its name or a variable.
fn is_given(password: &str) -> bool {
    let inner = password.trim_matches(['{', '}']);
    let variable = password.starts_with('$') || (inner.len() != password.len() && !has_digit(inner));
    let word = ["test", "pass", "passwd", "pwd", "secret", "yyy", "token"].contains(&password);
    let symbol = |c: char| c.is_ascii_punctuation();
    !variable
        && !word
        && !is_state(password)
        && (inner.len() != password.len() || !is_placeholder(password))
        && password.len() >= 3
        && (has_digit(password) || password.contains(symbol) || password.len() >= 8)
}

/// The word behind `password` in a line of `.netrc`.
pub(crate) fn netrc(text: &str, name_end: usize) -> Option<Range<usize>> {
    let window = head(&text[name_end..], 192);
    let start = window
        .find(|c: char| !c.is_whitespace())
        .filter(|&start| start > 0)?;
    let end = window[start..]
        .find(char::is_whitespace)
        .map_or(window.len(), |length| start + length);
    let password = &window[start..end];
    (!is_placeholder(password) && !password.is_empty()).then_some(name_end + start..name_end + end)
}

/// The password in `WIFI:T:WPA;S:net;P:password;;`, the text of a QR code.
pub(crate) fn wifi(text: &str, at: usize) -> Option<Range<usize>> {
    let window = head(&text[at..], 256);
    let mut from = "WIFI:".len();
    loop {
        let field = window.get(from..)?;
        let end = unescaped_semicolon(field)?;
        if field.starts_with("P:") {
            return (end > 2).then_some(at + from + 2..at + from + end);
        }
        if end == 0 || field.starts_with(char::is_whitespace) {
            return None;
        }
        from += end + 1;
    }
}

fn unescaped_semicolon(field: &str) -> Option<usize> {
    let bytes = field.as_bytes();
    (0..bytes.len()).find(|&at| bytes[at] == b';' && (at == 0 || bytes[at - 1] != b'\\'))
}

/// Values in base64 around the `kind: Secret` at `at`.
pub(crate) fn kubernetes(text: &str, at: usize, mut found: impl FnMut(Range<usize>)) {
    let kind = head(&text[at..], 24);
    let value = kind["kind:".len()..].trim_start().trim_start_matches(['"', '\'']);
    let is_secret = value
        .get(..6)
        .is_some_and(|word| word.eq_ignore_ascii_case("secret"))
        && !value[6..].starts_with(char::is_alphanumeric);
    if !is_secret || text[..at].ends_with(char::is_alphanumeric) {
        return;
    }
    let mut start = at.saturating_sub(1024);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let window = head(&text[start..], at - start + 1024);
    let Some(data) = window
        .find("data:\n")
        .filter(|data| !window[..*data].ends_with("meta"))
        .or_else(|| window.rfind("\ndata:"))
    else {
        return;
    };
    let mut line_start = start + data;
    for (number, line) in window[data..].split('\n').enumerate() {
        let own = line_start;
        line_start += line.len() + 1;
        let indented = line.starts_with([' ', '\t']);
        let blank = line.trim().is_empty() || line.trim_start().starts_with('#');
        if number == 0 || blank || line.trim_start().starts_with("data:") {
            continue;
        }
        if !indented || line.trim_start().starts_with("kind:") || line.trim_start().starts_with("metadata:") {
            return;
        }
        let value_at = line
            .find(": ")
            .map_or_else(|| line.len() - line.trim_start().len(), |colon| colon + 2);
        let value = &line[value_at..];
        let inner = value.trim().trim_matches(['"', '\'']);
        if is_base64(inner) {
            let from = own + value_at + value.find(inner).unwrap_or_default();
            found(from..from + inner.len());
        }
    }
}

fn is_base64(value: &str) -> bool {
    value.len() >= 8
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
        && (value.ends_with('=') || (value.len().is_multiple_of(4) && varied(value)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_curl() {
        for (text, secret) in [
            ("-u elastic:P@ssw0rd$1 https://x", "P@ssw0rd$1"),
            ("-u \":d2LkV78zLx!t\" x", "d2LkV78zLx!t"),
            ("-u \"d2LkV78zLx!t:\" x", "d2LkV78zLx!t"),
            ("-u 'api:d2LkV78zLx!t' x", "d2LkV78zLx!t"),
            ("-u kevin:'pRf7vG2h1L8nQkW9' x", "'pRf7vG2h1L8nQkW9'"),
        ] {
            assert_eq!(
                curl_user(text, 2).map(|range| &text[range]),
                Some(secret),
                "{text}"
            );
        }
        for text in [
            "-u user:pass",
            "-u \"${user}:${pass}\"",
            "-u test:test",
            "-u username:token x",
            "-u \":\"",
            "-u neo4j:[PASSWORD] x",
        ] {
            assert_eq!(curl_user(text, 2), None, "{text}");
        }
    }

    #[test]
    fn codes_of_wifi() {
        let text = "WIFI:T:WPA;S:Casa\\;2;P:gato#2024;H:false;;";
        assert_eq!(&text[wifi(text, 0).unwrap()], "gato#2024");
        assert_eq!(wifi("WIFI:T:nopass;S:Cafe;;", 0), None);
        assert_eq!(wifi("WiFi: the password is on the wall", 0), None);
    }

    #[test]
    fn secrets_of_kubernetes() {
        let mut found = Vec::new();
        let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n  # a note\n  user: YWRtaW4=\n  extra: 'YWRtaW46cGFzc3dvcmQ='\nother: YWRtaW46cGFzc3dvcmQ=\n";
        kubernetes(text, text.find("kind").unwrap(), |range| found.push(&text[range]));
        assert_eq!(found, ["YWRtaW4=", "YWRtaW46cGFzc3dvcmQ="]);
    }
}
