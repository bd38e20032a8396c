package spool

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/segment"
)

// fixture is a spool in a directory of its own.
type fixture struct {
	*Spool
	dir      string
	reported []error
}

func open(t *testing.T, dir string, maxBytes int64) *fixture {
	t.Helper()
	f := &fixture{dir: dir}
	for _, name := range []string{"spool", "dead"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := Open(Config{
		Dir: filepath.Join(dir, "spool"), DeadLetter: filepath.Join(dir, "dead"), Header: []byte("header"), MaxBytes: maxBytes,
		BatchEvents: 10, BatchBytes: 1000, BatchAge: func() time.Duration { return time.Minute }, OnError: func(err error) { f.reported = append(f.reported, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Spool = opened
	t.Cleanup(func() { _ = opened.Close() })
	return f
}

func (f *fixture) append(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := f.Append(segment.AppendFrame(nil, []byte(name))); err != nil {
			t.Fatal(name, err)
		}
	}
}

// take takes and resolves everything.
func (f *fixture) drain() (names []string) {
	for {
		chunk := f.Take(3, func(event []byte) bool {
			names = append(names, string(event))
			return true
		})
		if chunk == nil {
			return names
		}
		f.Resolve(chunk, chunk.Events)
		f.PutDown(chunk)
	}
}

func (f *fixture) files(name string) []string {
	paths, _ := filepath.Glob(filepath.Join(f.dir, name, "*"))
	return paths
}

func names(from, to int) (all []string) {
	for index := from; index < to; index++ {
		all = append(all, fmt.Sprintf("event-%04d", index))
	}
	return all
}

func TestWhatIsQueuedComesOutInOrderAndTheFileGoes(t *testing.T) {
	f := open(t, t.TempDir(), 1<<20)
	f.append(t, names(0, 25)...)
	if stats := f.Stats(); stats.Queued != 25 || stats.Bytes == 0 {
		t.Errorf("%+v", stats)
	}
	if got := f.drain(); !slices.Equal(got, names(0, 25)) {
		t.Errorf("%v", got)
	}
	if stats := f.Stats(); stats != (Stats{}) || len(f.files("spool")) != 0 {
		t.Errorf("%+v, %v", stats, f.files("spool"))
	}
	f.append(t, "more")
	if got := f.drain(); !slices.Equal(got, []string{"more"}) {
		t.Errorf("%v", got)
	}
}

func TestAFileThatSpoilsWhileItWaitsIsKeptAndCounted(t *testing.T) {
	f := open(t, t.TempDir(), 1<<20)
	f.append(t, names(0, 10)...)
	path := f.files("spool")[0]
	data, _ := os.ReadFile(path)
	data[len(data)-1] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := f.drain(); !slices.Equal(got, names(0, 9)) {
		t.Errorf("%v", got)
	}
	if len(f.reported) != 1 || !errors.Is(f.reported[0], sdkerr.ErrDamaged) || len(f.files("dead")) != 1 {
		t.Errorf("%v, %v", f.reported, f.files("dead"))
	}
	if stats := f.Stats(); stats.Queued != 0 || stats.Dropped != 1 || stats.Bytes != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestTheCapHoldsAndRoomIsTold(t *testing.T) {
	f := open(t, t.TempDir(), 1000)
	var room <-chan struct{}
	count := 0
	for err := error(nil); err == nil; {
		room, err = f.Append(segment.AppendFrame(nil, []byte(names(count, count+1)[0])))
		if err != nil && !errors.Is(err, sdkerr.ErrSpoolFull) {
			t.Fatal(err)
		}
		count++
	}
	size := int64(0)
	for _, path := range f.files("spool") {
		info, _ := os.Stat(path)
		size += info.Size()
	}
	if size > 1000 || size != f.Stats().Bytes || len(f.files("spool")) < 4 {
		t.Errorf("%d bytes in %v, %+v", size, f.files("spool"), f.Stats())
	}
	select {
	case <-room:
		t.Error("there is no room yet")
	default:
	}
	if got := f.drain(); !slices.Equal(got, names(0, count-1)) {
		t.Errorf("%v", got)
	}
	<-room
	f.append(t, "fits")
}

func TestTheOldestFileIsDroppedUnlessItIsBeingSent(t *testing.T) {
	f := open(t, t.TempDir(), 1000)
	f.append(t, names(0, 24)...)
	before := f.Stats()
	chunk := f.Take(2, func([]byte) bool { return true })
	lost, ok := f.DropOldest()
	if !ok || lost == 0 || f.Stats().Queued != before.Queued-int64(lost) || f.Stats().Dropped != uint64(lost) {
		t.Fatalf("%d, %v, %+v", lost, ok, f.Stats())
	}
	f.PutDown(chunk)
	first, ok := f.DropOldest()
	if !ok || f.PickUp(chunk) {
		t.Error("the first file is gone now")
	}
	f.Resolve(chunk, 2)
	rest := f.drain()
	if len(rest)+lost+first != 24 || f.Stats().Queued != 0 {
		t.Errorf("%d left, %d and %d lost, %+v", len(rest), lost, first, f.Stats())
	}
}

func TestADiskThatRefusesLosesOnlyTheEventAtHand(t *testing.T) {
	f := open(t, t.TempDir(), 1<<20)
	f.append(t, names(0, 3)...)
	// What a full disk leaves behind: half a frame.
	handle := f.active.handle
	if _, err := handle.WriteAt([]byte{9, 0, 0, 0, 1}, f.active.end); err != nil {
		t.Fatal(err)
	}
	f.append(t, names(3, 6)...)
	_ = handle.Close()
	if _, err := f.Append(segment.AppendFrame(nil, []byte("x"))); !errors.Is(err, sdkerr.ErrSpool) {
		t.Errorf("%v", err)
	}
	if got := open(t, f.dir, 1<<20).drain(); !slices.Equal(got, names(0, 6)) {
		t.Errorf("%v", got)
	}
}

func TestABatchIsDueWhenItIsFullOrOldOrFlushed(t *testing.T) {
	f := open(t, t.TempDir(), 1<<20)
	now := time.Now()
	due := func(in time.Duration) bool {
		isDue, _ := f.Due(now.Add(in))
		return isDue
	}
	if due(time.Hour) {
		t.Error("nothing is queued")
	}
	f.append(t, names(0, 9)...)
	if due(0) || due(50*time.Second) || !due(61*time.Second) {
		t.Error("it is due after a minute")
	}
	if _, in := f.Due(now); in < 58*time.Second || in > time.Minute+time.Second {
		t.Errorf("due in %s", in)
	}
	f.append(t, "tenth")
	if !due(0) {
		t.Error("it is full")
	}
	f.drain()
	f.append(t, strings.Repeat("x", 1000))
	if !due(0) {
		t.Error("it has enough bytes")
	}
	f.drain()
	f.append(t, "one")
	number := f.Flush()
	if !due(0) || f.Next() > number {
		t.Error("it is flushed")
	}
	f.drain()
	f.append(t, "after")
	if due(0) || f.Next() <= number {
		t.Error("what comes after a flush is not")
	}
}

func TestMarksStayFewAndSayNoMoreThanTheTruth(t *testing.T) {
	f := open(t, t.TempDir(), 1<<20)
	f.config.BatchAge = func() time.Duration { return 64 * time.Millisecond }
	start := time.Now()
	for number := range 1000 {
		f.appended++
		f.note(start.Add(time.Duration(number) * time.Millisecond))
		if len(f.marks) > 70 {
			t.Fatalf("%d marks after %d events", len(f.marks), number)
		}
	}
	for number := uint64(950); number <= 1000; number++ {
		real := start.Add(time.Duration(number-1) * time.Millisecond)
		if at := f.queuedAt(number); at.After(real) || real.Sub(at) > 2*time.Millisecond {
			t.Errorf("event %d: %s before", number, real.Sub(at))
		}
	}
}

func TestManyAppendWhileOneTakes(t *testing.T) {
	f := open(t, t.TempDir(), 64<<10)
	const writers, each = 4, 2000
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for index := range each {
				frame := segment.AppendFrame(nil, fmt.Appendf(nil, "%d-%d", writer, index))
				for {
					room, err := f.Append(frame)
					if err == nil {
						break
					}
					if !errors.Is(err, sdkerr.ErrSpoolFull) {
						t.Error(err)
						return
					}
					<-room
				}
			}
		})
	}
	seen := map[string]bool{}
	for deadline := time.Now().Add(30 * time.Second); len(seen) < writers*each && time.Now().Before(deadline); {
		chunk := f.Take(1+rand.IntN(20), func(event []byte) bool {
			if seen[string(event)] {
				t.Errorf("%s twice", event)
			}
			seen[string(event)] = true
			return true
		})
		if chunk == nil {
			time.Sleep(time.Millisecond)
			continue
		}
		f.Resolve(chunk, chunk.Events)
		f.PutDown(chunk)
	}
	group.Wait()
	if len(seen) != writers*each || len(f.files("spool")) != 0 {
		t.Errorf("%d of %d, %v", len(seen), writers*each, f.files("spool"))
	}
}

func TestCloseEndsWaitingAndSyncsWhatIsLeft(t *testing.T) {
	f := open(t, t.TempDir(), 1<<20)
	f.append(t, "left")
	if err := f.Sync(); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Append(segment.AppendFrame(nil, []byte("late"))); !errors.Is(err, sdkerr.ErrClosed) {
		t.Error(err)
	}
	if got := open(t, f.dir, 1<<20).drain(); !slices.Equal(got, []string{"left"}) {
		t.Errorf("%v", got)
	}
}
