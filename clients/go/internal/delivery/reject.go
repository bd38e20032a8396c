package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/PixxzR/openclone/clients/go/internal/sdkerr"
	"github.com/PixxzR/openclone/clients/go/internal/state"
	"github.com/PixxzR/openclone/clients/go/internal/wire"
)

// Rejected is an event that the service does not take, whatever happens.
type Rejected struct {
	// RawRef names the event.
	RawRef string
	// Reasons are its violations, such as "events[0].timestamp: …".
	Reasons []string
	// File is the documented JSON batch of this one event in dead-letter/. After repair, `openclone ingest FILE` sends it.
	File string
}

// divide sets aside the events that are at fault and has the others sent again.
func (s *Sender) divide(sent *batch, response *outcome) error {
	aside, again := wire.Split(sent.events.Len(), response.named())
	rejected := make([]Rejected, 0, len(aside))
	for _, index := range aside {
		one, err := s.setAside(sent, index, response.reasons(index))
		if err != nil {
			s.queue.requeue(sent)
			return err
		}
		rejected = append(rejected, one)
	}
	for _, one := range rejected {
		s.Counters.Rejected.Add(1)
		s.config.OnRejected(one)
	}
	s.queue.replace(sent, len(aside), parts(sent, again))
	return nil
}

func parts(whole *batch, groups [][]int) []*batch {
	batches := make([]*batch, 0, len(groups))
	for _, indices := range groups {
		batches = append(batches, &batch{chunk: whole.chunk, events: whole.events.Pick(indices)})
	}
	return batches
}

// setAside writes the dead letter of one event. Its name makes that it is there once, also after a crash.
func (s *Sender) setAside(sent *batch, index int, reasons []string) (Rejected, error) {
	event := sent.events.Pick([]int{index})
	rawRef := wire.RawRef(event.At(0))
	hash := sha256.Sum256([]byte(rawRef))
	path := filepath.Join(s.config.DeadLetter, hex.EncodeToString(hash[:16])+".json")
	text, err := wire.BatchJSON(sent.chunk.Header, time.Now(), &event, reasons)
	if err == nil {
		err = state.WriteFile(path, append(text, '\n'))
	}
	if err != nil {
		return Rejected{}, fmt.Errorf("%w: cannot set aside a rejected event in %s: %w", sdkerr.ErrSpool, path, err)
	}
	return Rejected{RawRef: rawRef, Reasons: reasons, File: path}, nil
}
