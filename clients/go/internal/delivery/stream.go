package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

const (
	// window is how many batches may be without a response.
	window = 32
	// idleAfter is when a stream without anything to send is closed.
	idleAfter = 90 * time.Second
)

// stream is one gRPC stream. The goroutine of the attempt writes; another reads the responses, which come in order.
type stream struct {
	sender *Sender
	calls  grpc.ClientStream
	cancel context.CancelCauseFunc
	slots  chan struct{} // one for each batch without a response
	failed chan struct{} // closed with the first failure: nothing more is written

	mu       sync.Mutex
	inFlight []*batch
	next     uint64 // sequence of the first in flight
	isClosed bool   // nothing more is written
	outcome  result
	watchdog *time.Timer
}

var (
	errNoResponse = errors.New("no response in time")
	errDone       = errors.New("nothing more to send")
)

// stream opens a stream and sends until there is nothing more, or a failure. The connection is new each time: nothing that went
// wrong with the last one is left.
func (s *Sender) stream(ctx context.Context) result {
	key, err := s.config.Key.Get()
	if err != nil {
		return result{err: fmt.Errorf("%w: %w", sdkerr.ErrUnavailable, err), isUnreachable: true}
	}
	s.config.Logger.Debug("openclone: opening a stream", "endpoint", s.config.Endpoint.String())
	connection, err := dial(s.config)
	if err != nil {
		return result{err: fmt.Errorf("%w: %w", sdkerr.ErrUnavailable, err)}
	}
	defer connection.Close()
	ctx, cancel := context.WithCancelCause(metadata.AppendToOutgoingContext(ctx, "x-api-key", key))
	defer cancel(nil)
	description := &openclonev1.IngestService_ServiceDesc.Streams[0]
	calls, err := connection.NewStream(ctx, description, openclonev1.IngestService_Ingest_FullMethodName,
		grpc.ForceCodecV2(codec{}))
	if err != nil {
		return ending(ctx, err)
	}
	running := &stream{
		sender: s, calls: calls, cancel: cancel, slots: make(chan struct{}, window), failed: make(chan struct{}),
	}
	running.watchdog = time.AfterFunc(s.config.ResponseTimeout, func() { cancel(errNoResponse) })
	running.watchdog.Stop()
	defer running.watchdog.Stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		running.read(ctx)
	}()
	running.write(ctx)
	running.close()
	<-ended
	return running.finish()
}

// write sends batches until nothing is due for a while, the stream fails or the client stops.
func (t *stream) write(ctx context.Context) {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-t.failed:
			stop()
		case <-waiting.Done():
		}
	}()
	for sequence := uint64(0); ; sequence++ {
		select {
		case t.slots <- struct{}{}:
		case <-waiting.Done():
			return
		}
		batch := t.sender.nextBatch(waiting)
		if batch == nil || !t.send(sequence, batch) {
			return
		}
	}
}

// close ends the stream as soon as each batch has its response, without waiting for the other side to end it.
func (t *stream) close() {
	_ = t.calls.CloseSend()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.isClosed = true
	if len(t.inFlight) == 0 {
		t.cancel(errDone)
	}
}

func (s *Sender) nextBatch(ctx context.Context) *batch {
	for s.queue.wait(ctx, idleAfter) {
		if next := s.queue.take(s.config.MaxEvents); next != nil {
			return next
		}
	}
	return nil
}

func (t *stream) send(sequence uint64, next *batch) bool {
	t.mu.Lock()
	t.inFlight = append(t.inFlight, next)
	if len(t.inFlight) == 1 {
		t.watchdog.Reset(t.sender.config.ResponseTimeout)
	}
	t.mu.Unlock()
	prefix := wire.RequestPrefix(sequence, next.chunk.Header, time.Now(), &next.events)
	// When it fails, reading tells why.
	return t.calls.SendMsg(&request{prefix: prefix, events: next.events.Bytes()}) == nil
}

// read takes the responses until the stream ends.
func (t *stream) read(ctx context.Context) {
	for {
		var response openclonev1.IngestResponse
		if err := t.calls.RecvMsg(&response); err != nil {
			t.fail(ending(ctx, err))
			return
		}
		batch, err := t.acknowledged(response.GetSequence())
		if err != nil {
			t.fail(result{err: err})
			t.cancel(err)
			return
		}
		read := outcome{stored: response.GetResult().GetStored(), skipped: response.GetResult().GetSkipped()}
		if response.GetResult() == nil {
			read = fromStatus(response.GetError())
		}
		t.note(t.sender.apply(batch, &read), read.retryAfter)
		<-t.slots
	}
}

// acknowledged takes the oldest batch off those in flight.
func (t *stream) acknowledged(sequence uint64) (*batch, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.inFlight) == 0 || sequence != t.next {
		return nil, fmt.Errorf("%w: response %d out of order, expected %d", sdkerr.ErrUnavailable, sequence, t.next)
	}
	batch := t.inFlight[0]
	t.inFlight = t.inFlight[1:]
	t.next++
	t.outcome.gotResponse = true
	t.watchdog.Stop()
	if len(t.inFlight) > 0 {
		t.watchdog.Reset(t.sender.config.ResponseTimeout)
	}
	return batch, nil
}

// note takes down what became of an acknowledged batch.
func (t *stream) note(err error, retryAfter time.Duration) {
	if err != nil {
		t.fail(result{err: err, retryAfter: retryAfter})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcome.isUseful = t.outcome.isUseful || err == nil
	if t.isClosed && len(t.inFlight) == 0 {
		t.cancel(errDone)
	}
}

// fail keeps the first failure and ends the writing. Responses that are due are still read.
func (t *stream) fail(with result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outcome.err == nil {
		t.outcome.err, t.outcome.retryAfter = with.err, with.retryAfter
		t.outcome.gotResponse = t.outcome.gotResponse || with.gotResponse
		t.outcome.isUnreachable = with.isUnreachable
	}
	select {
	case <-t.failed:
	default:
		close(t.failed)
	}
}

// finish puts back what has no response. A stream that ended with nothing on its way has not failed, whoever ended it, unless the
// key was rejected.
func (t *stream) finish() result {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.inFlight) == 0 && t.outcome.isUseful && errors.Is(t.outcome.err, errEnded) {
		t.outcome.err = nil
	}
	if len(t.inFlight) > 0 {
		t.sender.queue.requeue(t.inFlight...)
	}
	return t.outcome
}

var errEnded = errors.New("the stream ended")

// ending is the result of a stream that is over.
func ending(ctx context.Context, err error) result {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errDone):
		return result{}
	case errors.Is(cause, errNoResponse):
		return result{err: fmt.Errorf("%w: %w: %w", sdkerr.ErrUnavailable, errEnded, cause)}
	}
	if errors.Is(err, io.EOF) {
		return result{err: fmt.Errorf("%w: %w", sdkerr.ErrUnavailable, errEnded)}
	}
	read := fromStatus(status.Convert(err).Proto())
	if errors.Is(read.err, errRejected) || errors.Is(read.err, sdkerr.ErrClock) {
		// No batch is named, so none is to blame.
		read.err = fmt.Errorf("%w: %w", sdkerr.ErrUnavailable, err)
	}
	if errors.Is(read.err, sdkerr.ErrUnavailable) {
		read.err = fmt.Errorf("%w (%w)", read.err, errEnded)
	}
	return result{
		err: read.err, retryAfter: read.retryAfter, gotResponse: read.isFromService, isUnreachable: isUnreachable(err),
	}
}

// isUnreachable tells that nothing listens there. grpc passes on the text of the system's error only.
func isUnreachable(err error) bool {
	text := err.Error()
	for _, known := range []error{syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH} {
		if strings.Contains(text, known.Error()) {
			return true
		}
	}
	return false
}
