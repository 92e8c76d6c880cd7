package dev.varve.http.command;

import dev.varve.io.vdi.VdiCheck;
import dev.varve.io.vdi.VdiCheck.Finding;
import dev.varve.io.vdi.VdiCheck.Report;
import dev.varve.io.vdi.VdiCheck.Severity;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve image check}: looks for damage, and repairs it. */
@Command(
    name = "check",
    sortOptions = false,
    description = {
      "Looks for damage in images, each for itself. Exit status 1 if one is damaged in the end.",
      "",
      "Wasted space is no damage; --repair gives it back, too. Blocks that cannot be saved read as zeroes afterwards,"
          + " or as the parent's; the report names them.",
      ""
    })
final class ImageCheckCommand implements Callable<Integer> {

  private static final Pattern WORD_START = Pattern.compile("_([a-z])");

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "The images to check.")
  private List<Path> images;

  @Option(names = "--repair", description = "Repair what can be repaired.")
  private boolean repair;

  @Mixin private ForceOption force;

  @Option(
      names = "--output",
      paramLabel = "text|json",
      defaultValue = "TEXT",
      description = "How to report (text).")
  private OutputFormat output;

  @Override
  public Integer call() throws IOException {
    List<Report> reports = new ArrayList<>();
    for (Path image : images) {
      if (repair) force.open(() -> reports.add(VdiCheck.repair(image, UUID::randomUUID)));
      else reports.add(VdiCheck.check(image));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (output == OutputFormat.JSON) {
      var all = new JsonArray();
      reports.forEach(report -> all.add(json(report)));
      out.println(new JsonObject().put("images", all).encode());
    } else {
      reports.forEach(report -> out.println(text(report)));
    }
    out.flush();
    return reports.stream().anyMatch(r -> r.severity() == Severity.DAMAGE) ? 1 : 0;
  }

  private static String status(Report report) {
    return switch (report.severity()) {
      case NOTE -> "clean";
      case LEAK -> "leaks";
      case DAMAGE -> "damaged";
    };
  }

  private static String text(Report report) {
    var text = new StringBuilder(report.file()).append(": ").append(status(report));
    for (Finding finding : report.findings()) {
      text.append("\n  ").append(lower(finding.kind().severity())).append(": ");
      text.append(finding.message());
    }
    report.repairs().forEach(done -> text.append("\n  repaired: ").append(done));
    return text.toString();
  }

  private static JsonObject json(Report report) {
    var findings = new JsonArray();
    for (Finding finding : report.findings()) {
      findings.add(
          new JsonObject()
              .put("kind", camelCase(finding.kind()))
              .put("severity", lower(finding.kind().severity()))
              .put("message", finding.message()));
    }
    return new JsonObject()
        .put("file", report.file())
        .put("status", status(report))
        .put("findings", findings)
        .put("repairs", new JsonArray(report.repairs()));
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static String camelCase(Enum<?> constant) {
    return WORD_START
        .matcher(lower(constant))
        .replaceAll(start -> start.group(1).toUpperCase(Locale.ROOT));
  }
}
