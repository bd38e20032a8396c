//! Reads a segment in order, large pieces at a time.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use bytes::{Buf as _, Bytes, BytesMut};

use super::{
    Wanted,
    segment::{FRAME, MAGIC, MAX_PAYLOAD},
};

/// Bytes asked of the file at once.
const PIECE: usize = 128 << 10;

/// Where reading stands in a segment.
#[derive(Debug)]
pub(super) struct Reader {
    file: File,
    /// Bytes of the file that are in `waiting` or behind it.
    fetched: u64,
    waiting: BytesMut,
    header: Bytes,
}

impl Reader {
    /// Opens a segment and reads its header.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut reader = Self {
            file: File::open(path)?,
            fetched: 0,
            waiting: BytesMut::new(),
            header: Bytes::new(),
        };
        let end = reader.file.metadata()?.len();
        while reader.waiting.len() < MAGIC.len() && reader.fetch(end)? {}
        if !reader.waiting.starts_with(MAGIC) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        reader.waiting.advance(MAGIC.len());
        reader.header = reader.next(end)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(reader)
    }

    /// The first payload.
    pub(super) fn header(&self) -> Bytes {
        self.header.clone()
    }

    /// How many bytes of the file have been given out.
    pub(super) fn position(&self) -> u64 {
        self.fetched - self.waiting.len() as u64
    }

    /// The next payloads, of which `wanted.events` are in the file before `end`; at least one, whatever its size.
    pub(super) fn read(&mut self, end: u64, wanted: Wanted) -> io::Result<Vec<Bytes>> {
        let mut payloads = Vec::with_capacity(wanted.events);
        let mut bytes = 0;
        while payloads.len() < wanted.events {
            let length = self.peek(end)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if bytes + length > wanted.bytes && !payloads.is_empty() {
                break;
            }
            bytes += length;
            payloads.push(self.next(end)?.ok_or(io::ErrorKind::UnexpectedEof)?);
        }
        Ok(payloads)
    }

    /// The length of the next payload.
    fn peek(&mut self, end: u64) -> io::Result<Option<usize>> {
        while self.waiting.len() < 8 {
            if !self.fetch(end)? {
                return Ok(None);
            }
        }
        let length = usize::try_from(self.waiting.as_ref().get_u32_le()).unwrap_or(usize::MAX);
        match length <= MAX_PAYLOAD {
            true => Ok(Some(length)),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn next(&mut self, end: u64) -> io::Result<Option<Bytes>> {
        let Some(length) = self.peek(end)? else {
            return Ok(None);
        };
        let whole = length + usize::try_from(FRAME).unwrap_or(8);
        while self.waiting.len() < whole {
            if !self.fetch(end)? {
                return Ok(None);
            }
        }
        let mut frame = self.waiting.split_to(whole).freeze();
        frame.advance(4);
        let checksum = frame.get_u32_le();
        match crc32fast::hash(&frame) == checksum {
            true => Ok(Some(frame)),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Reads on; `false` if `end` has been reached.
    fn fetch(&mut self, end: u64) -> io::Result<bool> {
        let left = usize::try_from(end.saturating_sub(self.fetched))
            .unwrap_or(PIECE)
            .min(PIECE);
        let start = self.waiting.len();
        self.waiting.resize(start + left, 0);
        let read = self.file.read(&mut self.waiting[start..]);
        self.waiting.truncate(start + *read.as_ref().unwrap_or(&0));
        let read = read?;
        self.fetched += read as u64;
        Ok(read > 0)
    }
}
