//! Places of secrets in a text, and their replacement.

use std::ops::Range;

/// A secret: bytes `start..end` of the text, found by the rule at `rule` in the redactor's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) rule: usize,
}

const OPEN: &str = "[REDACTED:";

/// What stands in place of a secret.
pub(super) fn marker(rule: &str) -> String {
    format!("{OPEN}{rule}]")
}

/// Where markers of earlier rounds stand. Only known rules count, or a secret could hide in a marker's form.
pub(super) fn markers(text: &str, known: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    text.match_indices(OPEN)
        .filter_map(|(start, _)| {
            let name_at = start + OPEN.len();
            let close = name_at
                + text.as_bytes()[name_at..]
                    .iter()
                    .take(33)
                    .position(|&byte| byte == b']')?;
            known(&text[name_at..close]).then_some(start..close + 1)
        })
        .collect()
}

/// Drops what lies within a marker and widens what crosses one, so that no marker is ever cut.
pub(super) fn respect(markers: &[Range<usize>], spans: &mut Vec<Span>) {
    spans.retain(|span| {
        !markers
            .iter()
            .any(|marker| marker.start <= span.start && span.end <= marker.end)
    });
    for span in spans {
        let found = *span;
        for marker in markers
            .iter()
            .filter(|marker| marker.start < found.end && found.start < marker.end)
        {
            span.start = span.start.min(marker.start);
            span.end = span.end.max(marker.end);
        }
    }
}

/// Spans that overlap become one, named after the leftmost, of these the longest, of these the first rule. Nothing
/// that any rule has found stays visible.
pub(super) fn merge(mut spans: Vec<Span>) -> Vec<Span> {
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

/// The text with each span replaced by its rule's marker. The spans are in order and apart.
pub(super) fn replace(text: &str, spans: &[Span], marker_of: impl Fn(usize) -> String) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        redacted.push_str(&text[copied..span.start]);
        redacted.push_str(&marker_of(span.rule));
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
