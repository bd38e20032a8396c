//! Reads the frames of a gRPC body: one byte of flags, four of length (big-endian), the message.

/// Cuts a body into its messages, however its bytes are chunked.
#[derive(Default)]
pub(super) struct Messages {
    waiting: Vec<u8>,
}

impl Messages {
    /// The messages that are whole with `bytes`.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.waiting.extend_from_slice(bytes);
        let mut whole = Vec::new();
        while let Some(message) = self.next() {
            whole.push(message);
        }
        whole
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let length: [u8; 4] = self.waiting.get(1..5)?.try_into().ok()?;
        let end = 5 + usize::try_from(u32::from_be_bytes(length)).ok()?;
        let message = self.waiting.get(5..end)?.to_vec();
        self.waiting.drain(..end);
        Some(message)
    }
}

/// A message as a frame.
pub(super) fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0][..], &length.to_be_bytes(), message].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_whatever_the_chunks() {
        let body = [frame(b"one"), frame(b""), frame(b"three")].concat();
        for size in 1..body.len() {
            let mut messages = Messages::default();
            let whole: Vec<_> = body.chunks(size).flat_map(|chunk| messages.take(chunk)).collect();
            assert_eq!(whole, [&b"one"[..], b"", b"three"]);
        }
    }
}
