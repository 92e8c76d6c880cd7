package dev.varve.http.client;

import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;

/** The way from a client to its server. Thread-safe. */
interface ServerReach {

  /** Sets what this way needs. */
  void prepare(HttpClientOptions options);

  /** Connects; a failure says what is wrong and what to do. */
  Future<HttpClientRequest> connect(HttpClient http, ApiRequest request);

  /** A failure of the connection in words that say what to do; itself if there are none. */
  Throwable explain(Throwable failure);

  /** A refusal in words that say what to do; itself if there are none. */
  RefusedException explain(RefusedException refusal);

  /** The server, for people. */
  String server();
}
