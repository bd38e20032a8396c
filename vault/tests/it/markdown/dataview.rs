//! Finds in raw Markdown what Dataview would find: it reads a list item's lines joined by spaces, not a parsed document.

/// The inline fields of an item, `[key:: value]` and `(key:: value)`, as (key, value).
pub(crate) fn fields(item: &str) -> Vec<(String, String)> {
    let line: Vec<char> = item
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .collect();
    let mut found = Vec::new();
    for (open, close) in [('[', ']'), ('(', ')')] {
        let mut at = 0;
        while at < line.len() {
            match field_at(&line, at, open, close) {
                Some((field, end)) => {
                    found.push(field);
                    at = end;
                }
                None => at += 1,
            }
        }
    }
    found
}

fn field_at(line: &[char], at: usize, open: char, close: char) -> Option<((String, String), usize)> {
    if line[at] != open {
        return None;
    }
    let separator = at + 1 + line[at + 1..].windows(2).position(|pair| pair == [':', ':'])?;
    let key = &line[at + 1..separator];
    if key.iter().any(|character| "[]()".contains(*character)) {
        return None;
    }
    let (mut nesting, mut escaped) = (0, false);
    for (index, &character) in line.iter().enumerate().skip(separator + 2) {
        if character == '\\' {
            escaped = !escaped;
            continue;
        }
        if std::mem::take(&mut escaped) {
            continue;
        }
        if character == close && nesting == 0 {
            let text = |range: &[char]| range.iter().collect::<String>().trim().to_owned();
            return Some(((text(key), text(&line[separator + 2..index])), index + 1));
        }
        nesting += i32::from(character == open) - i32::from(character == close);
    }
    None
}

/// What of an item some plugin would read something into; nothing if it is inert. `item` has no links.
pub(crate) fn suspicious(item: &str) -> Vec<&'static str> {
    let joined = item.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    const NEVER: [&str; 15] = [
        "<", "%%", "==", "{{", "{%", "%}", "%>", "[[", "![", "](", "`", "$", "~~", "|", "www.",
    ];
    const SCHEMES: [&str; 7] = [
        "http:",
        "https:",
        "javascript:",
        "obsidian:",
        "file:",
        "mailto:",
        "data:",
    ];
    let lower = joined.to_lowercase();
    // An escaped character is no syntax; to look for what is left, escapes become one neutral character.
    let mut bare = String::new();
    let mut characters = lower.chars();
    while let Some(character) = characters.next() {
        bare.push(if character == '\\' {
            characters.next().map_or('\\', |_| '\u{1a}')
        } else {
            character
        });
    }
    let mut found: Vec<&str> = NEVER.into_iter().filter(|syntax| bare.contains(syntax)).collect();
    let is_scheme = |scheme: &&str| {
        bare.split(scheme).skip(1).any(|after| {
            // What separates a field from its name is no address.
            !after.starts_with([' ', '\u{1a}']) && !after.starts_with(": ")
        })
    };
    found.extend(SCHEMES.into_iter().filter(is_scheme));
    if tag(&joined) {
        found.push("#tag");
    }
    if emoji_date(&joined) {
        found.push("emoji date");
    }
    if bare.matches('^').count() != 1 {
        found.push("^");
    }
    found
}

/// A `#` and then something that Dataview takes into a tag, escaped or not.
fn tag(line: &str) -> bool {
    line.split('#').skip(1).any(|after| {
        after
            .chars()
            .next()
            .is_some_and(|next| !next.is_whitespace() && !",;.:!?'\"`()[]{}".contains(next))
    })
}

/// A date behind a character beyond ASCII (but for our own dash) and any spaces.
fn emoji_date(line: &str) -> bool {
    let characters: Vec<char> = line.chars().collect();
    characters.windows(10).enumerate().any(|(at, window)| {
        let is_date = window.iter().enumerate().all(|(index, character)| match index {
            4 | 7 => *character == '-',
            _ => character.is_ascii_digit(),
        });
        let before = characters[..at]
            .iter()
            .rev()
            .find(|character| !character.is_whitespace());
        is_date && before.is_some_and(|character| !character.is_ascii() && *character != '—')
    })
}

#[test]
fn it_finds_what_there_is() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        fields("- **1** x [a:: b] (c:: d\n  e)"),
        [pair("a", "b"), pair("c", "d e")]
    );
    assert_eq!(
        fields(r"[a:: x\]y\\] [b:: [z]]"),
        [pair("a", r"x\]y\\"), pair("b", "[z]")]
    );
    assert_eq!(
        suspicious("x <% #a 📅 \n 2026-02-26 ^a"),
        ["<", "#tag", "emoji date"]
    );
    assert_eq!(suspicious(r"x \[\[a http: b https\:c ^oc"), [""; 0]);
    assert_eq!(suspicious("https://e ^oc"), ["https:"]);
    assert_eq!(suspicious("[data:: text] data:text ^oc"), ["data:"]);
    assert_eq!(suspicious("[data:: text] ^oc"), [""; 0]);
}
