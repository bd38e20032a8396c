package openclone

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// CloseOnSignal closes the client when the program is told to end (SIGINT, SIGTERM), for at most the time given (2 seconds is a
// good choice), says how many events stay queued, and then lets the signal do what it would have done. A program that handles these signals itself, such as with [signal.NotifyContext], calls
// [Client.Close] instead. The function that is returned ends the watching.
func (c *Client) CloseOnSignal(timeout time.Duration) (stop func()) {
	signals := make(chan os.Signal, 1)
	stopped := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case received := <-signals:
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			if err := c.Close(ctx); err != nil {
				c.options.Logger.Error("openclone: closed by a signal", "error", err)
			}
			if queued := c.Stats().Queued; queued > 0 {
				fmt.Fprintf(os.Stderr, "openclone: %d events stay queued in %s and are sent after the next start\n", queued,
					c.options.StateDir)
			}
			signal.Stop(signals)
			again(received)
		case <-stopped:
		}
	}()
	return func() {
		signal.Stop(signals)
		select {
		case <-stopped:
		default:
			close(stopped)
		}
	}
}
