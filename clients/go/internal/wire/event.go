// Package wire has the two encodings of events and batches: protobuf for the spool and the stream, and the documented JSON.
//
// An event is encoded once, when it is queued. A batch is put together from the encoded events without looking into them:
//
//	IngestRequest = sequence | batch: header | timestamp | (tag of events, length, event)*
//
// where the header is an encoded Batch without events and timestamp. Protobuf takes the fields of a message in any order, and
// reads concatenated messages as one.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

const (
	// A byte of text may become six in JSON, a double of nine bytes at most 24 characters; names come on top.
	jsonGrowth, jsonNames = 6, 1000
)

// Numbers of the fields of openclone.v1.Event.
const (
	fieldTimestamp = 1
	fieldRawRef    = 2
	fieldJSON      = 3
	// The payload of source type n is field n + payloadOffset.
	payloadOffset = 9
)

// AppendEvent checks an event of the given source type and appends its encoding. raw_ref must be there. The time is rounded to
// microseconds, as the service does, so that it is the same over each transport.
func AppendEvent(to []byte, source openclonev1.SourceType, at time.Time, rawRef string, data any) ([]byte, error) {
	if err := checkTime(at, time.Now()); err != nil {
		return to, err
	}
	if len(rawRef) > MaxRawRefBytes {
		return to, fmt.Errorf("%w: raw_ref has %d bytes, at most %d are allowed", sdkerr.ErrInvalidEvent, len(rawRef), MaxRawRefBytes)
	}
	if !utf8.ValidString(rawRef) {
		return to, fmt.Errorf("%w: raw_ref is not UTF-8", sdkerr.ErrInvalidEvent)
	}
	start := len(to)
	to = protowire.AppendTag(to, fieldTimestamp, protowire.BytesType)
	to = appendTimestamp(to, at.Round(time.Microsecond))
	to = protowire.AppendTag(to, fieldRawRef, protowire.BytesType)
	to = protowire.AppendString(to, rawRef)
	dataStart := len(to)
	to, err := appendData(to, source, data)
	if err != nil {
		return to, err
	}
	if err := checkSize(to[start:]); err != nil {
		return to, err
	}
	return to, checkData(to[dataStart:], data)
}

func appendTimestamp(to []byte, at time.Time) []byte {
	seconds, nanos := uint64(at.Unix()), uint64(at.Nanosecond())
	size := 1 + protowire.SizeVarint(seconds)
	if nanos != 0 {
		size += 1 + protowire.SizeVarint(nanos)
	}
	to = protowire.AppendVarint(to, uint64(size))
	to = protowire.AppendTag(to, 1, protowire.VarintType)
	to = protowire.AppendVarint(to, seconds)
	if nanos != 0 {
		to = protowire.AppendTag(to, 2, protowire.VarintType)
		to = protowire.AppendVarint(to, nanos)
	}
	return to
}

func appendData(to []byte, source openclonev1.SourceType, data any) ([]byte, error) {
	if message, ok := data.(proto.Message); ok {
		return appendPayload(to, source, message)
	}
	text, err := jsonObject(data)
	if err != nil {
		return to, err
	}
	to = protowire.AppendTag(to, fieldJSON, protowire.BytesType)
	return protowire.AppendBytes(to, text), nil
}

func appendPayload(to []byte, source openclonev1.SourceType, message proto.Message) ([]byte, error) {
	actual, isFinite := inspect(message)
	if actual != source {
		return to, fmt.Errorf("%w: payload is %T, but the client's source type is %s",
			sdkerr.ErrInvalidEvent, message, SourceName(source))
	}
	if !isFinite {
		return to, fmt.Errorf("%w: payload has a number that is not finite", sdkerr.ErrInvalidEvent)
	}
	size := proto.Size(message)
	to = protowire.AppendTag(to, protowire.Number(source)+payloadOffset, protowire.BytesType)
	to = protowire.AppendVarint(to, uint64(size))
	to, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(to, message)
	if err != nil {
		return to, fmt.Errorf("%w: payload: %w", sdkerr.ErrInvalidEvent, err)
	}
	return to, nil
}

// jsonObject gives the text of a JSON object: raw text as it stands, so that no digit is lost, everything else as
// encoding/json writes it.
func jsonObject(data any) ([]byte, error) {
	text, isRaw := data.(json.RawMessage)
	if !isRaw {
		var buffer bytes.Buffer
		encoder := json.NewEncoder(&buffer)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(data); err != nil {
			return nil, fmt.Errorf("%w: data: %w", sdkerr.ErrInvalidEvent, err)
		}
		text = bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
	}
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, fmt.Errorf("%w: data is not a JSON object", sdkerr.ErrInvalidEvent)
	}
	if isRaw && (!utf8.Valid(text) || !json.Valid(text)) {
		return nil, fmt.Errorf("%w: data is not JSON in UTF-8", sdkerr.ErrInvalidEvent)
	}
	return text, nil
}

// checkSize measures the JSON form only of an event that might be too large.
func checkSize(event []byte) error {
	if len(event)*jsonGrowth+jsonNames <= MaxEventJSONBytes {
		return nil
	}
	text, err := AppendEventJSON(nil, event)
	if err != nil {
		return err
	}
	if len(text) > MaxEventJSONBytes {
		return fmt.Errorf("%w: %d bytes as JSON, at most %d are allowed", sdkerr.ErrEventTooLarge, len(text), MaxEventJSONBytes)
	}
	return nil
}
