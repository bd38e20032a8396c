// {{name}}: sends {{source_type}} events to OpenClone. Needs Go 1.21 or later and nothing else.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

type event struct {
	Timestamp float64         `json:"timestamp"`
	RawRef    string          `json:"raw_ref"`
	Data      json.RawMessage `json:"data"`
}

// Replace this by what your plugin captures.
func capture() []event {
	return []event{{Timestamp: now(), RawRef: "hello-1", Data: json.RawMessage(`{{data}}`)}}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	settings, err := os.ReadFile("openclone.conf")
	if err != nil {
		return fmt.Errorf("run it in the plugin's directory: %w", err)
	}
	if !regexp.MustCompile(`(?m)^openclone\.enabled *= *true *\r?$`).Match(settings) {
		fmt.Println("{{id}} is off: set openclone.enabled = true in openclone.conf")
		return nil
	}
	body, err := batch(capture())
	if err != nil {
		return err
	}
	return send(body)
}

func batch(events []event) ([]byte, error) {
	var manifest struct{ ID, Version string }
	text, err := os.ReadFile("plugin.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, err
	}
	device, err := deviceID()
	if err != nil {
		return nil, err
	}
	platform := map[string]string{"darwin": "macos", "windows": "windows"}[runtime.GOOS]
	if platform == "" {
		platform = "linux"
	}
	return json.Marshal(map[string]any{
		"source_type": "{{source_type}}", "platform": platform, "device_id": device,
		"plugin_id": manifest.ID, "plugin_version": manifest.Version, "timestamp": now(), "events": events,
	})
}

// Prints the answer. Tries again, later and later, when OpenClone is busy or away: nothing is stored twice.
func send(body []byte) error {
	endpoint := strings.TrimRight(os.Getenv("OPENCLONE_ENDPOINT"), "/")
	if endpoint == "" {
		endpoint = "http://127.0.0.1:8000"
	}
	client := http.Client{Timeout: 30 * time.Second}
	var problem error
	for attempt := 0; attempt < 5; attempt++ {
		if attempt > 0 {
			time.Sleep(500 * time.Millisecond << attempt)
		}
		request, err := http.NewRequest("POST", endpoint+"/api/v1/ingest", bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-API-Key", os.Getenv("API_KEY"))
		response, err := client.Do(request)
		if err != nil {
			problem = err
			continue
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode == 200 {
			fmt.Println(string(text))
			return nil
		}
		problem = fmt.Errorf("%s: %d %s", endpoint, response.StatusCode, text)
		if response.StatusCode != 429 && response.StatusCode != 500 && response.StatusCode != 503 {
			break
		}
	}
	return problem
}

// The same for all events from this device.
func deviceID() (string, error) {
	if known, err := os.ReadFile("device-id"); err == nil {
		return strings.TrimSpace(string(known)), nil
	}
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	id := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	return id, os.WriteFile("device-id", []byte(id), 0o600)
}

func now() float64 {
	return float64(time.Now().UnixMicro()) / 1e6
}
