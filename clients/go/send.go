package openclone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/segment"
	"github.com/PixxzR/openclone/clients/go/internal/state"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
)

// Send checks an event, writes it to the spool and returns; it does not wait for the service. The context ends the waiting for
// room, see [Block]. An error means that the event is not queued.
func (c *Client) Send(ctx context.Context, event Event) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if event.Timestamp.IsZero() {
		event.Timestamp = time.Now()
	}
	if event.RawRef == "" {
		event.RawRef = state.NewUUID()
	}
	buffer := c.buffers.Get().(*[]byte)
	defer c.buffers.Put(buffer)
	frame := append((*buffer)[:0], make([]byte, segment.Overhead)...)
	lane, err := c.of(event)
	if err != nil {
		return err
	}
	frame, err = wire.AppendEvent(frame, lane.source, event.Timestamp, event.RawRef, event.Data)
	*buffer = frame
	if err != nil {
		return err
	}
	segment.Finish(frame)
	if err := c.queue(ctx, lane, frame); err != nil {
		return err
	}
	if c.reporter != nil {
		c.reporter.Captured()
	}
	return nil
}

func (c *Client) ready(ctx context.Context) error {
	if c.isClosed.Load() {
		return fmt.Errorf("%w: the event was not queued", ErrClosed)
	}
	if c.whyOff != "" {
		return fmt.Errorf("%w: %s", ErrNotEnabled, c.whyOff)
	}
	return ctx.Err()
}

// queue writes a frame, and does what the options say when there is no room.
func (c *Client) queue(ctx context.Context, lane *lane, frame []byte) error {
	room, err := lane.spool.Append(frame)
	if !errors.Is(err, ErrSpoolFull) {
		return err
	}
	canFit := int64(len(frame)) < c.options.SpoolMaxBytes/int64(2*len(c.lanes))
	switch {
	case c.options.OnFull == Block && canFit:
		return c.queueWhenRoom(ctx, lane, frame, room, err)
	case c.options.OnFull == DropOldest && canFit:
		return c.queueInstead(ctx, lane, frame, room, err)
	}
	return err
}

func (c *Client) queueWhenRoom(ctx context.Context, lane *lane, frame []byte, room <-chan struct{}, err error) error {
	timer := time.NewTimer(c.options.BlockTimeout)
	defer timer.Stop()
	for errors.Is(err, ErrSpoolFull) {
		// No use in waiting until a batch is old enough.
		lane.spool.Flush()
		select {
		case <-room:
			room, err = lane.spool.Append(frame)
		case <-timer.C:
			return fmt.Errorf("%w; no room within %s", err, c.options.BlockTimeout)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
	return err
}

// queueInstead makes room by force. When all that is in the spool is being sent, room comes by itself.
func (c *Client) queueInstead(ctx context.Context, lane *lane, frame []byte, room <-chan struct{}, err error) error {
	for errors.Is(err, ErrSpoolFull) {
		lost, isDropped := lane.spool.DropOldest()
		if !isDropped {
			return c.queueWhenRoom(ctx, lane, frame, room, err)
		}
		if lost > 0 {
			c.tellError(fmt.Errorf("%w: the spool is full, its %d oldest events were deleted", ErrDropped, lost))
		}
		lane.sender.Notify()
		room, err = lane.spool.Append(frame)
	}
	return err
}
