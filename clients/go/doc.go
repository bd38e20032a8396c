// Package openclone sends what a plugin captures to OpenClone: batched, kept on disk until it is stored, each event exactly once.
//
//	client, err := openclone.New(ctx, openclone.Options{
//		PluginID: "my-plugin", PluginVersion: "1.0.0", SourceType: openclone.SourceBraindump,
//	})
//	if err != nil {
//		return err
//	}
//	defer client.Close(ctx)
//	err = client.Send(ctx, openclone.Event{Data: &openclone.Braindump{Text: new("Hello!")}})
//
// Endpoint and key come from the variables OPENCLONE_ENDPOINT and OPENCLONE_API_KEY unless [Options] names them.
//
// [Client.Send] returns when the event is in the spool, a queue on disk: from then on a crash of the plugin loses nothing.
// Batches go out by size or age over one gRPC stream, or as JSON where a proxy breaks HTTP/2. What fails is tried again for
// ever, with a random pause in between; what the service rejects is set aside in dead-letter/, alone, and reported to
// [Options.OnRejected]. An event without a RawRef gets one when it is queued, so that sending it twice stores it once.
//
// All methods may be called from many goroutines at once. No method, error or log line shows the key.
package openclone
