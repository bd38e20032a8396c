//! Spans of secrets in a text, and the markers that replace them.

use std::ops::Range;

/// A secret: bytes `start..end` of the text, found by the rule at `rule` in the engine's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: usize,
}

/// How each marker begins.
pub(crate) const OPEN: &str = "[REDACTED:";
/// The longest name of a rule, in bytes.
pub(crate) const LONGEST_NAME: usize = 32;

/// The text that replaces a secret.
pub(crate) fn marker(rule: &str) -> String {
    format!("{OPEN}{rule}]")
}

/// The markers of earlier passes, from left to right. Only known rules count, or a secret could hide in a marker's form.
pub(crate) fn markers(text: &str, mut known: impl FnMut(&str) -> bool) -> Vec<Range<usize>> {
    text.match_indices(OPEN)
        .filter_map(|(start, _)| {
            let name_at = start + OPEN.len();
            let close = name_at
                + text.as_bytes()[name_at..]
                    .iter()
                    .take(LONGEST_NAME + 1)
                    .position(|&byte| byte == b']')?;
            known(&text[name_at..close]).then_some(start..close + 1)
        })
        .collect()
}

/// The marker that contains the byte `at`, if one does. `markers` are sorted.
pub(crate) fn containing(markers: &[Range<usize>], at: usize) -> Option<&Range<usize>> {
    let next = markers.partition_point(|marker| marker.end <= at);
    markers.get(next).filter(|marker| marker.start <= at)
}

/// Drops spans that lie within a marker and widens those that cross one, so that no marker is ever cut.
pub(crate) fn respect(markers: &[Range<usize>], spans: &mut Vec<Span>) {
    if markers.is_empty() {
        return;
    }
    spans.retain(|span| containing(markers, span.start).is_none_or(|marker| marker.end < span.end));
    for span in spans {
        if let Some(first) = containing(markers, span.start) {
            span.start = first.start;
        }
        if let Some(last) = span.end.checked_sub(1).and_then(|at| containing(markers, at)) {
            span.end = last.end;
        }
    }
}

/// Merges overlapping spans into one, named after the leftmost, of these the longest, of these the first rule. Nothing
/// that any rule found stays visible.
pub(crate) fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| (span.start, usize::MAX - span.end, span.rule));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// The text with each span replaced by its rule's marker. The spans are sorted and do not overlap.
pub(crate) fn replace<'n>(text: &str, spans: &[Span], name_of: impl Fn(usize) -> &'n str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        redacted.push_str(&text[copied..span.start]);
        redacted.push_str(OPEN);
        redacted.push_str(name_of(span.rule));
        redacted.push(']');
        copied = span.end;
    }
    redacted.push_str(&text[copied..]);
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, end: usize, rule: usize) -> Span {
        Span { start, end, rule }
    }

    #[test]
    fn overlaps_take_the_leftmost_then_the_longest_then_the_first_rule() {
        let spans = vec![
            span(3, 9, 0),
            span(1, 4, 2),
            span(1, 6, 3),
            span(1, 6, 1),
            span(9, 10, 5),
        ];
        assert_eq!(merge(spans), [span(1, 9, 1), span(9, 10, 5)]);
    }

    #[test]
    fn markers_are_neither_cut_nor_redacted_again() {
        let text = "a [REDACTED:jwt] b [REDACTED:mine]";
        let markers = markers(text, |name| name == "jwt");
        assert_eq!((markers.len(), &markers[0]), (1, &(2..16)));
        let mut spans = vec![span(3, 11, 0), span(14, 18, 0), span(0, 1, 0)];
        respect(&markers, &mut spans);
        assert_eq!(spans, [span(2, 18, 0), span(0, 1, 0)]);
    }
}
