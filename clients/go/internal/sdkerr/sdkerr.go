// Package sdkerr has the errors that plugins see. The root package gives them their public names.
package sdkerr

import "errors"

// What can go wrong. The texts are those of the public documentation.
var (
	ErrInvalidOptions = errors.New("invalid options")
	ErrNotEnabled     = errors.New("not enabled")
	ErrInvalidEvent   = errors.New("invalid event")
	ErrEventTooLarge  = errors.New("event too large")
	ErrSpoolFull      = errors.New("spool full")
	ErrSpool          = errors.New("spool error")
	ErrSpoolLocked    = errors.New("spool locked")
	ErrAccessDenied   = errors.New("access denied")
	ErrTimeout        = errors.New("timed out")
	ErrClosed         = errors.New("client closed")
	// ErrUnavailable, ErrClock, ErrDamaged and ErrDropped are reported to OnError only.
	ErrUnavailable = errors.New("service unavailable")
	ErrClock       = errors.New("clock is wrong")
	ErrDamaged     = errors.New("spool damaged")
	ErrDropped     = errors.New("events dropped")
)
