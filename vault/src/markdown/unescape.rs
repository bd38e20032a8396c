//! The way back from what is written to what was meant.

/// Undoes the escaping of a text: what a CommonMark parser would read.
pub fn unescape(escaped: &str) -> String {
    const ENTITIES: [(&str, char); 2] = [("&lt;", '<'), ("&amp;", '&')];
    let mut text = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = rest.find(['\\', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = ENTITIES.iter().find(|(name, _)| rest.starts_with(name));
        let mut characters = rest.chars();
        if let Some((name, character)) = entity {
            text.push(*character);
            rest = &rest[name.len()..];
            continue;
        }
        let first = characters.next();
        let escaped = characters
            .next()
            .filter(|second| first == Some('\\') && second.is_ascii_punctuation());
        text.extend(escaped.or(first));
        rest = &rest[1 + usize::from(escaped.is_some())..];
    }
    text.push_str(rest);
    text
}
