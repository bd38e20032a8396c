package spool

import "os"

// PickUp makes a chunk busy again; false when its file has been dropped.
func (s *Spool) PickUp(chunk *Chunk) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !chunk.file.isGone {
		chunk.file.busy++
	}
	return !chunk.file.isGone
}

// PutDown says that a chunk is not being sent any more, but not resolved.
func (s *Spool) PutDown(chunk *Chunk) {
	s.mu.Lock()
	chunk.file.busy--
	removed := s.removeIfDone(chunk.file)
	s.mu.Unlock()
	removed.unlink()
}

// Resolve says that count events of a chunk have been acknowledged or set aside.
func (s *Spool) Resolve(chunk *Chunk, count int) {
	s.mu.Lock()
	if chunk.file.isGone {
		s.mu.Unlock()
		return
	}
	chunk.file.resolved += count
	s.queued -= int64(count)
	removed := s.removeIfDone(chunk.file)
	s.mu.Unlock()
	removed.unlink()
}

// DropOldest deletes the oldest file that is not being sent, and gives the number of events that are lost by that; false if
// there is no such file.
func (s *Spool) DropOldest() (lost int, ok bool) {
	s.mu.Lock()
	var file *File
	for _, candidate := range s.files {
		if candidate.busy == 0 {
			file = candidate
			break
		}
	}
	if file == nil {
		s.mu.Unlock()
		return 0, false
	}
	lost = file.events - file.resolved
	s.queued -= int64(lost)
	s.dropped += uint64(lost)
	s.remove(file)
	s.mu.Unlock()
	file.unlink()
	return lost, true
}

func (s *Spool) removeIfDone(file *File) *File {
	if file.isGone || file.resolved < file.events || file.busy > 0 {
		return nil
	}
	s.remove(file)
	return file
}

// remove takes a file off the list; unlink it after unlocking.
func (s *Spool) remove(file *File) {
	for index, candidate := range s.files {
		if candidate == file {
			s.files = append(s.files[:index:index], s.files[index+1:]...)
			break
		}
	}
	if s.active == file {
		s.active = nil
	}
	file.isGone = true
	s.bytes -= file.end
	close(s.room)
	s.room = make(chan struct{})
}

func (f *File) unlink() {
	if f == nil {
		return
	}
	if f.handle != nil {
		_ = f.handle.Close()
	}
	_ = os.Remove(f.path)
}
