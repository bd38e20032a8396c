package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
)

// checkTime compares a timestamp with the clock of this device.
func checkTime(at, now time.Time) error {
	if at.Unix() < EarliestSeconds {
		return fmt.Errorf("%w: timestamp %s is before 2020-01-01", sdkerr.ErrInvalidEvent, at.UTC().Format(time.RFC3339))
	}
	latest := now.Add(MaxAheadSeconds * time.Second)
	if !at.After(latest) {
		return nil
	}
	hint := ""
	if seconds := at.Unix() / 1000; seconds >= EarliestSeconds && seconds <= latest.Unix() {
		hint = ": it looks like milliseconds, see time.UnixMilli"
	}
	return fmt.Errorf("%w: timestamp %s is more than 24 h ahead of this device's clock%s", sdkerr.ErrInvalidEvent,
		at.UTC().Format(time.RFC3339), hint)
}

// checkData checks depth, members, keys and strings of the encoded field of an event's data.
func checkData(field []byte, data any) error {
	if message, isTyped := data.(proto.Message); isTyped {
		if len(field) <= MaxDataStringBytes {
			return nil
		}
		return checkPayload(message.ProtoReflect())
	}
	_, _, tag := protowire.ConsumeTag(field)
	text, _ := protowire.ConsumeBytes(field[tag:])
	return checkJSON(text)
}

func checkPayload(message protoreflect.Message) (err error) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.StringKind:
		case field.IsList():
			for index := range value.List().Len() {
				err = checkText(value.List().Get(index).String(), string(field.Name()))
				if err != nil {
					break
				}
			}
		default:
			err = checkText(value.String(), string(field.Name()))
		}
		return err == nil
	})
	return err
}

// container is an open object or array.
type container struct {
	isObject bool
	tokens   int
}

// checkJSON walks through an object that is known to be valid JSON. Most are small and flat, and need no walk.
func checkJSON(text []byte) error {
	if len(text) <= MaxDataKeyBytes && bytes.Count(text, []byte("{"))+bytes.Count(text, []byte("[")) <= MaxDataDepth {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var open []container
	for {
		token, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("%w: data: %w", sdkerr.ErrInvalidEvent, err)
		}
		if delimiter, isDelimiter := token.(json.Delim); isDelimiter && (delimiter == '}' || delimiter == ']') {
			open = open[:len(open)-1]
			if len(open) == 0 {
				return nil
			}
			continue
		}
		if len(open) > 0 {
			if err := open[len(open)-1].count(token); err != nil {
				return err
			}
		}
		if delimiter, isDelimiter := token.(json.Delim); isDelimiter {
			if open = append(open, container{isObject: delimiter == '{'}); len(open) > MaxDataDepth {
				return fmt.Errorf("%w: data is more than %d levels deep", sdkerr.ErrInvalidEvent, MaxDataDepth)
			}
		}
	}
}

// count checks a key or a value of the container; in an object they alternate.
func (c *container) count(token json.Token) error {
	isKey := c.isObject && c.tokens%2 == 0
	c.tokens++
	text, isText := token.(string)
	switch {
	case isKey && c.tokens/2 >= MaxDataMembers:
		return fmt.Errorf("%w: an object in data has more than %d members", sdkerr.ErrInvalidEvent, MaxDataMembers)
	case isKey && len(text) > MaxDataKeyBytes:
		return fmt.Errorf("%w: a key in data has %d bytes, at most %d are allowed", sdkerr.ErrInvalidEvent, len(text), MaxDataKeyBytes)
	case isText && !isKey:
		return checkText(text, "a string")
	}
	return nil
}

func checkText(text, name string) error {
	if len(text) > MaxDataStringBytes {
		return fmt.Errorf("%w: %s in data has %d bytes, at most %d are allowed", sdkerr.ErrInvalidEvent, name, len(text), MaxDataStringBytes)
	}
	return nil
}
