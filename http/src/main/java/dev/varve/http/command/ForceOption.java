package dev.varve.http.command;

import dev.varve.io.file.OtherWriters;
import dev.varve.io.file.OtherWriters.Opening;
import dev.varve.io.file.UnlockedWriterException;
import java.io.IOException;
import picocli.CommandLine.Option;

/** Whether an image is opened even if another program writes to it. */
@CommandLineOnly
final class ForceOption {

  @Option(
      names = "--force",
      description =
          "Open images even if another program has them open for writing, and machines even while VirtualBox runs for"
              + " their owner. What these programs write may be lost.")
  private boolean force;

  boolean isGiven() {
    return force;
  }

  /** Runs {@code opening} with or without force; a refusal mentions the option. */
  void open(Opening<IOException> opening) throws IOException {
    if (force) {
      OtherWriters.tolerate(opening);
      return;
    }
    try {
      opening.run();
    } catch (UnlockedWriterException e) {
      throw new IOException(e.getMessage() + "; --force opens it anyway", e);
    }
  }
}
