package dev.varve.http.doctor;

import java.util.List;

/** The configuration file. */
record ConfigurationCheck(Installation installation) implements Check {

  private static final String CONFIGURATION = "configuration";

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
                      CONFIGURATION,
                      problem,
                      "mend the line, then 'varve config check' and 'systemctl reload varve'"))
          .toList();
    return List.of(
        Finding.good(
            CONFIGURATION,
            installation.configuration() == null
                ? "no file is for this server, so the usual values hold"
                : installation.configuration() + " can be used"));
  }
}
