// Package delivery brings what is in the spool to the service: which transport, when again, and what becomes of what is rejected.
//
// One goroutine runs attempts, one after the other. An attempt is a stream with all the batches it carries, or a row of POSTs.
// It ends with the first failure; what has no response then is sent again in the next. Between attempts there is a random pause.
package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/spool"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
)

const (
	// silentAttempts without a response make an automatic client try JSON.
	silentAttempts = 2
	// lastingAttempts without progress are reported to OnError.
	lastingAttempts = 3
	// jsonPeriod is for how long JSON is used then.
	jsonPeriod = 5 * time.Minute
	// streamAge, postAge and longestAge are how long the first event of a batch waits for others: requests are limited, streams
	// are not. Each 429 doubles postAge.
	streamAge, postAge, longestAge = 5 * time.Second, 15 * time.Second, 240 * time.Second
	// maxParked batches may be kept because of the clock; then nothing more is taken from the spool.
	maxParked = 32
)

// Transport says how batches are sent.
type Transport int

// The transports.
const (
	Auto Transport = iota
	GRPC
	JSON
)

// Config is what a sender is made with.
type Config struct {
	Endpoint            *url.URL
	Key                 *Key
	UserAgent           string
	TLS                 *tls.Config
	Transport           Transport
	MaxEvents           int
	RetryBase, RetryCap time.Duration
	// ClockRetry is when events that the service finds ahead of its clock are sent again.
	ClockRetry      time.Duration
	ResponseTimeout time.Duration
	DeadLetter      string
	// Exchange, if it is set, takes the place of the POST.
	Exchange func(ctx context.Context, body []byte) (int, http.Header, []byte, error)
	Logger   *slog.Logger
	// OnError, OnRejected and OnRecovered are called by the sending goroutines, one call at a time.
	OnError     func(error)
	OnRejected  func(Rejected)
	OnRecovered func()
}

// Counters are what became of events since the start.
type Counters struct{ Stored, Skipped, Rejected atomic.Uint64 }

// Sender sends until it is stopped.
type Sender struct {
	// Counters may be read at any time.
	Counters Counters
	// Start begins to send.
	Start func()

	config Config
	queue  *queue
	client *http.Client
	cancel context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	failure error         // the last one, until something is acknowledged
	denied  chan struct{} // closed while the key is rejected
	// isTold is set while OnError was told of a failure that nothing has ended yet.
	isTold atomic.Bool
	// age is how long the first event of a batch waits for others, postAge the same over JSON.
	age     atomic.Int64
	postAge time.Duration

	// Of the sending goroutine alone.
	silent, fruitless int
	isReported        map[error]bool
	// isClockReported is set until a batch is stored.
	isClockReported atomic.Bool
	jsonUntil       time.Time
}

// result is how an attempt ended.
type result struct {
	// gotResponse tells that a batch got a response, of whatever kind; isUseful that a batch was stored or rejected.
	gotResponse, isUseful bool
	// isUnreachable tells that nothing listens there: no evidence that a proxy breaks HTTP/2.
	isUnreachable bool
	// isLimit tells that the service has had too many requests over JSON; streams are not counted.
	isLimit bool
	// err is nil when there was nothing more to send.
	err        error
	retryAfter time.Duration
}

// Start begins to send what is in the spool.
func Start(config Config, from *spool.Spool) *Sender {
	s := New(config, from)
	s.Start()
	return s
}

// New makes a sender that does not send yet.
func New(config Config, from *spool.Spool) *Sender {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{
		config: config, queue: newQueue(from), client: newHTTPClient(config), cancel: cancel,
		ended: make(chan struct{}), denied: make(chan struct{}), isReported: map[error]bool{}, postAge: postAge,
	}
	s.age.Store(int64(streamAge))
	if config.Transport == JSON {
		s.age.Store(int64(postAge))
	}
	s.Start = sync.OnceFunc(func() { go s.run(ctx) })
	return s
}

// Stop ends the sending at once. What has no response stays in the spool.
func (s *Sender) Stop() {
	s.cancel()
	<-s.ended
	s.client.CloseIdleConnections()
}

// Failure is what keeps it from sending; nil if nothing does.
func (s *Sender) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

func (s *Sender) setFailure(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

// Notify has Wait look again.
func (s *Sender) Notify() { s.queue.notify() }

// Wait returns when all events up to a number are done. It fails with sdkerr.ErrAccessDenied, or the context's error.
func (s *Sender) Wait(ctx context.Context, number uint64) error {
	for {
		isResolved, changed := s.queue.resolved(number)
		if isResolved {
			return nil
		}
		s.mu.Lock()
		denied := s.denied
		s.mu.Unlock()
		select {
		case <-changed:
		case <-denied:
			return s.Failure()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Sender) run(ctx context.Context) {
	defer close(s.ended)
	for s.queue.wait(ctx, 0) {
		outcome := s.attempt(ctx)
		if ctx.Err() != nil {
			return
		}
		s.learn(outcome)
		if errors.Is(outcome.err, sdkerr.ErrAccessDenied) {
			close(s.denied)
			if !s.config.Key.IsRenewable || !s.config.Key.waitForAnother(ctx) {
				return
			}
			s.mu.Lock()
			s.denied, s.failure = make(chan struct{}), nil
			s.mu.Unlock()
			continue
		}
		if outcome.err == nil {
			continue
		}
		pause := max(Jitter(s.config.RetryBase, s.config.RetryCap, max(s.fruitless-1, 0)), outcome.retryAfter)
		s.config.Logger.Debug("sending failed", "error", outcome.err, "again_in", pause)
		if !sleep(ctx, pause) {
			return
		}
	}
}

// MaxAge is how long the first event of a batch waits for others, unless the plugin says how long.
func (s *Sender) MaxAge() time.Duration { return time.Duration(s.age.Load()) }

func (s *Sender) attempt(ctx context.Context) result {
	isOverJSON := s.config.Transport == JSON || s.config.Transport == Auto && time.Now().Before(s.jsonUntil)
	if isOverJSON {
		s.age.Store(int64(s.postAge))
	} else {
		s.age.Store(int64(streamAge))
	}
	switch {
	case s.config.Transport == JSON:
		return s.post(ctx, time.Time{}, s.config.MaxEvents)
	case s.config.Transport == GRPC:
		return s.stream(ctx)
	case time.Now().Before(s.jsonUntil):
		return s.post(ctx, s.jsonUntil, wire.MaxBatchEvents)
	case s.silent < silentAttempts:
		return s.stream(ctx)
	}
	// One batch shows whether it works.
	s.silent = 0
	probe := s.post(ctx, time.Now(), wire.MaxBatchEvents)
	if probe.gotResponse && !probe.isLimit {
		s.jsonUntil = time.Now().Add(jsonPeriod)
		s.config.Logger.Info("no response over gRPC, using JSON", "for", jsonPeriod)
	}
	return probe
}

// learn draws the conclusions from an attempt.
func (s *Sender) learn(outcome result) {
	if outcome.isUseful {
		s.fruitless = 0
		clear(s.isReported)
	}
	s.setFailure(outcome.err)
	if outcome.err == nil {
		s.silent = 0
		return
	}
	s.fruitless++
	if outcome.gotResponse {
		s.silent = 0
	} else if time.Now().After(s.jsonUntil) && !outcome.isUnreachable {
		s.silent++
	}
	if outcome.isLimit {
		s.postAge = min(2*s.postAge, longestAge)
		s.jsonUntil = time.Time{}
	}
	s.tellOnce(outcome.err)
}

// tellOnce tells of a failure that lasts, once for each kind until something gets through.
func (s *Sender) tellOnce(err error) {
	for _, kind := range []error{sdkerr.ErrAccessDenied, sdkerr.ErrClock, sdkerr.ErrSpool, sdkerr.ErrUnavailable} {
		if !errors.Is(err, kind) {
			continue
		}
		isCertain := kind != sdkerr.ErrUnavailable
		if (isCertain || s.fruitless >= lastingAttempts) && !s.isReported[kind] {
			s.isReported[kind] = true
			s.isTold.Store(true)
			s.config.OnError(err)
		}
		return
	}
}

// apply does what a response asks for. The error is what keeps the batch from being sent.
func (s *Sender) apply(sent *batch, response *outcome) error {
	switch {
	case response.err == nil:
		s.Counters.Stored.Add(uint64(response.stored))
		s.Counters.Skipped.Add(uint64(response.skipped))
		s.setFailure(nil)
		s.isClockReported.Store(false)
		s.config.Logger.Debug("openclone: batch stored", "stored", response.stored, "skipped", response.skipped)
		if s.isTold.Swap(false) {
			s.config.OnRecovered()
		}
		s.queue.resolve(sent)
		return nil
	case errors.Is(response.err, errRejected):
		return s.divide(sent, response)
	case errors.Is(response.err, sdkerr.ErrClock):
		s.park(sent, response)
		return nil
	}
	s.queue.requeue(sent)
	return response.err
}

// park keeps what is ahead of the service's clock; the rest of the batch is sent again.
func (s *Sender) park(sent *batch, response *outcome) {
	aside, rest := sent, []*batch(nil)
	if len(response.ahead) > 0 {
		named, others := wire.Split(sent.events.Len(), response.ahead)
		divided := parts(sent, append([][]int{named}, others...))
		aside, rest = divided[0], divided[1:]
	}
	s.queue.park(sent, aside, rest, time.Now().Add(s.config.ClockRetry))
	s.setFailure(response.err)
	if !s.isClockReported.Swap(true) {
		s.isTold.Store(true)
		s.config.OnError(response.err)
	}
}

func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
