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
	// APIKeyFile is a file that holds the key alone; OPENCLONE_API_KEY_FILE if there is no key.
	APIKeyFile string
	// APIKeyProvider gives the key. It, or the file, is asked for each connection: a renewed key needs no restart.
	APIKeyProvider func() (string, error)
	// PluginID is kebab-case, at most 64 characters. Required.
	PluginID string
	// PluginVersion is SemVer, such as "1.0.0". Required.
	PluginVersion string
	// SourceType is what the plugin captures. Required, unless there are SourceTypes.
	SourceType SourceType
	// SourceTypes are several, in place of SourceType. Each has its own batches and an equal part of SpoolMaxBytes; events of a
	// typed payload say by themselves what they are, others need [Event.SourceType].
	SourceTypes []SourceType
	// Platform is that of this machine by default.
	Platform Platform
	// Enabled decides, if it is set. Else OPENCLONE_ENABLED, a list of plugin ids with commas, may name the plugin; else
	// openclone.enabled of openclone.conf decides with a manifest, and the sensitivity of the source types without: HIGH and
	// CRITICAL ones (audio_mic, health, email, messaging) are off. With a manifest these also need the user's consent. While it
	// is off Send fails with [ErrNotEnabled] and nothing is sent: what an earlier start left in the spool waits.
	Enabled *bool
	// StateDir holds spool/, dead-letter/ and lock; OPENCLONE_STATE, else ~/.openclone-plugins/<PluginID>. One client
	// at a time uses it.
	StateDir string
	// MaxBatchEvents is 1 to 500; 100 by default.
	MaxBatchEvents int
	// MaxBatchAge is how long the first event of a batch waits for others. By default 5 seconds over a stream; 15 over JSON, where
	// each 429 doubles it, up to 4 minutes.
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
	// Heartbeat, 1 minute to 24 hours, is how often [Client.ReportHealth] is repeated, beginning with Capturing; 0 is never.
	Heartbeat time.Duration
	// Debug logs each connection and response to standard error, in place of Logger; OPENCLONE_DEBUG sets it, too.
	Debug bool
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
	// OnRecovered is called once when a batch is stored after a failure that OnError was told of; logged by default.
	OnRecovered func()

	// Memory takes the place of the service, in tests: nothing leaves the process, the key may be missing, Enabled is true by
	// default, and state directory and device id are temporary.
	Memory *Memory

	manifest *Manifest
	config   map[string]any
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
