package main

import (
	"testing"

	openclone "github.com/PixxzR/openclone/clients/go"
)

func TestWhatIsCapturedIsStoredOnce(t *testing.T) {
	memory := &openclone.Memory{}
	client, err := openclone.NewFromManifest(t.Context(), ".", openclone.Options{Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := runOnce(t.Context(), client); err != nil {
			t.Error(err)
		}
	}
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if events := memory.Events(); len(events) != 1 || events[0].SourceType != "{{source_type}}" || events[0].RawRef != "hello-1" {
		t.Errorf("%+v", events)
	}
}
