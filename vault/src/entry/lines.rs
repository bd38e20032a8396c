//! The lines of a file of any size, in bounded memory.

use std::io;

use memchr::memchr;

use super::ids::first_of_glued;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes read at once.
const CHUNK: usize = 1 << 20;
/// A line longer than this loses its middle.
const LONGEST: usize = 16 << 20;
/// What is kept of the beginning of such a line.
const HEAD: usize = 4 << 10;
/// What is kept of its end: enough for an entry's last fields and its id.
const TAIL: usize = 64 << 10;

/// A line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Where it begins in the file.
    pub(crate) start: u64,
    /// Where it ends, behind its ending.
    pub(crate) end: u64,
    /// From 1.
    pub(crate) number: u64,
    /// With its ending; of a line longer than 16 MiB the beginning and the end.
    pub(crate) bytes: &'a [u8],
}

/// Reads at an offset into a buffer, fewer bytes only at the end.
pub(crate) type ReadAt<'a> = dyn Fn(u64, &mut [u8]) -> io::Result<usize> + 'a;

struct Window {
    buffer: Vec<u8>,
    filled: usize,
    /// Where the first line in the buffer begins in the file.
    start: u64,
    /// Bytes taken out of it.
    dropped: u64,
    number: u64,
}

/// Visits all lines in order.
pub(crate) fn each_line(read_at: &ReadAt<'_>, visit: &mut dyn FnMut(Line<'_>)) -> io::Result<()> {
    let mut window = Window {
        buffer: vec![0; CHUNK],
        filled: 0,
        start: 0,
        dropped: 0,
        number: 1,
    };
    let mut position = 0;
    loop {
        let searched = window.filled;
        let count = read_at(position, &mut window.buffer[searched..])?;
        position += count as u64;
        window.filled += count;
        window.emit_complete(searched, visit);
        if count == 0 {
            window.emit_last(visit);
            return Ok(());
        }
        window.make_room();
    }
}

/// Visits all lines, without the file's byte order mark. An entry that begins right behind another one's id, see
/// [`ids_in`](super::ids_in), is visited as a line of its own with the same number.
pub(crate) fn each_entry_line(read_at: &ReadAt<'_>, visit: &mut dyn FnMut(Line<'_>)) -> io::Result<()> {
    each_line(read_at, &mut |line| {
        let mut line = without_mark(line);
        while let Some(length) = first_of_glued(line.bytes) {
            let (bytes, rest) = line.bytes.split_at(length);
            // From the end, since a line that is too long has lost its middle.
            let end = line.end - rest.len() as u64;
            visit(Line { bytes, end, ..line });
            line = Line {
                bytes: rest,
                start: end,
                ..line
            };
        }
        visit(line);
    })
}

/// A byte order mark belongs to the file, not to its first line.
fn without_mark(line: Line<'_>) -> Line<'_> {
    match line.bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(bytes) if line.start == 0 => Line {
            bytes,
            start: BYTE_ORDER_MARK.len() as u64,
            ..line
        },
        _ => line,
    }
}

impl Window {
    /// Hands out the lines that end in the buffer; the first ending is behind `searched`.
    fn emit_complete(&mut self, searched: usize, visit: &mut dyn FnMut(Line<'_>)) {
        let (mut from, mut search) = (0, searched);
        while let Some(newline) = memchr(b'\n', &self.buffer[search..self.filled]) {
            let end = search + newline + 1;
            self.emit(from, end, visit);
            (from, search) = (end, end);
        }
        self.buffer.copy_within(from..self.filled, 0);
        self.filled -= from;
    }

    fn emit_last(&mut self, visit: &mut dyn FnMut(Line<'_>)) {
        if self.filled > 0 {
            self.emit(0, self.filled, visit);
        }
    }

    fn emit(&mut self, from: usize, to: usize, visit: &mut dyn FnMut(Line<'_>)) {
        let end = self.start + (to - from) as u64 + self.dropped;
        visit(Line {
            start: self.start,
            end,
            number: self.number,
            bytes: &self.buffer[from..to],
        });
        (self.start, self.dropped) = (end, 0);
        self.number += 1;
    }

    fn make_room(&mut self) {
        if self.filled < self.buffer.len() {
            return;
        }
        if self.buffer.len() < LONGEST {
            self.buffer.resize(self.buffer.len() * 2, 0);
            return;
        }
        let tail = self.filled - TAIL;
        self.buffer.copy_within(tail..self.filled, HEAD);
        self.dropped += (tail - HEAD) as u64;
        self.filled = HEAD + TAIL;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn lines(file: &[u8]) -> Vec<(u64, u64, u64, Vec<u8>)> {
        // As a file system may: never more than it likes at once.
        let read_at = |offset: u64, buffer: &mut [u8]| {
            let from = usize::try_from(offset).unwrap().min(file.len());
            let count = buffer.len().min(file.len() - from);
            buffer[..count].copy_from_slice(&file[from..from + count]);
            Ok(count)
        };
        let mut all = Vec::new();
        each_line(&read_at, &mut |line| {
            all.push((line.start, line.end, line.number, line.bytes.to_vec()));
        })
        .unwrap();
        all
    }

    #[test]
    fn lines_of_every_length_come_whole() {
        let mut file = Vec::new();
        for length in [0, 1, 5, CHUNK - 1, CHUNK, 3 * CHUNK + 7, 0, 2] {
            file.extend(std::iter::repeat_n(b'x', length));
            file.push(b'\n');
        }
        file.extend_from_slice(b"no newline");
        let mut start = 0;
        let mut expected = Vec::new();
        for (number, line) in (1..).zip(file.split_inclusive(|&byte| byte == b'\n')) {
            let end = start + line.len() as u64;
            expected.push((start, end, number, line.to_vec()));
            start = end;
        }
        assert_eq!(lines(&file), expected);
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n"), [(0, 1, 1, b"\n".to_vec())]);
    }

    #[test]
    fn an_endless_line_keeps_its_ends_and_its_place() {
        let mut file = b"- **".to_vec();
        file.resize(2 * LONGEST + 12_345, b'x');
        file.extend_from_slice(b" ^oc-id\nnext\n");
        let all = lines(&file);
        assert_eq!(all.len(), 2);
        let (start, end, number, bytes) = &all[0];
        assert_eq!((*start, *end, *number), (0, file.len() as u64 - 5, 1));
        assert!(bytes.len() <= LONGEST && bytes.starts_with(b"- **") && bytes.ends_with(b" ^oc-id\n"));
        assert_eq!(
            all[1],
            (file.len() as u64 - 5, file.len() as u64, 2, b"next\n".to_vec())
        );
    }
}
