package openclone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/shared"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

// Manifest is what plugin.json says of a plugin.
type Manifest struct {
	// Dir holds plugin.json and openclone.conf.
	Dir string `json:"-"`
	// ID is kebab-case, Version SemVer, Name for people.
	ID      string `json:"id"`
	Version string `json:"version"`
	Name    string `json:"name"`
	// SourceTypes are what the plugin captures.
	SourceTypes []SourceType `json:"source_types"`
	// Sensitivity is LOW, MEDIUM, HIGH or CRITICAL: as declared, and at least that of the source types.
	Sensitivity string `json:"sensitivity"`
	// HeartbeatSeconds is how often it reports that it works; 0 if not.
	HeartbeatSeconds int `json:"heartbeat_seconds"`
	// ConfigSchema has the settings by name.
	ConfigSchema map[string]Setting `json:"config_schema"`
}

// Setting is one entry of a config_schema.
type Setting struct {
	// Type is integer, number, string, boolean, array or object.
	Type string `json:"type"`
	// Default is the value until somebody changes it.
	Default any `json:"default"`
	// Enum, if it is there, lists the values.
	Enum []any `json:"enum"`
	// Minimum and Maximum bound numbers.
	Minimum *float64 `json:"minimum"`
	Maximum *float64 `json:"maximum"`
}

var (
	levels      = []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}
	settingForm = regexp.MustCompile(`^\s*([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$`)
)

// enabledSetting switches a plugin on.
const enabledSetting = "openclone.enabled"

// ReadManifest reads plugin.json in dir; if dir is empty, in OPENCLONE_PLUGIN_DIR, else in the working directory.
func ReadManifest(dir string) (*Manifest, error) {
	dir = first(dir, os.Getenv("OPENCLONE_PLUGIN_DIR"), ".")
	path := filepath.Join(dir, "plugin.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, invalid("%s: cannot be read: %w", path, err)
	}
	manifest := &Manifest{Dir: dir}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), manifest); err != nil {
		return nil, invalid("%s: %w", path, err)
	}
	if len(manifest.SourceTypes) == 0 || slices.Index(levels, manifest.Sensitivity) < 0 {
		return nil, invalid("%s: source_types or sensitivity is missing; openclone plugins lint says more", path)
	}
	for name, setting := range manifest.ConfigSchema {
		if !slices.Contains([]string{"integer", "number", "string", "boolean", "array", "object"}, setting.Type) {
			return nil, invalid("%s: config_schema.%s has no type that is known", path, name)
		}
	}
	manifest.Sensitivity = levels[max(slices.Index(levels, manifest.Sensitivity), leastLevel(manifest.SourceTypes))]
	return manifest, nil
}

func leastLevel(sources []SourceType) int {
	least := 0
	for _, source := range sources {
		switch source {
		case SourceAudioMic, SourceHealth:
			least = max(least, slices.Index(levels, "HIGH"))
		case SourceEmail, SourceMessaging:
			least = slices.Index(levels, "CRITICAL")
		}
	}
	return least
}

// NeedsConsent tells whether the user has to agree before it captures anything.
func (m *Manifest) NeedsConsent() bool {
	return slices.Index(levels, m.Sensitivity) >= slices.Index(levels, "HIGH")
}

// Config reads openclone.conf; what it leaves out has its default. Integers are int64, numbers float64, arrays []any, objects
// map[string]any. It fails with [ErrInvalidOptions], which names file and line.
func (m *Manifest) Config() (map[string]any, error) {
	values := map[string]any{}
	for name, setting := range m.ConfigSchema {
		if setting.Default != nil {
			values[name] = whole(setting.Type, setting.Default)
		}
	}
	path := filepath.Join(m.Dir, "openclone.conf")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return values, nil
	}
	if err != nil {
		return nil, invalid("%s: cannot be read: %w", path, err)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for number, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if trimmed := strings.TrimSpace(line); trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		name, value, err := m.setting(line)
		if err != nil {
			return nil, invalid("%s:%d: %w", path, number+1, err)
		}
		values[name] = value
	}
	return values, nil
}

func (m *Manifest) setting(line string) (string, any, error) {
	match := settingForm.FindStringSubmatch(line)
	if match == nil {
		return "", nil, errors.New("write `name = value`")
	}
	setting, isKnown := m.ConfigSchema[match[1]]
	if !isKnown {
		return "", nil, fmt.Errorf("there is no setting %s", match[1])
	}
	value, err := setting.read(match[2])
	if err != nil {
		return "", nil, fmt.Errorf("%s %w", match[1], err)
	}
	return match[1], value, nil
}

func (s Setting) read(text string) (any, error) {
	var value any
	if s.Type == "string" && !strings.HasPrefix(text, `"`) {
		value = text
	} else if err := json.Unmarshal([]byte(text), &value); err != nil {
		value = nil
	}
	value = whole(s.Type, value)
	if !s.fits(value) {
		return nil, fmt.Errorf("must be of type %s, such as %v", s.Type, s.Default)
	}
	isEqual := func(allowed any) bool { return reflect.DeepEqual(whole(s.Type, allowed), value) }
	if s.Enum != nil && !slices.ContainsFunc(s.Enum, isEqual) {
		return nil, fmt.Errorf("must be one of %v", s.Enum)
	}
	number, isNumber := asFloat(value)
	switch {
	case isNumber && s.Minimum != nil && number < *s.Minimum:
		return nil, fmt.Errorf("must be at least %v", *s.Minimum)
	case isNumber && s.Maximum != nil && number > *s.Maximum:
		return nil, fmt.Errorf("must be at most %v", *s.Maximum)
	}
	return value, nil
}

func (s Setting) fits(value any) bool {
	isFit := false
	switch s.Type {
	case "integer":
		_, isFit = value.(int64)
	case "number":
		_, isFit = value.(float64)
	case "string":
		_, isFit = value.(string)
	case "boolean":
		_, isFit = value.(bool)
	case "array":
		_, isFit = value.([]any)
	case "object":
		_, isFit = value.(map[string]any)
	}
	return isFit
}

// whole turns a number without a fraction into an integer where the schema wants one.
func whole(kind string, value any) any {
	number, isNumber := value.(float64)
	if kind == "integer" && isNumber && number == math.Trunc(number) && math.Abs(number) < 1<<53 {
		return int64(number)
	}
	return value
}

func asFloat(value any) (float64, bool) {
	switch number := value.(type) {
	case int64:
		return float64(number), true
	case float64:
		return number, true
	}
	return 0, false
}

// NewFromManifest makes the client of the plugin in dir: its id, version, source types, heartbeat and settings. If dir is empty
// it is OPENCLONE_PLUGIN_DIR, else the working directory. What the options have takes precedence. It fails as [New] does.
func NewFromManifest(ctx context.Context, dir string, options Options) (*Client, error) {
	manifest, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	config, err := manifest.Config()
	if err != nil {
		return nil, err
	}
	options.manifest, options.config = manifest, config
	options.PluginID = first(options.PluginID, manifest.ID)
	options.PluginVersion = first(options.PluginVersion, manifest.Version)
	options.Heartbeat = first(options.Heartbeat, time.Duration(manifest.HeartbeatSeconds)*time.Second)
	if options.SourceType == "" && len(options.SourceTypes) == 0 {
		options.SourceTypes = manifest.SourceTypes
	}
	return New(ctx, options)
}

// whyOff tells why a plugin may not send and what to do about it; nothing if it may.
func (o *Options) whyOff(home string) (string, error) {
	if o.Enabled != nil {
		if *o.Enabled {
			return "", nil
		}
		return o.PluginID + " is not switched on: Options.Enabled is false", nil
	}
	isNamed, err := isNamed(o.PluginID)
	if err != nil {
		return "", err
	}
	if o.manifest == nil {
		if isNamed || !slices.ContainsFunc(o.SourceTypes, isSensitive) {
			return "", nil
		}
		return fmt.Sprintf("%s is not switched on: ask the user, then set Options.Enabled or OPENCLONE_ENABLED=%s", o.PluginID,
			o.PluginID), nil
	}
	if isOn, _ := o.config[enabledSetting].(bool); !isOn && !isNamed {
		return fmt.Sprintf("%s is not switched on: run openclone plugins enable %s, or set %s = true in %s", o.PluginID, o.PluginID,
			enabledSetting, filepath.Join(o.manifest.Dir, "openclone.conf")), nil
	}
	if o.manifest.NeedsConsent() && !hasConsent(home, o.manifest) {
		return fmt.Sprintf("%s captures %s data and has no consent: run openclone plugins enable %s", o.PluginID,
			o.manifest.Sensitivity, o.PluginID), nil
	}
	return "", nil
}

// isNamed tells whether OPENCLONE_ENABLED names the plugin.
func isNamed(id string) (bool, error) {
	found := false
	for _, name := range strings.Split(os.Getenv("OPENCLONE_ENABLED"), ",") {
		name = strings.TrimSpace(name)
		if slices.Contains([]string{"0", "1", "true", "false", "yes", "no", "on", "off"}, strings.ToLower(name)) {
			return false, invalid("OPENCLONE_ENABLED lists ids of plugins, such as my-plugin,other-plugin, not %s", name)
		}
		found = found || name == id
	}
	return found, nil
}

// hasConsent tells whether the user has agreed to this plugin as it is now.
func hasConsent(home string, manifest *Manifest) bool {
	data, err := os.ReadFile(filepath.Join(home, "consent", manifest.ID+".json"))
	var given struct{ Sensitivity, Version string }
	if err != nil || json.Unmarshal(data, &given) != nil {
		return false
	}
	major := func(version string) string { before, _, _ := strings.Cut(version, "."); return before }
	return slices.Index(levels, given.Sensitivity) >= slices.Index(levels, manifest.Sensitivity) &&
		major(given.Version) == major(manifest.Version)
}

// Manifest is what [NewFromManifest] has read; nil otherwise.
func (c *Client) Manifest() *Manifest { return c.options.manifest }

// Config has the settings of the plugin by name, as [Manifest.Config] gives them; nil without a manifest.
func (c *Client) Config() map[string]any { return c.options.config }

// IsEnabled tells whether the plugin is switched on and has the consent that it needs. A plugin that is not exits with status 3.
func (c *Client) IsEnabled() bool { return c.whyOff == "" }

// WhyDisabled tells why Send would fail with [ErrNotEnabled], and what to do about it; empty if it would not.
func (c *Client) WhyDisabled() string { return c.whyOff }

// IsPaused tells whether the user has paused capture on this machine. Ask once a second; capture nothing during a pause.
func (c *Client) IsPaused() bool { return shared.IsPaused(c.home, time.Now()) }

// DeviceID is the id of this device, one for all plugins of this user.
func (c *Client) DeviceID() string { return c.deviceID }

func knownSource(source SourceType) bool {
	return wire.SourceOf(string(source)) != openclonev1.SourceType_SOURCE_TYPE_UNSPECIFIED
}
