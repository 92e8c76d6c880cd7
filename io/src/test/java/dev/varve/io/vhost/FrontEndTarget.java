package dev.varve.io.vhost;

import java.io.IOException;

/**
 * The target of Jazzer, which follows coverage, for {@link FuzzedFrontEnd}. One thread.
 *
 * <pre>
 * java -ea -XX:+EnableDynamicAgentLoading -cp jazzer-0.30.0.jar:CLASSES \
 *   com.code_intelligence.jazzer.Jazzer --target_class=dev.varve.io.vhost.FrontEndTarget \
 *   --instrumentation_includes='dev.varve.io.vhost.**' -max_len=2000 FOUND SEEDS
 * </pre>
 *
 * with the test class path of io for {@code CLASSES}, a folder for what is found, and {@code
 * src/test/resources/fuzz/messages} for the seeds.
 */
public final class FrontEndTarget {

  private static final FuzzedFrontEnd FRONT_END = start();

  private FrontEndTarget() {}

  private static FuzzedFrontEnd start() {
    try {
      return new FuzzedFrontEnd();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Called by the fuzzer, in one thread. */
  public static void fuzzerTestOneInput(byte[] bytes) throws IOException {
    FRONT_END.run(bytes);
    FRONT_END.check();
  }
}
