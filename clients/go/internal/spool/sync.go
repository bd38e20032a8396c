package spool

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
)

// planSync has written data synced within a second.
func (s *Spool) planSync(file *File) {
	file.isUnsynced = true
	if s.isTimed {
		return
	}
	s.isTimed = true
	time.AfterFunc(syncAfter, func() {
		if err := s.Sync(); err != nil {
			s.config.OnError(err)
		}
	})
}

// Sync writes everything that is still in the spool through to the disk.
func (s *Spool) Sync() error {
	s.mu.Lock()
	s.isTimed = false
	isDirty := s.isDirty
	s.isDirty = false
	var files []*File
	for _, file := range s.files {
		if file.isUnsynced {
			file.isUnsynced = false
			files = append(files, file)
		}
	}
	s.mu.Unlock()
	var failures []error
	for _, file := range files {
		// A file that has been deleted meanwhile is closed.
		if err := file.handle.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
			failures = append(failures, err)
		}
	}
	if isDirty && len(files) > 0 {
		failures = append(failures, syncDir(s.config.Dir))
	}
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("%w: cannot sync %s: %w", sdkerr.ErrSpool, s.config.Dir, err)
	}
	return nil
}

// Close syncs and closes the files. What is in them is sent at the next start.
func (s *Spool) Close() error {
	s.mu.Lock()
	s.isClosed = true
	close(s.room)
	s.room = make(chan struct{})
	s.mu.Unlock()
	err := s.Sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, file := range s.files {
		if file.handle != nil {
			_ = file.handle.Close()
		}
	}
	return err
}
