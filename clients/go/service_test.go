package openclone

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"

	v1 "github.com/PixxzR/openclone/clients/go/openclonev1"
)

const testKey = "oc_test_key_never_shown"

// service stands in for the real one, which the conformance table is played against: it counts events by raw_ref, and rejects
// what a test says.
type service struct {
	v1.UnimplementedIngestServiceServer
	url string
	// reject gives the error for a batch; nil takes it. Guarded by mu.
	reject func(refs []string) *status.Status
	// responsesPerStream ends each stream after so many responses; 0 is no end.
	responsesPerStream int
	// noGRPC answers gRPC calls with an HTTP error.
	noGRPC bool

	mu      sync.Mutex
	events  map[string]int // how often each was received
	batches map[string]int // by transport
}

func serve(t *testing.T) *service {
	t.Helper()
	s := &service{events: map[string]int{}, batches: map[string]int{}}
	calls := grpc.NewServer()
	v1.RegisterIngestServiceServer(calls, s)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch isCall := strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"); {
		case isCall && s.noGRPC:
			http.Error(w, "no", http.StatusBadGateway)
		case isCall:
			calls.ServeHTTP(w, r)
		default:
			s.post(w, r)
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// take gives what is wrong with a batch; nil if it was taken.
func (s *service) take(transport string, refs []string) *status.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches[transport]++
	if s.reject != nil {
		if rejected := s.reject(refs); rejected != nil {
			return rejected
		}
	}
	for _, ref := range refs {
		s.events[ref]++
	}
	return nil
}

func (s *service) setReject(reject func([]string) *status.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reject = reject
}

// received is how many different events have come.
func (s *service) received() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

func (s *service) Ingest(stream grpc.BidiStreamingServer[v1.IngestRequest, v1.IngestResponse]) error {
	data, _ := metadata.FromIncomingContext(stream.Context())
	if keys := data.Get("x-api-key"); len(keys) != 1 || keys[0] != testKey {
		return grpcstatus.Error(codes.Unauthenticated, "Invalid or missing X-API-Key")
	}
	for responses := 0; s.responsesPerStream == 0 || responses < s.responsesPerStream; responses++ {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var refs []string
		for _, event := range request.GetBatch().GetEvents() {
			refs = append(refs, event.GetRawRef())
		}
		response := &v1.IngestResponse{Sequence: request.GetSequence()}
		if rejected := s.take("grpc", refs); rejected != nil {
			response.Outcome = &v1.IngestResponse_Error{Error: rejected}
		} else {
			response.Outcome = &v1.IngestResponse_Result{Result: &v1.IngestResult{Stored: uint32(len(refs))}}
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
	return grpcstatus.Error(codes.Internal, "reset")
}

func (s *service) post(w http.ResponseWriter, r *http.Request) {
	var batch struct {
		Events []struct {
			RawRef string `json:"raw_ref"`
		} `json:"events"`
	}
	if r.Header.Get("X-API-Key") != testKey {
		http.Error(w, `{"detail":"Invalid or missing X-API-Key"}`, http.StatusUnauthorized)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil || r.URL.Path != "/api/v1/ingest" {
		http.Error(w, "{}", http.StatusBadRequest)
		return
	}
	var refs []string
	for _, event := range batch.Events {
		refs = append(refs, event.RawRef)
	}
	if rejected := s.take("json", refs); rejected != nil {
		code := map[codes.Code]int{codes.InvalidArgument: 422, codes.Unavailable: 503}[codes.Code(rejected.GetCode())]
		http.Error(w, `{"detail":"rejected"}`, code)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"stored": len(refs), "skipped": 0, "file": "Braindump/2026-02-26.md"})
}
