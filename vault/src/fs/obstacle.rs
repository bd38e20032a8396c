//! What can be in the place of a file or a folder; both file systems report it in the same words.

use std::{fmt, io};

/// Something that we neither follow nor write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    SymbolicLink,
    Directory,
    NotDirectory,
    Fifo,
    Special,
}

impl Obstacle {
    /// The error for `path`. Its kind distinguishes obstacles as far as [`io::ErrorKind`] can.
    pub(super) fn error(self, path: impl fmt::Display) -> io::Error {
        let (kind, what) = match self {
            Self::SymbolicLink => (io::ErrorKind::PermissionDenied, "is a symbolic link"),
            Self::Directory => (io::ErrorKind::IsADirectory, "is a directory"),
            Self::NotDirectory => (io::ErrorKind::NotADirectory, "is not a directory"),
            Self::Fifo => (io::ErrorKind::Unsupported, "is a FIFO"),
            Self::Special => (io::ErrorKind::Unsupported, "is a socket or a device"),
        };
        io::Error::new(kind, InTheWay(format!("{path} {what}")))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct InTheWay(String);

/// Whether an error means that something else than our file is at a path, rather than that the path cannot be used.
pub(crate) fn is_obstacle(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<InTheWay>())
}

/// Adds what was being done to an error, and keeps its kind.
pub(super) fn with_context(error: &io::Error, doing: &str, path: impl fmt::Display) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {doing} {path}: {error}"))
}
