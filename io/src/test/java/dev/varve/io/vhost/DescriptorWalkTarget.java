package dev.varve.io.vhost;

/**
 * The target of Jazzer, which follows coverage, for {@link FuzzedQueue}. One thread.
 *
 * <pre>
 * java -ea -XX:+EnableDynamicAgentLoading -cp jazzer-0.30.0.jar:CLASSES \
 *   com.code_intelligence.jazzer.Jazzer --target_class=dev.varve.io.vhost.DescriptorWalkTarget \
 *   --instrumentation_includes='dev.varve.io.vhost.**' -max_len=2000 CORPUS
 * </pre>
 *
 * with the test class path of io for {@code CLASSES} and a folder for {@code CORPUS}.
 */
public final class DescriptorWalkTarget {

  private static final FuzzedQueue QUEUE = new FuzzedQueue();

  private DescriptorWalkTarget() {}

  /** Called by the fuzzer, in one thread. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    QUEUE.run(bytes);
  }
}
