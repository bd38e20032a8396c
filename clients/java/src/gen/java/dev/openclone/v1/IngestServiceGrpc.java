package dev.openclone.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Takes batches into the vault, each event exactly once. The key goes into the metadata "x-api-key".
 * An answer that counts an event as stored or skipped means that it is in the vault and stays there.
 * No answer, or UNAVAILABLE, means: send the batch again, nothing will be doubled.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class IngestServiceGrpc {

  private IngestServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "openclone.v1.IngestService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.openclone.v1.IngestRequest,
      dev.openclone.v1.IngestResponse> getIngestMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Ingest",
      requestType = dev.openclone.v1.IngestRequest.class,
      responseType = dev.openclone.v1.IngestResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.openclone.v1.IngestRequest,
      dev.openclone.v1.IngestResponse> getIngestMethod() {
    io.grpc.MethodDescriptor<dev.openclone.v1.IngestRequest, dev.openclone.v1.IngestResponse> getIngestMethod;
    if ((getIngestMethod = IngestServiceGrpc.getIngestMethod) == null) {
      synchronized (IngestServiceGrpc.class) {
        if ((getIngestMethod = IngestServiceGrpc.getIngestMethod) == null) {
          IngestServiceGrpc.getIngestMethod = getIngestMethod =
              io.grpc.MethodDescriptor.<dev.openclone.v1.IngestRequest, dev.openclone.v1.IngestResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Ingest"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.IngestRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.IngestResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IngestServiceMethodDescriptorSupplier("Ingest"))
              .build();
        }
      }
    }
    return getIngestMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.openclone.v1.IngestBatchRequest,
      dev.openclone.v1.IngestBatchResponse> getIngestBatchMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "IngestBatch",
      requestType = dev.openclone.v1.IngestBatchRequest.class,
      responseType = dev.openclone.v1.IngestBatchResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.openclone.v1.IngestBatchRequest,
      dev.openclone.v1.IngestBatchResponse> getIngestBatchMethod() {
    io.grpc.MethodDescriptor<dev.openclone.v1.IngestBatchRequest, dev.openclone.v1.IngestBatchResponse> getIngestBatchMethod;
    if ((getIngestBatchMethod = IngestServiceGrpc.getIngestBatchMethod) == null) {
      synchronized (IngestServiceGrpc.class) {
        if ((getIngestBatchMethod = IngestServiceGrpc.getIngestBatchMethod) == null) {
          IngestServiceGrpc.getIngestBatchMethod = getIngestBatchMethod =
              io.grpc.MethodDescriptor.<dev.openclone.v1.IngestBatchRequest, dev.openclone.v1.IngestBatchResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "IngestBatch"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.IngestBatchRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.IngestBatchResponse.getDefaultInstance()))
              .setSchemaDescriptor(new IngestServiceMethodDescriptorSupplier("IngestBatch"))
              .build();
        }
      }
    }
    return getIngestBatchMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static IngestServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<IngestServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<IngestServiceStub>() {
        @java.lang.Override
        public IngestServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new IngestServiceStub(channel, callOptions);
        }
      };
    return IngestServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static IngestServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<IngestServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<IngestServiceBlockingV2Stub>() {
        @java.lang.Override
        public IngestServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new IngestServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return IngestServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static IngestServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<IngestServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<IngestServiceBlockingStub>() {
        @java.lang.Override
        public IngestServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new IngestServiceBlockingStub(channel, callOptions);
        }
      };
    return IngestServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static IngestServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<IngestServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<IngestServiceFutureStub>() {
        @java.lang.Override
        public IngestServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new IngestServiceFutureStub(channel, callOptions);
        }
      };
    return IngestServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Takes batches into the vault, each event exactly once. The key goes into the metadata "x-api-key".
   * An answer that counts an event as stored or skipped means that it is in the vault and stays there.
   * No answer, or UNAVAILABLE, means: send the batch again, nothing will be doubled.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * A stream of batches, answered in order, each as soon as it is durable. A bad batch is answered
     * with an error in its place and the stream goes on. After a lost stream, send every batch that
     * has no answer again.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.openclone.v1.IngestRequest> ingest(
        io.grpc.stub.StreamObserver<dev.openclone.v1.IngestResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getIngestMethod(), responseObserver);
    }

    /**
     * <pre>
     * One batch. Counted against the key's requests a minute; what is left of them comes back in the
     * metadata "x-ratelimit-limit", "x-ratelimit-remaining" and "x-ratelimit-reset" (Unix seconds).
     * </pre>
     */
    default void ingestBatch(dev.openclone.v1.IngestBatchRequest request,
        io.grpc.stub.StreamObserver<dev.openclone.v1.IngestBatchResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getIngestBatchMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service IngestService.
   * <pre>
   * Takes batches into the vault, each event exactly once. The key goes into the metadata "x-api-key".
   * An answer that counts an event as stored or skipped means that it is in the vault and stays there.
   * No answer, or UNAVAILABLE, means: send the batch again, nothing will be doubled.
   * </pre>
   */
  public static abstract class IngestServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return IngestServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service IngestService.
   * <pre>
   * Takes batches into the vault, each event exactly once. The key goes into the metadata "x-api-key".
   * An answer that counts an event as stored or skipped means that it is in the vault and stays there.
   * No answer, or UNAVAILABLE, means: send the batch again, nothing will be doubled.
   * </pre>
   */
  public static final class IngestServiceStub
      extends io.grpc.stub.AbstractAsyncStub<IngestServiceStub> {
    private IngestServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected IngestServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new IngestServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * A stream of batches, answered in order, each as soon as it is durable. A bad batch is answered
     * with an error in its place and the stream goes on. After a lost stream, send every batch that
     * has no answer again.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.openclone.v1.IngestRequest> ingest(
        io.grpc.stub.StreamObserver<dev.openclone.v1.IngestResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getIngestMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * One batch. Counted against the key's requests a minute; what is left of them comes back in the
     * metadata "x-ratelimit-limit", "x-ratelimit-remaining" and "x-ratelimit-reset" (Unix seconds).
     * </pre>
     */
    public void ingestBatch(dev.openclone.v1.IngestBatchRequest request,
        io.grpc.stub.StreamObserver<dev.openclone.v1.IngestBatchResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getIngestBatchMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service IngestService.
   * <pre>
   * Takes batches into the vault, each event exactly once. The key goes into the metadata "x-api-key".
   * An answer that counts an event as stored or skipped means that it is in the vault and stays there.
   * No answer, or UNAVAILABLE, means: send the batch again, nothing will be doubled.
   * </pre>
   */
  public static final class IngestServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<IngestServiceBlockingV2Stub> {
    private IngestServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected IngestServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new IngestServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * A stream of batches, answered in order, each as soon as it is durable. A bad batch is answered
     * with an error in its place and the stream goes on. After a lost stream, send every batch that
     * has no answer again.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.openclone.v1.IngestRequest, dev.openclone.v1.IngestResponse>
        ingest() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getIngestMethod(), getCallOptions());
    }

    /**
     * <pre>
     * One batch. Counted against the key's requests a minute; what is left of them comes back in the
     * metadata "x-ratelimit-limit", "x-ratelimit-remaining" and "x-ratelimit-reset" (Unix seconds).
     * </pre>
     */
    public dev.openclone.v1.IngestBatchResponse ingestBatch(dev.openclone.v1.IngestBatchRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getIngestBatchMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service IngestService.
   * <pre>
   * Takes batches into the vault, each event exactly once. The key goes into the metadata "x-api-key".
   * An answer that counts an event as stored or skipped means that it is in the vault and stays there.
   * No answer, or UNAVAILABLE, means: send the batch again, nothing will be doubled.
   * </pre>
   */
  public static final class IngestServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<IngestServiceBlockingStub> {
    private IngestServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected IngestServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new IngestServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * One batch. Counted against the key's requests a minute; what is left of them comes back in the
     * metadata "x-ratelimit-limit", "x-ratelimit-remaining" and "x-ratelimit-reset" (Unix seconds).
     * </pre>
     */
    public dev.openclone.v1.IngestBatchResponse ingestBatch(dev.openclone.v1.IngestBatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getIngestBatchMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service IngestService.
   * <pre>
   * Takes batches into the vault, each event exactly once. The key goes into the metadata "x-api-key".
   * An answer that counts an event as stored or skipped means that it is in the vault and stays there.
   * No answer, or UNAVAILABLE, means: send the batch again, nothing will be doubled.
   * </pre>
   */
  public static final class IngestServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<IngestServiceFutureStub> {
    private IngestServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected IngestServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new IngestServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * One batch. Counted against the key's requests a minute; what is left of them comes back in the
     * metadata "x-ratelimit-limit", "x-ratelimit-remaining" and "x-ratelimit-reset" (Unix seconds).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.openclone.v1.IngestBatchResponse> ingestBatch(
        dev.openclone.v1.IngestBatchRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getIngestBatchMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_INGEST_BATCH = 0;
  private static final int METHODID_INGEST = 1;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_INGEST_BATCH:
          serviceImpl.ingestBatch((dev.openclone.v1.IngestBatchRequest) request,
              (io.grpc.stub.StreamObserver<dev.openclone.v1.IngestBatchResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_INGEST:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.ingest(
              (io.grpc.stub.StreamObserver<dev.openclone.v1.IngestResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getIngestMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.openclone.v1.IngestRequest,
              dev.openclone.v1.IngestResponse>(
                service, METHODID_INGEST)))
        .addMethod(
          getIngestBatchMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.openclone.v1.IngestBatchRequest,
              dev.openclone.v1.IngestBatchResponse>(
                service, METHODID_INGEST_BATCH)))
        .build();
  }

  private static abstract class IngestServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    IngestServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.openclone.v1.IngestServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("IngestService");
    }
  }

  private static final class IngestServiceFileDescriptorSupplier
      extends IngestServiceBaseDescriptorSupplier {
    IngestServiceFileDescriptorSupplier() {}
  }

  private static final class IngestServiceMethodDescriptorSupplier
      extends IngestServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    IngestServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (IngestServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new IngestServiceFileDescriptorSupplier())
              .addMethod(getIngestMethod())
              .addMethod(getIngestBatchMethod())
              .build();
        }
      }
    }
    return result;
  }
}
