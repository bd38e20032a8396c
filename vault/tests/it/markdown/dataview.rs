//! Finds in raw Markdown what Dataview, Obsidian and the plugins would find: they look at text, not at a parsed document.
//! Written after Dataview's documentation of inline fields.

/// The inline fields of an item, `[key:: value]` and `(key:: value)`, as (key, value) in the order of the text.
pub(crate) fn fields(item: &str) -> Vec<(String, String)> {
    let line: Vec<char> = one_line(item).chars().collect();
    let mut found = Vec::new();
    for (open, close) in [('[', ']'), ('(', ')')] {
        let mut at = 0;
        while at < line.len() {
            match field_at(&line, at, open, close) {
                Some((field, end)) => {
                    found.push((at, end, field));
                    at = end;
                }
                None => at += 1,
            }
        }
    }
    found.sort_by_key(|(start, ..)| *start);
    let mut kept: Vec<(String, String)> = Vec::new();
    let mut last_end = None;
    for (start, end, field) in found {
        // One that begins within another, or right behind it, does not count.
        if last_end.is_none_or(|last| last < start) {
            kept.push(field);
            last_end = Some(end);
        }
    }
    kept
}

fn one_line(item: &str) -> String {
    item.lines().map(str::trim).collect::<Vec<_>>().join(" ")
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

/// The string that a field's value is: without quotes and their escapes.
pub(crate) fn string(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some(escaped @ ('\\' | '"')) => text.push(escaped),
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    text
}

/// What of an item, in raw text, some plugin would act on; nothing if it is inert.
pub(crate) fn acted_on(item: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let whole = one_line(item);
    if whole.contains("<%") {
        found.push("template");
    }
    if whole.contains("{{") {
        found.push("variable");
    }
    if emoji_date(&whole) {
        found.push("date behind an emoji");
    }
    if whole.contains(" ^oc-") && whole.matches(" ^oc-").count() != 1 {
        found.push("another block id of ours");
    }
    let ids = item.lines().filter(|line| ends_in_block_id(line)).count();
    if ids != 1 {
        found.push("another block id");
    }
    let visible = whole.split("<!--").next().unwrap_or_default();
    if visible.contains("%%") {
        found.push("comment");
    }
    if has_tag(visible) {
        found.push("tag");
    }
    found
}

fn ends_in_block_id(line: &str) -> bool {
    let line = line.trim();
    line.rsplit_once('^').is_some_and(|(before, id)| {
        (before.is_empty() || before.ends_with(' '))
            && !id.is_empty()
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// A `#` that begins a tag: neither escaped nor behind a word nor in an address, and with a character that is no digit.
fn has_tag(visible: &str) -> bool {
    visible.split(' ').any(|word| {
        let is_address = [
            "http://",
            "https://",
            r"http\://",
            r"https\://",
            "www.",
            r"www\.",
            "](",
        ]
        .iter()
        .any(|sign| word.to_lowercase().contains(sign));
        let tags = |(at, _): (usize, &str)| {
            let before = word[..at].chars().next_back();
            let free =
                before.is_none_or(|before| before != '\\' && before != '_' && !before.is_alphanumeric());
            let name: String = word[at + 1..]
                .chars()
                .take_while(|next| !next.is_whitespace() && !"\\#,;.:!?'\"`()[]{}".contains(*next))
                .collect();
            free && name.chars().any(|character| !character.is_ascii_digit())
        };
        !is_address && word.match_indices('#').any(tags)
    })
}

/// A date behind an emoji and any white space.
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
        is_date
            && before.is_some_and(|character| {
                matches!(character, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}')
            })
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
    assert_eq!(fields("[a:: 1][b:: 2] (c:: (d) [e:: f])").len(), 2);
    assert_eq!(
        acted_on("x <% {{a #a 📅 \n 2026-02-26 %% ^a\n ^b"),
        [
            "template",
            "variable",
            "date behind an emoji",
            "another block id",
            "comment",
            "tag"
        ]
    );
    assert_eq!(
        acted_on(r"x \#a #12 C# https://e.com/#b <!-- #c --> ^oc"),
        [""; 0]
    );
    assert_eq!(string(r#""a \"b\" \\ \-""#), r#"a "b" \ \-"#);
}
