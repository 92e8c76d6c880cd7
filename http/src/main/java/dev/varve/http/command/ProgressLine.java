package dev.varve.http.command;

import java.time.Duration;
import java.util.List;

/**
 * A line that shows progress: the name of the work, a percentage, a bar, amounts and the time left.
 * If there is little room, the bar stays, and the rest is left out or shortened.
 */
final class ProgressLine {

  private static final int SHORTEST_BAR = 10;
  private static final int SHORTEST_TASK = 12;
  private static final String CUT = "...";

  private ProgressLine() {}

  /**
   * @param amount what was done of what, empty for nothing
   * @param elapsed since the beginning
   * @param width in characters; the line is not longer
   */
  static String of(String task, long done, long max, String amount, Duration elapsed, int width) {
    int permille = max <= 0 ? 0 : (int) Math.clamp(done * 1000.0 / max, 0, 1000);
    String percent = " %3d %% [".formatted(permille / 10);
    String amounts = amount.isEmpty() ? "" : " " + amount;
    for (String rest : List.of(amounts + timeLeft(permille, elapsed), amounts, "")) {
      String end = "]" + rest;
      int room = width - percent.length() - end.length();
      if (room < SHORTEST_BAR + Math.min(task.length(), SHORTEST_TASK)) continue;
      String shown = shortened(task, room - SHORTEST_BAR);
      int bar = room - shown.length();
      int full = bar * permille / 1000;
      return shown + percent + "=".repeat(full) + " ".repeat(bar - full) + end;
    }
    String little = permille / 10 + " %";
    return little.substring(0, Math.min(little.length(), Math.max(width, 0)));
  }

  private static String timeLeft(int permille, Duration elapsed) {
    if (permille == 0 || permille == 1000) return "";
    long seconds = elapsed.toSeconds() * (1000 - permille) / permille;
    return ", %d:%02d:%02d left".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
  }

  /** Begins and ends as the text does: the end of a path says most. */
  private static String shortened(String text, int length) {
    if (text.length() <= length) return text;
    int begin = (length - CUT.length()) / 3;
    int end = length - CUT.length() - begin;
    return text.substring(0, begin) + CUT + text.substring(text.length() - end);
  }
}
