package openclone

import "github.com/PixxzR/openclone/clients/go/internal/sdkerr"

// What calls fail with; distinguish them with [errors.Is]. Where it says so the event is not queued.
var (
	// ErrInvalidOptions: an option breaks a rule of the batch. No client is made.
	ErrInvalidOptions = sdkerr.ErrInvalidOptions
	// ErrNotEnabled: see [Options.Enabled]. Not queued.
	ErrNotEnabled = sdkerr.ErrNotEnabled
	// ErrInvalidEvent: a timestamp before 2020, a RawRef over 256 bytes, a payload of another source type, or data that is no
	// JSON object. Not queued.
	ErrInvalidEvent = sdkerr.ErrInvalidEvent
	// ErrEventTooLarge: over 1,000,000 bytes in its documented JSON form. Not queued.
	ErrEventTooLarge = sdkerr.ErrEventTooLarge
	// ErrSpoolFull: see [Options.OnFull]. Not queued.
	ErrSpoolFull = sdkerr.ErrSpoolFull
	// ErrSpool: the disk fails: full, read-only, no permission. Not queued. Also reported to OnError when a sync fails or a
	// rejected event cannot be set aside.
	ErrSpool = sdkerr.ErrSpool
	// ErrSpoolLocked: another client uses the state directory. No client is made.
	ErrSpoolLocked = sdkerr.ErrSpoolLocked
	// ErrAccessDenied: the service rejected the key. It is never tried again: sending stops, Send goes on queueing, and each
	// Flush and Close says so.
	ErrAccessDenied = sdkerr.ErrAccessDenied
	// ErrTimeout: Flush or Close took longer than its context allows. What was not sent stays in the spool.
	ErrTimeout = sdkerr.ErrTimeout
	// ErrClosed: Send after Close. Not queued.
	ErrClosed = sdkerr.ErrClosed
)

// What only [Options.OnError] is called, besides [ErrAccessDenied] and [ErrSpool].
var (
	// ErrUnavailable: three attempts in a row brought nothing. They go on.
	ErrUnavailable = sdkerr.ErrUnavailable
	// ErrClock: the service rejected the time of this machine. Nothing is sent until it is right.
	ErrClock = sdkerr.ErrClock
	// ErrDamaged: a file of the spool cannot be read to its end. It is kept in dead-letter/.
	ErrDamaged = sdkerr.ErrDamaged
	// ErrDropped: the spool was full and its oldest part was deleted, see [DropOldest].
	ErrDropped = sdkerr.ErrDropped
)
