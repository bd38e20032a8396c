package openclone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"github.com/PixxzR/openclone/clients/go/internal/delivery"
	"github.com/PixxzR/openclone/clients/go/internal/spool"
	"github.com/PixxzR/openclone/clients/go/internal/state"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

// Client sends the events of one plugin. Make one with [New] and close it.
type Client struct {
	options  Options
	endpoint *url.URL
	source   openclonev1.SourceType
	telling  sync.Mutex // one call of OnError and OnRejected at a time
	buffers  sync.Pool  // of *[]byte
	isClosed atomic.Bool
	done     chan struct{} // closed when Close is done
	closed   error         // what Close has failed with

	state *state.Dir
	// Nil if the client is not enabled.
	spool  *spool.Spool
	sender *delivery.Sender
}

// New checks the options, takes the state directory and begins to send what an earlier start left in the spool. The context is
// for making the client only. It fails with [ErrInvalidOptions], [ErrSpoolLocked] or [ErrSpool]. An unreachable service is no
// error: events wait in the spool.
func New(ctx context.Context, options Options) (*Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := options.complete(); err != nil {
		return nil, err
	}
	endpoint, err := options.check()
	if err != nil {
		return nil, err
	}
	c := &Client{options: options, endpoint: endpoint, done: make(chan struct{})}
	c.source = wire.SourceOf(string(options.SourceType))
	c.buffers.New = func() any { return new([]byte) }
	if err := c.open(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Client) open() error {
	dir, err := state.Open(c.options.StateDir)
	if err != nil {
		return err
	}
	c.state = dir
	if !*c.options.Enabled {
		return nil
	}
	header, err := c.header(dir.DeviceID)
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	queue, err := spool.Open(spool.Config{
		Dir: dir.Spool(), DeadLetter: dir.DeadLetter(), Header: header, MaxBytes: c.options.SpoolMaxBytes,
		BatchEvents: c.options.MaxBatchEvents, BatchBytes: wire.MaxBatchBytes, BatchAge: c.options.MaxBatchAge,
		OnError: c.tellError,
	})
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	c.spool = queue
	c.sender = delivery.Start(c.delivery(dir), queue)
	return nil
}

func (c *Client) header(deviceID string) ([]byte, error) {
	return proto.Marshal(&openclonev1.Batch{
		SourceType:    c.source,
		Platform:      wire.PlatformOf(string(c.options.Platform)),
		DeviceId:      deviceID,
		PluginId:      c.options.PluginID,
		PluginVersion: c.options.PluginVersion,
	})
}

func (c *Client) delivery(dir *state.Dir) delivery.Config {
	return delivery.Config{
		Endpoint: c.endpoint, Key: c.options.APIKey, TLS: c.options.TLS, Transport: c.options.Transport,
		UserAgent: "openclone-go " + c.options.PluginID + "/" + c.options.PluginVersion,
		MaxEvents: c.options.MaxBatchEvents, RetryBase: c.options.RetryBase, RetryCap: c.options.RetryCap, ClockRetry: c.options.ClockRetry,
		ResponseTimeout: c.options.ResponseTimeout, DeadLetter: dir.DeadLetter(), Logger: c.options.Logger,
		OnError: c.tellError, OnRejected: func(rejected delivery.Rejected) { c.tellRejected(Rejected(rejected)) },
	}
}

// Flush sends what is queued now and returns when each event is stored, skipped or set aside. It fails with [ErrAccessDenied],
// or when the context ends: with [ErrTimeout] if that was its deadline. Without a deadline it waits for as long as it takes.
func (c *Client) Flush(ctx context.Context) error {
	if c.spool == nil {
		return nil
	}
	number := c.spool.Flush()
	// What cannot be sent must at least be on the disk. A slow disk does not hold up what can.
	go c.sync()
	if err := c.sender.Wait(ctx, number); err != nil {
		return c.explain(err)
	}
	return nil
}

func (c *Client) sync() {
	if err := c.spool.Sync(); err != nil {
		c.tellError(err)
	}
}

// explain says why a flush did not come to its end.
func (c *Client) explain(err error) error {
	if errors.Is(err, ErrAccessDenied) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	if c.spool == nil {
		return err
	}
	failure := c.sender.Failure()
	if failure == nil {
		failure = errors.New("none")
	}
	return fmt.Errorf("%w: %d events stay in the spool; last failure: %v", err, c.spool.Stats().Queued, failure)
}

// Close flushes, as [Client.Flush] does, and stops. What could not be sent stays in the spool for the next start. Further calls
// wait for the first, for as long as their own context allows, and give its error.
func (c *Client) Close(ctx context.Context) error {
	if c.isClosed.Swap(true) {
		return c.closedBefore(ctx)
	}
	defer close(c.done)
	if c.spool == nil {
		c.closed = c.state.Close()
		return c.closed
	}
	flushed := c.Flush(ctx)
	c.sender.Stop()
	c.closed = errors.Join(flushed, c.spool.Close(), c.state.Close())
	return c.closed
}

func (c *Client) closedBefore(ctx context.Context) error {
	select {
	case <-c.done:
		return c.closed
	default:
	}
	select {
	case <-c.done:
		return c.closed
	case <-ctx.Done():
		return c.explain(ctx.Err())
	}
}

// Stats tells what became of events so far.
func (c *Client) Stats() Stats {
	if c.spool == nil {
		return Stats{}
	}
	waiting, counters := c.spool.Stats(), &c.sender.Counters
	return Stats{
		Queued: waiting.Queued, SpoolBytes: waiting.Bytes, Dropped: waiting.Dropped,
		Stored: counters.Stored.Load(), Skipped: counters.Skipped.Load(), Rejected: counters.Rejected.Load(),
	}
}

// String shows the client without the key.
func (c *Client) String() string {
	return fmt.Sprintf("openclone.Client{endpoint: %s, plugin: %s %s, source_type: %s, queued: %d}", c.endpoint,
		c.options.PluginID, c.options.PluginVersion, c.options.SourceType, c.Stats().Queued)
}

// GoString shows the client without the key.
func (c *Client) GoString() string { return c.String() }

// LogValue shows the client without the key.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (c *Client) tellError(err error) {
	c.telling.Lock()
	defer c.telling.Unlock()
	if c.options.OnError != nil {
		c.options.OnError(err)
		return
	}
	c.options.Logger.Error("openclone: events wait in the spool", "error", err, "plugin", c.options.PluginID)
}

func (c *Client) tellRejected(rejected Rejected) {
	c.telling.Lock()
	defer c.telling.Unlock()
	if c.options.OnRejected != nil {
		c.options.OnRejected(rejected)
		return
	}
	c.options.Logger.Error("openclone: event rejected", "raw_ref", rejected.RawRef, "reasons", rejected.Reasons,
		"file", rejected.File, "plugin", c.options.PluginID)
}
