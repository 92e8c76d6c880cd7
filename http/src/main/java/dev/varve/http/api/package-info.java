/**
 * The control plane: HTTP in, calls of the {@link dev.varve.core.inventory.Inventory} out.
 *
 * <p>Read {@code openapi.json} beside this package, then {@link dev.varve.http.api.ControlServer}.
 * The document says what there is: routes are made from it, and parameters and bodies are checked
 * against it before a handler sees them. Each handler says on which thread it runs: the event loop
 * if it only looks at a view, a thread for looks if it looks at files or running disks, a thread
 * for changes if it calls the inventory (see {@link dev.varve.http.api.Handlers}). Knows no rule of
 * the model, and no file except the socket's; {@code http.access} knows the tokens.
 */
@NullMarked
package dev.varve.http.api;

import org.jspecify.annotations.NullMarked;
