// Package spool is the durable queue on disk: files of [segment] format, oldest first.
//
// Invariants:
//   - An event counts as queued when the write of its frame has returned: it survives a crash of the plugin, and after the next
//     sync (within a second) a crash of the machine.
//   - Frames are read back from the files, so that the length of the queue costs no memory.
//   - A file is deleted when each of its events has been resolved (acknowledged or set aside). It carries no mark of progress:
//     a file that is found at the start is sent from its beginning.
//   - Events are numbered in the order they were queued, from 1 at each start. A chunk is a run of events of one file.
//
// Appending may happen from many goroutines at once, taking from one only.
package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/segment"
)

const (
	// SegmentBytes is when a new file begins, unless the cap is small.
	SegmentBytes = 4 << 20

	syncAfter = 800 * time.Millisecond
)

// Config is what a spool is made with.
type Config struct {
	// Dir holds the files.
	Dir string
	// DeadLetter takes copies of damaged files.
	DeadLetter string
	// Header is the first payload of each new file.
	Header []byte
	// MaxBytes is the cap of all files together.
	MaxBytes int64
	// BatchEvents and BatchBytes are when a batch is full; BatchAge is when it is due although it is not.
	BatchEvents int
	BatchBytes  int64
	BatchAge    func() time.Duration
	// OnError receives damaged files, and of syncs that failed; never while the spool is locked.
	OnError func(error)
}

// Spool is the queue.
type Spool struct {
	config      Config
	segmentSize int64

	mu       sync.Mutex
	files    []*File // oldest first
	active   *File   // the last of files, while it is appended to
	number   uint64  // of the newest file
	bytes    int64
	appended uint64 // number of the newest event
	queued   int64
	dropped  uint64
	flushTo  uint64 // events up to here are due at once
	marks    []mark
	isDirty  bool // directory entries to sync
	isTimed  bool // a sync is on its way
	isClosed bool

	wake chan struct{} // something may be due
	room chan struct{} // closed when bytes are freed
}

// File is one file of the spool. Its fields belong to the spool.
type File struct {
	path               string
	handle             *os.File
	header             []byte
	first              uint64 // number of its first event
	events             int
	taken              int // events given out by Take
	resolved           int
	busy               int   // chunks that are being read or sent
	readAt             int64 // offset of the first frame that has not been taken
	buffer             []byte
	end                int64 // offset behind the last frame
	isUnsynced, isGone bool
}

// mark says that events from number on were queued at or after the time.
type mark struct {
	number uint64
	at     time.Time
}

// Open reads what is there. Found files are due at once.
func Open(config Config) (*Spool, error) {
	s := &Spool{
		config:      config,
		segmentSize: min(SegmentBytes, config.MaxBytes/4),
		wake:        make(chan struct{}, 1),
		room:        make(chan struct{}),
	}
	if err := s.recover(); err != nil {
		return nil, fmt.Errorf("%w: cannot read %s: %w", sdkerr.ErrSpool, config.Dir, err)
	}
	return s, nil
}

// Append writes the frame of an event. The error is [sdkerr.ErrSpoolFull] when there is no room, then room is closed when it may
// be worth trying again; [sdkerr.ErrSpool] when the disk fails.
func (s *Spool) Append(frame []byte) (room <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed {
		return nil, sdkerr.ErrClosed
	}
	if s.active != nil && s.active.end+int64(len(frame)) > s.segmentSize && s.active.events > 0 {
		s.seal()
	}
	if needed := s.cost(frame); s.bytes+needed > s.config.MaxBytes {
		return s.room, fmt.Errorf("%w: %d of %d bytes are waiting in %s", sdkerr.ErrSpoolFull, s.bytes, s.config.MaxBytes,
			s.config.Dir)
	}
	if err := s.write(frame); err != nil {
		return nil, fmt.Errorf("%w: cannot write to %s: %w", sdkerr.ErrSpool, s.config.Dir, err)
	}
	s.count(int64(len(frame)))
	return nil, nil
}

// cost is how much the spool grows by a frame.
func (s *Spool) cost(frame []byte) int64 {
	cost := int64(len(frame))
	if s.active == nil {
		cost += int64(len(segment.Magic) + segment.Overhead + len(s.config.Header))
	}
	return cost
}

// write appends to the active file, at the place where the last whole frame ends: what a failed write left behind is
// overwritten by the next.
func (s *Spool) write(frame []byte) error {
	if s.active == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	if _, err := s.active.handle.WriteAt(frame, s.active.end); err != nil {
		_ = s.active.handle.Truncate(s.active.end)
		return err
	}
	return nil
}

func (s *Spool) begin() error {
	start := segment.AppendFrame([]byte(segment.Magic), s.config.Header)
	path := filepath.Join(s.config.Dir, fmt.Sprintf("%016d.seg", s.number+1))
	handle, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := handle.WriteAt(start, 0); err != nil {
		_ = handle.Close()
		_ = os.Remove(path)
		return err
	}
	size := int64(len(start))
	s.number++
	s.active = &File{path: path, handle: handle, header: s.config.Header, first: s.appended + 1, readAt: size, end: size}
	s.files = append(s.files, s.active)
	s.bytes += size
	s.isDirty = true
	return nil
}

// count takes note of a frame that has been written.
func (s *Spool) count(size int64) {
	file, now := s.active, time.Now()
	file.events++
	file.end += size
	s.bytes += size
	s.appended++
	s.queued++
	s.note(now)
	s.planSync(file)
	// Whoever waits for a batch must learn of its first event, to know its age, and of the one that fills it.
	waiting := file.events - file.taken
	isFull := file.end-file.readAt >= s.config.BatchBytes && file.end-file.readAt-size < s.config.BatchBytes
	if waiting == 1 || waiting == s.config.BatchEvents || isFull {
		s.signal()
	}
}

// note remembers when an event was queued, to a 64th of the age at which batches are due.
func (s *Spool) note(now time.Time) {
	age := s.config.BatchAge()
	if count := len(s.marks); count > 0 && now.Sub(s.marks[count-1].at) < age/64 {
		return
	}
	// Of those that are due anyway one is enough.
	for len(s.marks) > 1 && now.Sub(s.marks[1].at) >= age {
		s.marks = s.marks[1:]
	}
	s.marks = append(s.marks, mark{number: s.appended, at: now})
}

func (s *Spool) seal() {
	s.active = nil
	s.signal()
}

func (s *Spool) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Wake tells that something may have become due.
func (s *Spool) Wake() <-chan struct{} { return s.wake }

// Flush makes all that is queued due at once, and gives the number of the newest event.
func (s *Spool) Flush() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushTo = s.appended
	s.signal()
	return s.flushTo
}

// Stats are figures of the moment.
type Stats struct {
	Queued  int64
	Bytes   int64
	Dropped uint64
}

// Stats tells how much is waiting.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Queued: s.queued, Bytes: s.bytes, Dropped: s.dropped}
}
