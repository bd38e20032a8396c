package delivery

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// request is an IngestRequest that is encoded already.
type request struct{ prefix, events []byte }

// codec sends requests as they are and decodes responses.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(value any) (mem.BufferSlice, error) {
	ready, ok := value.(*request)
	if !ok {
		return nil, fmt.Errorf("cannot send a %T", value)
	}
	return mem.BufferSlice{mem.SliceBuffer(ready.prefix), mem.SliceBuffer(ready.events)}, nil
}

func (codec) Unmarshal(data mem.BufferSlice, value any) error {
	message, ok := value.(proto.Message)
	if !ok {
		return fmt.Errorf("cannot receive a %T", value)
	}
	return proto.Unmarshal(data.Materialize(), message)
}
