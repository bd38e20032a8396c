//! Names and values that a table or a screen shows in columns or on two lines.

use std::ops::Range;

use super::REACH;
use super::judge::{is_mixed, is_term};
use super::link::{By, Link};
use crate::words::{head, is_code, is_elsewhere, is_placeholder, is_state};

/// The most columns of a table that are compared.
const COLUMNS: usize = 12;

/// The value beside the name, or below it.
pub(super) fn value_of(text: &str, name_at: usize, link: &Link) -> Option<Range<usize>> {
    if link.by == By::Column
        && let Some(beside) = beside(text, link.at)
    {
        return Some(beside);
    }
    below(text, name_at, link)
}

/// The only word in the next column, if nothing else follows on the line.
fn beside(text: &str, from: usize) -> Option<Range<usize>> {
    let line = line_at(text, from);
    let start = from + line.find(|c: char| !(c.is_whitespace() || c == '|'))?;
    let cell = &text[start..from + line.len()];
    let end = cell
        .find(|c: char| c.is_whitespace() || c == '|')
        .unwrap_or(cell.len());
    let alone = cell[end..].chars().all(|c| c.is_whitespace() || c == '|');
    (alone && qualifies(&cell[..end])).then_some(start..start + end)
}

/// The word in the name's column on the next line.
fn below(text: &str, name_at: usize, link: &Link) -> Option<Range<usize>> {
    let head_start = line_start(text, name_at)?;
    let head_line = line_at(text, head_start);
    let mut row_start = head_start + head_line.len() + 1;
    for _ in 0..2 {
        let row = line_at(text.get(row_start..).map(|_| text)?, row_start);
        let rule = row
            .bytes()
            .all(|byte| matches!(byte, b' ' | b'-' | b'|' | b'+' | b'=' | b':' | b'_'));
        if !rule {
            return cell_below(text, name_at, link, (head_start, head_line), (row_start, row));
        }
        row_start += row.len() + 1;
    }
    None
}

fn cell_below(
    text: &str,
    name_at: usize,
    link: &Link,
    (head_start, head_line): (usize, &str),
    (row_start, row): (usize, &str),
) -> Option<Range<usize>> {
    let names = words(head_line);
    let values = words(row);
    let is_title = |word: &Range<usize>| {
        head_line[word.clone()]
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '_' | ':' | '\'' | '(' | ')'))
    };
    if !names.iter().all(is_title) {
        return None;
    }
    let column = names
        .iter()
        .position(|word| (word.start..=word.end).contains(&(link.name_end - head_start)))?;
    // A name of two words, as in `WiFi password`, stands alone on its line.
    let alone = values.len() == 1 && names[column].end == names.last()?.end && name_at >= head_start;
    let word = match (alone, names.len() == values.len()) {
        (true, _) => values.first()?,
        (_, true) => values.get(column)?,
        _ => return None,
    };
    let value = row[word.clone()].trim_end_matches(['.', ',', ';']);
    let start = row_start + word.start;
    (qualifies(value) && text.is_char_boundary(start)).then(|| start..start + value.len())
}

fn words(line: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices() {
        match (c.is_whitespace() || c == '|', start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
        if words.len() > COLUMNS {
            return words;
        }
    }
    words.extend(start.map(|from| from..line.len()));
    words
}

fn line_start(text: &str, at: usize) -> Option<usize> {
    let bytes = &text.as_bytes()[..at];
    let before = bytes.iter().rev().take(REACH).position(|&byte| byte == b'\n');
    match before {
        Some(length) => Some(at - length),
        None if at < REACH => Some(0),
        None => None,
    }
}

/// The line from `from` on, or its beginning.
fn line_at(text: &str, from: usize) -> &str {
    let window = head(text.get(from..).unwrap_or_default(), REACH);
    window.split('\n').next().unwrap_or_default()
}

/// A word in a table or below a label has nothing else to show that it is a secret than its form.
fn qualifies(value: &str) -> bool {
    let count = value.chars().count();
    let letters = value.chars().any(char::is_alphabetic);
    (5..=128).contains(&count)
        && letters
        && is_mixed(value)
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && !is_placeholder(value)
        && !is_state(value)
        && !is_elsewhere(value)
        && !is_code(value)
        && !is_term(value)
        && !value.contains(['@', '/', '(', ')', '<', '='])
        && !value.ends_with([':', '?'])
        && !value.starts_with(['(', '[', '"', '\''])
}
