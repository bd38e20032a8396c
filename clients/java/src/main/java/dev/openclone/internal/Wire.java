package dev.openclone.internal;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Timestamp;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;

/** An {@code openclone.v1.IngestRequest} put together from events that are encoded already. */
final class Wire {
  /** Sends bytes as they are. */
  static final Marshaller<byte[]> BYTES =
      new Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new Encoded(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
          throw new UnsupportedOperationException("requests are only written");
        }
      };

  private Wire() {}

  static byte[] request(long sequence, QueuedBatch batch, Instant now) {
    byte[] header = batch.segment.header.toByteArray();
    Timestamp time = Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()).build();
    int batchSize = header.length + CodedOutputStream.computeMessageSize(6, time) + batch.length();
    int size = CodedOutputStream.computeUInt64Size(1, sequence) + CodedOutputStream.computeTagSize(2) + CodedOutputStream.computeUInt32SizeNoTag(batchSize) + batchSize;
    byte[] request = new byte[size];
    CodedOutputStream out = CodedOutputStream.newInstance(request);
    try {
      out.writeUInt64(1, sequence);
      out.writeTag(2, 2);
      out.writeUInt32NoTag(batchSize);
      out.writeRawBytes(header);
      out.writeMessage(6, time);
      out.writeRawBytes(batch.bytes(), 0, batch.length());
      out.checkNoSpaceLeft();
    } catch (IOException error) {
      throw new IllegalStateException("batch does not fit its computed size", error);
    }
    return request;
  }

  private static final class Encoded extends ByteArrayInputStream implements KnownLength, Drainable {
    Encoded(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int drained = count - pos;
      target.write(buf, pos, drained);
      pos = count;
      return drained;
    }
  }
}
