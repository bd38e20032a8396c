package delivery

import (
	"context"
	"sync"
)

// Key gives the API key for each connection.
type Key struct {
	provide func() (string, error)
	// IsRenewable tells whether another key may come.
	IsRenewable bool

	mu   sync.Mutex
	used string
}

// NewKey makes one that asks provide.
func NewKey(provide func() (string, error), isRenewable bool) *Key {
	return &Key{provide: provide, IsRenewable: isRenewable}
}

// Get gives the key for a connection.
func (k *Key) Get() (string, error) {
	key, err := k.provide()
	if err == nil {
		k.mu.Lock()
		k.used = key
		k.mu.Unlock()
	}
	return key, err
}

// waitForAnother returns when there is another key than the one that was rejected: asked for after a second, then after twice as
// long each time, up to a minute. False if the context ends.
func (k *Key) waitForAnother(ctx context.Context) bool {
	k.mu.Lock()
	rejected := k.used
	k.mu.Unlock()
	for pause := firstAgain; ; pause = min(2*pause, lastAgain) {
		if key, err := k.provide(); err == nil && key != rejected {
			return true
		}
		if !sleep(ctx, pause) {
			return false
		}
	}
}
