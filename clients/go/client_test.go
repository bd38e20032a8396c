package openclone

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

// heard is what OnError and OnRejected received.
type heard struct {
	mu       sync.Mutex
	errors   []error
	rejected []Rejected
}

func (h *heard) has(kind error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.errors, func(err error) bool { return errors.Is(err, kind) })
}

func testOptions(t *testing.T, endpoint string) (Options, *heard) {
	t.Helper()
	h := &heard{}
	return Options{
		Endpoint: endpoint, APIKey: testKey, PluginID: "test-plugin", PluginVersion: "1.0.0", SourceType: SourceBraindump,
		StateDir: t.TempDir(), MaxBatchAge: 20 * time.Millisecond, RetryBase: time.Millisecond, RetryCap: 10 * time.Millisecond, ClockRetry: 10 * time.Millisecond,
		ResponseTimeout: 5 * time.Second, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		OnError: func(err error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.errors = append(h.errors, err)
		},
		OnRejected: func(rejected Rejected) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.rejected = append(h.rejected, rejected)
		},
	}, h
}

func connect(t *testing.T, options Options) *Client {
	t.Helper()
	client, err := New(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeWithin(client, 0) })
	return client
}

func closeWithin(client *Client, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return client.Close(ctx)
}

func flushWithin(client *Client, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return client.Flush(ctx)
}

func sendMany(t *testing.T, client *Client, prefix string, count int) {
	t.Helper()
	for index := range count {
		ref := fmt.Sprintf("%s-%d", prefix, index)
		if err := client.Send(t.Context(), Event{RawRef: ref, Data: &Braindump{Text: &ref}}); err != nil {
			t.Fatal(ref, err)
		}
	}
}

func TestEventsArriveOverEachTransport(t *testing.T) {
	for name, transport := range map[string]Transport{"grpc": GRPC, "json": JSON} {
		remote := serve(t)
		options, h := testOptions(t, remote.url)
		options.Transport = transport
		client := connect(t, options)
		sendMany(t, client, "a", 1234)
		if err := closeWithin(client, 20*time.Second); err != nil {
			t.Fatal(name, err)
		}
		stats := client.Stats()
		if stats.Stored != 1234 || stats.Queued != 0 || stats.SpoolBytes != 0 || remote.received() != 1234 || len(h.errors) != 0 {
			t.Errorf("%s: %+v, %d received, %v", name, stats, remote.received(), h.errors)
		}
		if remote.batches[name] < 12 || len(remote.batches) != 1 {
			t.Errorf("%s: %v", name, remote.batches)
		}
	}
}

func TestManyGoroutinesSend(t *testing.T) {
	remote := serve(t)
	options, _ := testOptions(t, remote.url)
	client := connect(t, options)
	var group sync.WaitGroup
	for writer := range 8 {
		group.Go(func() { sendMany(t, client, fmt.Sprint(writer), 300) })
	}
	group.Wait()
	if err := flushWithin(client, 20*time.Second); err != nil || remote.received() != 2400 {
		t.Errorf("%v, %d received", err, remote.received())
	}
}

func TestAStreamThatIsLostAgainAndAgainLosesNothing(t *testing.T) {
	remote := serve(t)
	remote.responsesPerStream = 3
	options, _ := testOptions(t, remote.url)
	options.Transport, options.MaxBatchEvents = GRPC, 10
	client := connect(t, options)
	sendMany(t, client, "a", 500)
	if err := flushWithin(client, 30*time.Second); err != nil || remote.received() != 500 || client.Stats().Queued != 0 {
		t.Errorf("%v, %d received, %+v", err, remote.received(), client.Stats())
	}
}

func TestJSONTakesOverWhereHTTP2IsBroken(t *testing.T) {
	remote := serve(t)
	remote.noGRPC = true
	options, _ := testOptions(t, remote.url)
	client := connect(t, options)
	sendMany(t, client, "a", 300)
	if err := flushWithin(client, 20*time.Second); err != nil || remote.batches["json"] == 0 || remote.received() != 300 {
		t.Errorf("%v, %v, %d received", err, remote.batches, remote.received())
	}
}

func TestARejectedEventIsFoundByHalvingAndSetAside(t *testing.T) {
	for name, transport := range map[string]Transport{"grpc": GRPC, "json": JSON} {
		remote := serve(t)
		remote.reject = func(refs []string) *status.Status {
			if slices.Contains(refs, "a-7") || slices.Contains(refs, "a-42") {
				return &status.Status{Code: int32(codes.InvalidArgument), Message: "rejected"}
			}
			return nil
		}
		options, h := testOptions(t, remote.url)
		options.Transport = transport
		client := connect(t, options)
		sendMany(t, client, "a", 100)
		if err := closeWithin(client, 20*time.Second); err != nil {
			t.Fatal(name, err)
		}
		if stats := client.Stats(); stats.Stored != 98 || stats.Rejected != 2 || remote.received() != 98 {
			t.Errorf("%s: %+v, %d received", name, stats, remote.received())
		}
		slices.SortFunc(h.rejected, func(a, b Rejected) int { return strings.Compare(b.RawRef, a.RawRef) })
		if len(h.rejected) != 2 || h.rejected[0].RawRef != "a-7" || h.rejected[1].RawRef != "a-42" {
			t.Fatalf("%s: %+v", name, h.rejected)
		}
		checkDeadLetter(t, h.rejected[0])
	}
}

func checkDeadLetter(t *testing.T, rejected Rejected) {
	t.Helper()
	text, err := os.ReadFile(rejected.File)
	var batch struct {
		PluginID string `json:"plugin_id"`
		Events   []struct {
			RawRef string            `json:"raw_ref"`
			Data   map[string]string `json:"data"`
		}
		Rejected []string
	}
	if err != nil || json.Unmarshal(text, &batch) != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if batch.PluginID != "test-plugin" || len(batch.Events) != 1 || batch.Events[0].Data["text"] != rejected.RawRef || len(batch.Rejected) != 1 {
		t.Errorf("%s", text)
	}
	hash := sha256.Sum256([]byte(rejected.RawRef))
	if name := filepath.Base(rejected.File); name != hex.EncodeToString(hash[:])[:32]+".json" {
		t.Errorf("%s", name)
	}
}

func TestARefusedKeyStopsTheSendingAndKeepsTheEvents(t *testing.T) {
	for name, transport := range map[string]Transport{"grpc": GRPC, "json": JSON} {
		remote := serve(t)
		options, h := testOptions(t, remote.url)
		options.Transport, options.APIKey = transport, "oc_some_other_key"
		client := connect(t, options)
		sendMany(t, client, "a", 5)
		if err := flushWithin(client, 10*time.Second); !errors.Is(err, ErrAccessDenied) {
			t.Errorf("%s: %v", name, err)
		}
		sendMany(t, client, "b", 5)
		if err := closeWithin(client, 10*time.Second); !errors.Is(err, ErrAccessDenied) || strings.Contains(err.Error(), options.APIKey) {
			t.Errorf("%s: %v", name, err)
		}
		if len(h.errors) != 1 || !h.has(ErrAccessDenied) || client.Stats().Queued != 10 {
			t.Errorf("%s: %v, %+v", name, h.errors, client.Stats())
		}
		options.APIKey = testKey
		if err := closeWithin(connect(t, options), 10*time.Second); err != nil || remote.received() != 10 {
			t.Errorf("%s: %v, %d received", name, err, remote.received())
		}
	}
}

func TestAFlushThatTakesTooLongSaysWhatKeptIt(t *testing.T) {
	options, h := testOptions(t, "http://127.0.0.1:1")
	client := connect(t, options)
	sendMany(t, client, "a", 3)
	err := flushWithin(client, time.Second)
	if !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
	if !h.has(ErrUnavailable) || len(h.errors) != 1 {
		t.Errorf("%v", h.errors)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.Flush(canceled); !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}

func TestAWrongClockKeepsTheEvents(t *testing.T) {
	remote := serve(t)
	remote.reject = func([]string) *status.Status { return clockViolation(t) }
	options, h := testOptions(t, remote.url)
	client := connect(t, options)
	sendMany(t, client, "a", 3)
	if err := flushWithin(client, 300*time.Millisecond); !errors.Is(err, ErrTimeout) || !h.has(ErrClock) {
		t.Errorf("%v, %v", err, h.errors)
	}
	remote.setReject(nil)
	if err := flushWithin(client, 10*time.Second); err != nil || client.Stats().Rejected != 0 || remote.received() != 3 {
		t.Errorf("%v, %+v", err, client.Stats())
	}
}

func clockViolation(t *testing.T) *status.Status {
	t.Helper()
	violations := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "timestamp", Description: "more than 24 h ahead"},
	}}
	state, err := grpcstatus.New(codes.InvalidArgument, "The batch is not valid").WithDetails(violations)
	if err != nil {
		t.Fatal(err)
	}
	return state.Proto()
}
