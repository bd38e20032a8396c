//! What must hold for any text in any place.

use openclone_vault::{ids_in, markdown::unescape};

use crate::{
    dataview,
    parsers::{Piece, parse},
    places::{PLACEHOLDER, Place},
};

impl Place {
    /// Panics unless `text` in this place is text, the text that was sent, and nothing else.
    pub(crate) fn check(&self, text: &str) {
        // An address that is a good one becomes a link; those have their own tests.
        // So does an appointment's date get another form as well.
        let is_formed = matches!(self, Self::Member(_, "url" | "start" | "end"));
        let text = &*if is_formed {
            format!("x{text}")
        } else {
            text.to_owned()
        };
        let item = self.item(text);
        let context = || format!("{self:?}: {text:?} gave {item:?}");
        assert_eq!(dataview::suspicious(&item), [""; 0], "{}", context());
        let pieces = parse(&item);
        assert!(pieces.iter().all(is_ours), "{} read as {pieces:?}", context());
        assert_one_id(&item);
        if !self.is_alike(text) {
            return;
        }
        let good = self.item(PLACEHOLDER);
        let put_in = |piece: &Piece| match piece {
            Piece::Text(known) => Piece::Text(known.replace(PLACEHOLDER, &self.expected(text))),
            other => other.clone(),
        };
        let expected: Vec<Piece> = parse(&good).iter().map(put_in).collect();
        assert_eq!(pieces, expected, "{}", context());
        self.check_fields(&item, &good, text);
    }

    /// Dataview finds the fields that are ours, with their values.
    fn check_fields(&self, item: &str, good: &str, text: &str) {
        let read = |item: &str| -> Vec<(String, String)> {
            dataview::fields(item)
                .into_iter()
                .map(|(key, value)| (unescape(&key), unescape(&value)))
                .collect()
        };
        let expected = self.expected(text);
        let put_in =
            |(key, value): (String, String)| (key, value.replace(PLACEHOLDER, &expected).trim().to_owned());
        assert_eq!(
            read(item),
            read(good).into_iter().map(put_in).collect::<Vec<_>>(),
            "{item}"
        );
    }
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
