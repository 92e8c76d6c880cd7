/**
 * The hot paths one by one, with JMH: {@code varve-bench micro [REGEX]}. Each class says what it
 * measures.
 *
 * <p>Read {@link dev.varve.bench.micro.MicroCommand}, then {@link
 * dev.varve.bench.micro.ChainBenchmark}. Classes with benchmarks or {@code @State} cannot be final:
 * JMH extends them.
 */
@NullMarked
package dev.varve.bench.micro;

import org.jspecify.annotations.NullMarked;
