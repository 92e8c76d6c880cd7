package dev.varve.http.command;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The terminal while {@code varve top} has it: on its other screen, without a cursor. A frame is
 * written at once over the one before, so that nothing flickers. Whatever ends the program, the
 * terminal is as it was afterwards. Not thread-safe; a signal may close it.
 */
final class TopTerminal implements AutoCloseable {

  private static final String ENTER = "\033[?1049h\033[?25l";
  private static final String LEAVE = "\033[?25h\033[?1049l";
  private static final String HOME = "\033[H";
  private static final String END_OF_LINE = "\033[K";
  private static final String END_OF_SCREEN = "\033[J";
  private static final int USUAL_WIDTH = 80;
  private static final int USUAL_HEIGHT = 24;

  private final PrintWriter out;
  private final Thread hook = new Thread(this::leave, "leave-terminal");
  private boolean left;

  TopTerminal(PrintWriter out) {
    this.out = out;
    Runtime.getRuntime().addShutdownHook(hook);
    write(ENTER);
  }

  /** Whether standard output is a terminal that understands what is written to it. */
  static boolean isThere() {
    return System.console() != null
        && System.console().isTerminal()
        && !"dumb".equals(System.getenv("TERM"));
  }

  void show(List<DiskRates> rates) {
    int[] size = size();
    List<String> lines =
        rates.isEmpty() ? List.of("no disks are served") : TopScreen.lines(rates, size[1], size[0]);
    write(HOME + String.join(END_OF_LINE + "\r\n", lines) + END_OF_LINE + END_OF_SCREEN);
  }

  private synchronized void write(String text) {
    if (left) return;
    out.print(text);
    out.flush();
  }

  private synchronized void leave() {
    write(LEAVE);
    left = true;
  }

  @Override
  public void close() {
    leave();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The program is ending: the hook has run, or finds nothing to do.
    }
  }

  /** Lines and columns; it may have been made larger or smaller since the last look. */
  private static int[] size() {
    try {
      Process stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty")).start();
      String[] told =
          new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
              .strip()
              .split(" ");
      stty.waitFor(1, TimeUnit.SECONDS);
      int lines = Integer.parseInt(told[0]);
      int columns = Integer.parseInt(told[1]);
      if (lines > 0 && columns > 0) return new int[] {lines, columns};
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException _) {
      // There is no such program or terminal.
    }
    return new int[] {USUAL_HEIGHT, USUAL_WIDTH};
  }
}
