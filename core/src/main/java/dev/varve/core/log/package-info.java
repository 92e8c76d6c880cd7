/**
 * What the log's lines have in common: how often one may come, and how times and sizes are written.
 *
 * <p>Read {@link dev.varve.core.log.LineLimit} first. Classes log through {@code System.Logger}: a
 * line for what a person did or should know, none for a request. What keeps happening is told once
 * and then counted.
 */
@NullMarked
package dev.varve.core.log;

import org.jspecify.annotations.NullMarked;
