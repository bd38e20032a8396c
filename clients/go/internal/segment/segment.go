// Package segment is the format of one file of the spool, and nothing else.
//
//	magic   8 bytes  "OCSPOOL1"
//	frame*
//	frame = length u32 LE | CRC-32 (IEEE) of the payload u32 LE | payload
//	first payload:  openclone.v1.Batch without events and timestamp
//	other payloads: openclone.v1.Event with its raw_ref
//
// Invariants: a payload is neither empty nor longer than [MaxPayload]; frames follow each other without a gap. A frame that
// is cut off, or whose checksum is wrong, ends the file for its readers: it was being written when the machine stopped.
package segment

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	// Magic begins each file.
	Magic = "OCSPOOL1"
	// Overhead is what a frame has besides its payload, in bytes.
	Overhead = 8
	// MaxPayload is the longest payload that is read or written, in bytes: more than any event may have.
	MaxPayload = 4 << 20
)

// AppendFrame appends the frame of payload to file.
func AppendFrame(file, payload []byte) []byte {
	file = binary.LittleEndian.AppendUint32(file, uint32(len(payload)))
	file = binary.LittleEndian.AppendUint32(file, crc32.ChecksumIEEE(payload))
	return append(file, payload...)
}

// Finish makes a frame of a payload that stands behind [Overhead] free bytes.
func Finish(frame []byte) {
	payload := frame[Overhead:]
	binary.LittleEndian.PutUint32(frame, uint32(len(payload)))
	binary.LittleEndian.PutUint32(frame[4:], crc32.ChecksumIEEE(payload))
}

// Next gives the payload of the frame that data begins with, and what follows the frame. ok is false at the end, and at a frame
// that is cut off or damaged.
func Next(data []byte) (payload, rest []byte, ok bool) {
	if len(data) < Overhead {
		return nil, data, false
	}
	length := binary.LittleEndian.Uint32(data)
	if length == 0 || length > MaxPayload || int64(length) > int64(len(data)-Overhead) {
		return nil, data, false
	}
	payload = data[Overhead : Overhead+int(length)]
	if crc32.ChecksumIEEE(payload) != binary.LittleEndian.Uint32(data[4:]) {
		return nil, data, false
	}
	return payload, data[Overhead+int(length):], true
}

// Contents is what a file holds up to its end or its first bad frame.
type Contents struct {
	// Header is the first payload; nil if there is none.
	Header []byte
	// Start is the offset of the first event's frame.
	Start int64
	// End is the offset behind the last good frame.
	End int64
	// Events is the number of good frames behind the header.
	Events int
	// Damaged tells that whole frames follow behind the first bad one, or that the file is none of ours: more was lost than
	// what was being written.
	Damaged bool
}

// Scan reads a whole file.
func Scan(file []byte) Contents {
	if len(file) < len(Magic) || string(file[:len(Magic)]) != Magic {
		isCut := len(file) < len(Magic) && Magic[:len(file)] == string(file)
		return Contents{Damaged: !isCut}
	}
	header, rest, ok := Next(file[len(Magic):])
	if !ok {
		return Contents{Damaged: hasFrame(rest)}
	}
	contents := Contents{Header: header, Start: int64(len(file) - len(rest))}
	for {
		_, next, ok := Next(rest)
		if !ok {
			break
		}
		contents.Events++
		rest = next
	}
	contents.End = int64(len(file) - len(rest))
	contents.Damaged = hasFrame(rest)
	return contents
}

// hasFrame tells whether a whole frame begins anywhere behind the start of data. Lengths that make no sense are passed over
// without a checksum, which is nearly all of them.
func hasFrame(data []byte) bool {
	for at := 1; at+Overhead < len(data); at++ {
		if _, _, ok := Next(data[at:]); ok {
			return true
		}
	}
	return false
}
