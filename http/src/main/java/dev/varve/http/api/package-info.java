/**
 * The control plane: HTTP in, calls of the {@link dev.varve.core.inventory.Inventory} out.
 *
 * <p>Read {@code openapi.json} beside this package, then {@link dev.varve.http.api.ControlServer}.
 * The document says what there is: routes are made from it, and parameters and bodies are checked
 * against it before a handler sees them. What changes the model, or may block, runs on the model's
 * thread, one call after the other; what only looks at a view runs on the event loop. Knows no rule
 * of the model and no file but the token's and the socket's.
 */
@NullMarked
package dev.varve.http.api;

import org.jspecify.annotations.NullMarked;
