package dev.openclone.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Lists plugins and source types.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class RegistryServiceGrpc {

  private RegistryServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "openclone.v1.RegistryService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.openclone.v1.ListPluginsRequest,
      dev.openclone.v1.ListPluginsResponse> getListPluginsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListPlugins",
      requestType = dev.openclone.v1.ListPluginsRequest.class,
      responseType = dev.openclone.v1.ListPluginsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.openclone.v1.ListPluginsRequest,
      dev.openclone.v1.ListPluginsResponse> getListPluginsMethod() {
    io.grpc.MethodDescriptor<dev.openclone.v1.ListPluginsRequest, dev.openclone.v1.ListPluginsResponse> getListPluginsMethod;
    if ((getListPluginsMethod = RegistryServiceGrpc.getListPluginsMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getListPluginsMethod = RegistryServiceGrpc.getListPluginsMethod) == null) {
          RegistryServiceGrpc.getListPluginsMethod = getListPluginsMethod =
              io.grpc.MethodDescriptor.<dev.openclone.v1.ListPluginsRequest, dev.openclone.v1.ListPluginsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListPlugins"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.ListPluginsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.ListPluginsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("ListPlugins"))
              .build();
        }
      }
    }
    return getListPluginsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.openclone.v1.GetPluginRequest,
      dev.openclone.v1.GetPluginResponse> getGetPluginMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetPlugin",
      requestType = dev.openclone.v1.GetPluginRequest.class,
      responseType = dev.openclone.v1.GetPluginResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.openclone.v1.GetPluginRequest,
      dev.openclone.v1.GetPluginResponse> getGetPluginMethod() {
    io.grpc.MethodDescriptor<dev.openclone.v1.GetPluginRequest, dev.openclone.v1.GetPluginResponse> getGetPluginMethod;
    if ((getGetPluginMethod = RegistryServiceGrpc.getGetPluginMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getGetPluginMethod = RegistryServiceGrpc.getGetPluginMethod) == null) {
          RegistryServiceGrpc.getGetPluginMethod = getGetPluginMethod =
              io.grpc.MethodDescriptor.<dev.openclone.v1.GetPluginRequest, dev.openclone.v1.GetPluginResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetPlugin"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.GetPluginRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.GetPluginResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("GetPlugin"))
              .build();
        }
      }
    }
    return getGetPluginMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.openclone.v1.ListSourceTypesRequest,
      dev.openclone.v1.ListSourceTypesResponse> getListSourceTypesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListSourceTypes",
      requestType = dev.openclone.v1.ListSourceTypesRequest.class,
      responseType = dev.openclone.v1.ListSourceTypesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.openclone.v1.ListSourceTypesRequest,
      dev.openclone.v1.ListSourceTypesResponse> getListSourceTypesMethod() {
    io.grpc.MethodDescriptor<dev.openclone.v1.ListSourceTypesRequest, dev.openclone.v1.ListSourceTypesResponse> getListSourceTypesMethod;
    if ((getListSourceTypesMethod = RegistryServiceGrpc.getListSourceTypesMethod) == null) {
      synchronized (RegistryServiceGrpc.class) {
        if ((getListSourceTypesMethod = RegistryServiceGrpc.getListSourceTypesMethod) == null) {
          RegistryServiceGrpc.getListSourceTypesMethod = getListSourceTypesMethod =
              io.grpc.MethodDescriptor.<dev.openclone.v1.ListSourceTypesRequest, dev.openclone.v1.ListSourceTypesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListSourceTypes"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.ListSourceTypesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.openclone.v1.ListSourceTypesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new RegistryServiceMethodDescriptorSupplier("ListSourceTypes"))
              .build();
        }
      }
    }
    return getListSourceTypesMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static RegistryServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RegistryServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RegistryServiceStub>() {
        @java.lang.Override
        public RegistryServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RegistryServiceStub(channel, callOptions);
        }
      };
    return RegistryServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static RegistryServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RegistryServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RegistryServiceBlockingV2Stub>() {
        @java.lang.Override
        public RegistryServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RegistryServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return RegistryServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static RegistryServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RegistryServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RegistryServiceBlockingStub>() {
        @java.lang.Override
        public RegistryServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RegistryServiceBlockingStub(channel, callOptions);
        }
      };
    return RegistryServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static RegistryServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<RegistryServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<RegistryServiceFutureStub>() {
        @java.lang.Override
        public RegistryServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new RegistryServiceFutureStub(channel, callOptions);
        }
      };
    return RegistryServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Lists plugins and source types.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * All installed and catalogued plugins in order of their ids, and the manifests that were rejected.
     * </pre>
     */
    default void listPlugins(dev.openclone.v1.ListPluginsRequest request,
        io.grpc.stub.StreamObserver<dev.openclone.v1.ListPluginsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListPluginsMethod(), responseObserver);
    }

    /**
     * <pre>
     * One plugin. NOT_FOUND when it is neither installed nor in the catalogue.
     * </pre>
     */
    default void getPlugin(dev.openclone.v1.GetPluginRequest request,
        io.grpc.stub.StreamObserver<dev.openclone.v1.GetPluginResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetPluginMethod(), responseObserver);
    }

    /**
     * <pre>
     * The 15 source types.
     * </pre>
     */
    default void listSourceTypes(dev.openclone.v1.ListSourceTypesRequest request,
        io.grpc.stub.StreamObserver<dev.openclone.v1.ListSourceTypesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListSourceTypesMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service RegistryService.
   * <pre>
   * Lists plugins and source types.
   * </pre>
   */
  public static abstract class RegistryServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return RegistryServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service RegistryService.
   * <pre>
   * Lists plugins and source types.
   * </pre>
   */
  public static final class RegistryServiceStub
      extends io.grpc.stub.AbstractAsyncStub<RegistryServiceStub> {
    private RegistryServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RegistryServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RegistryServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * All installed and catalogued plugins in order of their ids, and the manifests that were rejected.
     * </pre>
     */
    public void listPlugins(dev.openclone.v1.ListPluginsRequest request,
        io.grpc.stub.StreamObserver<dev.openclone.v1.ListPluginsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListPluginsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * One plugin. NOT_FOUND when it is neither installed nor in the catalogue.
     * </pre>
     */
    public void getPlugin(dev.openclone.v1.GetPluginRequest request,
        io.grpc.stub.StreamObserver<dev.openclone.v1.GetPluginResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetPluginMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The 15 source types.
     * </pre>
     */
    public void listSourceTypes(dev.openclone.v1.ListSourceTypesRequest request,
        io.grpc.stub.StreamObserver<dev.openclone.v1.ListSourceTypesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListSourceTypesMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service RegistryService.
   * <pre>
   * Lists plugins and source types.
   * </pre>
   */
  public static final class RegistryServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<RegistryServiceBlockingV2Stub> {
    private RegistryServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RegistryServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RegistryServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * All installed and catalogued plugins in order of their ids, and the manifests that were rejected.
     * </pre>
     */
    public dev.openclone.v1.ListPluginsResponse listPlugins(dev.openclone.v1.ListPluginsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListPluginsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One plugin. NOT_FOUND when it is neither installed nor in the catalogue.
     * </pre>
     */
    public dev.openclone.v1.GetPluginResponse getPlugin(dev.openclone.v1.GetPluginRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetPluginMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The 15 source types.
     * </pre>
     */
    public dev.openclone.v1.ListSourceTypesResponse listSourceTypes(dev.openclone.v1.ListSourceTypesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListSourceTypesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service RegistryService.
   * <pre>
   * Lists plugins and source types.
   * </pre>
   */
  public static final class RegistryServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<RegistryServiceBlockingStub> {
    private RegistryServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RegistryServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RegistryServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * All installed and catalogued plugins in order of their ids, and the manifests that were rejected.
     * </pre>
     */
    public dev.openclone.v1.ListPluginsResponse listPlugins(dev.openclone.v1.ListPluginsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListPluginsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * One plugin. NOT_FOUND when it is neither installed nor in the catalogue.
     * </pre>
     */
    public dev.openclone.v1.GetPluginResponse getPlugin(dev.openclone.v1.GetPluginRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetPluginMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The 15 source types.
     * </pre>
     */
    public dev.openclone.v1.ListSourceTypesResponse listSourceTypes(dev.openclone.v1.ListSourceTypesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListSourceTypesMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service RegistryService.
   * <pre>
   * Lists plugins and source types.
   * </pre>
   */
  public static final class RegistryServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<RegistryServiceFutureStub> {
    private RegistryServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected RegistryServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new RegistryServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * All installed and catalogued plugins in order of their ids, and the manifests that were rejected.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.openclone.v1.ListPluginsResponse> listPlugins(
        dev.openclone.v1.ListPluginsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListPluginsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * One plugin. NOT_FOUND when it is neither installed nor in the catalogue.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.openclone.v1.GetPluginResponse> getPlugin(
        dev.openclone.v1.GetPluginRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetPluginMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The 15 source types.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.openclone.v1.ListSourceTypesResponse> listSourceTypes(
        dev.openclone.v1.ListSourceTypesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListSourceTypesMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_PLUGINS = 0;
  private static final int METHODID_GET_PLUGIN = 1;
  private static final int METHODID_LIST_SOURCE_TYPES = 2;

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
        case METHODID_LIST_PLUGINS:
          serviceImpl.listPlugins((dev.openclone.v1.ListPluginsRequest) request,
              (io.grpc.stub.StreamObserver<dev.openclone.v1.ListPluginsResponse>) responseObserver);
          break;
        case METHODID_GET_PLUGIN:
          serviceImpl.getPlugin((dev.openclone.v1.GetPluginRequest) request,
              (io.grpc.stub.StreamObserver<dev.openclone.v1.GetPluginResponse>) responseObserver);
          break;
        case METHODID_LIST_SOURCE_TYPES:
          serviceImpl.listSourceTypes((dev.openclone.v1.ListSourceTypesRequest) request,
              (io.grpc.stub.StreamObserver<dev.openclone.v1.ListSourceTypesResponse>) responseObserver);
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
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListPluginsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.openclone.v1.ListPluginsRequest,
              dev.openclone.v1.ListPluginsResponse>(
                service, METHODID_LIST_PLUGINS)))
        .addMethod(
          getGetPluginMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.openclone.v1.GetPluginRequest,
              dev.openclone.v1.GetPluginResponse>(
                service, METHODID_GET_PLUGIN)))
        .addMethod(
          getListSourceTypesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.openclone.v1.ListSourceTypesRequest,
              dev.openclone.v1.ListSourceTypesResponse>(
                service, METHODID_LIST_SOURCE_TYPES)))
        .build();
  }

  private static abstract class RegistryServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    RegistryServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.openclone.v1.RegistryServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("RegistryService");
    }
  }

  private static final class RegistryServiceFileDescriptorSupplier
      extends RegistryServiceBaseDescriptorSupplier {
    RegistryServiceFileDescriptorSupplier() {}
  }

  private static final class RegistryServiceMethodDescriptorSupplier
      extends RegistryServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    RegistryServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (RegistryServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new RegistryServiceFileDescriptorSupplier())
              .addMethod(getListPluginsMethod())
              .addMethod(getGetPluginMethod())
              .addMethod(getListSourceTypesMethod())
              .build();
        }
      }
    }
    return result;
  }
}
