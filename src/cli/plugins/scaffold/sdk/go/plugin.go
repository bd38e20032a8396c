// Command plugin is {{name}}: it sends {{source_type}} events to OpenClone.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	openclone "github.com/PixxzR/openclone/clients/go"
)

// notEnabled is the exit status of a plugin that is off: it is not started again.
const notEnabled = 3

// capture is to be replaced by what your plugin captures. Data may also be the typed payload of the source type.
func capture() []openclone.Event {
	return []openclone.Event{
		{RawRef: "hello-1", Data: json.RawMessage(`{{data}}`)},
	}
}

// runOnce captures once, unless the user has paused.
func runOnce(ctx context.Context, client *openclone.Client) error {
	if client.IsPaused() {
		return nil
	}
	for _, event := range capture() {
		if err := client.Send(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	ctx := context.Background()
	client, err := openclone.NewFromManifest(ctx, "", openclone.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !client.IsEnabled() {
		fmt.Fprintln(os.Stderr, client.WhyDisabled())
		os.Exit(notEnabled)
	}
	defer client.CloseOnSignal(2 * time.Second)()
	interval, _ := client.Config()["interval"].(int64)
	for {
		if err := runOnce(ctx, client); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		time.Sleep(time.Duration(interval) * time.Second)
	}
}
