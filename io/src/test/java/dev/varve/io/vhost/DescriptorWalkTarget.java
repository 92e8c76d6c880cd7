package dev.varve.io.vhost;

/**
 * The target of Jazzer, which follows coverage, for {@link FuzzedQueue}. One thread.
 *
 * <pre>
 * java -ea -XX:+EnableDynamicAgentLoading -cp jazzer-0.30.0.jar:CLASSES \
 *   com.code_intelligence.jazzer.Jazzer --target_class=dev.varve.io.vhost.DescriptorWalkTarget \
 *   --instrumentation_includes='dev.varve.io.vhost.**' -max_len=2000 FOUND SEEDS
 * </pre>
 *
 * with the test class path of io for {@code CLASSES}, a folder for what is found, and {@code
 * src/test/resources/fuzz/descriptors} for the seeds.
 */
public final class DescriptorWalkTarget {

  private static final FuzzedQueue QUEUE = new FuzzedQueue();

  private DescriptorWalkTarget() {}

  /** Called by the fuzzer, in one thread. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    QUEUE.run(bytes);
  }
}
