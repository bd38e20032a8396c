package openclone

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOptionsThatBreakARuleMakeNoClient(t *testing.T) {
	good := func() Options {
		options, _ := testOptions(t, "http://127.0.0.1:1")
		return options
	}
	for name, spoil := range map[string]func(*Options){
		"no plugin":       func(o *Options) { o.PluginID = "" },
		"capital":         func(o *Options) { o.PluginID = "My-plugin" },
		"two hyphens":     func(o *Options) { o.PluginID = "my--plugin" },
		"line end":        func(o *Options) { o.PluginID = "my-plugin\n" },
		"long plugin":     func(o *Options) { o.PluginID = strings.Repeat("a", 65) },
		"no version":      func(o *Options) { o.PluginVersion = "" },
		"half version":    func(o *Options) { o.PluginVersion = "1.0" },
		"leading zero":    func(o *Options) { o.PluginVersion = "1.02.0" },
		"zero in pre":     func(o *Options) { o.PluginVersion = "1.0.0-01" },
		"long version":    func(o *Options) { o.PluginVersion = "1.0.0-" + strings.Repeat("a", 256) },
		"source type":     func(o *Options) { o.SourceType = "thoughts" },
		"upper case":      func(o *Options) { o.SourceType = "BRAINDUMP" },
		"unspecified":     func(o *Options) { o.SourceType = "unspecified" },
		"platform":        func(o *Options) { o.Platform = "amiga" },
		"scheme":          func(o *Options) { o.Endpoint = "ftp://127.0.0.1" },
		"no host":         func(o *Options) { o.Endpoint = "http://" },
		"path":            func(o *Options) { o.Endpoint = "http://127.0.0.1/api" },
		"password":        func(o *Options) { o.Endpoint = "http://a:b@127.0.0.1" },
		"short key":       func(o *Options) { o.APIKey = "short" },
		"key of two":      func(o *Options) { o.APIKey = "oc_first\noc_second" },
		"batch":           func(o *Options) { o.MaxBatchEvents = 501 },
		"negative batch":  func(o *Options) { o.MaxBatchEvents = -1 },
		"negative age":    func(o *Options) { o.MaxBatchAge = -1 },
		"negative spool":  func(o *Options) { o.SpoolMaxBytes = -1 },
		"endless retries": func(o *Options) { o.RetryCap = 1<<63 - 1 },
		"on full":         func(o *Options) { o.OnFull = 9 },
		"transport":       func(o *Options) { o.Transport = 9 },
	} {
		options := good()
		spoil(&options)
		if _, err := New(t.Context(), options); !errors.Is(err, ErrInvalidOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, version := range []string{"0.0.0", "1.0.0-beta.1+5", "10.20.30-x-y.0a+001", "99999999999999999999.0.0"} {
		options := good()
		options.PluginVersion = version
		if err := closeWithin(connect(t, options), time.Second); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestDefaultsComeFromVariables(t *testing.T) {
	for _, name := range []string{"OPENCLONE_ENDPOINT", "OPENCLONE_API_KEY", "OPENCLONE_ENABLED", "OPENCLONE_STATE"} {
		t.Setenv(name, "")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	t.Setenv("API_KEY", "oc_api_key")
	options := Options{PluginID: "p", PluginVersion: "1.0.0", SourceType: SourceHealth}
	if err := options.complete(); err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(home, ".openclone-plugins", "p")
	if options.Endpoint != "http://127.0.0.1:8000" || options.APIKey != "oc_api_key" || options.StateDir != want {
		t.Errorf("%v", options)
	}
	if options.MaxBatchEvents != 100 || options.MaxBatchAge != 0 || options.SpoolMaxBytes != 512<<20 {
		t.Errorf("%d, %s, %d", options.MaxBatchEvents, options.MaxBatchAge, options.SpoolMaxBytes)
	}
	t.Setenv("OPENCLONE_ENDPOINT", "https://example.org")
	t.Setenv("OPENCLONE_API_KEY", "oc_better_key")
	t.Setenv("OPENCLONE_STATE", home)
	options = Options{PluginID: "p", SourceType: SourceHealth}
	if err := options.complete(); err != nil {
		t.Fatal(err)
	}
	if options.Endpoint != "https://example.org" || options.APIKey != "oc_better_key" || options.StateDir != home {
		t.Errorf("%v", options)
	}
	t.Setenv("OPENCLONE_ENABLED", "true")
	options = Options{PluginID: "p"}
	if _, err := options.whyOff(home); !errors.Is(err, ErrInvalidOptions) {
		t.Errorf("%v", err)
	}
}

func TestAStateDirectoryThatCannotBeUsedIsSaid(t *testing.T) {
	options, _ := testOptions(t, "http://127.0.0.1:1")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	options.StateDir = filepath.Join(file, "state")
	if _, err := New(t.Context(), options); !errors.Is(err, ErrSpool) {
		t.Errorf("%v", err)
	}
	options.StateDir = t.TempDir()
	home := t.TempDir()
	t.Setenv("XDG_STATE_HOME", home)
	kept := filepath.Join(home, "openclone", "device-id")
	if err := errors.Join(os.MkdirAll(filepath.Dir(kept), 0o700), os.WriteFile(kept, []byte("mine\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), options); !errors.Is(err, ErrInvalidOptions) || !strings.Contains(err.Error(), "device-id") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if client := connect(t, options); len(client.DeviceID()) != 36 {
		t.Errorf("%s", client.DeviceID())
	}
}
