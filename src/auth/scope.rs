//! The scopes of keys.

use std::{fmt, str::FromStr};

use openclone_vault::SourceType;

/// A permission of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `*`: everything.
    All,
    /// `ingest`: send events of any source type.
    Ingest,
    /// `ingest:<source type>`: send events of this source type.
    IngestOf(SourceType),
    /// `plugins:read`: list plugins and source types.
    PluginsRead,
    /// `metrics`: read metrics and the status of all tenants.
    Metrics,
}

/// The permission that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To send events of this source type.
    Ingest(SourceType),
    /// To send events, before their source type is known.
    AnyIngest,
    /// To list plugins and source types.
    PluginsRead,
    /// To read metrics.
    Metrics,
}

impl Scope {
    /// Whether the scope covers `need`.
    pub fn covers(self, need: Need) -> bool {
        match (self, need) {
            (Self::All, _) => true,
            (Self::Ingest, Need::Ingest(_) | Need::AnyIngest) => true,
            (Self::IngestOf(_), Need::AnyIngest) => true,
            (Self::IngestOf(mine), Need::Ingest(needed)) => mine == needed,
            (Self::PluginsRead, Need::PluginsRead) => true,
            (Self::Metrics, Need::Metrics) => true,
            _ => false,
        }
    }
}

impl Need {
    /// The smallest scope that covers it.
    pub(super) fn scope(self) -> Scope {
        match self {
            Self::Ingest(source_type) => Scope::IngestOf(source_type),
            Self::AnyIngest => Scope::Ingest,
            Self::PluginsRead => Scope::PluginsRead,
            Self::Metrics => Scope::Metrics,
        }
    }
}

/// An unknown scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope {0:?}; allowed: *, ingest, ingest:<source type>, plugins:read, metrics")]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let found = match text {
            "*" => Some(Self::All),
            "ingest" => Some(Self::Ingest),
            "plugins:read" => Some(Self::PluginsRead),
            "metrics" => Some(Self::Metrics),
            _ => text.strip_prefix("ingest:").and_then(|name| {
                let mut types = SourceType::ALL.into_iter();
                types.find(|known| known.as_str() == name).map(Self::IngestOf)
            }),
        };
        found.ok_or_else(|| UnknownScope(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Ingest => f.write_str("ingest"),
            Self::IngestOf(source_type) => write!(f, "ingest:{}", source_type.as_str()),
            Self::PluginsRead => f.write_str("plugins:read"),
            Self::Metrics => f.write_str("metrics"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written() {
        let types = SourceType::ALL.into_iter().map(Scope::IngestOf);
        for scope in types.chain([Scope::All, Scope::Ingest, Scope::PluginsRead, Scope::Metrics]) {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        for bad in ["", "Ingest", "ingest:", "ingest:journals", "plugins:write", "* "] {
            assert_eq!(bad.parse::<Scope>(), Err(UnknownScope(bad.to_owned())));
        }
    }
}
