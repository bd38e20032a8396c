package openclone

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/shared"
)

const conf = "openclone.enabled = true\n# a comment\n\ninterval = 30.0\nratio=0.5\nmode = fast\nnames = [\"x\", \"y\"]\n"

func plugin(t *testing.T, conf string, members map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	manifest := map[string]any{
		"id": "test-plugin", "name": "Test", "version": "1.2.0", "source_types": []string{"braindump", "notes"}, "sensitivity": "LOW",
		"config_schema": map[string]any{
			enabledSetting: map[string]any{"type": "boolean", "default": false},
			"interval":     map[string]any{"type": "integer", "default": 60, "minimum": 10, "maximum": 100},
			"ratio":        map[string]any{"type": "number"},
			"mode":         map[string]any{"type": "string", "default": "slow", "enum": []string{"slow", "fast"}},
			"names":        map[string]any{"type": "array", "default": []string{"a"}},
		},
	}
	maps.Copy(manifest, members)
	text, _ := json.Marshal(manifest)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "plugin.json"), text, 0o600),
		os.WriteFile(filepath.Join(dir, "openclone.conf"), []byte(conf), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAManifestMakesAClientOfSeveralSourceTypes(t *testing.T) {
	memory := &Memory{}
	client, err := NewFromManifest(t.Context(), plugin(t, conf, nil), Options{Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{enabledSetting: true, "interval": int64(30), "ratio": 0.5, "mode": "fast", "names": []any{"x", "y"}}
	if !reflect.DeepEqual(client.Config(), want) {
		t.Errorf("%#v", client.Config())
	}
	title, text := "a note", "a thought"
	for _, event := range []Event{
		{Data: &Braindump{Text: &text}}, {Data: &Notes{Title: &title}}, {Data: map[string]any{"n": 1}, SourceType: SourceNotes},
	} {
		if err := client.Send(t.Context(), event); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []Event{{Data: map[string]any{}}, {Data: map[string]any{}, SourceType: SourceMusic}, {Data: &Music{}}} {
		if err := client.Send(t.Context(), bad); !errors.Is(err, ErrInvalidEvent) {
			t.Errorf("%v", err)
		}
	}
	if err := errors.Join(client.ReportHealth(Failing, "no sound"), closeWithin(client, 5*time.Second)); err != nil {
		t.Error(err)
	}
	counts := map[SourceType]int{}
	for _, event := range memory.Events() {
		counts[event.SourceType]++
	}
	if !reflect.DeepEqual(counts, map[SourceType]int{SourceBraindump: 1, SourceNotes: 2}) {
		t.Errorf("%v", counts)
	}
	if !reflect.DeepEqual(memory.Health(), []HealthReport{{Failing, "no sound"}}) {
		t.Errorf("%v", memory.Health())
	}
}

func TestASettingThatCannotBeIsNamedWithItsLine(t *testing.T) {
	for line, complaint := range map[string]string{
		"interval = soon": "of type integer", "interval = 9": "at least 10", "interval = 101": "at most 100",
		"interval = true": "of type integer", "mode = other": "one of", "colour = red": "no setting colour", "nonsense": "name = value",
		"names = a": "of type array",
	} {
		_, err := NewFromManifest(t.Context(), plugin(t, "\n"+line+"\n", nil), Options{Memory: &Memory{}})
		if !errors.Is(err, ErrInvalidOptions) || !strings.Contains(err.Error(), "openclone.conf:2") || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestConsentIsVoidWhenSensitivityOrMajorVersionRises(t *testing.T) {
	home := t.TempDir()
	given := filepath.Join(home, "consent", "test-plugin.json")
	if err := errors.Join(os.MkdirAll(filepath.Dir(given), 0o700),
		os.WriteFile(given, []byte(`{"sensitivity":"HIGH","version":"1.2.0","given":1}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		members map[string]any
		isOn    bool
	}{
		{map[string]any{"sensitivity": "HIGH"}, true}, {map[string]any{"sensitivity": "HIGH", "version": "1.9.0"}, true},
		{map[string]any{"sensitivity": "HIGH", "version": "2.0.0"}, false}, {map[string]any{"sensitivity": "CRITICAL"}, false},
		{map[string]any{"source_types": []string{"health"}}, true}, {map[string]any{"source_types": []string{"email"}}, false},
	} {
		manifest, err := ReadManifest(plugin(t, conf, one.members))
		if err != nil {
			t.Fatal(err)
		}
		config, _ := manifest.Config()
		options := Options{PluginID: manifest.ID, manifest: manifest, config: config}
		if why, err := options.whyOff(home); err != nil || (why == "") != one.isOn {
			t.Errorf("%v: %q, %v", one.members, why, err)
		}
	}
}

func TestProgramsThatStartAtOnceAgreeOnTheDevice(t *testing.T) {
	home, found := t.TempDir(), make(chan string)
	for range 16 {
		go func() {
			id, err := shared.DeviceID(home)
			if err != nil {
				id = err.Error()
			}
			found <- id
		}()
	}
	first := <-found
	for range 15 {
		if other := <-found; other != first {
			t.Errorf("%s and %s", first, other)
		}
	}
}

func TestThePauseOfThisMachine(t *testing.T) {
	home, now := t.TempDir(), time.Unix(1_800_000_000, 0)
	if shared.IsPaused(home, now) {
		t.Error("paused without a file")
	}
	for text, isPaused := range map[string]bool{"": true, "1800000060": true, "1799999999\n": false, "?": true} {
		if err := os.WriteFile(filepath.Join(home, "pause"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if shared.IsPaused(home, now) != isPaused {
			t.Errorf("%q", text)
		}
	}
}

func TestTheKeyMayBeInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(testKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	options := Options{APIKeyFile: file}
	key, err := options.key()
	if err != nil || !key.IsRenewable {
		t.Fatal(err)
	}
	if got, err := key.Get(); err != nil || got != testKey {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := (&Options{APIKeyFile: file + "-missing"}).key(); !errors.Is(err, ErrInvalidOptions) {
		t.Errorf("%v", err)
	}
}
