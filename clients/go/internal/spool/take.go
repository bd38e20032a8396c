package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/segment"
)

// readAhead is how many bytes are read at once.
const readAhead = 256 << 10

// Chunk is a run of events that has been taken. It is busy until it is resolved or put down.
type Chunk struct {
	// Header is the first payload of its file.
	Header []byte
	// First is the number of its first event.
	First uint64
	// Events is how many there are.
	Events int
	file   *File
}

// Due tells whether a batch should be sent now, and if not, in how long it will be; 0 means when something is queued.
func (s *Spool) Due(now time.Time) (bool, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := s.waiting()
	if file == nil {
		return false, 0
	}
	number := file.first + uint64(file.taken)
	isFull := file.events-file.taken >= s.config.BatchEvents || file.end-file.readAt >= s.config.BatchBytes
	if file != s.active || isFull || number <= s.flushTo {
		return true, 0
	}
	wait := s.config.BatchAge() - now.Sub(s.queuedAt(number))
	return wait <= 0, max(wait, 0)
}

// waiting is the oldest file with events that have not been taken.
func (s *Spool) waiting() *File {
	for _, file := range s.files {
		if file.taken < file.events {
			return file
		}
	}
	return nil
}

// queuedAt is when an event was queued, or a little earlier; the zero time if that was before this start.
func (s *Spool) queuedAt(number uint64) time.Time {
	var at time.Time
	for _, mark := range s.marks {
		if mark.number > number {
			break
		}
		at = mark.at
	}
	return at
}

// Next is the number of the oldest event that has not been taken; one more than the newest if all have been.
func (s *Spool) Next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file := s.waiting(); file != nil {
		return file.first + uint64(file.taken)
	}
	return s.appended + 1
}

// Take gives the next events of one file to add, until it returns false or there are limit of them. Nil when nothing waits, or
// when what waits cannot be read: that is counted as dropped and reported.
func (s *Spool) Take(limit int, add func(event []byte) bool) *Chunk {
	s.mu.Lock()
	file := s.waiting()
	if file == nil {
		s.mu.Unlock()
		return nil
	}
	file.busy++
	count := min(limit, file.events-file.taken)
	chunk := &Chunk{Header: file.header, First: file.first + uint64(file.taken), file: file}
	end := file.end
	s.mu.Unlock()

	readAt, err := file.read(end, count, chunk, add)

	s.mu.Lock()
	file.taken += chunk.Events
	file.readAt = readAt
	s.mu.Unlock()
	if err != nil {
		s.giveUp(file, err)
	}
	if chunk.Events == 0 {
		s.PutDown(chunk)
		return nil
	}
	return chunk
}

// read passes on at most count frames that end before end, and gives the offset behind them.
func (f *File) read(end int64, count int, chunk *Chunk, add func([]byte) bool) (int64, error) {
	at := f.readAt
	for chunk.Events < count {
		payload, rest, ok := segment.Next(f.buffer)
		if !ok {
			if err := f.fill(at, end); err != nil {
				return at, err
			}
			continue
		}
		if !add(payload) {
			break
		}
		at += int64(len(f.buffer) - len(rest))
		f.buffer = rest
		chunk.Events++
	}
	return at, nil
}

// fill reads at least one frame into the buffer, which begins at the offset at of the file.
func (f *File) fill(at, end int64) error {
	if f.handle == nil {
		handle, err := os.Open(f.path)
		if err != nil {
			return err
		}
		f.handle = handle
	}
	have := int64(len(f.buffer))
	// Twice what did not suffice.
	want := min(max(readAhead, 2*have), end-at)
	if want <= have {
		return errDamaged
	}
	buffer := make([]byte, want)
	if _, err := io.ReadFull(io.NewSectionReader(f.handle, at, want), buffer); err != nil {
		return err
	}
	f.buffer = buffer
	return nil
}

var errDamaged = errors.New("a frame that was whole is not any more")

// giveUp counts what has not been taken of a file as lost: it was there when the file was opened, and cannot be read now.
func (s *Spool) giveUp(file *File, reason error) {
	s.mu.Lock()
	if file.isGone { // Dropped meanwhile.
		s.mu.Unlock()
		return
	}
	lost := file.events - file.taken
	file.events = file.taken
	s.queued -= int64(lost)
	s.dropped += uint64(lost)
	if s.active == file {
		s.active = nil
	}
	s.mu.Unlock()
	kept, err := keep(file.path, s.config.DeadLetter)
	if err != nil {
		kept = "nowhere: " + err.Error()
	}
	s.config.OnError(fmt.Errorf("%w: %d events of %s cannot be read (%w); the file is kept in %s", sdkerr.ErrDamaged, lost,
		file.path, reason, kept))
}
