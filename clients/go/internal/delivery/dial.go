package delivery

import (
	"net/url"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// connectTimeout is for TCP and TLS.
const connectTimeout = 10 * time.Second

func dial(config Config) (*grpc.ClientConn, error) {
	secure := insecure.NewCredentials()
	if config.Endpoint.Scheme == "https" {
		secure = credentials.NewTLS(config.TLS.Clone())
	}
	return grpc.NewClient("passthrough:///"+hostPort(config.Endpoint),
		grpc.WithTransportCredentials(secure),
		grpc.WithUserAgent(config.UserAgent),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithWriteBufferSize(128<<10),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.DefaultConfig, MinConnectTimeout: min(connectTimeout, config.ResponseTimeout),
		}))
}

// hostPort adds the port that the scheme stands for.
func hostPort(endpoint *url.URL) string {
	if endpoint.Port() != "" {
		return endpoint.Host
	}
	if endpoint.Scheme == "https" {
		return endpoint.Host + ":443"
	}
	return endpoint.Host + ":80"
}
