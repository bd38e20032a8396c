package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
)

// maxBody is the largest body that the service takes, in bytes.
const maxBody = 1 << 20

// newHTTPClient speaks HTTP/1.1 only: it is there for proxies that break HTTP/2. It follows no redirect, as that would hand the
// key to whoever is named there.
func newHTTPClient(config Config) *http.Client {
	return &http.Client{
		Timeout: config.ResponseTimeout,
		Transport: &http.Transport{
			Proxy:           http.ProxyFromEnvironment,
			TLSClientConfig: config.TLS.Clone(),
			TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
			IdleConnTimeout: idleAfter,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends what is due, one batch after the other: at least one, and until the given time (the zero time is no end).
func (s *Sender) post(ctx context.Context, until time.Time, maxEvents int) result {
	var outcome result
	for isFirst := true; isFirst || until.IsZero() || time.Now().Before(until); {
		next := s.queue.take(maxEvents)
		if next == nil {
			return outcome
		}
		response, gotResponse := s.postBatch(ctx, next)
		if response == nil {
			continue
		}
		isFirst = false
		outcome.gotResponse = outcome.gotResponse || gotResponse && !response.isFromProxy
		if err := s.apply(next, response); err != nil {
			outcome.err, outcome.retryAfter, outcome.isLimit = err, response.retryAfter, response.isLimit
			return outcome
		}
		outcome.isUseful = true
		if isDue, _ := s.queue.isDue(); !isDue {
			return outcome
		}
	}
	return outcome
}

// postBatch gives no outcome when the body would have been too large: then halves are sent.
func (s *Sender) postBatch(ctx context.Context, next *batch) (response *outcome, gotResponse bool) {
	body, err := wire.BatchJSON(next.chunk.Header, time.Now(), &next.events, nil)
	if err != nil {
		return &outcome{err: fmt.Errorf("%w: %w", sdkerr.ErrSpool, err)}, false
	}
	if count := next.events.Len(); len(body) > maxBody && count > 1 {
		_, halves := wire.Split(count, nil)
		s.queue.replace(next, 0, parts(next, halves))
		return nil, false
	}
	exchange := s.exchange
	if s.config.Exchange != nil {
		exchange = s.config.Exchange
	}
	code, header, text, err := exchange(ctx, body)
	if err != nil {
		return &outcome{err: fmt.Errorf("%w: %w", sdkerr.ErrUnavailable, err)}, false
	}
	read := fromHTTP(code, header, text, time.Now())
	return &read, true
}

func (s *Sender) exchange(ctx context.Context, body []byte) (int, http.Header, []byte, error) {
	address := s.config.Endpoint.JoinPath("/api/v1/ingest").String()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	key, err := s.config.Key.Get()
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header.Set("X-API-Key", key)
	request.Header.Set("User-Agent", s.config.UserAgent)
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response.StatusCode, response.Header, text, err
}
