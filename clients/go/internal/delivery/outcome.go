package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
)

// outcome is what a response says about a batch.
type outcome struct {
	stored, skipped uint32
	// err is nil when the batch is durable. Else it is one of sdkerr.ErrAccessDenied (never try again), sdkerr.ErrClock and
	// sdkerr.ErrUnavailable (try again later), or errRejected.
	err error
	// retryAfter is how long the server asks to wait, at least.
	retryAfter time.Duration
	// violations are what the server found in a rejected batch.
	violations []finding
	// ahead are the events that the server finds ahead of its clock; with sdkerr.ErrClock, nil is the whole batch.
	ahead []int
	// isLimit tells that the server has had too many requests (429).
	isLimit bool
	// isFromService tells that the service itself responded: each of its errors has details, one of a proxy has none.
	isFromService bool
	// isFromProxy tells that the response says nothing about the service: 502, 503 and 504.
	isFromProxy bool
}

// finding is one fault of a batch.
type finding struct {
	// event is the index of the event; -1 for the batch itself.
	event int
	// path is the field within the event, or within the batch.
	path, text string
}

var errRejected = errors.New("batch rejected")

// named lists the events that are at fault.
func (v *outcome) named() []int {
	var named []int
	for _, finding := range v.violations {
		if finding.event >= 0 {
			named = append(named, finding.event)
		}
	}
	return named
}

// reasons are the violations of one event, as if it were the only one of its batch. Those of the batch count when none are of an
// event.
func (v *outcome) reasons(event int) []string {
	var own, common []string
	for _, finding := range v.violations {
		switch finding.event {
		case event:
			own = append(own, strings.TrimSuffix("events[0]."+finding.path, ".")+": "+finding.text)
		case -1:
			common = append(common, finding.path+": "+finding.text)
		}
	}
	if len(own) > 0 {
		return own
	}
	if len(common) > 0 {
		return common
	}
	return []string{v.err.Error()}
}

// rejected tells apart what the events are guilty of from a clock that is wrong.
func rejected(message string, violations []finding) outcome {
	for _, finding := range violations {
		if finding.event < 0 && finding.path == "timestamp" {
			return outcome{err: fmt.Errorf("%w: the service rejected the time of this machine: %s", sdkerr.ErrClock, finding.text)}
		}
	}
	// Send has compared them with the clock of this machine, so the two clocks differ.
	var ahead []int
	for _, finding := range violations {
		if finding.event >= 0 && finding.path == "timestamp" {
			ahead = append(ahead, finding.event)
		}
	}
	if ahead != nil {
		return outcome{err: fmt.Errorf("%w: the service finds %d events ahead of its clock: %s", sdkerr.ErrClock, len(ahead), message), ahead: ahead}
	}
	return outcome{err: fmt.Errorf("%w: %s", errRejected, message), violations: violations}
}

// fromStatus reads a gRPC error, of a batch or of a whole stream.
func fromStatus(proto *spb.Status) outcome {
	state := status.FromProto(proto)
	switch state.Code() {
	case codes.Unauthenticated, codes.PermissionDenied:
		return outcome{err: fmt.Errorf("%w: %s", sdkerr.ErrAccessDenied, state.Message())}
	case codes.InvalidArgument, codes.OutOfRange:
		return rejected(state.Message(), violations(state))
	}
	return outcome{
		err:           fmt.Errorf("%w: %s: %s", sdkerr.ErrUnavailable, state.Code(), state.Message()),
		retryAfter:    retryDelay(state),
		isFromService: len(proto.GetDetails()) > 0,
	}
}

func violations(state *status.Status) []finding {
	var violations []finding
	for _, detail := range state.Details() {
		request, ok := detail.(*errdetails.BadRequest)
		if !ok {
			continue
		}
		for _, violation := range request.GetFieldViolations() {
			violations = append(violations, parsePath(violation.GetField(), violation.GetDescription()))
		}
	}
	return violations
}

// parsePath reads paths such as events[3].data.text and plugin_version.
func parsePath(path, text string) finding {
	rest, isEvent := strings.CutPrefix(path, "events[")
	digits, field, isClosed := strings.Cut(rest, "]")
	index, err := strconv.Atoi(digits)
	if !isEvent || !isClosed || err != nil {
		return finding{event: -1, path: path, text: text}
	}
	return finding{event: index, path: strings.TrimPrefix(field, "."), text: text}
}

func retryDelay(state *status.Status) time.Duration {
	for _, detail := range state.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// fromHTTP reads a response of the JSON endpoint.
func fromHTTP(code int, header http.Header, body []byte, now time.Time) outcome {
	switch code {
	case http.StatusOK:
		return fromResult(body)
	case http.StatusUnauthorized, http.StatusForbidden:
		return outcome{err: fmt.Errorf("%w: HTTP %d: %s", sdkerr.ErrAccessDenied, code, detailText(body))}
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return rejected(fmt.Sprintf("HTTP %d: %s", code, detailText(body)), details(body))
	}
	return outcome{
		err:         fmt.Errorf("%w: HTTP %d: %s", sdkerr.ErrUnavailable, code, detailText(body)),
		retryAfter:  retryAfter(header.Get("Retry-After"), now),
		isLimit:     code == http.StatusTooManyRequests,
		isFromProxy: code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout,
	}
}

func fromResult(body []byte) outcome {
	var result struct{ Stored, Skipped *uint32 }
	if err := json.Unmarshal(body, &result); err != nil || result.Stored == nil || result.Skipped == nil {
		return outcome{err: fmt.Errorf("%w: the response is not one of the service: %.80q", sdkerr.ErrUnavailable, body)}
	}
	return outcome{stored: *result.Stored, skipped: *result.Skipped}
}

// retryAfter reads seconds or a date.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// details reads {"detail": [{"loc": ["body", "events", 3, "timestamp"], "msg": "…"}]}.
func details(body []byte) []finding {
	var response struct {
		Detail []struct {
			Loc []any
			Msg string
		}
	}
	if json.Unmarshal(body, &response) != nil {
		return nil
	}
	violations := make([]finding, 0, len(response.Detail))
	for _, detail := range response.Detail {
		violations = append(violations, parsePath(locPath(detail.Loc), detail.Msg))
	}
	return violations
}

func locPath(loc []any) string {
	var path strings.Builder
	for index, part := range loc {
		switch part := part.(type) {
		case float64:
			fmt.Fprintf(&path, "[%d]", int(part))
		case string:
			if index == 0 && part == "body" {
				continue
			}
			if path.Len() > 0 {
				path.WriteByte('.')
			}
			path.WriteString(part)
		}
	}
	return path.String()
}

// detailText is {"detail": "…"}, or the beginning of whatever came instead.
func detailText(body []byte) string {
	var response struct{ Detail string }
	if json.Unmarshal(body, &response) == nil && response.Detail != "" {
		return response.Detail
	}
	return fmt.Sprintf("%.200q", body)
}
