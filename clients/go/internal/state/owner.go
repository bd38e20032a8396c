package state

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// The rule that the SDKs of all languages share: every client creates owners/<pid>-<start>-<random> with O_EXCL, then lists the
// directory. If the file of another client whose process is alive is there, it removes its own and fails. Of two clients that
// open at the same time at least one sees the other. start is the start time in /proc/<pid>/stat, or 0 where the system has none:
// it tells a process from an earlier one with the same id. A file of this process belongs to another client in it.
var ownerForm = regexp.MustCompile(`^([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]{16}$`)

const (
	// Two clients that open at the same time may both give way.
	claimAttempts = 3
	claimPause    = 50 * time.Millisecond
)

// claim gives the path of the owner's file; "" if another client holds the directory.
func claim(directory string) (string, error) {
	for attempt := range claimAttempts {
		if attempt > 0 {
			time.Sleep(mathrand.N(claimPause))
		}
		start, _ := startOf(os.Getpid())
		var tag [8]byte
		_, _ = rand.Read(tag[:]) // Never fails: the program would be ended.
		own := filepath.Join(directory, fmt.Sprintf("%d-%d-%s", os.Getpid(), start, hex.EncodeToString(tag[:])))
		file, err := os.OpenFile(own, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return "", err
		}
		if err := file.Close(); err != nil {
			return "", err
		}
		isHeld, err := hasOther(directory, filepath.Base(own))
		if err == nil && !isHeld {
			return own, nil
		}
		if err := errors.Join(err, os.Remove(own)); err != nil {
			return "", err
		}
	}
	return "", nil
}

// hasOther reports whether another client is alive, and removes the files of those that are not.
func hasOther(directory, own string) (bool, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return false, err
	}
	found := false
	for _, entry := range entries {
		parts := ownerForm.FindStringSubmatch(entry.Name())
		if parts == nil || entry.Name() == own {
			continue
		}
		if isAlive(parts[1], parts[2]) {
			found = true
			continue
		}
		if err := os.Remove(filepath.Join(directory, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return found, nil
}

func isAlive(pidText, startText string) bool {
	pid, err := strconv.Atoi(pidText)
	if err != nil {
		return false
	}
	recorded, err := strconv.ParseUint(startText, 10, 64)
	start, exists := startOf(pid)
	return exists && (err != nil || recorded == 0 || start == 0 || recorded == start)
}

// startOf gives when a process was started, in ticks (0 if the system does not say), and whether it exists.
func startOf(pid int) (uint64, bool) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return 0, processExists(pid)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	// The name in parentheses may have spaces in it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0, true
	}
	start, _ := strconv.ParseUint(string(fields[19]), 10, 64)
	isDead := string(fields[0]) == "Z" || string(fields[0]) == "X"
	return start, !isDead
}
