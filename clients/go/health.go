package openclone

import (
	"strings"
	"unicode/utf8"

	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

// HealthState says what a plugin is doing.
type HealthState string

// The states.
const (
	// Capturing: it captures, or waits for something to capture.
	Capturing HealthState = "capturing"
	// Paused: the user has paused it.
	Paused HealthState = "paused"
	// Failing: it runs but cannot capture; the reason says why.
	Failing HealthState = "failing"
	// Stopped: it ends.
	Stopped HealthState = "stopped"
)

const maxReason = 256

// ReportHealth reports what the plugin is doing, now and every [Options.Heartbeat], over gRPC. The reason is a sentence without
// anything that was captured, and cut at 256 bytes. It returns at once, and fails with [ErrInvalidOptions] only.
func (c *Client) ReportHealth(state HealthState, reason string) error {
	number, isKnown := openclonev1.HealthState_value["HEALTH_STATE_"+strings.ToUpper(string(state))]
	if !isKnown || number == 0 {
		return invalid("state %q: capturing, paused, failing or stopped", state)
	}
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	for len(reason) > maxReason {
		_, size := utf8.DecodeLastRuneInString(reason)
		reason = reason[:len(reason)-size]
	}
	if c.options.Memory != nil {
		c.options.Memory.report(state, reason)
		return nil
	}
	if c.reporter != nil {
		c.reporter.Report(openclonev1.HealthState(number), reason)
	}
	return nil
}
