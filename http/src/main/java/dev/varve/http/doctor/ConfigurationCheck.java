package dev.varve.http.doctor;

import java.util.List;
import java.util.regex.Pattern;

/** The configuration file. */
record ConfigurationCheck(Installation installation) implements Check {

  private static final String CONFIGURATION = "configuration";

  /** With which a problem begins that a line of the file has. */
  private static final Pattern LINE = Pattern.compile(".+?:\\d+: ");

  private static final String MEND =
      "mend the line, then 'varve config check' and 'systemctl reload varve'";
  private static final String MAKE =
      "name a file that can be read, with --config FILE, or none, with --config none";

  @Override
  public String subject() {
    return CONFIGURATION;
  }

  @Override
  public List<Finding> look() {
    if (!installation.problems().isEmpty())
      return installation.problems().stream()
          .map(
              problem ->
                  Finding.wrong(
                      CONFIGURATION, problem, LINE.matcher(problem).lookingAt() ? MEND : MAKE))
          .toList();
    return List.of(
        Finding.good(
            CONFIGURATION,
            installation.configuration() == null
                ? "no file is for this server, so the usual values hold"
                : installation.configuration() + " can be used"));
  }
}
