package delivery

import (
	"math/rand/v2"
	"time"
)

// Jitter is a random time between 0 and base * 2^attempt, which is limit at most: full jitter, so that clients which lost the
// service at the same moment do not come back at the same moment.
func Jitter(base, limit time.Duration, attempt int) time.Duration {
	ceiling := base
	for ; attempt > 0 && ceiling < limit; attempt-- {
		ceiling *= 2
	}
	return rand.N(min(ceiling, limit) + 1)
}
