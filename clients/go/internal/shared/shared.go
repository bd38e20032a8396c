// Package shared is what all plugins of a user have in common: the id of the device, consent and pause, in
//
//	$XDG_STATE_HOME/openclone      ~/.local/state/openclone by default, on macOS ~/Library/Application Support/openclone, on
//	                               Windows %LOCALAPPDATA%\openclone
package shared

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/state"
)

// emptyFor is after how long an empty device-id counts as that of a program that died before it wrote.
const emptyFor = time.Second

// Home is the directory.
func Home() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "openclone"), nil
	}
	if dir := os.Getenv("LOCALAPPDATA"); runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "openclone"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("%w: there is no home directory: set XDG_STATE_HOME: %w", sdkerr.ErrInvalidOptions, err)
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "openclone"), nil
	case "windows":
		return filepath.Join(home, "AppData", "Local", "openclone"), nil
	}
	return filepath.Join(home, ".local", "state", "openclone"), nil
}

var deviceForm = regexp.MustCompile(
	`^([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|test-[a-z0-9-]{1,59})$`)

// DeviceID reads the id kept in dir; the first program that asks makes it.
func DeviceID(dir string) (string, error) {
	path := filepath.Join(dir, "device-id")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("%w: cannot make %s: %w", sdkerr.ErrSpool, dir, err)
	}
	for deadline := time.Now().Add(emptyFor); ; time.Sleep(20 * time.Millisecond) {
		id, err := readOrMake(path)
		if err != nil {
			return "", fmt.Errorf("%w: cannot use %s: %w", sdkerr.ErrSpool, path, err)
		}
		if id != "" && !deviceForm.MatchString(strings.ToLower(id)) {
			return "", fmt.Errorf("%w: %s does not hold a UUID v4: put the old one back, or delete the file",
				sdkerr.ErrInvalidOptions, path)
		}
		if id != "" {
			return id, nil
		}
		if time.Now().After(deadline) {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", fmt.Errorf("%w: cannot remove the empty %s: %w", sdkerr.ErrSpool, path, err)
			}
		}
	}
}

// readOrMake gives nothing while another program writes.
func readOrMake(path string) (string, error) {
	data, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return strings.TrimSpace(string(data)), err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	id := state.NewUUID()
	_, err = file.WriteString(id + "\n")
	return id, errors.Join(err, file.Sync(), file.Close())
}

// IsPaused tells whether capture is paused at a time. When in doubt it is.
func IsPaused(dir string, now time.Time) bool {
	data, err := os.ReadFile(filepath.Join(dir, "pause"))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	end, err := strconv.ParseFloat(strings.TrimSpace(first), 64)
	return err != nil || math.IsNaN(end) || float64(now.UnixMicro())/1e6 < end
}
