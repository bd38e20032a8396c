package dev.openclone.internal;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.openclone.internal.Response.Denied;
import dev.openclone.internal.Response.Done;
import dev.openclone.internal.Response.Violation;
import dev.openclone.internal.Response.Later;
import dev.openclone.internal.Response.Invalid;
import dev.openclone.v1.IngestResponse;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.protobuf.StatusProto;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What gRPC statuses mean. */
final class GrpcResponses {
  private static final Metadata.Key<String> RETRY_AFTER = Metadata.Key.of("retry-after", Metadata.ASCII_STRING_MARSHALLER);

  private GrpcResponses() {}

  static Response of(IngestResponse response) {
    if (response.hasResult()) {
      return new Done(response.getResult().getStored(), response.getResult().getSkipped());
    }
    return of(response.getError(), Duration.ZERO);
  }

  /** The end of a stream. */
  static Response of(io.grpc.Status status, Metadata trailers) {
    Duration header = trailers.containsKey(RETRY_AFTER) ? JsonResponses.retryAfter(trailers.get(RETRY_AFTER)) : Duration.ZERO;
    Status details = StatusProto.fromStatusAndTrailers(status, trailers);
    String cause = status.getCause() == null ? "" : ": " + status.getCause().getMessage();
    Response response = of(details.toBuilder().setMessage(details.getMessage() + cause).build(), header);
    if (response instanceof Later later && isUnreachable(status.getCause())) {
      return new Later(later.message(), later.after(), Response.Hint.UNREACHABLE);
    }
    return response;
  }

  private static Response of(Status status, Duration header) {
    Code code = io.grpc.Status.fromCodeValue(status.getCode()).getCode();
    String message = code + ": " + status.getMessage();
    return switch (code) {
      case UNAUTHENTICATED, PERMISSION_DENIED -> new Denied(message);
      case INVALID_ARGUMENT -> new Invalid(violations(status), message);
      // Every error of the service has details; one of a proxy has none.
      default -> new Later(message, longer(header, asked(status)), status.getDetailsCount() > 0 ? Response.Hint.SERVICE : Response.Hint.NONE);
    };
  }

  /** Whether the system says that nothing listens there. */
  private static boolean isUnreachable(Throwable cause) {
    for (Throwable one = cause; one != null; one = one.getCause()) {
      if (one instanceof ConnectException || one instanceof NoRouteToHostException) {
        return true;
      }
    }
    return false;
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static List<Violation> violations(Status status) {
    return detail(status, BadRequest.class).stream()
        .flatMap(bad -> bad.getFieldViolationsList().stream())
        .map(violation -> new Violation(violation.getField(), violation.getDescription()))
        .toList();
  }

  private static Duration asked(Status status) {
    return detail(status, RetryInfo.class)
        .map(info -> Duration.ofSeconds(Math.max(0, info.getRetryDelay().getSeconds()), info.getRetryDelay().getNanos()))
        .orElse(Duration.ZERO);
  }

  private static <T extends Message> Optional<T> detail(Status status, Class<T> type) {
    for (Any detail : status.getDetailsList()) {
      if (detail.is(type)) {
        try {
          return Optional.of(detail.unpack(type));
        } catch (InvalidProtocolBufferException error) {
          // The code says enough to go on.
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}
