package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "github.com/PixxzR/openclone/clients/go/openclonev1"
)

// BatchJSON writes the documented JSON batch. A member `rejected` with reasons is added if there are any.
func BatchJSON(header []byte, at time.Time, events *Events, reasons []string) ([]byte, error) {
	var batch v1.Batch
	if err := proto.Unmarshal(header, &batch); err != nil {
		return nil, fmt.Errorf("header of the segment: %w", err)
	}
	text := make([]byte, 0, 256+2*events.Size())
	text = appendMember(text, '{', "source_type", SourceName(batch.GetSourceType()))
	text = appendMember(text, ',', "platform", PlatformName(batch.GetPlatform()))
	text = appendMember(text, ',', "device_id", batch.GetDeviceId())
	text = appendMember(text, ',', "plugin_id", batch.GetPluginId())
	text = appendMember(text, ',', "plugin_version", batch.GetPluginVersion())
	text = appendSeconds(append(text, `,"timestamp":`...), at.Unix(), at.Nanosecond())
	text = append(text, `,"events":`...)
	for index := range events.Len() {
		var err error
		if text, err = AppendEventJSON(append(text, opening(index)), events.At(index)); err != nil {
			return nil, err
		}
	}
	text = append(text, ']')
	if len(reasons) > 0 {
		text = appendList(append(text, `,"rejected":`...), reasons)
	}
	return append(text, '}'), nil
}

func opening(index int) byte {
	if index == 0 {
		return '['
	}
	return ','
}

// AppendEventJSON appends the documented JSON form of an encoded event.
func AppendEventJSON(text, encoded []byte) ([]byte, error) {
	var event v1.Event
	if err := proto.Unmarshal(encoded, &event); err != nil {
		return nil, fmt.Errorf("event in the spool: %w", err)
	}
	stamp := event.GetTimestamp()
	text = appendSeconds(append(text, `{"timestamp":`...), stamp.GetSeconds(), int(stamp.GetNanos()))
	text = appendMember(text, ',', "raw_ref", event.GetRawRef())
	text = append(text, `,"data":`...)
	if raw, ok := event.GetData().(*v1.Event_Json); ok {
		text = append(text, raw.Json...)
	} else {
		text = appendPayloadJSON(text, event.ProtoReflect())
	}
	return append(text, '}'), nil
}

// RawRef reads the raw_ref of an encoded event; empty if it cannot be read.
func RawRef(encoded []byte) string {
	var event v1.Event
	if proto.Unmarshal(encoded, &event) != nil {
		return ""
	}
	return event.GetRawRef()
}

// appendPayloadJSON writes the fields that are set, in the order of their declaration: the documented order.
func appendPayloadJSON(text []byte, event protoreflect.Message) []byte {
	field := event.WhichOneof(event.Descriptor().Oneofs().ByName("data"))
	if field == nil {
		return append(text, "{}"...)
	}
	payload := event.Get(field).Message()
	fields := payload.Descriptor().Fields()
	separator := byte('{')
	for index := range fields.Len() {
		field := fields.Get(index)
		if !payload.Has(field) {
			continue
		}
		text = appendString(append(text, separator), string(field.Name()))
		text = appendValue(append(text, ':'), field, payload.Get(field))
		separator = ','
	}
	if separator == '{' {
		text = append(text, '{')
	}
	return append(text, '}')
}

func appendValue(text []byte, field protoreflect.FieldDescriptor, value protoreflect.Value) []byte {
	if field.IsList() {
		list := value.List()
		items := make([]string, list.Len())
		for index := range items {
			items[index] = list.Get(index).String()
		}
		return appendList(text, items)
	}
	switch field.Kind() {
	case protoreflect.DoubleKind:
		number, _ := json.Marshal(value.Float()) // Finite, as was checked when it was queued.
		return append(text, number...)
	case protoreflect.Int64Kind:
		return strconv.AppendInt(text, value.Int(), 10)
	default:
		return appendString(text, value.String())
	}
}

func appendMember(text []byte, separator byte, name, value string) []byte {
	text = appendString(append(text, separator), name)
	return appendString(append(text, ':'), value)
}

func appendList(text []byte, items []string) []byte {
	text = append(text, '[')
	for index, item := range items {
		if index > 0 {
			text = append(text, ',')
		}
		text = appendString(text, item)
	}
	return append(text, ']')
}

// appendSeconds writes Unix seconds with all their digits, which a double on the way would not keep.
func appendSeconds(text []byte, seconds int64, nanos int) []byte {
	text = strconv.AppendInt(text, seconds, 10)
	if nanos == 0 {
		return append(text, ".0"...)
	}
	return append(text, strings.TrimRight(fmt.Sprintf(".%09d", nanos), "0")...)
}

// appendString writes a JSON string: like encoding/json, but without its escapes for HTML, which would make texts longer.
func appendString(text []byte, value string) []byte {
	const hex = "0123456789abcdef"
	text = append(text, '"')
	for _, char := range value {
		switch {
		case char == '"' || char == '\\':
			text = append(text, '\\', byte(char))
		case char == '\n':
			text = append(text, '\\', 'n')
		case char < 0x20:
			text = append(text, '\\', 'u', '0', '0', hex[char>>4], hex[char&15])
		default:
			text = utf8.AppendRune(text, char)
		}
	}
	return append(text, '"')
}
