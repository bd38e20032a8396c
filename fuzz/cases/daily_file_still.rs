//! The daily file's case without threads.

use openclone_vault::{Options, PreparedBatch, Receipt, fs::sim::SimDisk, writer::inline::InlineWriter};

use super::daily_file::Taking;

impl Taking for InlineWriter {
    fn open(options: Options, disk: &SimDisk) -> Self {
        Self::open(&options, disk)
    }

    fn send(&mut self, batch: PreparedBatch) -> Receipt {
        self.send(batch).unwrap()
    }

    fn close(self) {
        self.close();
    }

    fn fall(self) {}
}
