package openclone

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/delivery"
)

// Options are what a client is made with. Zero values are the defaults.
type Options struct {
	// Endpoint is http://host:port or https://host:port; OPENCLONE_ENDPOINT, else http://127.0.0.1:8000.
	Endpoint string
	// APIKey is OPENCLONE_API_KEY, else API_KEY. It is never shown.
	APIKey string
	// PluginID is kebab-case, at most 64 characters. Required.
	PluginID string
	// PluginVersion is SemVer, such as "1.0.0". Required.
	PluginVersion string
	// SourceType is what the plugin captures. Required.
	SourceType SourceType
	// Platform is that of this machine by default.
	Platform Platform
	// Enabled is OPENCLONE_ENABLED by default, else true for source types of sensitivity LOW and MEDIUM, false for HIGH and
	// CRITICAL ones (audio_mic, health, email, messaging): ask the user first. While it is false Send fails with
	// [ErrNotEnabled] and nothing is sent: what an earlier start left in the spool waits.
	Enabled *bool
	// StateDir holds device-id, spool/, dead-letter/ and lock; OPENCLONE_STATE, else ~/.openclone-plugins/<PluginID>. One client
	// at a time uses it.
	StateDir string
	// MaxBatchEvents is 1 to 500; 100 by default.
	MaxBatchEvents int
	// MaxBatchAge is how long the first event of a batch waits for others; a minute by default.
	MaxBatchAge time.Duration
	// SpoolMaxBytes caps the spool on disk; 512 MiB by default.
	SpoolMaxBytes int64
	// OnFull says what Send does when the spool is full; [Block] by default.
	OnFull OnFull
	// BlockTimeout is how long [Block] waits; 30 seconds by default.
	BlockTimeout time.Duration
	// Transport is [Auto] by default.
	Transport Transport
	// ResponseTimeout is how long a batch may be without a response before the connection is given up; 30 seconds by default.
	ResponseTimeout time.Duration
	// RetryBase and RetryCap bound the pause before attempt n: a random time between 0 and min(RetryCap, RetryBase * 2^n), but
	// never less than the service asks for. Half a second and a minute by default.
	RetryBase, RetryCap time.Duration
	// ClockRetry is when events that the service finds ahead of its clock are sent again; an hour by default.
	ClockRetry time.Duration
	// TLS is used with https endpoints; nil is the system's certificates.
	TLS *tls.Config
	// Logger is slog.Default() by default.
	Logger *slog.Logger
	// OnError receives a failure that lasts, once until something gets through again; logged by default. The error Is one of
	// [ErrAccessDenied], [ErrUnavailable], [ErrClock], [ErrSpool], [ErrDamaged] and [ErrDropped].
	OnError func(error)
	// OnRejected receives each event that is set aside; logged by default.
	//
	// Both are called one at a time, by the goroutines that send: they must be quick and must not call the client, but for
	// Stats.
	OnRejected func(Rejected)
}

// OnFull says what becomes of an event when the spool is full.
type OnFull int

const (
	// Block waits until there is room, at most [Options.BlockTimeout]; then Send fails with [ErrSpoolFull]. So it does at once
	// with an event of more than half of the spool.
	Block OnFull = iota
	// Reject fails with [ErrSpoolFull] at once.
	Reject
	// DropOldest deletes the oldest segment of the spool that is not being sent, counts its events as dropped and tells OnError.
	// When every segment is being sent it is like [Block].
	DropOldest
)

// Transport says how batches are sent.
type Transport = delivery.Transport

const (
	// Auto is a gRPC stream; JSON when two attempts in a row got no response over it.
	Auto = delivery.Auto
	// GRPC is a gRPC stream only.
	GRPC = delivery.GRPC
	// JSON is POST /api/v1/ingest only.
	JSON = delivery.JSON
)

// String shows the options without the key.
func (o Options) String() string {
	return fmt.Sprintf("openclone.Options{Endpoint: %q, PluginID: %q, PluginVersion: %q, SourceType: %q, StateDir: %q, APIKey: %s}",
		o.Endpoint, o.PluginID, o.PluginVersion, o.SourceType, o.StateDir, hidden(o.APIKey))
}

// GoString shows the options without the key.
func (o Options) GoString() string { return o.String() }

// LogValue shows the options without the key.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalText shows the options without the key.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

func hidden(key string) string {
	if key == "" {
		return "unset"
	}
	return "[hidden]"
}
