//! Hostile text in every place text can come from is text, the text that was sent, and nothing else.

use openclone_vault::{Object, SourceType, Value, ids_in};
use proptest::prelude::*;

use super::{
    attacks,
    batch::Setting,
    check::{Checker, is_ours},
    parsers::{Piece, parse},
    places::{Place, places},
};

#[test]
fn every_attack_in_every_place() {
    let attacks = attacks::all();
    for place in places() {
        let checker = Checker::new(place);
        for attack in &attacks {
            checker.check(attack);
        }
    }
}

#[test]
fn a_file_full_of_attacks_is_one_list_under_its_frontmatter() {
    let objects: Vec<Object<'_>> = attacks::all()
        .into_iter()
        .map(|attack| {
            let mut data = Object::default();
            data.push("app_name", Value::String(attack.clone().into()));
            data.push("text", Value::String(attack.clone().into()));
            data.push(attack.clone(), Value::String(attack.into()));
            data
        })
        .collect();
    let batch = Setting::new(SourceType::AudioSystem).batch(&objects);
    let file = &batch.files[0];
    let markdown = String::from_utf8([file.header.as_slice(), &file.bytes].concat()).unwrap();

    let pieces = parse(&markdown);
    let opened = |wanted: &str| {
        pieces
            .iter()
            .filter(|piece| **piece == Piece::Open(wanted.to_owned()))
            .count()
    };
    assert_eq!(pieces[0], Piece::Open("frontmatter".to_owned()));
    let frontmatter =
        "openclone: 1\nfolder: Audio\ndate: 2026-02-26\ntimezone: Europe/Madrid\ntrust: untrusted-capture\n";
    assert_eq!(pieces[1], Piece::Text(frontmatter.to_owned()));
    assert_eq!(
        (opened("list"), opened("item"), opened("strong")),
        (1, objects.len(), objects.len())
    );
    assert!(pieces[3..].iter().all(is_ours));

    let found: Vec<_> = ids_in(markdown.as_bytes())
        .map(|(id, range)| (id, range.end - file.header.len()))
        .collect();
    let ends = file.ends.iter().map(|&end| end as usize);
    assert_eq!(found, file.ids.iter().copied().zip(ends).collect::<Vec<_>>());
}

#[test]
fn long_texts_stay_whole() {
    let texts = [
        "palabra ".repeat(32 << 10),
        "*_`[".repeat(64 << 10),
        "é📅 2026-01-01 ".repeat(10 << 10),
        "- línea\n".repeat(10 << 10),
        "e\u{301}".repeat(50 << 10),
    ];
    for text in texts {
        let place = Place::Member(SourceType::ScreenOcr, "text");
        let read = parse(&place.item(&text));
        assert!(
            read.iter()
                .any(|piece| matches!(piece, Piece::Text(read) if read.contains(&place.expected(&text))))
        );
    }
}

/// Short strings of what means something to somebody.
fn hostile() -> impl Strategy<Value = String> {
    let tokens = prop::sample::select(vec![
        "*",
        "_",
        "`",
        "~",
        "=",
        "%",
        "$",
        "|",
        "^",
        "#",
        "<",
        ">",
        "&",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "!",
        "\\",
        ":",
        "::",
        "-",
        "+",
        ".",
        "/",
        "@",
        "'",
        "\"",
        "1",
        "9",
        "a",
        "x",
        "é",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "\u{a0}",
        "\u{200b}",
        "\u{200d}",
        "\u{1b}[",
        "\u{1b}]",
        "\u{7}",
        "\u{301}",
        "\u{338}",
        "\u{1fef}",
        "📅",
        "\u{fe0f}",
        "2026-01-01",
        "www.",
        "http://",
        "e.com",
        "javascript:",
        "mailto:",
        "a@b.c",
        "&lt;",
        "&#35;",
        "<!--",
        "-->",
        "<b>",
        "```",
        "~~~",
        "---",
        "===",
        "1.",
        "1)",
        "- ",
        "> ",
        "# ",
        "[x]",
        "[[",
        "]]",
        "![",
        "](",
        "%%",
        "<%",
        "%>",
        "{{",
        "$$",
        "==",
        "[^1]",
        "[^1]:",
        "^oc-",
        "kn6ndbcruwb2smnw4m5xxcmfju",
        "|-|",
        "\n: ",
        "\n    ",
        "日本",
        "ש",
    ]);
    prop::collection::vec(tokens, 0..24).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_hostile_text_in_any_place(place in prop::sample::select(places()), text in hostile()) {
        Checker::new(place).check(&text);
    }

    #[test]
    fn no_text_at_all_in_any_place(place in prop::sample::select(places()), text in "(?s).{0,40}") {
        Checker::new(place).check(&text);
    }

    #[test]
    fn field_names_of_any_form_are_inert(key in "[A-Za-z]([A-Za-z0-9]|[_-]|[_-]){0,12}", other in "[A-Za-z]([A-Za-z0-9]|[_-]){0,12}") {
        prop_assume!(key != other);
        let mut data = Object::default();
        data.push(key.clone(), Value::String("x".into()));
        data.push(other.clone(), Value::String("y".into()));
        let item = Setting::new(SourceType::Braindump).item(&data);
        let pieces = parse(&item);
        prop_assert!(pieces.iter().all(is_ours), "{}", item);
        let shown = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(&key) && text.contains(&other));
        prop_assert!(pieces.iter().any(shown), "{}", item);
    }
}
