package openclone

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/PixxzR/openclone/clients/go/internal/delivery"
	"github.com/PixxzR/openclone/clients/go/internal/spool"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

// lane is the way of the events of one source type: its queue and what empties it. Lanes share nothing.
type lane struct {
	source openclonev1.SourceType
	spool  *spool.Spool
	sender *delivery.Sender
}

// openLanes makes one for each source type, and for each that an earlier client has left a queue of.
func (c *Client) openLanes() error {
	names := make([]string, 0, len(c.options.SourceTypes))
	for _, source := range c.options.SourceTypes {
		names = append(names, string(source))
	}
	for _, left := range c.state.Sources() {
		if knownSource(SourceType(left)) && !slices.Contains(names, left) {
			names = append(names, left)
		}
	}
	for index, name := range names {
		// The first one has the directory that other clients look into.
		dir := c.state.Spool()
		if index > 0 {
			var err error
			if dir, err = c.state.SpoolOf(name); err != nil {
				return err
			}
		}
		if err := c.openLane(name, dir, int64(len(names))); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) openLane(name, dir string, lanes int64) error {
	made := &lane{source: wire.SourceOf(name)}
	header, err := proto.Marshal(&openclonev1.Batch{
		SourceType: made.source, Platform: wire.PlatformOf(string(c.options.Platform)), DeviceId: c.deviceID,
		PluginId: c.options.PluginID, PluginVersion: c.options.PluginVersion,
	})
	if err != nil {
		return err
	}
	made.spool, err = spool.Open(spool.Config{
		Dir: dir, DeadLetter: c.state.DeadLetter(), Header: header, MaxBytes: c.options.SpoolMaxBytes / lanes,
		BatchEvents: c.options.MaxBatchEvents, BatchBytes: wire.MaxBatchBytes, BatchAge: made.age(&c.options), OnError: c.tellError,
	})
	if err != nil {
		return err
	}
	made.sender = delivery.New(c.delivery(), made.spool)
	c.lanes = append(c.lanes, made)
	return nil
}

// age is how long the first event of a batch waits for others.
func (l *lane) age(options *Options) func() time.Duration {
	return func() time.Duration {
		if options.MaxBatchAge > 0 {
			return options.MaxBatchAge
		}
		return l.sender.MaxAge()
	}
}

// of finds the lane of an event.
func (c *Client) of(event Event) (*lane, error) {
	own := c.lanes[:len(c.options.SourceTypes)]
	source := wire.SourceOf(string(event.SourceType))
	if message, isMessage := event.Data.(proto.Message); isMessage && event.SourceType == "" {
		source = wire.SourceOfPayload(message)
	}
	if source == openclonev1.SourceType_SOURCE_TYPE_UNSPECIFIED && event.SourceType == "" && len(own) == 1 {
		return own[0], nil
	}
	for _, lane := range own {
		if lane.source == source {
			return lane, nil
		}
	}
	if len(own) == 1 && event.SourceType == "" {
		// Its encoding says what is wrong.
		return own[0], nil
	}
	return nil, fmt.Errorf("%w: SourceType %q: this client has %q", ErrInvalidEvent, event.SourceType, c.options.SourceTypes)
}

func (c *Client) closeLanes() error {
	var errs []error
	for _, lane := range c.lanes {
		errs = append(errs, lane.spool.Close())
	}
	return errors.Join(errs...)
}
