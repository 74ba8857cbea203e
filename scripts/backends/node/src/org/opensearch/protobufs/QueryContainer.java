package org.opensearch.protobufs;

/** Named by the k-NN plugin, never made here: Maven Central carries no gRPC transport. */
public class QueryContainer {
    /** The one kind of query that the plugin registers. */
    public enum QueryContainerCase { KNN }
}
