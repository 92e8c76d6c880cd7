package dev.varve.core.medium;

import java.util.List;

/**
 * What a check of an image has found. Immutable.
 *
 * @param file its name
 * @param status the worst of the findings
 * @param served whether a running machine was writing to it: then the file was looked at as it is
 *     on disk, and only for damage
 */
public record ImageReport(String file, Status status, List<Finding> findings, boolean served) {

  public ImageReport {
    findings = List.copyOf(findings);
  }

  /** A report whose status is the worst of the findings. */
  public static ImageReport of(String file, List<Finding> findings, boolean served) {
    Status worst = Status.CLEAN;
    for (Finding found : findings) {
      if (found.severity().equals(Finding.DAMAGE)) worst = Status.DAMAGED;
      else if (found.severity().equals(Finding.LEAK) && worst == Status.CLEAN) worst = Status.LEAKS;
    }
    return new ImageReport(file, worst, findings, served);
  }

  /** How an image is. */
  public enum Status {
    CLEAN("clean"),
    /** Its contents are whole, space is wasted. */
    LEAKS("leaks"),
    DAMAGED("damaged");

    private final String text;

    Status(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  /**
   * One thing that was found.
   *
   * @param kind a word for programs
   * @param severity {@code note}, {@code leak} or {@code damage}
   * @param message for people, with the numbers
   */
  public record Finding(String kind, String severity, String message) {
    public static final String NOTE = "note";
    public static final String LEAK = "leak";
    public static final String DAMAGE = "damage";
  }
}
