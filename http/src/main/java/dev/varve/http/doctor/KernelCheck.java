package dev.varve.http.doctor;

import dev.varve.io.posix.Landlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The kernel, and what Varve needs of it. */
record KernelCheck(Installation installation) implements Check {

  private static final String KERNEL = "kernel";
  private static final String LANDLOCK = "landlock";

  @Override
  public String subject() {
    return KERNEL;
  }

  @Override
  public List<Finding> look() {
    List<Finding> findings = new ArrayList<>();
    String machine = System.getProperty("os.arch", "");
    if (machine.equals("amd64") || machine.equals("aarch64"))
      findings.add(
          Finding.good(KERNEL, "Linux " + System.getProperty("os.version") + " on " + machine));
    else
      findings.add(
          Finding.wrong(
              KERNEL,
              "this is a machine of type '" + machine + "'",
              "use one with x86_64 or aarch64"));
    if (!Files.isReadable(Path.of("/proc/self/mountinfo")))
      findings.add(
          Finding.warning(
              KERNEL,
              "/proc is not mounted: it stays unknown which process holds an image",
              "mount -t proc proc /proc"));
    findings.add(landlock());
    return findings;
  }

  private Finding landlock() {
    String why = whyNoLandlock();
    if (why == null) return Finding.good(LANDLOCK, "--media-root can be held by the kernel");
    return installation.values("media-root").isEmpty()
        ? Finding.good(LANDLOCK, "is not there, and not needed without --media-root")
        : Finding.wrong(
            LANDLOCK,
            "--media-root is set, and the server does not start: " + why,
            "boot a kernel with Landlock (lsm=landlock,...), or remove --media-root");
  }

  private static @Nullable String whyNoLandlock() {
    try (var _ = new Landlock()) {
      return null;
    } catch (UnsupportedOperationException | IOException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
