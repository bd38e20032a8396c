// Package fault has the errors that plugins see. The root package gives them their public names.
package fault

import "errors"

// What can go wrong. The texts are those of the public documentation.
var (
	InvalidOptions = errors.New("invalid options")
	NotEnabled     = errors.New("not enabled")
	InvalidEvent   = errors.New("invalid event")
	EventTooLarge  = errors.New("event too large")
	SpoolFull      = errors.New("spool full")
	Spool          = errors.New("spool error")
	SpoolLocked    = errors.New("spool locked")
	AccessDenied   = errors.New("access denied")
	Timeout        = errors.New("timed out")
	Closed         = errors.New("client closed")
	// Unavailable, Clock, Damaged and Dropped are told to OnError only.
	Unavailable = errors.New("service unavailable")
	Clock       = errors.New("clock is wrong")
	Damaged     = errors.New("spool damaged")
	Dropped     = errors.New("events dropped")
)
