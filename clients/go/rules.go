package openclone

import (
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/delivery"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

// SemVer 2.0 and kebab-case, as the service has them.
var (
	pluginIDForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	versionForm  = regexp.MustCompile(`^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}` +
		`(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?` +
		`(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
)

const (
	maxPluginID      = 64
	maxPluginVersion = 256
	maxBatchEvents   = 500
	minKey, maxKey   = 8, 256
)

// complete fills in the defaults.
func (o *Options) complete() error {
	o.Endpoint = first(o.Endpoint, os.Getenv("OPENCLONE_ENDPOINT"), "http://127.0.0.1:8000")
	if o.APIKeyFile == "" && o.APIKeyProvider == nil {
		o.APIKey = first(o.APIKey, os.Getenv("OPENCLONE_API_KEY"), os.Getenv("API_KEY"))
	}
	if o.APIKey == "" && o.APIKeyProvider == nil {
		o.APIKeyFile = first(o.APIKeyFile, os.Getenv("OPENCLONE_API_KEY_FILE"))
	}
	if o.SourceType != "" {
		o.SourceTypes = []SourceType{o.SourceType}
	}
	o.Platform = first(o.Platform, thisPlatform())
	o.MaxBatchEvents = first(o.MaxBatchEvents, 100)
	o.SpoolMaxBytes = first(o.SpoolMaxBytes, 512<<20)
	o.BlockTimeout = first(o.BlockTimeout, 30*time.Second)
	o.ResponseTimeout = first(o.ResponseTimeout, 30*time.Second)
	o.RetryBase = first(o.RetryBase, 500*time.Millisecond)
	o.RetryCap = first(o.RetryCap, time.Minute)
	o.ClockRetry = first(o.ClockRetry, time.Hour)
	o.Logger = first(o.Logger, slog.Default())
	if o.Debug || os.Getenv("OPENCLONE_DEBUG") != "" {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return o.completeStateDir()
}

// key is the source of the key.
func (o *Options) key() (*delivery.Key, error) {
	provide := o.APIKeyProvider
	switch {
	case provide != nil:
	case o.APIKeyFile != "":
		provide = func() (string, error) {
			data, err := os.ReadFile(o.APIKeyFile)
			return strings.TrimSpace(string(data)), err
		}
	default:
		provide = func() (string, error) { return o.APIKey, nil }
	}
	key := delivery.NewKey(func() (string, error) {
		key, err := provide()
		if err != nil {
			return "", invalid("the key cannot be had: %w", err)
		}
		return key, checkKey(key)
	}, o.APIKeyProvider != nil || o.APIKeyFile != "")
	_, err := key.Get()
	return key, err
}

func (o *Options) completeStateDir() error {
	o.StateDir = first(o.StateDir, os.Getenv("OPENCLONE_STATE"))
	if o.StateDir != "" {
		return nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return invalid("StateDir: there is no home directory: set it, or OPENCLONE_STATE: %w", err)
	}
	o.StateDir = filepath.Join(home, ".openclone-plugins", o.PluginID)
	return nil
}

// isSensitive tells whether users must be asked first: sensitivity HIGH or CRITICAL.
func isSensitive(source SourceType) bool {
	switch source {
	case SourceAudioMic, SourceHealth, SourceEmail, SourceMessaging:
		return true
	}
	return false
}

// check applies the rules of the batch, and gives the endpoint in parts.
func (o *Options) check() (*url.URL, error) {
	switch {
	case len(o.PluginID) > maxPluginID || !pluginIDForm.MatchString(o.PluginID):
		return nil, invalid("PluginID %q: kebab-case of a-z and 0-9, at most %d characters", o.PluginID, maxPluginID)
	case len(o.PluginVersion) > maxPluginVersion || !versionForm.MatchString(o.PluginVersion):
		return nil, invalid("PluginVersion %q: not SemVer, such as 1.0.0", o.PluginVersion)
	case len(o.SourceTypes) == 0 || slices.ContainsFunc(o.SourceTypes, func(source SourceType) bool { return !knownSource(source) }):
		return nil, invalid("SourceType %q: not one of the 15", o.SourceTypes)
	case o.Heartbeat != 0 && (o.Heartbeat < time.Minute || o.Heartbeat > 24*time.Hour):
		return nil, invalid("Heartbeat %s: 1 minute to 24 hours", o.Heartbeat)
	case wire.PlatformOf(string(o.Platform)) == openclonev1.Platform_PLATFORM_UNSPECIFIED:
		return nil, invalid("Platform %q: macos, windows, linux, ios, android or web", o.Platform)
	case o.MaxBatchEvents < 1 || o.MaxBatchEvents > maxBatchEvents:
		return nil, invalid("MaxBatchEvents %d: 1 to %d", o.MaxBatchEvents, maxBatchEvents)
	case min(o.MaxBatchAge, o.BlockTimeout, o.ResponseTimeout, o.RetryBase, o.RetryCap, o.ClockRetry) < 0 || o.SpoolMaxBytes < 0:
		return nil, invalid("no time and no size may be negative")
	case o.RetryBase > math.MaxInt64/4 || o.RetryCap > math.MaxInt64/4:
		return nil, invalid("RetryBase %s, RetryCap %s: too long", o.RetryBase, o.RetryCap)
	case o.OnFull < Block || o.OnFull > DropOldest:
		return nil, invalid("OnFull %d: Block, Reject or DropOldest", o.OnFull)
	case o.Transport < Auto || o.Transport > JSON:
		return nil, invalid("Transport %d: Auto, GRPC or JSON", o.Transport)
	}
	return parseEndpoint(o.Endpoint)
}

// checkKey never shows the key.
func checkKey(key string) error {
	if key == "" {
		return invalid("APIKey is not set: set it, OPENCLONE_API_KEY or OPENCLONE_API_KEY_FILE; the service prints it at its first start")
	}
	isPrintable := !strings.ContainsFunc(key, func(char rune) bool { return char < 0x20 || char > 0x7e })
	if len(key) < minKey || len(key) > maxKey || !isPrintable {
		return invalid("APIKey: %d to %d printable ASCII characters", minKey, maxKey)
	}
	return nil
}

// parseEndpoint does not repeat what it was given where that may hold a password.
func parseEndpoint(text string) (*url.URL, error) {
	endpoint, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, invalid("Endpoint: not a URL such as http://127.0.0.1:8000")
	case endpoint.User != nil:
		return nil, invalid("Endpoint: no user and no password, the key goes into APIKey")
	case endpoint.Scheme != "http" && endpoint.Scheme != "https", endpoint.Hostname() == "":
		return nil, invalid("Endpoint %q: http://host:port or https://host:port", text)
	case strings.Trim(endpoint.Path, "/") != "" || endpoint.RawQuery != "" || endpoint.Fragment != "":
		return nil, invalid("Endpoint %q: nothing may stand behind host and port", text)
	}
	return &url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host}, nil
}

func invalid(format string, arguments ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalidOptions, fmt.Errorf(format, arguments...))
}

func thisPlatform() Platform {
	switch runtime.GOOS {
	case "darwin":
		return PlatformMacOS
	case "js", "wasip1":
		return PlatformWeb
	case "windows", "ios", "android":
		return Platform(runtime.GOOS)
	default:
		return PlatformLinux
	}
}

// first gives the first value that is not zero.
func first[T comparable](values ...T) T {
	var zero T
	for _, value := range values {
		if value != zero {
			return value
		}
	}
	return zero
}
