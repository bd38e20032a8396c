package wire

import (
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	// MaxBatchBytes is how many bytes of events a batch holds at most.
	MaxBatchBytes = 1_000_000

	fieldBatchTimestamp = 6
	fieldBatchEvents    = 7
	fieldSequence       = 1
	fieldRequestBatch   = 2
)

// Events is a run of encoded events, each with its tag and length in front: what a Batch ends with.
type Events struct {
	bytes []byte
	ends  []int
}

// Len is the number of events.
func (e *Events) Len() int { return len(e.ends) }

// Size is the number of bytes.
func (e *Events) Size() int { return len(e.bytes) }

// Add appends an encoded event, unless the batch would be too large then. The first always fits.
func (e *Events) Add(event []byte) bool {
	size := protowire.SizeTag(fieldBatchEvents) + protowire.SizeBytes(len(event))
	if len(e.ends) > 0 && len(e.bytes)+size > MaxBatchBytes {
		return false
	}
	e.bytes = protowire.AppendTag(e.bytes, fieldBatchEvents, protowire.BytesType)
	e.bytes = protowire.AppendBytes(e.bytes, event)
	e.ends = append(e.ends, len(e.bytes))
	return true
}

// At gives the encoded event at index.
func (e *Events) At(index int) []byte {
	field := e.field(index)
	_, _, tag := protowire.ConsumeTag(field)
	event, _ := protowire.ConsumeBytes(field[tag:])
	return event
}

func (e *Events) field(index int) []byte {
	start := 0
	if index > 0 {
		start = e.ends[index-1]
	}
	return e.bytes[start:e.ends[index]]
}

// Pick gives the events at the indices, in their order.
func (e *Events) Pick(indices []int) Events {
	var picked Events
	for _, index := range indices {
		picked.bytes = append(picked.bytes, e.field(index)...)
		picked.ends = append(picked.ends, len(picked.bytes))
	}
	return picked
}

// Split tells what becomes of a rejected batch of count events of which the response names some: those set aside, and the
// batches that are sent again. When none is named the batch is halved, until a single event is left. Every event is in exactly
// one part, and no part is the whole batch, so that splitting comes to an end.
func Split(count int, named []int) (aside []int, again [][]int) {
	named = slices.DeleteFunc(slices.Clone(named), func(index int) bool { return index < 0 || index >= count })
	slices.Sort(named)
	aside = slices.Compact(named)
	if len(aside) == 0 && count == 1 {
		return []int{0}, nil
	}
	if len(aside) == 0 {
		return nil, [][]int{span(0, count/2), span(count/2, count)}
	}
	var rest []int
	for index := range count {
		if _, isNamed := slices.BinarySearch(aside, index); !isNamed {
			rest = append(rest, index)
		}
	}
	if rest != nil {
		again = [][]int{rest}
	}
	return aside, again
}

func span(from, to int) []int {
	indices := make([]int, 0, to-from)
	for index := from; index < to; index++ {
		indices = append(indices, index)
	}
	return indices
}

// RequestPrefix encodes an IngestRequest up to its events, which follow as they are.
func RequestPrefix(sequence uint64, header []byte, at time.Time, events *Events) []byte {
	stamp := appendTimestamp(protowire.AppendTag(nil, fieldBatchTimestamp, protowire.BytesType), at)
	prefix := make([]byte, 0, 32+len(header)+len(stamp))
	prefix = protowire.AppendTag(prefix, fieldSequence, protowire.VarintType)
	prefix = protowire.AppendVarint(prefix, sequence)
	prefix = protowire.AppendTag(prefix, fieldRequestBatch, protowire.BytesType)
	prefix = protowire.AppendVarint(prefix, uint64(len(header)+len(stamp)+len(events.bytes)))
	prefix = append(prefix, header...)
	return append(prefix, stamp...)
}

// Bytes is the encoding of all events. It must not be changed.
func (e *Events) Bytes() []byte { return e.bytes }
