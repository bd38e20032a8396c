//! Hostile text in every place text can come from is text, the text that was sent, and nothing else.

use openclone_vault::{Format, Metadata, Object, SourceType, Value, ids_in};
use proptest::prelude::*;

use super::{
    attacks,
    batch::Setting,
    check::{Checker, is_ours},
    dataview,
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
    let frontmatter = "openclone: 2\nfolder: Audio\ndate: 2026-02-26\ntimezone: Europe/Madrid\ntrust: untrusted-capture\n\
        aliases: [\"Audio 2026-02-26\"]\ncssclasses: [openclone]\n";
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
                .any(|piece| matches!(piece, Piece::Text(read) if read.contains(&place.visible(&text))))
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
    fn members_of_any_name_are_in_the_item(key in "[A-Za-z]([A-Za-z0-9]|[_-]|[_-]){0,12}", other in ".{1,12}") {
        prop_assume!(key != other && !key.eq_ignore_ascii_case("text"));
        let mut data = Object::default();
        data.push(key.clone(), Value::String("one".into()));
        data.push(other.clone(), Value::String("two".into()));
        let item = Setting::new(SourceType::Braindump).item(&data);
        prop_assert!(parse(&item).iter().all(is_ours), "{}", item);
        let fields = dataview::fields(&item);
        let value = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let more = value("more").unwrap_or_default();
        prop_assert!(value(&key) == Some("one") || more.contains("one"), "{}", item);
        prop_assert!(item.contains("two"), "{}", item);
    }
}

/// Names that would pass for something else: ours, the page's, and those of Dataview's list items.
#[test]
fn reserved_names_are_no_fields_and_are_not_lost() {
    let names = [
        "at",
        "ref",
        "Via",
        "DEVICE",
        "source",
        "more",
        "sent",
        "openclone",
        "folder",
        "date",
        "day",
        "timezone",
        "trust",
        "alias",
        "aliases",
        "tag",
        "tags",
        "cssclass",
        "cssclasses",
        "file",
        "text",
        "path",
        "line",
        "lineCount",
        "link",
        "section",
        "list",
        "header",
        "children",
        "subtasks",
        "parent",
        "task",
        "real",
        "annotated",
        "symbol",
        "position",
        "outlinks",
        "blockId",
        "status",
        "checked",
        "completed",
        "fullyCompleted",
        "created",
        "due",
        "scheduled",
        "start",
        "completion",
        "ctime",
        "cday",
        "duetime",
        "dueday",
        "comptime",
        "compday",
        "constructor",
        "toString",
        "valueOf",
        "hasOwnProperty",
    ];
    for source_type in [SourceType::Activity, SourceType::WebBrowsing, SourceType::Gps] {
        for name in names {
            for name in [name.to_owned(), name.to_uppercase()] {
                let mut data = Object::default();
                data.push(name.clone(), Value::Number(7.into()));
                let item = Setting::new(source_type).item(&data);
                let fields = dataview::fields(&item);
                let more = fields
                    .iter()
                    .find(|(key, _)| key == "more")
                    .map(|(_, value)| dataview::string(value));
                assert_eq!(more, Some(format!("{{\"{name}\":7}}")), "{item}");
                assert_eq!(
                    fields
                        .iter()
                        .filter(|(key, _)| key.eq_ignore_ascii_case(&name))
                        .count(),
                    usize::from(["at", "ref", "via", "device", "more"].contains(&&*name.to_lowercase())),
                    "{item}"
                );
            }
        }
    }
}

#[test]
fn long_strings_are_text_and_no_field() {
    let long = "A long sentence. ".repeat(20);
    let table = [
        (SourceType::ScreenOcr, "window_title"),
        (SourceType::ScreenOcr, "note"),
        (SourceType::WebBrowsing, "text"),
        (SourceType::Email, "from"),
        (SourceType::Braindump, "trust"),
        (SourceType::Braindump, "# odd"),
    ];
    for (source_type, key) in table {
        let mut data = Object::default();
        data.push(key, Value::String(long.clone().into()));
        let item = Setting::new(source_type).item(&data);
        let keys: Vec<String> = dataview::fields(&item).into_iter().map(|(key, _)| key).collect();
        let is_person = key == "from";
        assert_eq!(keys.len(), 4 + usize::from(is_person), "{item}");
        let visible = item.split(" <!--").next().unwrap();
        assert!(visible.contains(long.trim()), "{item}");
        assert!(parse(&item).iter().all(is_ours), "{item}");
    }
}

/// What is not in a comment is read by Markdown parsers, and escaped for them.
#[test]
fn fields_that_markdown_parsers_read_are_inert() {
    for metadata in [Metadata::Comment, Metadata::Visible] {
        let format = Format {
            metadata,
            ..Format::default()
        };
        for place in places() {
            for attack in attacks::all() {
                let text = if matches!(place, Place::Member(_, "url")) {
                    format!("x{attack}")
                } else {
                    attack
                };
                let item = place.item_in(&text, format);
                // The comment itself is one that only Obsidian and comrak know.
                let bare = item.replace("%% [", "[").replace("] %% ^", "] ^");
                let pieces = parse(&bare);
                assert!(pieces.iter().all(is_ours), "{place:?}: {item} read as {pieces:?}");
                assert!(!bare.contains("%%") && !bare.contains("<!--"), "{item}");
            }
        }
    }
}
