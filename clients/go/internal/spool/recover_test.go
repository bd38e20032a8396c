package spool

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/segment"
)

func TestACrashLosesNothingAndSendsFromTheBeginning(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, 1<<20)
	first.append(t, names(0, 20)...)
	chunk := first.Take(5, func([]byte) bool { return true })
	first.Resolve(chunk, 5)
	first.PutDown(chunk)
	second := open(t, dir, 1<<20)
	second.append(t, names(20, 25)...)
	if got := second.drain(); !slices.Equal(got, names(0, 25)) {
		t.Errorf("%v", got)
	}
	if left := second.files("spool"); len(left) != 0 {
		t.Errorf("%v", left)
	}
}

func TestASpoolCutAtAnyByteGivesWhatIsWhole(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, 1<<20).append(t, names(0, 4)...)
	path := filepath.Join(dir, "spool", "0000000000000001.seg")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start, frame := len(segment.Magic)+segment.Overhead+len("header"), segment.Overhead+len("event-0000")
	for cut := range len(whole) + 1 {
		other := t.TempDir()
		_ = os.Mkdir(filepath.Join(other, "spool"), 0o700)
		if err := os.WriteFile(filepath.Join(other, "spool", "0000000000000001.seg"), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		f := open(t, other, 1<<20)
		want := names(0, max(0, (cut-start)/frame))
		if got := f.drain(); !slices.Equal(got, want) || len(f.reported) != 0 || len(f.files("dead")) != 0 {
			t.Fatalf("cut at %d: %v, want %v; reported %v", cut, got, want, f.reported)
		}
	}
}

func TestADamagedFileIsKeptAndTold(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, 1<<20).append(t, names(0, 10)...)
	path := filepath.Join(dir, "spool", "0000000000000001.seg")
	data, _ := os.ReadFile(path)
	data[len(data)/2] ^= 4
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, dir, 1<<20)
	if len(f.reported) != 1 || !errors.Is(f.reported[0], sdkerr.ErrDamaged) {
		t.Fatalf("%v", f.reported)
	}
	kept := f.files("dead")
	if len(kept) != 1 {
		t.Fatalf("%v", kept)
	}
	if copied, _ := os.ReadFile(kept[0]); !slices.Equal(copied, data) {
		t.Error("the copy differs")
	}
	if got := f.drain(); len(got) == 0 || len(got) == 10 || !slices.Equal(got, names(0, len(got))) {
		t.Errorf("%v", got)
	}
	if left := f.files("spool"); len(left) != 0 {
		t.Errorf("%v", left)
	}
}
