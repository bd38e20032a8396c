#![allow(clippy::unwrap_used)]

use std::io::BufReader;

use super::*;

fn batch(id: &str) -> String {
    let event = r#"{"timestamp": 1708258800, "data": {"text": "a } or \" in a string"}}"#;
    format!(
        r#"{{"source_type": "journal", "platform": "web", "device_id": "test-1", "plugin_id": "{id}", "plugin_version": "1.0.0", "timestamp": 1708258800, "events": [{event}]}}"#
    )
}

/// The same over several lines.
fn indented(id: &str) -> String {
    batch(id)
        .replace("[{", "[\n  {")
        .replace("}]", "}\n]")
        .replace(", \"pl", ",\n \"pl")
}

/// Lines and plugin ids of the batches in a text, or its errors.
fn read(text: &[u8], buffer: usize) -> Vec<(usize, Result<String, String>)> {
    Documents::new(BufReader::with_capacity(buffer, text))
        .map(Result::unwrap)
        .map(|document| (document.line, document.batch.map(|batch| batch.plugin_id)))
        .collect()
}

fn plugins(text: &str) -> Vec<(usize, String)> {
    let found = read(text.as_bytes(), 64);
    found
        .into_iter()
        .map(|(line, batch)| (line, batch.unwrap()))
        .collect()
}

#[test]
fn documents_are_found_one_per_line_over_lines_and_one_after_another() {
    let (a, b, c, d) = (batch("a"), indented("b"), batch("c"), batch("d"));
    let lines = b.lines().count();
    let text = format!("{a}\r\n\n{b}\n{c} {d}");
    for buffer in [1, 7, 1000] {
        let found = read(text.as_bytes(), buffer);
        let is = |line, id: &str| (line, Ok(id.to_owned()));
        assert_eq!(
            found,
            [is(1, "a"), is(3, "b"), is(3 + lines, "c"), is(3 + lines, "d")],
            "buffer {buffer}"
        );
    }
}

#[test]
fn torn_document_never_swallows_those_behind_it() {
    let good = batch("good");
    for whole in [batch("torn"), indented("torn")] {
        for end in 1..whole.len() - 1 {
            if !whole.is_char_boundary(end) {
                continue;
            }
            let torn = &whole[..end];
            let behind = torn.matches('\n').count() + 1;
            for text in [
                format!("{torn}\n{good}\n{good}\n"),
                // the tail of another torn line at the end
                format!("{torn}\n{good}\n{good}\n{}", &whole[end..]),
            ] {
                let found = read(text.as_bytes(), 64);
                let is_good = |line: usize| found.iter().any(|(at, batch)| *at == line && batch.is_ok());
                assert!(is_good(behind + 1) && is_good(behind + 2), "{text}\n{found:?}");
                assert!(
                    found.iter().any(|(at, batch)| *at <= behind && batch.is_err()),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn document_behind_a_torn_one_is_read_over_lines_too() {
    let torn: String = indented("torn").lines().take(3).collect::<Vec<_>>().join("\n");
    let text = format!("{torn}\n{}\n{}", indented("b"), indented("c"));
    let found = read(text.as_bytes(), 64);
    let ids: Vec<_> = found
        .iter()
        .filter_map(|(_, batch)| batch.as_ref().ok())
        .collect();
    assert_eq!(ids, ["b", "c"], "{found:?}");
    assert_eq!(
        found.iter().filter(|(_, batch)| batch.is_err()).count(),
        1,
        "{found:?}"
    );
    let reason = found[0].1.as_ref().unwrap_err();
    assert!(reason.ends_with("; skipped up to line 3"), "{reason}");
}

#[test]
fn byte_order_marks_are_accepted() {
    let text = format!("\u{feff}{}\n\u{feff}{}\n", batch("a"), indented("b"));
    assert_eq!(plugins(&text), [(1, "a".to_owned()), (2, "b".to_owned())]);
}

#[test]
fn errors_name_what_is_wrong_with_a_line() {
    let a = batch("a");
    let text = format!(
        "nonsense {{}}\n[{a}]\n{{\"a\": \"x\n{}\n{a}",
        a.replace("\"a\"", "7")
    );
    let found = read(text.as_bytes(), 64);
    let is_error = |index: usize, line: usize, part: &str| {
        let (at, batch) = &found[index];
        let reason = batch.as_ref().unwrap_err();
        assert!(*at == line && reason.contains(part), "{at}: {reason}");
    };
    is_error(0, 1, "it is not JSON");
    is_error(1, 2, "it is not a JSON object");
    is_error(2, 3, "it is not JSON: control character");
    is_error(3, 4, "plugin_id must be a string");
    assert_eq!(found[4], (5, Ok("a".to_owned())));
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(
        read(b"{\"a\": \"\xff\"}\n", 4),
        [(1, Err("it is not UTF-8".to_owned()))]
    );
    assert!(read(b" \n\n", 1).is_empty());
}

#[test]
fn bytes_of_documents_add_up_to_those_of_the_text() {
    let text = format!(
        "{}\nx y z\n{}\n{{\"a\": [\n1,\n{}",
        batch("a"),
        indented("b"),
        batch("c")
    );
    let documents: Vec<_> = Documents::new(text.as_bytes()).map(Result::unwrap).collect();
    assert_eq!(documents.len(), 5, "{documents:?}");
    let bytes: u64 = documents.iter().map(|document| document.bytes).sum();
    // but the line feed behind the document of several lines
    assert_eq!(bytes, text.len() as u64 - 1);
}
