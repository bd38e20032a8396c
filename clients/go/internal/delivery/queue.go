package delivery

import (
	"context"
	"sync"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/spool"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
)

// batch is what is sent at once: events of one file of the spool.
type batch struct {
	chunk  *spool.Chunk
	events wire.Events
}

// queue is the spool with the batches that have been taken from it. One goroutine at a time takes; any may ask.
type queue struct {
	spool *spool.Spool

	mu       sync.Mutex
	again    []*batch            // to be sent again, before anything else
	parked   []parked            // ahead of the service's clock, oldest first
	open     map[*batch]struct{} // taken and not resolved
	isTaking bool                // between the spool and open
	changed  chan struct{}       // closed when a batch has been resolved
	renewed  chan struct{}       // something is in again
}

// parked is a batch that is sent again later.
type parked struct {
	until time.Time
	batch *batch
}

func newQueue(from *spool.Spool) *queue {
	return &queue{
		spool: from,
		open:  map[*batch]struct{}{}, changed: make(chan struct{}), renewed: make(chan struct{}, 1),
	}
}

// wait returns true as soon as a batch is due; false when the context ends, or when nothing has been due for the time of
// timeout (0 is no end).
func (q *queue) wait(ctx context.Context, timeout time.Duration) bool {
	var end <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		end = timer.C
	}
	for ctx.Err() == nil {
		isDue, in := q.isDue()
		if isDue {
			return true
		}
		var ripe <-chan time.Time
		if in > 0 {
			ripe = time.After(in)
		}
		select {
		case <-q.spool.Wake():
		case <-q.renewed:
		case <-ripe:
		case <-end:
			return false
		case <-ctx.Done():
		}
	}
	return false
}

func (q *queue) isDue() (bool, time.Duration) {
	q.mu.Lock()
	count, kept := len(q.again), len(q.parked)
	var retry time.Duration
	if kept > 0 {
		retry = max(time.Until(q.parked[0].until), 0)
	}
	q.mu.Unlock()
	switch {
	case count > 0 || kept > 0 && retry == 0:
		return true, 0
	case kept >= maxParked:
		return false, retry
	}
	isDue, in := q.spool.Due(time.Now())
	if !isDue && kept > 0 && (in <= 0 || retry < in) {
		in = retry
	}
	return isDue, in
}

// take gives the next batch, full or not; nil if there is none.
func (q *queue) take(maxEvents int) *batch {
	q.mu.Lock()
	if len(q.again) == 0 && len(q.parked) > 0 && !time.Now().Before(q.parked[0].until) {
		q.again = append(q.again, q.parked[0].batch)
		q.parked = q.parked[1:]
	}
	q.mu.Unlock()
	if next := q.takeAgain(); next != nil {
		return next
	}
	q.mu.Lock()
	if len(q.parked) >= maxParked {
		q.mu.Unlock()
		return nil
	}
	q.isTaking = true
	q.mu.Unlock()
	next := &batch{}
	next.chunk = q.spool.Take(maxEvents, next.events.Add)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.isTaking = false
	if next.chunk == nil {
		q.tell()
		return nil
	}
	q.open[next] = struct{}{}
	return next
}

func (q *queue) takeAgain() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.again) > 0 {
		next := q.again[0]
		q.again = q.again[1:]
		if q.spool.PickUp(next.chunk) {
			return next
		}
		// Its file has been dropped.
		delete(q.open, next)
		q.tell()
	}
	return nil
}

// resolve says that the whole batch is done.
func (q *queue) resolve(done *batch) { q.replace(done, done.events.Len(), nil) }

// requeue puts batches that were not acknowledged in front.
func (q *queue) requeue(batches ...*batch) {
	q.mu.Lock()
	q.again = append(batches[:len(batches):len(batches)], q.again...)
	q.mu.Unlock()
	for _, batch := range batches {
		q.spool.PutDown(batch.chunk)
	}
	q.renew()
}

// replace says that count events of a batch are done, and that the others are in parts, which are sent again.
func (q *queue) replace(old *batch, count int, parts []*batch) {
	q.spool.Resolve(old.chunk, count)
	q.mu.Lock()
	delete(q.open, old)
	for _, part := range parts {
		q.open[part] = struct{}{}
	}
	q.again = append(parts, q.again...)
	q.tell()
	q.mu.Unlock()
	q.spool.PutDown(old.chunk)
	if len(parts) > 0 {
		q.renew()
	}
}

// park puts a part of a batch away until a time; the rest is sent again.
func (q *queue) park(old, kept *batch, rest []*batch, until time.Time) {
	q.mu.Lock()
	delete(q.open, old)
	q.open[kept] = struct{}{}
	for _, part := range rest {
		q.open[part] = struct{}{}
	}
	q.parked = append(q.parked, parked{until, kept})
	q.again = append(rest, q.again...)
	q.mu.Unlock()
	q.spool.PutDown(old.chunk)
	q.renew()
}

func (q *queue) renew() {
	select {
	case q.renewed <- struct{}{}:
	default:
	}
}

func (q *queue) tell() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// resolved tells whether every event up to the number is done; if not, the channel is closed when it may be.
func (q *queue) resolved(number uint64) (bool, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.isTaking || q.spool.Next() <= number {
		return false, q.changed
	}
	for batch := range q.open {
		if batch.chunk.First <= number {
			return false, q.changed
		}
	}
	return true, nil
}

// notify has waiting flushes look again: something was dropped.
func (q *queue) notify() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tell()
}
