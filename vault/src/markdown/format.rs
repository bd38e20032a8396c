//! Choices about how items look.

/// How the metadata of an item is hidden from readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metadata {
    /// In an HTML comment `<!-- … -->`: hidden by every renderer, read by Dataview, inert.
    #[default]
    Html,
    /// In an Obsidian comment `%%…%%`: hidden by Obsidian only.
    Comment,
    /// Not hidden.
    Visible,
}

/// Which members of the data become fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldSelection {
    /// Also those that the visible part of the item shows.
    #[default]
    All,
    /// Only those that the visible part does not show literally.
    Essential,
}

/// How the items and files of a vault look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// How metadata is hidden.
    pub metadata: Metadata,
    /// Which members become fields.
    pub fields: FieldSelection,
    /// Whether the dense folders get a heading for each hour.
    pub headings: bool,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            metadata: Metadata::default(),
            fields: FieldSelection::default(),
            headings: true,
        }
    }
}
