package dev.varve.core.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A user whom root gives files in tests. */
public final class FileOwner {

  private static final int USER = 4711;
  private static final int GROUP = 4712;

  private FileOwner() {}

  /** Skips the test unless root runs it: only root gives files away. */
  public static void needsRoot(Path folder) throws IOException {
    assumeTrue(Files.getAttribute(folder, "unix:uid").equals(0), "only root gives files away");
  }

  /** Gives a file to the user. */
  public static void own(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    Files.setAttribute(path, "unix:uid", USER);
    Files.setAttribute(path, "unix:gid", GROUP);
  }

  /** {@code USER:GROUP PERMISSIONS}, as {@code 4711:4712 rw-------}. */
  public static String ownerOf(Path path) throws IOException {
    return "%s:%s %s"
        .formatted(
            Files.getAttribute(path, "unix:uid"),
            Files.getAttribute(path, "unix:gid"),
            PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
  }
}
