//! What must hold for any text in any place.

use openclone_vault::ids_in;

use super::{
    dataview,
    parsers::{Piece, parse},
    places::{LINES, PLACEHOLDER, Place},
};

/// Checks texts in a place.
pub(crate) struct Checker {
    place: Place,
    /// How items read that have a placeholder there: of one line, of two, and of two with indentation.
    pieces: [Vec<Piece>; 3],
    fields: Vec<(String, String)>,
}

impl Checker {
    pub(crate) fn new(place: Place) -> Self {
        let read = |text: &str| without_comments(parse(&place.item(text)));
        Self {
            pieces: [read(PLACEHOLDER), read(LINES), read(&format!(" {LINES}"))],
            fields: fields(&place.item(PLACEHOLDER)),
            place,
        }
    }

    /// Panics unless `text` in this place is text, the text that was sent, and nothing else.
    pub(crate) fn check(&self, text: &str) {
        // An address that is a good one becomes a link; those have their own tests.
        // So does an appointment's date get another form as well.
        let is_formed = matches!(self.place, Place::Member(_, "url" | "start" | "end"));
        let text = &*if is_formed {
            format!("x{text}")
        } else {
            text.to_owned()
        };
        let item = self.place.item(text);
        let context = || format!("{:?}: {text:?} gave {item:?}", self.place);
        assert_eq!(dataview::acted_on(&item), [""; 0], "{}", context());
        let pieces = parse(&item);
        assert!(pieces.iter().all(is_ours), "{} read as {pieces:?}", context());
        let comments = pieces.iter().filter(|piece| matches!(piece, Piece::Comment(_)));
        assert_eq!(comments.count(), 1, "{}", context());
        assert_one_id(&item);
        let found = fields(&item);
        let is_known = |key: &String| {
            self.fields.iter().any(|(known, _)| known == key)
                || key == "more"
                || matches!(self.place, Place::Key)
                || matches!(self.place, Place::Member(_, own) if own == key)
        };
        assert!(
            found.iter().all(|(key, _)| is_known(key)),
            "{} has {found:?}",
            context()
        );
        if self.place.is_alike(text) {
            assert_eq!(without_comments(pieces), self.expected(text), "{}", context());
            self.check_fields(text, &found, &context);
        }
    }

    fn expected(&self, text: &str) -> Vec<Piece> {
        let reading = self.place.visible(text);
        let lines = openclone_vault::markdown::normalise(text);
        let shape = match lines.contains('\n') && self.place.keeps_lines() {
            true => 1 + usize::from(lines.starts_with(char::is_whitespace)),
            false => 0,
        };
        let placeholder = if shape == 0 { PLACEHOLDER } else { LINES };
        let mut behind_colon = false;
        let mut put_in = |piece: &Piece| match piece {
            Piece::Text(known) => {
                let separator = if reading.ends_with(':') { " " } else { ": " };
                let known = known
                    .replace(&format!("{placeholder}: "), &format!("{reading}{separator}"))
                    .replace(placeholder, &reading);
                // Our own colon goes without saying behind another.
                let known = match known.strip_prefix(": ").filter(|_| behind_colon) {
                    Some(rest) => format!(" {rest}"),
                    None => known,
                };
                behind_colon = known.ends_with(':');
                Piece::Text(known)
            }
            other => other.clone(),
        };
        self.pieces[shape].iter().map(&mut put_in).collect()
    }

    /// Dataview finds the fields that are ours, with their values.
    fn check_fields(&self, text: &str, found: &[(String, String)], context: &dyn Fn() -> String) {
        let value = self.place.value(text);
        let expected: Vec<_> = self
            .fields
            .iter()
            .map(|(key, known)| (key.clone(), known.replace(PLACEHOLDER, &value)))
            .collect();
        if is_guarded(&value) {
            let plain = |fields: &[(String, String)]| -> Vec<String> {
                fields
                    .iter()
                    .map(|(key, value)| format!("{key}={}", value.replace('\\', "")))
                    .collect()
            };
            assert_eq!(plain(found), plain(&expected), "{}", context());
        } else {
            assert_eq!(found, expected, "{}", context());
        }
    }
}

/// Whether a value gets backslashes because something would act on it even in a comment, or no brackets can hold it.
fn is_guarded(value: &str) -> bool {
    let signs = ["--", "<%", "{{", "^oc-", "[", "]"];
    let is_date = |window: &[u8]| window[4] == b'-' && window[..4].iter().all(u8::is_ascii_digit);
    signs.iter().any(|sign| value.contains(sign)) || value.as_bytes().windows(5).any(is_date)
}

fn fields(item: &str) -> Vec<(String, String)> {
    dataview::fields(item)
        .into_iter()
        .map(|(key, value)| (key, dataview::string(&value)))
        .collect()
}

fn without_comments(pieces: Vec<Piece>) -> Vec<Piece> {
    let is_visible = |piece: &Piece| !matches!(piece, Piece::Comment(_));
    pieces.into_iter().filter(is_visible).collect()
}

/// Whether it is part of an item of ours without a link.
pub(crate) fn is_ours(piece: &Piece) -> bool {
    match piece {
        Piece::Open(name) => matches!(name.as_str(), "list" | "item" | "strong" | "emphasis"),
        Piece::Close | Piece::Text(_) | Piece::Comment(_) => true,
    }
}

fn assert_one_id(item: &str) {
    let ranges: Vec<_> = ids_in(item.as_bytes())
        .map(|(_, range)| (range.start, range.end))
        .collect();
    assert_eq!(ranges, [(0, item.len())], "{item}");
}
