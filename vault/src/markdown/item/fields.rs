//! The members that are neither title nor text, as Dataview inline fields.

use super::Item;
use crate::{
    markdown::layout::is_field_name,
    value::{
        Object, Value,
        json::{self, Form},
    },
};

/// The members that are not documented, each by its place in data, sorted by key.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// Those whose key can be a field's name.
    pub(super) named: Vec<usize>,
    /// The rest.
    odd: Vec<usize>,
}

impl Item<'_, '_> {
    pub(super) fn others(&self) -> Others {
        let data: &Object<'_> = self.data;
        let mut others = Others::default();
        for (place, (key, _)) in data.iter().enumerate() {
            if self.typical.contains(&key.as_ref()) {
                continue;
            }
            let group = if is_field_name(key) {
                &mut others.named
            } else {
                &mut others.odd
            };
            group.push(place);
        }
        let key = |place: &usize| &data.0[*place].0;
        others.named.sort_unstable_by(|a, b| key(a).cmp(key(b)));
        others.odd.sort_unstable_by(|a, b| key(a).cmp(key(b)));
        others
    }

    /// Documented members in documented order, others sorted, then those with odd keys together.
    pub(super) fn fields(&mut self, others: &Others) {
        let (data, typical) = (self.data, self.typical);
        for (index, key) in typical.iter().enumerate() {
            if self.shown & 1 << index == 0
                && let Some(value) = data.get(key)
            {
                self.field(key, value);
            }
        }
        for &place in &others.named {
            let (key, value) = &data.0[place];
            self.field(key, value);
        }
        if !others.odd.is_empty() {
            self.scratch.clear();
            let members = others.odd.iter().map(|&place| &data.0[place]);
            json::write_members(self.scratch, members, Form::Shown);
            self.out.literal(" [more:: ");
            self.out.text(self.scratch);
            self.out.literal("]");
        }
    }

    fn field(&mut self, key: &str, value: &Value<'_>) {
        self.out.literal(" [");
        self.out.field_name(key);
        self.out.literal(":: ");
        self.inline(value);
        self.out.literal("]");
    }
}
