package openclone

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAFullSpoolDoesWhatTheOptionsSay(t *testing.T) {
	fill := func(onFull OnFull) (*Client, *heard, error) {
		options, h := testOptions(t, "http://127.0.0.1:1")
		options.SpoolMaxBytes, options.OnFull, options.BlockTimeout = 4000, onFull, 50*time.Millisecond
		client := connect(t, options)
		for index := range 200 {
			if err := client.Send(t.Context(), Event{Data: map[string]any{"index": index}}); err != nil {
				return client, h, err
			}
		}
		return client, h, nil
	}
	for _, onFull := range []OnFull{Block, Reject} {
		client, _, err := fill(onFull)
		if stats := client.Stats(); !errors.Is(err, ErrSpoolFull) || stats.SpoolBytes > 4000 || stats.Queued < 20 || stats.Dropped != 0 {
			t.Errorf("%d: %v, %+v", onFull, err, stats)
		}
	}
	client, h, err := fill(DropOldest)
	if stats := client.Stats(); err != nil || stats.Queued+int64(stats.Dropped) != 200 || stats.Dropped == 0 || !h.has(ErrDropped) {
		t.Errorf("%v, %+v, %v", err, client.Stats(), h.errors)
	}
}

func TestBlockingEndsWhenThereIsRoomOrTheContextEnds(t *testing.T) {
	remote := serve(t)
	options, _ := testOptions(t, remote.url)
	options.SpoolMaxBytes, options.MaxBatchAge = 4000, time.Hour
	client := connect(t, options)
	sendMany(t, client, "a", 500)
	if err := flushWithin(client, 10*time.Second); err != nil || remote.received() != 500 {
		t.Errorf("%v, %d received", err, remote.received())
	}
	options, _ = testOptions(t, "http://127.0.0.1:1")
	options.SpoolMaxBytes = 200
	client = connect(t, options)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var err error
	for err == nil {
		err = client.Send(ctx, Event{Data: map[string]any{}})
	}
	if !errors.Is(err, ErrSpoolFull) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestSensitiveSourceTypesAreOffUntilSwitchedOn(t *testing.T) {
	remote := serve(t)
	for _, source := range []SourceType{SourceAudioMic, SourceHealth, SourceEmail, SourceMessaging} {
		options, _ := testOptions(t, remote.url)
		options.SourceType = source
		off := connect(t, options)
		err := off.Send(t.Context(), Event{Data: map[string]any{"x": 1}})
		if !errors.Is(err, ErrNotEnabled) || !strings.Contains(err.Error(), "OPENCLONE_ENABLED=test-plugin") {
			t.Errorf("%s: %v", source, err)
		}
		if err := errors.Join(flushWithin(off, time.Second), closeWithin(off, time.Second)); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		t.Setenv("OPENCLONE_ENABLED", "other, test-plugin")
		on := connect(t, options)
		if err := on.Send(t.Context(), Event{Data: map[string]any{"x": 1}}); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		t.Setenv("OPENCLONE_ENABLED", "")
	}
}

func TestOneClientAtATimeAndOneDeviceForEver(t *testing.T) {
	options, _ := testOptions(t, "http://127.0.0.1:1")
	first := connect(t, options)
	device := first.DeviceID()
	if _, err := New(t.Context(), options); !errors.Is(err, ErrSpoolLocked) {
		t.Errorf("%v", err)
	}
	if err := closeWithin(first, time.Second); err != nil {
		t.Error(err)
	}
	second := connect(t, options)
	if second.DeviceID() != device || len(device) != 36 {
		t.Errorf("%s, then %s", device, second.DeviceID())
	}
	_ = filepath.WalkDir(options.StateDir, func(path string, entry os.DirEntry, err error) error {
		info, _ := entry.Info()
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s is %o", path, mode)
		}
		return err
	})
}

func TestAfterCloseNothingIsQueued(t *testing.T) {
	options, _ := testOptions(t, "http://127.0.0.1:1")
	client := connect(t, options)
	sendMany(t, client, "a", 1)
	if err := closeWithin(client, 50*time.Millisecond); !errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
	if err := closeWithin(client, time.Second); !errors.Is(err, ErrTimeout) {
		t.Errorf("again: %v", err)
	}
	if err := client.Send(t.Context(), Event{Data: map[string]any{}}); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestTheKeyIsNowhere(t *testing.T) {
	options, _ := testOptions(t, "http://127.0.0.1:1")
	client := connect(t, options)
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(handler).Info("shown", "client", client, "options", options, "pointer", &options)
	}
	encoded, err := json.Marshal(map[string]any{"options": options})
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %v %+v %#v %v %q", client, client, client, client, options, options, options, &options, options) +
		logged.String() + string(encoded)
	if strings.Contains(shown, testKey) || !strings.Contains(shown, "test-plugin") {
		t.Error(shown)
	}
	for _, bad := range []Options{{APIKey: testKey + "\n"}, {APIKey: testKey, PluginID: "?"}, {APIKey: testKey, Endpoint: "http://a:" + testKey + "@b"}} {
		if _, err := New(t.Context(), bad); err == nil || strings.Contains(err.Error(), testKey) {
			t.Errorf("%v", err)
		}
	}
}
