//! What must hold for any text in any place.

use openclone_vault::{ids_in, markdown::unescape};

use super::{
    dataview,
    parsers::{Piece, parse},
    places::{PLACEHOLDER, Place},
};

/// Checks texts in a place.
pub(crate) struct Checker {
    place: Place,
    /// How an item reads that has the placeholder there.
    pieces: Vec<Piece>,
    fields: Vec<(String, String)>,
}

impl Checker {
    pub(crate) fn new(place: Place) -> Self {
        let good = place.item(PLACEHOLDER);
        Self {
            place,
            pieces: parse(&good),
            fields: fields(&good),
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
        assert_eq!(dataview::suspicious(&item), [""; 0], "{}", context());
        let pieces = parse(&item);
        assert!(pieces.iter().all(is_ours), "{} read as {pieces:?}", context());
        assert_one_id(&item);
        if !self.place.is_alike(text) {
            return;
        }
        let reading = self.place.expected(text);
        let put_in = |piece: &Piece| match piece {
            Piece::Text(known) => Piece::Text(known.replace(PLACEHOLDER, &reading)),
            other => other.clone(),
        };
        let expected: Vec<Piece> = self.pieces.iter().map(put_in).collect();
        assert_eq!(pieces, expected, "{}", context());
        // Dataview finds the fields that are ours, with their values.
        let put_in = |(key, value): &(String, String)| {
            let value = value.replace(PLACEHOLDER, &reading);
            (key.clone(), value.trim().to_owned())
        };
        let expected: Vec<_> = self.fields.iter().map(put_in).collect();
        assert_eq!(fields(&item), expected, "{}", context());
    }
}

fn fields(item: &str) -> Vec<(String, String)> {
    dataview::fields(item)
        .into_iter()
        .map(|(key, value)| (unescape(&key), unescape(&value)))
        .collect()
}

/// Whether it is part of an item of ours without a link.
pub(crate) fn is_ours(piece: &Piece) -> bool {
    match piece {
        Piece::Open(name) => matches!(name.as_str(), "list" | "item" | "strong"),
        Piece::Close | Piece::Text(_) => true,
    }
}

fn assert_one_id(item: &str) {
    let ranges: Vec<_> = ids_in(item.as_bytes())
        .map(|(_, range)| (range.start, range.end))
        .collect();
    assert_eq!(ranges, [(0, item.len())], "{item}");
}
