package openclone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// Memory takes the place of the service in the tests of a plugin, see [Options.Memory]. The zero value is ready; use one for each
// client.
type Memory struct {
	mu        sync.Mutex
	events    []StoredEvent
	isAway    bool
	rejected  map[string]bool
	reports   []HealthReport
	knownRefs map[[3]string]bool
}

// StoredEvent is an event as the service would have stored it.
type StoredEvent struct {
	// SourceType is that of its batch.
	SourceType SourceType
	// Timestamp is in Unix seconds.
	Timestamp float64
	// RawRef is the plugin's id of it.
	RawRef string
	// Data is in JSON, whether it was sent as a payload or not.
	Data map[string]any
}

// HealthReport is a call of [Client.ReportHealth].
type HealthReport struct {
	State  HealthState
	Reason string
}

// Events are those that were stored, each once.
func (m *Memory) Events() []StoredEvent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]StoredEvent(nil), m.events...)
}

// Health are the reports so far.
func (m *Memory) Health() []HealthReport {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]HealthReport(nil), m.reports...)
}

// SetAway makes every batch fail as if the service were away, or takes that back.
func (m *Memory) SetAway(isAway bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.isAway = isAway
}

// Reject rejects the event with this RawRef.
func (m *Memory) Reject(rawRef string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rejected == nil {
		m.rejected = map[string]bool{}
	}
	m.rejected[rawRef] = true
}

func (m *Memory) report(state HealthState, reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reports = append(m.reports, HealthReport{state, reason})
}

// exchange answers a documented batch as POST /api/v1/ingest does.
func (m *Memory) exchange(_ context.Context, body []byte) (int, http.Header, []byte, error) {
	var batch struct {
		SourceType string `json:"source_type"`
		PluginID   string `json:"plugin_id"`
		Events     []struct {
			Timestamp float64        `json:"timestamp"`
			RawRef    string         `json:"raw_ref"`
			Data      map[string]any `json:"data"`
		} `json:"events"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return 0, nil, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isAway {
		return 0, nil, nil, errors.New("the service in memory is away")
	}
	for index, event := range batch.Events {
		if m.rejected[event.RawRef] {
			detail := fmt.Sprintf(`{"detail":[{"loc":["body","events",%d],"msg":"rejected by the test"}]}`, index)
			return http.StatusUnprocessableEntity, http.Header{}, []byte(detail), nil
		}
	}
	stored := 0
	for _, event := range batch.Events {
		identity := [3]string{batch.SourceType, batch.PluginID, event.RawRef}
		if m.knownRefs[identity] {
			continue
		}
		if m.knownRefs == nil {
			m.knownRefs = map[[3]string]bool{}
		}
		m.knownRefs[identity] = true
		m.events = append(m.events, StoredEvent{SourceType(batch.SourceType), event.Timestamp, event.RawRef, event.Data})
		stored++
	}
	response := fmt.Sprintf(`{"stored":%d,"skipped":%d,"file":"memory"}`, stored, len(batch.Events)-stored)
	return http.StatusOK, http.Header{}, []byte(response), nil
}
