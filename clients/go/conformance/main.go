// Command conformance drives the SDK for the table of ../../conformance: one JSON object a line in, one out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/PixxzR/openclone/clients/go"
)

// command is one line of input.
type command struct {
	Do      string          `json:"do"`
	Options json.RawMessage `json:"options"`
	// Manifest is the directory of a plugin to open.
	Manifest string  `json:"manifest"`
	State    string  `json:"state"`
	Reason   string  `json:"reason"`
	Events   []event `json:"events"`
	Prefix   string  `json:"prefix"`
	Count    int     `json:"count"`
	Timeout  float64 `json:"timeout"`
}

// response is one line of output.
type response struct {
	OK        bool           `json:"ok,omitempty"`
	Error     string         `json:"error,omitempty"`
	Index     *int           `json:"index,omitempty"`
	Message   string         `json:"message,omitempty"`
	Text      string         `json:"text,omitempty"`
	Stats     *stats         `json:"stats,omitempty"`
	Errors    *[]string      `json:"errors,omitempty"`
	Rejected  *[]string      `json:"rejected,omitempty"`
	Recovered *int           `json:"recovered,omitempty"`
	Config    map[string]any `json:"config,omitempty"`
	DeviceID  string         `json:"device_id,omitempty"`
	Paused    *bool          `json:"paused,omitempty"`
}

type stats struct {
	Queued     int64  `json:"queued"`
	Stored     uint64 `json:"stored"`
	Skipped    uint64 `json:"skipped"`
	Rejected   uint64 `json:"rejected"`
	Dropped    uint64 `json:"dropped"`
	SpoolBytes int64  `json:"spool_bytes"`
}

// driver has the client of the moment, and what it was reported.
type driver struct {
	client  *openclone.Client
	options openclone.Options
	source  openclone.SourceType
	stop    func()

	mu        sync.Mutex
	errors    []string
	rejected  []string
	recovered int
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err := serve(os.Stdin, os.Stdout); err != nil {
		slog.Error("driver ends", "error", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	reader, d := bufio.NewReaderSize(in, 1<<20), &driver{}
	encoder := json.NewEncoder(out)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var next command
		if err := json.Unmarshal(line, &next); err != nil {
			return err
		}
		if err := encoder.Encode(d.do(&next)); err != nil {
			return err
		}
	}
}

func (d *driver) do(next *command) response {
	if next.Do == "open" {
		return plain(d.open(next.Options, next.Manifest))
	}
	if next.Do == "events" {
		d.mu.Lock()
		defer d.mu.Unlock()
		errors, rejected := append([]string{}, d.errors...), append([]string{}, d.rejected...)
		recovered := d.recovered
		return response{OK: true, Errors: &errors, Rejected: &rejected, Recovered: &recovered}
	}
	if d.client == nil {
		return response{Error: "Driver", Message: "nothing is open"}
	}
	switch next.Do {
	case "send":
		return d.send(next.Events)
	case "generate":
		return d.generate(next.Prefix, next.Count)
	case "flush":
		return plain(within(next.Timeout, d.client.Flush))
	case "close":
		d.stop()
		return plain(within(next.Timeout, d.client.Close))
	case "stats":
		now := stats(d.client.Stats())
		return response{OK: true, Stats: &now}
	case "rival":
		rival, err := openclone.New(context.Background(), d.options)
		if err == nil {
			err = within(1, rival.Close)
		}
		return plain(err)
	case "config":
		return response{OK: true, Config: d.client.Config(), DeviceID: d.client.DeviceID()}
	case "report_health":
		return plain(d.client.ReportHealth(openclone.HealthState(next.State), next.Reason))
	case "paused":
		isPaused := d.client.IsPaused()
		return response{OK: true, Paused: &isPaused}
	case "show":
		return response{OK: true, Text: d.client.String()}
	}
	return response{Error: "Driver", Message: "unknown command " + next.Do}
}

func (d *driver) open(text json.RawMessage, manifest string) error {
	options, err := readOptions(text)
	if err != nil {
		return err
	}
	options.OnError = func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.errors = append(d.errors, nameOf(err))
		slog.Warn("reported", "error", err)
	}
	options.OnRejected = func(rejected openclone.Rejected) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.rejected = append(d.rejected, rejected.RawRef)
		slog.Warn("reported", "raw_ref", rejected.RawRef, "reasons", rejected.Reasons)
	}
	options.OnRecovered = func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.recovered++
	}
	var client *openclone.Client
	if manifest != "" {
		client, err = openclone.NewFromManifest(context.Background(), manifest, options)
	} else {
		client, err = openclone.New(context.Background(), options)
	}
	if err != nil {
		return err
	}
	d.options = options
	d.client, d.source, d.stop = client, options.SourceType, client.CloseOnSignal(2*time.Second)
	return nil
}

func (d *driver) send(events []event) response {
	for index := range events {
		ready, err := events[index].read(d.source)
		if err == nil {
			err = d.client.Send(context.Background(), ready)
		}
		if err != nil {
			return failed(err, index)
		}
	}
	return response{OK: true}
}

func (d *driver) generate(prefix string, count int) response {
	ctx := context.Background()
	name := append([]byte(prefix), '-')
	for index := range count {
		rawRef := string(strconv.AppendInt(name, int64(index), 10))
		ready := openclone.Event{RawRef: rawRef, Data: payloadWithText(d.source, rawRef)}
		if err := d.client.Send(ctx, ready); err != nil {
			return failed(err, index)
		}
	}
	return response{OK: true}
}

func within(seconds float64, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), duration(seconds))
	defer cancel()
	return call(ctx)
}

func plain(err error) response {
	if err == nil {
		return response{OK: true}
	}
	return response{Error: nameOf(err), Message: err.Error()}
}

func failed(err error, index int) response {
	return response{Error: nameOf(err), Index: &index, Message: err.Error()}
}

// nameOf is what the table calls an error.
func nameOf(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{openclone.ErrInvalidOptions, "InvalidOptions"}, {openclone.ErrNotEnabled, "NotEnabled"},
		{openclone.ErrInvalidEvent, "InvalidEvent"}, {openclone.ErrEventTooLarge, "EventTooLarge"},
		{openclone.ErrSpoolFull, "SpoolFull"}, {openclone.ErrSpoolLocked, "SpoolLocked"},
		{openclone.ErrAccessDenied, "AccessDenied"}, {openclone.ErrTimeout, "Timeout"}, {openclone.ErrClosed, "Closed"},
		{openclone.ErrClock, "Clock"}, {openclone.ErrDamaged, "Damaged"}, {openclone.ErrDropped, "Dropped"},
		{openclone.ErrUnavailable, "Unavailable"}, {openclone.ErrSpool, "SpoolError"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return "Unknown"
}
