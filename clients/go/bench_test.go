package openclone

import (
	"io"
	"log/slog"
	"strconv"
	"testing"
)

// BenchmarkSend measures what an event costs until it is in the spool; nobody listens.
func BenchmarkSend(b *testing.B) {
	client, err := New(b.Context(), Options{
		Endpoint: "http://127.0.0.1:1", APIKey: "oc_benchmark", PluginID: "bench", PluginVersion: "1.0.0",
		SourceType: SourceBraindump, StateDir: b.TempDir(), MaxBatchEvents: 500, OnFull: DropOldest,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for index := 0; b.Loop(); index++ {
		text := "event-" + strconv.Itoa(index)
		if err := client.Send(b.Context(), Event{RawRef: text, Data: &Braindump{Text: &text}}); err != nil {
			b.Fatal(err)
		}
	}
	client.lanes[0].sender.Stop()
	if err := client.closeLanes(); err != nil {
		b.Fatal(err)
	}
}
