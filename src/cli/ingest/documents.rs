//! Cuts a text into JSON objects: one to a line, or over several lines, or one after another.
//!
//! A document ends where its brackets close. What does not begin one, or breaks off inside a string at the end of a line
//! (where no JSON string can be), is a error of that line, and reading goes on with the next.

use std::io::BufRead;

/// Bytes of one document, at most: more than the service takes in one message.
const MAX_BYTES: usize = 16 << 20;

/// The documents of a text.
pub(super) struct Documents<R> {
    reader: R,
    cutter: Cutter,
    ended: bool,
}

/// What stands at a line.
#[derive(Debug, PartialEq)]
pub(super) struct Document {
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// How many bytes it takes.
    pub(super) bytes: u64,
    /// It, or why it is none.
    pub(super) text: Result<String, String>,
}

/// The text cannot be read on.
#[derive(Debug, PartialEq)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// The document at hand, and where in the text it is.
struct Cutter {
    line: usize,
    pending: Vec<u8>,
    begins: usize,
    scan: Scan,
}

#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

/// What a byte means for the document at hand.
enum Step {
    Inside,
    Closes,
    Breaks(&'static str),
}

impl<R: BufRead> Documents<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            cutter: Cutter {
                line: 1,
                pending: Vec::new(),
                begins: 1,
                scan: Scan::default(),
            },
            ended: false,
        }
    }

    /// Skips to the next line.
    fn skip_line(&mut self) -> std::io::Result<usize> {
        if self.cutter.pending.last() == Some(&b'\n') {
            return Ok(0);
        }
        let mut skipped = 0;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(skipped);
            }
            let newline = buffer.iter().position(|byte| *byte == b'\n');
            let used = newline.map_or(buffer.len(), |index| index + 1);
            self.reader.consume(used);
            skipped += used;
            if newline.is_some() {
                self.cutter.line += 1;
                return Ok(skipped);
            }
        }
    }

    fn advance(&mut self) -> std::io::Result<Option<Document>> {
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                self.ended = true;
                let is_open = !self.cutter.pending.is_empty();
                let error = || Err("it is not JSON: it breaks off".to_owned());
                return Ok(is_open.then(|| self.cutter.document(error(), 0)));
            }
            let (used, outcome) = self.cutter.take(buffer);
            self.reader.consume(used);
            match outcome {
                None => {}
                Some(Ok(())) => {
                    let bytes = std::mem::take(&mut self.cutter.pending);
                    let length = bytes.len();
                    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned());
                    return Ok(Some(Document {
                        line: self.cutter.begins,
                        bytes: length as u64,
                        text,
                    }));
                }
                Some(Err(reason)) => {
                    let skipped = self.skip_line()?;
                    return Ok(Some(self.cutter.document(Err(reason.to_owned()), skipped)));
                }
            }
        }
    }
}

impl Cutter {
    /// Takes bytes of the buffer up to the end of a document, a error, or the buffer.
    fn take(&mut self, buffer: &[u8]) -> (usize, Option<Result<(), &'static str>>) {
        for (index, &byte) in buffer.iter().enumerate() {
            if self.pending.is_empty() && byte.is_ascii_whitespace() {
                self.line += usize::from(byte == b'\n');
                continue;
            }
            if self.pending.is_empty() {
                self.begins = self.line;
                self.scan = Scan::default();
            }
            self.pending.push(byte);
            let step = self.scan.step(byte);
            self.line += usize::from(byte == b'\n');
            match step {
                Step::Closes => return (index + 1, Some(Ok(()))),
                Step::Breaks(reason) => return (index + 1, Some(Err(reason))),
                Step::Inside if self.pending.len() > MAX_BYTES => {
                    return (index + 1, Some(Err("it is too long")));
                }
                Step::Inside => {}
            }
        }
        (buffer.len(), None)
    }

    fn document(&mut self, text: Result<String, String>, skipped: usize) -> Document {
        let bytes = (std::mem::take(&mut self.pending).len() + skipped) as u64;
        Document {
            line: self.begins,
            bytes,
            text,
        }
    }
}

impl Scan {
    fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            return self.step_in_string(byte);
        }
        match byte {
            b'"' if self.depth > 0 => self.in_string = true,
            b'{' => self.depth += 1,
            b'[' if self.depth > 0 => self.depth += 1,
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                if self.depth == 0 {
                    return Step::Closes;
                }
            }
            _ if self.depth == 0 => return Step::Breaks("it is not a JSON object"),
            _ => {}
        }
        Step::Inside
    }

    fn step_in_string(&mut self, byte: u8) -> Step {
        match byte {
            b'\n' => return Step::Breaks("it is not JSON: a string breaks off"),
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
        Step::Inside
    }
}

impl<R: BufRead> Iterator for Documents<R> {
    type Item = Result<Document, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.advance()
            .map_err(|error| {
                self.ended = true;
                Broken {
                    line: self.cutter.line,
                    reason: format!("cannot read it: {error}"),
                }
            })
            .transpose()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn cut(text: &[u8], buffer: usize) -> Vec<(usize, Result<String, String>)> {
        let documents = Documents::new(BufReader::with_capacity(buffer, text));
        documents
            .map(Result::unwrap)
            .map(|document| (document.line, document.text))
            .collect()
    }

    #[test]
    fn documents_are_cut_whatever_the_buffer() {
        let text = "{\"a\": \"}{\\\"\"}\n\n{\n \"b\": [{}]\n} {\"c\":1}{}\nnonsense {}\n{\"d\": \"x\n{\"e\":2}\n{\"f\": [";
        for buffer in [1, 2, 3, 7, 1000] {
            let found = cut(text.as_bytes(), buffer);
            let fine = |text: &str| Ok(text.to_owned());
            let error = |text: &str| Err(text.to_owned());
            assert_eq!(
                found,
                [
                    (1, fine("{\"a\": \"}{\\\"\"}")),
                    (3, fine("{\n \"b\": [{}]\n}")),
                    (5, fine("{\"c\":1}")),
                    (5, fine("{}")),
                    (6, error("it is not a JSON object")),
                    (7, error("it is not JSON: a string breaks off")),
                    (8, fine("{\"e\":2}")),
                    (9, error("it is not JSON: it breaks off")),
                ],
                "buffer {buffer}"
            );
        }
    }

    #[test]
    fn bytes_add_up_and_bad_utf8_is_named() {
        assert_eq!(
            cut(b"{\"a\": \"\xff\"}", 4),
            [(1, Err("it is not UTF-8".to_owned()))]
        );
        let text = "{}\nx y z\n{\"a\":1}";
        let bytes: u64 = Documents::new(text.as_bytes())
            .map(|document| document.unwrap().bytes)
            .sum();
        assert_eq!(bytes, text.len() as u64 - 1);
        assert!(cut(b" \n\n", 1).is_empty());
    }
}
