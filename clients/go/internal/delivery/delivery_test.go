package delivery

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
)

func TestJitterStaysInItsBoundsAndUsesThem(t *testing.T) {
	const base, limit = 100 * time.Millisecond, time.Second
	for attempt, ceiling := range []time.Duration{base, 2 * base, 4 * base, 8 * base, limit, limit, limit} {
		low, high := limit, time.Duration(0)
		for range 2000 {
			pause := Jitter(base, limit, attempt)
			low, high = min(low, pause), max(high, pause)
		}
		if low < 0 || high > ceiling || low > ceiling/10 || high < ceiling*9/10 {
			t.Errorf("attempt %d: %s to %s, ceiling %s", attempt, low, high, ceiling)
		}
	}
	if pause := Jitter(time.Hour, time.Second, 1_000_000); pause < 0 || pause > time.Second {
		t.Errorf("%s", pause)
	}
}

func grpcOutcome(t *testing.T, code codes.Code, details ...protoadapt.MessageV1) outcome {
	t.Helper()
	state, err := status.New(code, "words").WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return fromStatus(state.Proto())
}

func TestEachCodeHasItsOutcome(t *testing.T) {
	want := map[codes.Code]error{
		codes.Unauthenticated: sdkerr.ErrAccessDenied, codes.PermissionDenied: sdkerr.ErrAccessDenied, codes.InvalidArgument: errRejected,
		codes.OutOfRange: errRejected, codes.Unavailable: sdkerr.ErrUnavailable, codes.ResourceExhausted: sdkerr.ErrUnavailable,
		codes.DeadlineExceeded: sdkerr.ErrUnavailable, codes.Internal: sdkerr.ErrUnavailable, codes.Unknown: sdkerr.ErrUnavailable,
		codes.Aborted: sdkerr.ErrUnavailable, codes.Canceled: sdkerr.ErrUnavailable, codes.Unimplemented: sdkerr.ErrUnavailable,
	}
	for code, kind := range want {
		if read := grpcOutcome(t, code); !errors.Is(read.err, kind) {
			t.Errorf("%s: %v", code, read.err)
		}
	}
	retry := grpcOutcome(t, codes.ResourceExhausted, &errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)})
	if retry.retryAfter != 3*time.Second {
		t.Errorf("%s", retry.retryAfter)
	}
	for code, kind := range map[int]error{
		200: sdkerr.ErrUnavailable /* no result in it */, 401: sdkerr.ErrAccessDenied, 403: sdkerr.ErrAccessDenied, 400: errRejected, 413: errRejected,
		422: errRejected, 302: sdkerr.ErrUnavailable, 404: sdkerr.ErrUnavailable, 408: sdkerr.ErrUnavailable, 429: sdkerr.ErrUnavailable,
		500: sdkerr.ErrUnavailable, 502: sdkerr.ErrUnavailable, 503: sdkerr.ErrUnavailable, 504: sdkerr.ErrUnavailable,
	} {
		read := fromHTTP(code, http.Header{"Retry-After": {"7"}}, []byte("<html>"), time.Now())
		if !errors.Is(read.err, kind) || read.isFromProxy != (code >= 502) {
			t.Errorf("%d: %+v", code, read)
		}
		if (code == 429 || code == 503) && read.retryAfter != 7*time.Second {
			t.Errorf("%d: %s", code, read.retryAfter)
		}
	}
	read := fromHTTP(200, nil, []byte(`{"stored":3,"skipped":1,"file":"Audio/2026-02-26.md"}`), time.Now())
	if read.err != nil || read.stored != 3 || read.skipped != 1 {
		t.Errorf("%+v", read)
	}
}

func TestFaultsNameTheirEventsOverBothTransports(t *testing.T) {
	overGRPC := grpcOutcome(t, codes.InvalidArgument, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "events[3].raw_ref", Description: "too late"}, {Field: "events[10].data.a[2]", Description: "too long"},
		{Field: "plugin_version", Description: "no SemVer"},
	}})
	overHTTP := fromHTTP(422, nil, []byte(`{"detail":[
		{"type":"x","loc":["body","events",3,"raw_ref"],"msg":"too late"},
		{"type":"x","loc":["body","events",10,"data","a",2],"msg":"too long"},
		{"type":"x","loc":["body","plugin_version"],"msg":"no SemVer"}]}`), time.Now())
	for name, read := range map[string]outcome{"gRPC": overGRPC, "HTTP": overHTTP} {
		if got := read.named(); !slices.Equal(got, []int{3, 10}) {
			t.Errorf("%s: %v", name, got)
		}
		if got := read.reasons(3); !slices.Equal(got, []string{"events[0].raw_ref: too late"}) {
			t.Errorf("%s: %v", name, got)
		}
		if got := read.reasons(10); !slices.Equal(got, []string{"events[0].data.a[2]: too long"}) {
			t.Errorf("%s: %v", name, got)
		}
		if got := read.reasons(4); !slices.Equal(got, []string{"plugin_version: no SemVer"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAFaultOfTheBatchsOwnTimeIsTheClock(t *testing.T) {
	overGRPC := grpcOutcome(t, codes.InvalidArgument, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "timestamp", Description: "too late"}, {Field: "events[0].timestamp", Description: "too late"},
	}})
	overHTTP := fromHTTP(422, nil, []byte(`{"detail":[{"loc":["body","timestamp"],"msg":"too late"}]}`), time.Now())
	for _, read := range []outcome{overGRPC, overHTTP} {
		if !errors.Is(read.err, sdkerr.ErrClock) || len(read.named()) != 0 {
			t.Errorf("%+v", read)
		}
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 2, 26, 14, 30, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-5": 0, "soon": 0, "Thu, 26 Feb 2026 14:30:09 GMT": 9 * time.Second, "Thu, 26 Feb 2026 14:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestTimesOfEventsAreTheClock(t *testing.T) {
	read := fromHTTP(422, nil, []byte(`{"detail":[{"loc":["body","events",3,"timestamp"],"msg":"ahead"},{"loc":["body","events",5,"data"],"msg":"x"}]}`), time.Now())
	if !errors.Is(read.err, sdkerr.ErrClock) || !slices.Equal(read.ahead, []int{3}) {
		t.Errorf("%+v", read)
	}
	if limit := fromHTTP(429, nil, nil, time.Now()); !limit.isLimit {
		t.Errorf("%+v", limit)
	}
}
