package segment

import (
	"bytes"
	"fmt"
	"testing"
)

// build makes a file with a header and count events, and gives the offsets behind each frame.
func build(count int) (file []byte, ends []int) {
	file = AppendFrame([]byte(Magic), []byte("header"))
	ends = append(ends, len(file))
	for index := range count {
		file = AppendFrame(file, fmt.Appendf(nil, "event %d%s", index, bytes.Repeat([]byte{'x'}, index)))
		ends = append(ends, len(file))
	}
	return file, ends
}

func TestAFileCutAtAnyByteGivesTheFramesBefore(t *testing.T) {
	file, ends := build(7)
	for cut := range len(file) + 1 {
		contents := Scan(file[:cut])
		whole := 0
		for _, end := range ends {
			if end <= cut {
				whole++
			}
		}
		if want := max(whole-1, 0); contents.Events != want {
			t.Fatalf("cut at %d: %d events, want %d", cut, contents.Events, want)
		}
		if contents.Damaged {
			t.Fatalf("cut at %d: a file that was being written is not damaged", cut)
		}
		if whole > 0 && (contents.End != int64(ends[whole-1]) || contents.Start != int64(ends[0])) {
			t.Fatalf("cut at %d: from %d to %d", cut, contents.Start, contents.End)
		}
	}
}

func TestAFlippedBitEndsTheFileThereAndIsToldIfFramesFollow(t *testing.T) {
	file, ends := build(5)
	for bit := range len(file) * 8 {
		damaged := bytes.Clone(file)
		damaged[bit/8] ^= 1 << (bit % 8)
		contents := Scan(damaged)
		frame := 0 // in which the bit is
		for frame < len(ends) && ends[frame] <= bit/8 {
			frame++
		}
		if want := max(frame-1, 0); contents.Events != want {
			t.Fatalf("bit %d: %d events, want %d", bit, contents.Events, want)
		}
		if isLast := frame == len(ends)-1; contents.Damaged == isLast {
			t.Fatalf("bit %d in frame %d: damaged is %v", bit, frame, contents.Damaged)
		}
	}
}

func TestLengthsThatMakeNoSenseEndTheFile(t *testing.T) {
	file, _ := build(1)
	for _, tail := range [][]byte{make([]byte, 64), bytes.Repeat([]byte{0xff}, 64), {1}, make([]byte, 8)} {
		contents := Scan(append(bytes.Clone(file), tail...))
		if contents.Events != 1 || contents.End != int64(len(file)) || contents.Damaged {
			t.Errorf("% x: %+v", tail, contents)
		}
	}
	if contents := Scan([]byte("no spool at all")); !contents.Damaged || contents.Header != nil {
		t.Errorf("a foreign file: %+v", contents)
	}
}

func TestFinishMakesTheSameFrame(t *testing.T) {
	frame := append(make([]byte, Overhead), "payload"...)
	Finish(frame)
	if want := AppendFrame(nil, []byte("payload")); !bytes.Equal(frame, want) {
		t.Fatalf("% x, want % x", frame, want)
	}
}

// FuzzScan checks that whatever is read is there as it was written: scanning what was read again gives the same.
func FuzzScan(f *testing.F) {
	file, _ := build(3)
	f.Add(file)
	f.Add(file[:len(file)-2])
	f.Add([]byte(Magic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		contents := Scan(data)
		if contents.Header == nil {
			if contents.Events != 0 || contents.End != 0 {
				t.Fatalf("events without a header: %+v", contents)
			}
			return
		}
		again := AppendFrame([]byte(Magic), contents.Header)
		if int64(len(again)) != contents.Start {
			t.Fatalf("events start at %d, header ends at %d", contents.Start, len(again))
		}
		rest, events := data[contents.Start:contents.End], 0
		for len(rest) > 0 {
			payload, next, ok := Next(rest)
			if !ok || len(payload) == 0 {
				t.Fatalf("bad frame %d before the end", events)
			}
			again, rest, events = AppendFrame(again, payload), next, events+1
		}
		if events != contents.Events || !bytes.Equal(again, data[:contents.End]) {
			t.Fatalf("%d events, scan says %d", events, contents.Events)
		}
	})
}
