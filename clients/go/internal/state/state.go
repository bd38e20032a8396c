// Package state is the directory that a client keeps between its starts:
//
//	lock           locked for as long as the client is open
//	owners/        the process that has it open, see owner.go
//	spool/         see package spool
//	dead-letter/   events that were rejected, damaged files of the spool
//
// Directories are 0700, files 0600.
package state

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
)

// Dir is a state directory that this process holds.
type Dir struct {
	path  string
	lock  *os.File
	owner string
}

// Open makes what is missing and takes the lock.
func Open(path string) (*Dir, error) {
	d := &Dir{path: path}
	for _, dir := range []string{path, d.owners(), d.Spool(), d.DeadLetter()} {
		if err := makeDir(dir); err != nil {
			return nil, fmt.Errorf("%w: cannot make %s: %w", sdkerr.ErrSpool, dir, err)
		}
	}
	if err := d.takeLock(); err != nil {
		return nil, err
	}
	return d, nil
}

// makeDir also closes a directory that was open to others.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() == 0o700 {
		return err
	}
	return os.Chmod(dir, 0o700)
}

func (d *Dir) takeLock() error {
	path := filepath.Join(d.path, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%w: cannot open %s: %w", sdkerr.ErrSpool, path, err)
	}
	isFree, err := tryLock(file)
	if err != nil {
		_ = file.Close()
		return fmt.Errorf("%w: cannot lock %s: %w", sdkerr.ErrSpool, path, err)
	}
	if isFree {
		d.owner, err = claim(d.owners())
	}
	if err != nil {
		_ = file.Close()
		return fmt.Errorf("%w: cannot claim %s: %w", sdkerr.ErrSpool, d.owners(), err)
	}
	if d.owner == "" {
		_ = file.Close()
		return fmt.Errorf("%w: another client uses %s; close it, or give this one a StateDir of its own",
			sdkerr.ErrSpoolLocked, d.path)
	}
	d.lock = file
	return nil
}

// Close gives the directory free.
func (d *Dir) Close() error {
	// Before the lock: whoever takes it next must not find a living owner.
	return errors.Join(os.Remove(d.owner), d.lock.Close())
}

func (d *Dir) owners() string { return filepath.Join(d.path, "owners") }

// Spool is where the queue is.
func (d *Dir) Spool() string { return filepath.Join(d.path, "spool") }

// SpoolOf is where the queue of one of several source types is. It is made if it is missing.
func (d *Dir) SpoolOf(source string) (string, error) {
	dir := d.Spool() + "-" + source
	if err := makeDir(dir); err != nil {
		return "", fmt.Errorf("%w: cannot make %s: %w", sdkerr.ErrSpool, dir, err)
	}
	return dir, nil
}

// Sources are those that have a queue of their own, of whatever client.
func (d *Dir) Sources() []string {
	found, _ := filepath.Glob(d.Spool() + "-*")
	for index, dir := range found {
		found[index] = strings.TrimPrefix(filepath.Base(dir), "spool-")
	}
	return found
}

// DeadLetter is where rejected events are.
func (d *Dir) DeadLetter() string { return filepath.Join(d.path, "dead-letter") }

// NewUUID makes a random UUID v4.
func NewUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // Never fails: the program would be ended.
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	digits := hex.EncodeToString(id[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// WriteFile writes a file so that it is there as a whole or not at all.
func WriteFile(path string, data []byte) error {
	part := path + ".part"
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(part)
		return err
	}
	return os.Rename(part, path)
}
