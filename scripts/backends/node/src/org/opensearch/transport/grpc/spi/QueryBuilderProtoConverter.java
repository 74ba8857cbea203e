package org.opensearch.transport.grpc.spi;

/** Named by the k-NN plugin, never called here: Maven Central carries no gRPC transport. */
public interface QueryBuilderProtoConverter {}
