package openclone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/PixxzR/openclone/clients/go/internal/delivery"
	"github.com/PixxzR/openclone/clients/go/internal/shared"
	"github.com/PixxzR/openclone/clients/go/internal/state"
)

// Version is that of this module.
const Version = "0.1.0"

// userAgent is what every connection says that it is.
const userAgent = "openclone-go/" + Version

// Client sends the events of one plugin. Make one with [New] and close it.
type Client struct {
	options  Options
	endpoint *url.URL
	key      *delivery.Key
	home     string // what all plugins share
	deviceID string
	whyOff   string     // why it is not enabled; empty if it is
	telling  sync.Mutex // one call of OnError, OnRejected and OnRecovered at a time
	buffers  sync.Pool  // of *[]byte
	isClosed atomic.Bool
	done     chan struct{} // closed when Close is done
	closed   error         // what Close has failed with
	// temporary is removed by Close.
	temporary string

	state *state.Dir
	// Nil if the client is not enabled.
	lanes    []*lane
	reporter *delivery.Reporter
}

// New checks the options, takes the state directory and begins to send what an earlier start left in the spool. The context is
// for making the client only. It fails with [ErrInvalidOptions], [ErrSpoolLocked] or [ErrSpool]. An unreachable service is no
// error: events wait in the spool.
func New(ctx context.Context, options Options) (*Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &Client{done: make(chan struct{})}
	c.buffers.New = func() any { return new([]byte) }
	if err := c.prepare(&options); err != nil {
		return nil, errors.Join(err, c.removeTemporary())
	}
	if err := c.open(); err != nil {
		return nil, errors.Join(err, c.removeTemporary())
	}
	return c, nil
}

// prepare fills in and checks the options, and finds out what the user has decided.
func (c *Client) prepare(options *Options) error {
	var err error
	if options.Memory != nil {
		if err := c.inMemory(options); err != nil {
			return err
		}
	} else if c.home, err = shared.Home(); err != nil {
		return err
	}
	if err := options.complete(); err != nil {
		return err
	}
	if c.endpoint, err = options.check(); err != nil {
		return err
	}
	if c.key, err = options.key(); err != nil {
		return err
	}
	if c.whyOff, err = options.whyOff(c.home); err != nil {
		return err
	}
	c.options = *options
	c.deviceID, err = shared.DeviceID(c.home)
	return err
}

// inMemory puts what would be kept into a directory that does not stay.
func (c *Client) inMemory(options *Options) error {
	dir, err := os.MkdirTemp("", "openclone-")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSpool, err)
	}
	c.temporary, c.home = dir, dir
	options.StateDir = first(options.StateDir, filepath.Join(dir, "state"))
	options.APIKey = first(options.APIKey, "in-memory")
	options.Enabled = first(options.Enabled, new(true))
	options.Transport = JSON
	return nil
}

func (c *Client) removeTemporary() error {
	if c.temporary == "" {
		return nil
	}
	return os.RemoveAll(c.temporary)
}

func (c *Client) open() error {
	dir, err := state.Open(c.options.StateDir)
	if err != nil {
		return err
	}
	c.state = dir
	if c.whyOff != "" {
		return nil
	}
	if err := c.openLanes(); err != nil {
		return errors.Join(err, c.closeLanes(), dir.Close())
	}
	for _, lane := range c.lanes {
		lane.sender.Start()
	}
	if c.options.Memory == nil {
		c.reporter = delivery.NewReporter(c.delivery(), c.options.PluginID, c.options.PluginVersion, c.deviceID, c.options.Heartbeat,
			func() int64 { return c.Stats().Queued })
		if c.options.Heartbeat > 0 {
			return c.ReportHealth(Capturing, "")
		}
	}
	return nil
}

func (c *Client) delivery() delivery.Config {
	config := delivery.Config{
		Endpoint: c.endpoint, Key: c.key, TLS: c.options.TLS, Transport: c.options.Transport, UserAgent: userAgent,
		MaxEvents: c.options.MaxBatchEvents, RetryBase: c.options.RetryBase, RetryCap: c.options.RetryCap, ClockRetry: c.options.ClockRetry,
		ResponseTimeout: c.options.ResponseTimeout, DeadLetter: c.state.DeadLetter(), Logger: c.options.Logger,
		OnError: c.tellError, OnRejected: func(rejected delivery.Rejected) { c.tellRejected(Rejected(rejected)) },
		OnRecovered: c.tellRecovered,
	}
	if c.options.Memory != nil {
		config.Exchange = c.options.Memory.exchange
	}
	return config
}

// Flush sends what is queued now and returns when each event is stored, skipped or set aside. It fails with [ErrAccessDenied],
// or when the context ends: with [ErrTimeout] if that was its deadline. Without a deadline it waits for as long as it takes.
func (c *Client) Flush(ctx context.Context) error {
	numbers := make([]uint64, len(c.lanes))
	for index, lane := range c.lanes {
		numbers[index] = lane.spool.Flush()
	}
	// What cannot be sent must at least be on the disk. A slow disk does not hold up what can.
	go c.sync()
	var errs []error
	for index, lane := range c.lanes {
		if err := lane.sender.Wait(ctx, numbers[index]); err != nil {
			errs = append(errs, c.explain(lane, err))
		}
	}
	return errors.Join(errs...)
}

func (c *Client) sync() {
	for _, lane := range c.lanes {
		if err := lane.spool.Sync(); err != nil {
			c.tellError(err)
		}
	}
}

// explain says why a flush did not come to its end.
func (c *Client) explain(lane *lane, err error) error {
	if errors.Is(err, ErrAccessDenied) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	if lane == nil {
		return err
	}
	failure := lane.sender.Failure()
	if failure == nil {
		failure = errors.New("none")
	}
	return fmt.Errorf("%w: %d events stay in the spool; last failure: %v", err, lane.spool.Stats().Queued, failure)
}

// Close flushes, as [Client.Flush] does, and stops. What could not be sent stays in the spool for the next start. Further calls
// wait for the first, for as long as their own context allows, and give its error.
func (c *Client) Close(ctx context.Context) error {
	if c.isClosed.Swap(true) {
		return c.closedBefore(ctx)
	}
	defer close(c.done)
	flushed := c.Flush(ctx)
	if c.reporter != nil {
		c.reporter.Stop()
	}
	for _, lane := range c.lanes {
		lane.sender.Stop()
	}
	c.closed = errors.Join(flushed, c.closeLanes(), c.state.Close(), c.removeTemporary())
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
		return c.explain(nil, ctx.Err())
	}
}

// Stats tells what became of events so far.
func (c *Client) Stats() Stats {
	var sum Stats
	for _, lane := range c.lanes {
		waiting, counters := lane.spool.Stats(), &lane.sender.Counters
		sum.Queued += waiting.Queued
		sum.SpoolBytes += waiting.Bytes
		sum.Dropped += waiting.Dropped
		sum.Stored += counters.Stored.Load()
		sum.Skipped += counters.Skipped.Load()
		sum.Rejected += counters.Rejected.Load()
	}
	return sum
}

// String shows the client without the key.
func (c *Client) String() string {
	return fmt.Sprintf("openclone.Client{endpoint: %s, plugin: %s %s, source_types: %s, queued: %d}", c.endpoint,
		c.options.PluginID, c.options.PluginVersion, c.options.SourceTypes, c.Stats().Queued)
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

func (c *Client) tellRecovered() {
	c.telling.Lock()
	defer c.telling.Unlock()
	if c.options.OnRecovered != nil {
		c.options.OnRecovered()
		return
	}
	c.options.Logger.Info("openclone: the service accepts events again", "plugin", c.options.PluginID)
}
