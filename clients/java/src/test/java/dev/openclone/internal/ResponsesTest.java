package dev.openclone.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import dev.openclone.internal.Response.Denied;
import dev.openclone.internal.Response.Done;
import dev.openclone.internal.Response.Violation;
import dev.openclone.internal.Response.Later;
import dev.openclone.internal.Response.Invalid;
import dev.openclone.v1.IngestResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResponsesTest {
  private static Response http(int status, String body) {
    return JsonResponses.of(status, body, Duration.ZERO, 3);
  }

  @Test
  void countsMustAddUp() {
    assertEquals(new Done(2, 1), http(200, "{\"stored\":2,\"skipped\":1,\"file\":\"Braindump/2026-02-26.md\"}"));
    for (String other : List.of("{\"stored\":2,\"skipped\":0}", "{}", "<html>", "", "[]", "{\"stored\":null,\"skipped\":3}", "{\"stored\":\"x\",\"skipped\":3}")) {
      assertInstanceOf(Later.class, http(200, other), other);
    }
  }

  @Test
  void statusesSayWhetherToTryAgain() {
    for (int status : new int[] {404, 405, 408, 429, 500, 502, 503, 504, 302}) {
      assertInstanceOf(Later.class, http(status, "{\"detail\":\"x\"}"), "HTTP " + status);
    }
    assertEquals(new Denied("HTTP 401: Invalid or missing X-API-Key"), http(401, "{\"detail\":\"Invalid or missing X-API-Key\"}"));
    assertInstanceOf(Denied.class, http(403, ""));
    assertInstanceOf(Invalid.class, http(413, ""));
    assertInstanceOf(Invalid.class, http(400, "{\"detail\":\"There was an error parsing the body\"}"));
    assertInstanceOf(Later.class, http(400, "<html>Bad Request</html>"));
  }

  @Test
  void faultsAreNamedAsInGrpc() {
    String body = "{\"detail\":[{\"type\":\"x\",\"loc\":[\"body\",\"events\",3,\"data\",\"text\"],\"msg\":\"too long\"},{\"loc\":[\"body\",\"timestamp\"],\"msg\":\"late\"}]}";
    Invalid invalid = (Invalid) http(422, body);
    assertEquals(List.of(new Violation("events[3].data.text", "too long"), new Violation("timestamp", "late")), invalid.violations());
    assertEquals(3, invalid.violations().get(0).event());
    assertTrue(invalid.violations().get(1).isClock());
    assertEquals("events[3].timestamp", JsonResponses.path(JsonParser.parseString("[\"events\",3,\"timestamp\"]").getAsJsonArray()));
  }

  @Test
  void retryAfterIsSecondsOrADate() {
    assertEquals(Duration.ofSeconds(7), JsonResponses.retryAfter(" 7 "));
    assertEquals(Duration.ZERO, JsonResponses.retryAfter("-1"));
    assertEquals(Duration.ZERO, JsonResponses.retryAfter("soon"));
    String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusHours(1));
    long seconds = JsonResponses.retryAfter(date).toSeconds();
    assertTrue(seconds > 3500 && seconds <= 3600, date);
  }

  private static Response grpc(Status.Code code, Any... details) {
    com.google.rpc.Status status = com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage("m").addAllDetails(List.of(details)).build();
    return GrpcResponses.of(IngestResponse.newBuilder().setError(status).build());
  }

  @Test
  void grpcCodesSayTheSame() {
    for (Status.Code code : Status.Code.values()) {
      Class<?> wanted =
          switch (code) {
            case UNAUTHENTICATED, PERMISSION_DENIED -> Denied.class;
            case INVALID_ARGUMENT -> Invalid.class;
            default -> Later.class;
          };
      assertInstanceOf(wanted, grpc(code), code.toString());
    }
    Any retry = Any.pack(RetryInfo.newBuilder().setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(2).setNanos(5)).build());
    assertEquals(new Later("UNAVAILABLE: m", Duration.ofSeconds(2, 5), Response.Hint.SERVICE), grpc(Status.Code.UNAVAILABLE, retry));
    Any bad = Any.pack(BadRequest.newBuilder().addFieldViolations(BadRequest.FieldViolation.newBuilder().setField("events[0].data").setDescription("d")).build());
    assertEquals(new Invalid(List.of(new Violation("events[0].data", "d")), "INVALID_ARGUMENT: m"), grpc(Status.Code.INVALID_ARGUMENT, retry, bad));
  }

  @Test
  void aProxysHeaderCountsToo() {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("retry-after", Metadata.ASCII_STRING_MARSHALLER), "3");
    Later later = (Later) GrpcResponses.of(Status.UNAVAILABLE.withDescription("HTTP status code 503"), trailers);
    assertEquals(Duration.ofSeconds(3), later.after());
  }
}
