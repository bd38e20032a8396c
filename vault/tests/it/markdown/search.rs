//! What was captured is found by typing it: `rg -F`, a literal search, in the file.

use std::collections::BTreeMap;

use super::realistic;

/// How many events the corpus has.
const EVENTS: usize = 10_000;
/// Of a thousand tokens of a class at least so many are found.
const FOUND: usize = 990;
/// A file's name may hold a leading or trailing `_`, and its line a second colon.
const FOUND_FILE_LINES: usize = 985;

#[test]
fn tokens_of_every_class_are_found_literally() {
    let mut classes: BTreeMap<&str, (usize, usize, Vec<String>)> = BTreeMap::new();
    for event in openclone_corpus::events(3, EVENTS) {
        let item = realistic::item(&event);
        for token in event.tokens {
            let (found, all, missed) = classes.entry(token.class).or_default();
            *all += 1;
            if item.contains(&token.text) {
                *found += 1;
            } else if missed.len() < 5 {
                missed.push(format!("{} in {item}", token.text));
            }
        }
    }
    assert_eq!(classes.len(), 18);
    for (class, (found, all, missed)) in classes {
        let target = if class == "file.rs:12" {
            FOUND_FILE_LINES
        } else {
            FOUND
        };
        println!("{class}: {found} of {all}");
        assert!(all > 100, "{class}: too few to tell");
        assert!(
            found * 1000 >= all * target,
            "{class}: {found} of {all}, not {missed:#?}"
        );
    }
}

/// The exceptions that the format names: here an escape stands within the token.
#[test]
fn the_named_exceptions_are_the_only_ones() {
    use openclone_vault::SourceType;

    use super::batch::Setting;

    let item = |text: &str| {
        Setting::new(SourceType::Braindump).item_of(&serde_json::json!({ "text": text }).to_string())
    };
    for escaped in [
        "📅 2026-03-01",
        "__dunder__",
        "Vec<T>",
        "*args*",
        "f(a::b)",
        "a[i](x)",
        r"a\.b",
    ] {
        let visible = item(escaped);
        let visible = visible.split("<!--").next().unwrap();
        assert!(!visible.contains(escaped), "{escaped} in {visible}");
    }
    for literal in [
        "2026-03-01",
        "init__.py",
        "x < y",
        "arr[0]",
        "std::map",
        "a[i]: b",
        r"C:\Users\ana",
        "#tag",
        "$5.99",
        "--flag",
    ] {
        assert!(item(literal).contains(literal), "{literal}");
    }
}
