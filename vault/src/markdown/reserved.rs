//! Names that no member of the data may have as a field, lest it pass for something that it is not.

/// Ours, those of the page's header, and those that Dataview's list items have already. All in lower case, since
/// Dataview folds the case of keys.
const RESERVED: [&str; 57] = [
    // Ours.
    "at",
    "ref",
    "via",
    "device",
    "source",
    "more",
    "sent",
    // The page's.
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
    // A list item's.
    "text",
    "path",
    "line",
    "linecount",
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
    "blockid",
    "status",
    "checked",
    "completed",
    "fullycompleted",
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
    // An object's in JavaScript.
    "constructor",
    "tostring",
    "valueof",
    "hasownproperty",
];

/// Whether a member of this name can be a field of its own: `[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*`, and not reserved.
pub(super) fn is_field_name(name: &str) -> bool {
    let mut parts = name.split('-');
    let word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && parts.all(word) && !is_reserved(name)
}

fn is_reserved(name: &str) -> bool {
    RESERVED
        .iter()
        .any(|reserved| name.eq_ignore_ascii_case(reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_are_words_with_single_hyphens() {
        for name in [
            "a",
            "app_name",
            "A-b",
            "x9",
            "sources",
            "a__",
            "a-_b",
            "Start_time",
        ] {
            assert!(is_field_name(name), "{name}");
        }
        for name in [
            "",
            "9a",
            "_a",
            "-a",
            "a-",
            "a--b",
            "a b",
            "a:",
            "é",
            "a\n",
            "a.b",
            "ref",
            "Ref",
            "VIA",
            "More",
            "TRUST",
            "lineCount",
            "toString",
            "Start",
        ] {
            assert!(!is_field_name(name), "{name}");
        }
    }
}
