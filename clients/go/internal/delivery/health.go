package delivery

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/PixxzR/openclone/clients/go/openclonev1"
)

const (
	callTimeout           = 5 * time.Second
	stopTimeout           = time.Second
	firstAgain, lastAgain = time.Second, time.Minute
)

// Reporter tells the service what the plugin is doing: at each change, and before its heartbeat is due.
type Reporter struct {
	config Config
	// report has the fields that stay.
	report openclonev1.ReportHealthRequest
	queued func() int64

	mu          sync.Mutex
	lastCapture time.Time
	isRunning   bool
	news        chan struct{}
	stop        chan struct{}
	ended       chan struct{}
}

// NewReporter makes one that reports nothing yet.
func NewReporter(config Config, pluginID, version, deviceID string, heartbeat time.Duration, queued func() int64) *Reporter {
	return &Reporter{
		config: config, queued: queued, news: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
		report: openclonev1.ReportHealthRequest{
			PluginId: pluginID, PluginVersion: version, DeviceId: deviceID, HeartbeatSeconds: uint32(heartbeat / time.Second),
		},
	}
}

// Captured remembers that something was captured now.
func (r *Reporter) Captured() {
	r.mu.Lock()
	r.lastCapture = time.Now()
	r.mu.Unlock()
}

// Report reports a state from now on.
func (r *Reporter) Report(state openclonev1.HealthState, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	isNews := r.report.State != state || r.report.Reason != reason
	r.report.State, r.report.Reason = state, reason
	if !r.isRunning && r.config.Transport != JSON {
		r.isRunning = true
		go r.run()
	}
	if isNews {
		select {
		case r.news <- struct{}{}:
		default:
		}
	}
}

// Stop says that the plugin has ended, if anything was reported before.
func (r *Reporter) Stop() {
	r.mu.Lock()
	isRunning := r.isRunning
	r.mu.Unlock()
	close(r.stop)
	if isRunning {
		<-r.ended
	}
}

func (r *Reporter) run() {
	defer close(r.ended)
	again := firstAgain
	var timer <-chan time.Time
	for {
		select {
		case <-r.news:
		case <-timer:
		case <-r.stop:
			r.mu.Lock()
			r.report.State, r.report.Reason = openclonev1.HealthState_HEALTH_STATE_STOPPED, ""
			r.mu.Unlock()
			_ = r.call(stopTimeout)
			return
		}
		if err := r.call(callTimeout); err != nil {
			r.config.Logger.Debug("openclone: the report of its health failed", "error", err)
			timer = time.After(again)
			again = min(2*again, lastAgain)
			continue
		}
		again, timer = firstAgain, nil
		if seconds := r.report.HeartbeatSeconds; seconds > 0 {
			timer = time.After(time.Duration(seconds) * time.Second)
		}
	}
}

func (r *Reporter) call(timeout time.Duration) error {
	key, err := r.config.Key.Get()
	if err != nil {
		return err
	}
	connection, err := dial(r.config)
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(context.Background(), "x-api-key", key), timeout)
	defer cancel()
	r.mu.Lock()
	request := &openclonev1.ReportHealthRequest{
		PluginId: r.report.PluginId, PluginVersion: r.report.PluginVersion, DeviceId: r.report.DeviceId, State: r.report.State,
		Reason: r.report.Reason, HeartbeatSeconds: r.report.HeartbeatSeconds, Queued: uint64(max(r.queued(), 0)),
	}
	if !r.lastCapture.IsZero() {
		request.LastCapture = timestamppb.New(r.lastCapture)
	}
	r.mu.Unlock()
	_, err = openclonev1.NewAccessServiceClient(connection).ReportHealth(ctx, request)
	return err
}
