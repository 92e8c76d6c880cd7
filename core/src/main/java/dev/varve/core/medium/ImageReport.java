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
  public record Finding(String kind, String severity, String message) {}
}
