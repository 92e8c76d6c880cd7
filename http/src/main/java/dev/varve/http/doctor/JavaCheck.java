package dev.varve.http.doctor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The Java runtime of this process, which is also that of a server started in the same way. */
final class JavaCheck implements Check {

  private static final String JAVA = "java";
  private static final String CACHE = "-XX:AOTCache=";

  @Override
  public String subject() {
    return JAVA;
  }

  @Override
  public List<Finding> look() {
    List<Finding> findings = new ArrayList<>();
    findings.add(
        Finding.good(
            JAVA,
            "%s %s in %s"
                .formatted(
                    System.getProperty("java.vm.name"),
                    Runtime.version(),
                    System.getProperty("java.home"))));
    String options = System.getenv().getOrDefault("VARVE_JAVA_OPTS", "");
    if (!options.isEmpty())
      findings.add(
          Finding.warning(
              JAVA,
              "VARVE_JAVA_OPTS adds options of the JVM: " + options,
              "unset VARVE_JAVA_OPTS, unless you have set it on purpose"));
    findings.add(cache());
    return findings;
  }

  private static Finding cache() {
    String subject = "aot cache";
    String file = "";
    for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments())
      if (argument.startsWith(CACHE)) file = argument.substring(CACHE.length());
    if (file.isEmpty())
      return Finding.warning(
          subject,
          "there is none, so each start takes longer",
          "start Varve with its program bin/varve, not with java; it makes the cache by itself");
    if (isMapped(file)) return Finding.good(subject, "is used: " + file);
    String why = Files.exists(Path.of(file)) ? "the JVM does not use " : "there is no file ";
    return Finding.warning(
        subject, why + file + ", so each start takes longer", "varve --make-cache");
  }

  /** What the JVM uses is in its memory, under the name to which links lead. */
  static boolean isMapped(String file) {
    try {
      String real = Path.of(file).toRealPath().toString();
      return Files.readString(Path.of("/proc/self/maps")).contains(real);
    } catch (IOException _) {
      return false;
    }
  }
}
