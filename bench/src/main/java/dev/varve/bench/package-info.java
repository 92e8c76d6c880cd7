/**
 * How fast, and against what. Each class says what it measures and how to run it.
 *
 * <p>Read {@link dev.varve.bench.BenchMain}; {@code compare} sets Varve beside other servers,
 * {@code micro} takes its hot paths one by one.
 */
@NullMarked
package dev.varve.bench;

import org.jspecify.annotations.NullMarked;
