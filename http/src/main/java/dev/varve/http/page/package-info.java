/**
 * The web page at {@code /}: its files, as a browser asks for them.
 *
 * <p>Read {@link dev.varve.http.page.WebPage}, then {@code index.html} and {@code app.js} among the
 * resources of this package. The files are modules that a browser runs as they are. They know the
 * operations of the OpenAPI document and nothing else of Varve, and this package knows neither
 * machines nor the API. The first request of a file reads it, on a thread that may block; later
 * ones take it from memory, on any thread.
 */
@NullMarked
package dev.varve.http.page;

import org.jspecify.annotations.NullMarked;
