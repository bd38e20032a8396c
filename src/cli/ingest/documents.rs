//! Reads JSON documents from a text: one per line, or one over several lines.
//!
//! Invariant: a line that is a batch by itself is read as one, whatever surrounds it. So a document that breaks off, as in a
//! file whose writer was killed, never swallows the batches behind it. The lines of a document that breaks off are skipped up
//! to the next line that begins with `{`, and the error names them.

use std::{
    collections::VecDeque,
    io::{BufRead, Read},
};

use openclone_client::v1::Batch;
use serde_json::value::RawValue;

/// Bytes of one document or line, at most: far more than the service accepts in one message.
const MAX_BYTES: usize = 16 << 20;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The documents of a text.
pub(super) struct Documents<R> {
    lines: Lines<R>,
    is_ended: bool,
}

/// A document and its position.
#[derive(Debug)]
pub(super) struct Document {
    /// The number of its first line, from 1.
    pub(super) line: usize,
    /// Bytes that it takes in the text.
    pub(super) bytes: u64,
    /// The batch, or why it is none.
    pub(super) batch: Result<Batch, String>,
}

/// The rest of the text cannot be read.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) reason: String,
}

impl<R: BufRead> Documents<R> {
    pub(super) fn new(reader: R) -> Self {
        let lines = Lines {
            reader,
            number: 0,
            again: VecDeque::new(),
        };
        Self {
            lines,
            is_ended: false,
        }
    }

    fn read(&mut self) -> std::io::Result<Option<Document>> {
        loop {
            let Some(line) = self.lines.next()? else {
                return Ok(None);
            };
            if line.is_blank() {
                continue;
            }
            if line.is_too_long {
                return Ok(Some(line.rejected("the line is too long")));
            }
            if std::str::from_utf8(&line.bytes).is_err() {
                return Ok(Some(line.rejected("it is not UTF-8")));
            }
            return match line.batch() {
                Ok(batch) => Ok(Some(line.document(Ok(batch)))),
                Err(reason) => self.read_over_lines(line, reason).map(Some),
            };
        }
    }

    /// Reads the first document of a line that is no batch by itself: it may hold several, or only the beginning of one.
    fn read_over_lines(&mut self, first: Line, reason: String) -> std::io::Result<Document> {
        let number = first.number;
        let mut text = Continued {
            lines: &mut self.lines,
            current: first,
            offset: 0,
            taken: Vec::new(),
            bytes: 0,
            error: None,
        };
        let mut values = serde_json::Deserializer::from_reader(&mut text).into_iter::<Box<RawValue>>();
        let parsed = values.next();
        drop(values);
        if let Some(error) = text.error.take() {
            return Err(error);
        }
        match parsed {
            Some(Ok(value)) => Ok(text.complete(number, &value, reason)),
            Some(Err(error)) => text.abandon(number, &error),
            // a line of other white space than JSON's
            None => Ok(text.complete_as(number, Err(reason))),
        }
    }
}

impl<R: BufRead> Iterator for Documents<R> {
    type Item = Result<Document, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_ended {
            return None;
        }
        let read = self.read().map_err(|error| {
            self.is_ended = true;
            Broken {
                line: self.lines.number,
                reason: format!("cannot read it: {error}"),
            }
        });
        read.transpose()
    }
}

/// A line with its line feed, or what is left of it behind a document.
#[derive(Debug)]
struct Line {
    number: usize,
    bytes: Vec<u8>,
    is_too_long: bool,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    fn batch(&self) -> Result<Batch, String> {
        let text = std::str::from_utf8(self.bytes.trim_ascii()).map_err(|_| "it is not UTF-8".to_owned())?;
        openclone_gateway::read_batch(text)
    }

    /// Whether it is a batch by itself. Cheap for a line of an indented document.
    fn is_batch(&self) -> bool {
        let text = self.bytes.trim_ascii();
        text.starts_with(b"{") && text.ends_with(b"}") && self.batch().is_ok()
    }

    fn document(self, batch: Result<Batch, String>) -> Document {
        Document {
            line: self.number,
            bytes: self.bytes.len() as u64,
            batch,
        }
    }

    fn rejected(self, reason: &str) -> Document {
        self.document(Err(reason.to_owned()))
    }
}

/// The lines of a text; some can be put back.
struct Lines<R> {
    reader: R,
    number: usize,
    again: VecDeque<Line>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> std::io::Result<Option<Line>> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        self.number += 1;
        let mut limited = self.reader.by_ref().take(MAX_BYTES as u64);
        limited.read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let is_too_long = bytes.len() == MAX_BYTES && !bytes.ends_with(b"\n");
        if is_too_long {
            self.reader.skip_until(b'\n')?;
        }
        if bytes.starts_with(BOM) {
            bytes.drain(..BOM.len());
        }
        Ok(Some(Line {
            number: self.number,
            bytes,
            is_too_long,
        }))
    }

    /// Puts lines back, in front of those that were put back before.
    fn put_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.again.push_front(line);
        }
    }
}

/// The text from a line on, up to the next line that is a batch by itself.
struct Continued<'l, R> {
    lines: &'l mut Lines<R>,
    current: Line,
    offset: usize,
    /// The lines behind the first that were read before the current one.
    taken: Vec<Line>,
    /// Bytes of the lines that were read to their end.
    bytes: usize,
    error: Option<std::io::Error>,
}

impl<R: BufRead> Continued<'_, R> {
    /// The document that ended within the current line, whose rest is put back.
    fn complete(self, line: usize, value: &RawValue, reason: String) -> Document {
        let is_first =
            self.current.number == line && self.current.bytes.trim_ascii() == value.get().as_bytes();
        // `reason` is that of the whole first line
        let batch = match is_first {
            true => Err(reason),
            false => openclone_gateway::read_batch(value.get()),
        };
        self.complete_as(line, batch)
    }

    fn complete_as(mut self, line: usize, batch: Result<Batch, String>) -> Document {
        let bytes = (self.bytes + self.offset) as u64;
        self.current.bytes.drain(..self.offset);
        self.lines.put_back(vec![self.current]);
        Document { line, bytes, batch }
    }

    /// The error of a document that is not JSON. Reading goes on behind its first line, at the next one that begins with `{`.
    fn abandon(mut self, first: usize, error: &serde_json::Error) -> std::io::Result<Document> {
        let reason = match error.is_eof() {
            true => "it is not JSON: it breaks off".to_owned(),
            false => format!("it is not JSON: {error}"),
        };
        // `taken` begins with the first line unless that is the current one
        let mut lines = std::mem::take(&mut self.taken);
        lines.push(self.current);
        let rest = lines.split_off(1);
        let mut bytes = lines.iter().map(|line| line.bytes.len()).sum::<usize>();
        let is_over_lines = !rest.is_empty();
        self.lines.put_back(rest);
        let mut last = first;
        while is_over_lines && let Some(line) = self.lines.next()? {
            if line.bytes.starts_with(b"{") || line.is_batch() {
                self.lines.put_back(vec![line]);
                break;
            }
            last = line.number;
            bytes += line.bytes.len();
        }
        let reason = match last > first {
            true => format!("{reason}; skipped up to line {last}"),
            false => reason,
        };
        Ok(Document {
            line: first,
            bytes: bytes as u64,
            batch: Err(reason),
        })
    }

    fn advance(&mut self) -> std::io::Result<bool> {
        let Some(next) = self.lines.next()? else {
            return Ok(false);
        };
        if next.is_too_long || self.bytes > MAX_BYTES || next.is_batch() {
            self.lines.put_back(vec![next]);
            return Ok(false);
        }
        self.bytes += self.current.bytes.len();
        self.offset = 0;
        self.taken.push(std::mem::replace(&mut self.current, next));
        Ok(true)
    }
}

impl<R: BufRead> Read for Continued<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.offset == self.current.bytes.len() {
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.error = Some(error);
                    return Ok(0);
                }
            }
        }
        let count = (&self.current.bytes[self.offset..]).read(buffer)?;
        self.offset += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
