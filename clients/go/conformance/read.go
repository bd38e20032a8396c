package main

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/PixxzR/openclone/clients/go"
)

// event is an event as the table writes it.
type event struct {
	Timestamp  *json.Number         `json:"timestamp"`
	RawRef     string               `json:"raw_ref"`
	SourceType openclone.SourceType `json:"source_type"`
	Data       json.RawMessage      `json:"data"`
	Typed      bool                 `json:"typed"`
}

// options are those of the table; times are in seconds.
type options struct {
	Endpoint        string                 `json:"endpoint"`
	APIKey          string                 `json:"api_key"`
	APIKeyFile      string                 `json:"api_key_file"`
	SourceTypes     []openclone.SourceType `json:"source_types"`
	Heartbeat       float64                `json:"heartbeat_seconds"`
	Debug           bool                   `json:"debug"`
	PluginID        string                 `json:"plugin_id"`
	PluginVersion   string                 `json:"plugin_version"`
	SourceType      openclone.SourceType   `json:"source_type"`
	Platform        openclone.Platform     `json:"platform"`
	Enabled         *bool                  `json:"enabled"`
	StateDir        string                 `json:"state_dir"`
	MaxBatchEvents  *int                   `json:"max_batch_events"`
	MaxBatchAge     float64                `json:"max_batch_age"`
	SpoolMaxBytes   int64                  `json:"spool_max_bytes"`
	OnFull          string                 `json:"on_full"`
	BlockTimeout    float64                `json:"block_timeout"`
	Transport       string                 `json:"transport"`
	ResponseTimeout float64                `json:"response_timeout"`
	RetryBase       float64                `json:"retry_base"`
	RetryCap        float64                `json:"retry_cap"`
	ClockRetry      float64                `json:"clock_retry"`
}

func readOptions(text json.RawMessage) (openclone.Options, error) {
	var from options
	if err := json.Unmarshal(text, &from); err != nil {
		return openclone.Options{}, fmt.Errorf("%w: %w", openclone.ErrInvalidOptions, err)
	}
	to := openclone.Options{
		Endpoint: from.Endpoint, APIKey: from.APIKey, PluginID: from.PluginID, PluginVersion: from.PluginVersion,
		SourceType: from.SourceType, Platform: from.Platform, Enabled: from.Enabled, StateDir: from.StateDir,
		MaxBatchAge: duration(from.MaxBatchAge), SpoolMaxBytes: from.SpoolMaxBytes, BlockTimeout: duration(from.BlockTimeout),
		ResponseTimeout: duration(from.ResponseTimeout), RetryBase: duration(from.RetryBase), RetryCap: duration(from.RetryCap),
		ClockRetry: duration(from.ClockRetry), APIKeyFile: from.APIKeyFile, SourceTypes: from.SourceTypes,
		Heartbeat: duration(from.Heartbeat), Debug: from.Debug,
	}
	if from.MaxBatchEvents != nil {
		to.MaxBatchEvents = *from.MaxBatchEvents
		if to.MaxBatchEvents == 0 {
			// In Go 0 is the default; the table means that there is no such batch.
			to.MaxBatchEvents = -1
		}
	}
	onFull, isKnown := map[string]openclone.OnFull{
		"": openclone.Block, "block": openclone.Block, "reject": openclone.Reject, "drop_oldest": openclone.DropOldest,
	}[from.OnFull]
	transport, isTransport := map[string]openclone.Transport{
		"": openclone.Auto, "auto": openclone.Auto, "grpc": openclone.GRPC, "json": openclone.JSON,
	}[from.Transport]
	if !isKnown || !isTransport {
		return to, fmt.Errorf("%w: on_full %q, transport %q", openclone.ErrInvalidOptions, from.OnFull, from.Transport)
	}
	to.OnFull, to.Transport = onFull, transport
	return to, nil
}

func (e *event) read(source openclone.SourceType) (openclone.Event, error) {
	ready := openclone.Event{RawRef: e.RawRef, Data: e.Data, SourceType: e.SourceType}
	if e.SourceType != "" {
		source = e.SourceType
	}
	if e.Timestamp != nil {
		seconds, err := e.Timestamp.Float64()
		if err != nil || math.IsInf(seconds, 0) || math.IsNaN(seconds) {
			return ready, fmt.Errorf("%w: timestamp %s is not finite", openclone.ErrInvalidEvent, *e.Timestamp)
		}
		whole, fraction := math.Modf(seconds)
		ready.Timestamp = time.Unix(int64(whole), int64(fraction*1e9))
	}
	if !e.Typed {
		return ready, nil
	}
	payload := newPayload(source)
	if err := protojson.Unmarshal(e.Data, payload); err != nil {
		return ready, fmt.Errorf("%w: %w", openclone.ErrInvalidEvent, err)
	}
	ready.Data = payload
	return ready, nil
}

func newPayload(source openclone.SourceType) proto.Message {
	return map[openclone.SourceType]proto.Message{
		openclone.SourceAudioSystem: &openclone.AudioSystem{},
		openclone.SourceAudioMic:    &openclone.AudioMic{},
		openclone.SourceScreenOCR:   &openclone.ScreenOCR{},
		openclone.SourceJournal:     &openclone.Journal{},
		openclone.SourceWebBrowsing: &openclone.WebBrowsing{},
		openclone.SourceMusic:       &openclone.Music{},
		openclone.SourceHealth:      &openclone.Health{},
		openclone.SourceCalendar:    &openclone.Calendar{},
		openclone.SourceNotes:       &openclone.Notes{},
		openclone.SourceGPS:         &openclone.GPS{},
		openclone.SourcePhotos:      &openclone.Photos{},
		openclone.SourceEmail:       &openclone.Email{},
		openclone.SourceMessaging:   &openclone.Messaging{},
		openclone.SourceActivity:    &openclone.Activity{},
		openclone.SourceBraindump:   &openclone.Braindump{},
	}[source]
}

// payloadWithText is the typed payload where the source type has a text, else JSON.
func payloadWithText(source openclone.SourceType, text string) any {
	switch source {
	case openclone.SourceAudioSystem:
		return &openclone.AudioSystem{Text: &text}
	case openclone.SourceAudioMic:
		return &openclone.AudioMic{Text: &text}
	case openclone.SourceScreenOCR:
		return &openclone.ScreenOCR{Text: &text}
	case openclone.SourceJournal:
		return &openclone.Journal{Text: &text}
	case openclone.SourceNotes:
		return &openclone.Notes{Text: &text}
	case openclone.SourceBraindump:
		return &openclone.Braindump{Text: &text}
	}
	return map[string]string{"text": text}
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
