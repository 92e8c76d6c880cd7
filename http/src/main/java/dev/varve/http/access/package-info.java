/**
 * What a client of the API may do: tokens with scopes and how they are kept, users of the socket,
 * and the folders below which files may be.
 *
 * <p>Read {@link dev.varve.http.access.Scope}, then {@link dev.varve.http.access.Tokens}. A token
 * or a peer of the socket becomes a {@link dev.varve.http.access.Grant}, which goes with each
 * request. Any thread; what reads or writes a file blocks. Does not know requests, operations or
 * machines: {@code http.api} asks, and says what an operation needs.
 */
@NullMarked
package dev.varve.http.access;

import org.jspecify.annotations.NullMarked;
