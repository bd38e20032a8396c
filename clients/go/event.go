package openclone

import (
	"time"

	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

// Event is one thing seen, heard, read or done.
type Event struct {
	// Timestamp is when it was captured: not before 2020; the zero time is now. Rounded to microseconds.
	Timestamp time.Time
	// RawRef is the plugin's own stable id for the event, at most 256 bytes: what was stored once under it is never stored
	// again. If empty, the event gets a random one when it is queued.
	RawRef string
	// Data is the payload of the client's source type, such as *[Braindump]; or whatever encoding/json makes an object of, such
	// as a map; or a json.RawMessage with an object, which is passed on as it is.
	Data any
	// SourceType is only needed for data that is not a payload, by clients with several source types.
	SourceType SourceType
}

// SourceType says what a plugin captures.
type SourceType string

// The 15 source types. Those of sensitivity HIGH and CRITICAL are off by default, see [Options.Enabled].
const (
	SourceAudioSystem SourceType = "audio_system"
	SourceAudioMic    SourceType = "audio_mic" // HIGH
	SourceScreenOCR   SourceType = "screen_ocr"
	SourceJournal     SourceType = "journal"
	SourceWebBrowsing SourceType = "web_browsing"
	SourceMusic       SourceType = "music"
	SourceHealth      SourceType = "health" // HIGH
	SourceCalendar    SourceType = "calendar"
	SourceNotes       SourceType = "notes"
	SourceGPS         SourceType = "gps"
	SourcePhotos      SourceType = "photos"
	SourceEmail       SourceType = "email"     // CRITICAL
	SourceMessaging   SourceType = "messaging" // CRITICAL
	SourceActivity    SourceType = "activity"
	SourceBraindump   SourceType = "braindump"
)

// The payloads of the source types. Every field is optional: new("text") sets one, nil leaves it out.
type (
	AudioSystem = openclonev1.AudioSystem
	AudioMic    = openclonev1.AudioMic
	ScreenOCR   = openclonev1.ScreenOcr
	Journal     = openclonev1.Journal
	WebBrowsing = openclonev1.WebBrowsing
	Music       = openclonev1.Music
	Health      = openclonev1.Health
	Calendar    = openclonev1.Calendar
	Notes       = openclonev1.Notes
	GPS         = openclonev1.Gps
	Photos      = openclonev1.Photos
	Email       = openclonev1.Email
	Messaging   = openclonev1.Messaging
	Activity    = openclonev1.Activity
	Braindump   = openclonev1.Braindump
)

// Platform says where a plugin runs.
type Platform string

// The platforms.
const (
	PlatformMacOS   Platform = "macos"
	PlatformWindows Platform = "windows"
	PlatformLinux   Platform = "linux"
	PlatformIOS     Platform = "ios"
	PlatformAndroid Platform = "android"
	PlatformWeb     Platform = "web"
)

// Rejected is an event that the service does not take.
type Rejected struct {
	// RawRef names the event.
	RawRef string
	// Reasons are its violations, such as "events[0].timestamp: …".
	Reasons []string
	// File is where it was set aside: a documented JSON batch. After repair, `openclone ingest FILE` sends it.
	File string
}

// Stats are figures since the client was made.
type Stats struct {
	// Queued is how many events are waiting now.
	Queued int64
	// Stored is how many are new in the vault, Skipped how many were there before.
	Stored, Skipped uint64
	// Rejected is how many were set aside.
	Rejected uint64
	// Dropped is how many were lost: by [DropOldest], or because a file of the spool could not be read any more.
	Dropped uint64
	// SpoolBytes is the size of the spool on disk.
	SpoolBytes int64
}
