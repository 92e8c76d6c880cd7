/**
 * The client of the HTTP API, for the commands that ask a running server. Any thread; requests
 * block.
 *
 * <p>Read {@link dev.varve.http.client.ApiClient}. Knows the form of requests and refusals and the
 * place of the server's socket. Does not know the operations: those are in the OpenAPI document.
 */
@NullMarked
package dev.varve.http.client;

import org.jspecify.annotations.NullMarked;
