package dev.varve.http.doctor;

import dev.varve.io.trial.Silence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The user of a server, who owns its state folder. For one thread; blocks.
 *
 * @param name of the user
 * @param isMe whether that user looks
 * @param canBeTried whether this process can act as that user
 */
record ServerUser(String name, boolean isMe, boolean canBeTried) {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  static ServerUser of(Installation installation) {
    String owner = installation.user();
    try {
      if (!Silence.isAt(installation.stateFolder(), PATIENCE))
        owner = Files.getOwner(installation.stateFolder()).getName();
    } catch (IOException _) {
      // There is no such folder yet, or it cannot be seen: the user who looks would make it.
    }
    boolean me = owner.equals(installation.user());
    return new ServerUser(owner, me, me || installation.isRoot());
  }

  /**
   * Whether that user passes a test of {@code test(1)}: {@code -r}, {@code -w}, {@code -x}. What
   * cannot be tried counts as passed.
   */
  boolean may(String test, Path file) {
    if (isMe) {
      return switch (test) {
        case "-r" -> Files.isReadable(file);
        case "-w" -> Files.isWritable(file);
        default -> Files.isExecutable(file);
      };
    }
    if (!canBeTried) return true;
    return Tool.run(List.of("runuser", "-u", name, "--", "test", test, file.toString())).status()
        != 1;
  }
}
