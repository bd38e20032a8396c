package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/segment"
)

// recover lists the files of earlier starts and counts what is in them.
func (s *Spool) recover() error {
	entries, err := os.ReadDir(s.config.Dir)
	if err != nil {
		return err
	}
	var numbers []uint64
	for _, entry := range entries {
		if number, ok := numberOf(entry.Name()); ok {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		s.number = number
		if err := s.adopt(filepath.Join(s.config.Dir, fmt.Sprintf("%016d.seg", number))); err != nil {
			return err
		}
	}
	s.flushTo = s.appended
	return nil
}

// numberOf reads the number out of a name such as 0000000000000042.seg.
func numberOf(name string) (uint64, bool) {
	digits, isSegment := strings.CutSuffix(name, ".seg")
	if !isSegment || len(digits) != 16 {
		return 0, false
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, err == nil
}

// adopt takes over the good frames of a file, and deletes the file if there are none.
func (s *Spool) adopt(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	contents := segment.Scan(data)
	if contents.Damaged {
		kept, err := keep(path, s.config.DeadLetter)
		if err != nil {
			return err
		}
		s.config.OnError(fmt.Errorf("%w: %s is good up to byte %d only, %d events; the file is kept as %s", sdkerr.ErrDamaged,
			path, contents.End, contents.Events, kept))
	}
	if contents.Events == 0 {
		return os.Remove(path)
	}
	s.files = append(s.files, &File{
		path: path, header: contents.Header, first: s.appended + 1, events: contents.Events,
		readAt: contents.Start, end: contents.End,
	})
	s.bytes += contents.End
	s.appended += uint64(contents.Events)
	s.queued += int64(contents.Events)
	return nil
}

// keep copies a file into a directory, under a name that is free there.
func keep(path, dir string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for attempt := 0; ; attempt++ {
		name := filepath.Base(path)
		if attempt > 0 {
			name = fmt.Sprintf("%s.%d", name, attempt)
		}
		kept := filepath.Join(dir, name)
		file, err := os.OpenFile(kept, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = file.Write(data)
		return kept, errors.Join(err, file.Sync(), file.Close())
	}
}
