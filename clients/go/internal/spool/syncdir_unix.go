//go:build !windows

package spool

import (
	"errors"
	"os"
)

// syncDir makes the names of new files durable.
func syncDir(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
