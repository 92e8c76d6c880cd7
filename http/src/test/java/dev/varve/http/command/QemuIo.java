package dev.varve.http.command;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/** An emulator that stays on its disk: {@code qemu-io}, which is told one command after another. */
final class QemuIo implements AutoCloseable {

  private static final String PROMPT = "qemu-io> ";

  private final Process process;
  private final Reader said;
  private final Writer told;

  private QemuIo(Process process) {
    this.process = process;
    this.said = process.inputReader(StandardCharsets.UTF_8);
    this.told = process.outputWriter(StandardCharsets.UTF_8);
  }

  /**
   * Connects, and stays so until it is closed.
   *
   * @throws IOException the disk cannot be opened
   */
  static QemuIo on(String uri) throws IOException {
    return start("qemu-io", "-f", "raw", "-d", "unmap", uri);
  }

  /** The same for a disk that cannot be written. */
  static QemuIo reading(String uri) throws IOException {
    return start("qemu-io", "-r", "-f", "raw", uri);
  }

  private static QemuIo start(String... command) throws IOException {
    var session = new QemuIo(new ProcessBuilder(command).redirectErrorStream(true).start());
    session.untilPrompt();
    return session;
  }

  /**
   * Carries out commands; each must succeed (but for a flush, of which qemu-io tells nothing), and
   * find the pattern that it looks for.
   */
  void run(String... commands) throws IOException {
    for (String command : commands) {
      String answer = tell(command);
      if (answer.contains("failed")) throw new AssertionError(command + ": " + answer);
    }
  }

  /** Carries out a command, and returns what there is to say of it, also if it fails. */
  String tell(String command) throws IOException {
    told.write(command + "\n");
    told.flush();
    return untilPrompt();
  }

  private String untilPrompt() throws IOException {
    var text = new StringBuilder();
    while (text.indexOf(PROMPT) < 0) {
      int next = said.read();
      if (next < 0) throw new IOException("qemu-io ended: " + text);
      text.append((char) next);
    }
    return text.substring(0, text.indexOf(PROMPT));
  }

  @Override
  public void close() {
    process.destroy();
  }
}
