/**
 * The control plane as programs outside the server see it.
 *
 * <p>Read {@link dev.varve.http.client.ApiClient}. Knows how requests and refusals look and where
 * the server's socket is, not what can be asked: that is in the OpenAPI document.
 */
@NullMarked
package dev.varve.http.client;

import org.jspecify.annotations.NullMarked;
