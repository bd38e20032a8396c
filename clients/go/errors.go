package openclone

import "github.com/PixxzR/openclone/clients/go/internal/fault"

// What calls fail with; to be told apart with [errors.Is]. Where it says so the event is not queued.
var (
	// ErrInvalidOptions: an option breaks a rule of the batch. No client is made.
	ErrInvalidOptions = fault.ErrInvalidOptions
	// ErrNotEnabled: see [Options.Enabled]. Not queued.
	ErrNotEnabled = fault.ErrNotEnabled
	// ErrInvalidEvent: a timestamp before 2020, a RawRef over 256 bytes, a payload of another source type, or data that is no
	// JSON object. Not queued.
	ErrInvalidEvent = fault.ErrInvalidEvent
	// ErrEventTooLarge: over 1,000,000 bytes in its documented JSON form. Not queued.
	ErrEventTooLarge = fault.ErrEventTooLarge
	// ErrSpoolFull: see [Options.OnFull]. Not queued.
	ErrSpoolFull = fault.ErrSpoolFull
	// ErrSpool: the disk refuses: full, read-only, no permission. Not queued. Also told to OnError when a sync fails or a
	// rejected event cannot be set aside.
	ErrSpool = fault.ErrSpool
	// ErrSpoolLocked: another client uses the state directory. No client is made.
	ErrSpoolLocked = fault.ErrSpoolLocked
	// ErrAccessDenied: the service refused the key. It is never tried again: sending stops, Send goes on queueing, and each
	// Flush and Close says so.
	ErrAccessDenied = fault.ErrAccessDenied
	// ErrTimeout: Flush or Close took longer than its context allows. What was not sent stays in the spool.
	ErrTimeout = fault.ErrTimeout
	// ErrClosed: Send after Close. Not queued.
	ErrClosed = fault.ErrClosed
)

// What only [Options.OnError] is told, besides [ErrAccessDenied] and [ErrSpool].
var (
	// ErrUnavailable: three attempts in a row brought nothing. They go on.
	ErrUnavailable = fault.ErrUnavailable
	// ErrClock: the service refused the time of this machine. Nothing is sent until it is right.
	ErrClock = fault.ErrClock
	// ErrDamaged: a file of the spool cannot be read to its end. It is kept in dead-letter/.
	ErrDamaged = fault.ErrDamaged
	// ErrDropped: the spool was full and its oldest part was deleted, see [DropOldest].
	ErrDropped = fault.ErrDropped
)
