package dev.varve.http.command;

import dev.varve.core.device.FailureWords;
import dev.varve.http.bundle.Bundle;
import dev.varve.http.bundle.Part;
import dev.varve.http.bundle.Parts;
import dev.varve.http.bundle.Redaction;
import dev.varve.http.doctor.Installation;
import dev.varve.http.doctor.Report;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code varve support-bundle}: what a report of a bug needs, in one file. Runs on the main thread.
 */
@Command(
    name = "support-bundle",
    description = {
      "Collects in a zip file what a report of a bug needs: what 'varve doctor' finds, version, configuration, log, metrics,"
          + " machines and media, and of a server that runs its threads and memory.",
      "",
      "Tokens, hashes, private keys, passwords, descriptions, and names of hosts and users are left out; names of machines"
          + " and files are not. README.txt in the file says what it has and what could not be had. Read it before you send"
          + " it. Only you can read the file; a server that runs goes on as it was."
    })
public final class SupportBundleCommand implements Callable<Integer> {

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  @Spec private CommandSpec spec;

  @Mixin private InstallationOptions installation;

  @Option(
      names = {"-o", "--file"},
      paramLabel = "FILE",
      description = "The file to make (varve-support-DATE-TIME.zip here). None is replaced.")
  private @Nullable Path file;

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() throws IOException {
    Map<String, String> environment = System.getenv();
    Path target =
        file != null
            ? file
            : Path.of(
                "varve-support-" + LocalDateTime.now(ZoneId.systemDefault()).format(TIME) + ".zip");
    Installation looked = installation.of(List.of(), environment);
    tell("looking at this host as 'varve doctor' does");
    try (var _ = new CleanCancel()) {
      var parts = new Parts(looked, Report.of(looked));
      List<Part> all = parts.all(version(), () -> configuration(environment));
      Bundle made = made(target, all, parts.redaction(environment));
      answer.print(spec.commandLine().getOut(), () -> json(made), () -> text(made));
    }
    return 0;
  }

  private void tell(String notice) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("varve: " + notice);
    err.flush();
  }

  private Bundle made(Path target, List<Part> parts, Redaction redaction) throws IOException {
    try {
      return Bundle.make(target, parts, redaction, this::tell);
    } catch (FileAlreadyExistsException e) {
      throw new IOException(target + " is there already; choose another name with -o", e);
    } catch (NoSuchFileException e) {
      throw new IOException(
          "there is no folder %s: make it, or name another file with -o"
              .formatted(target.toAbsolutePath().getParent()),
          e);
    } catch (FileSystemException | InterruptedIOException e) { // whose words name the file
      throw e;
    } catch (IOException e) {
      throw new IOException(
          "%s cannot be written: %s; free some room there, or name a file on another file system with -o"
              .formatted(target, FailureWords.of(e)),
          e);
    }
  }

  private String version() throws IOException {
    try {
      return String.join("\n", spec.root().versionProvider().getVersion()) + "\n";
    } catch (Exception e) {
      throw new IOException("the version is unknown", e);
    }
  }

  private String configuration(Map<String, String> environment) throws IOException {
    var configuration = ServeCommand.configuration(installation.words(environment), environment);
    return ConfigShowCommand.table(configuration) + "\n";
  }

  private static JsonObject json(Bundle made) {
    var missing = new JsonObject();
    made.missing().forEach(missing::put);
    return new JsonObject()
        .put("file", made.file().toAbsolutePath().toString())
        .put("parts", new JsonArray(made.parts()))
        .put("missing", missing);
  }

  private static String text(Bundle made) {
    Map<String, List<String>> missing = new LinkedHashMap<>(); // what it is without, by the reason
    made.missing()
        .forEach((name, why) -> missing.computeIfAbsent(why, _ -> new ArrayList<>()).add(name));
    List<String> lines = new ArrayList<>(List.of(made.file().toString()));
    missing.forEach(
        (why, names) -> lines.add("without %s: %s".formatted(String.join(", ", names), why)));
    lines.add("Read it before you send it; its README.txt says what was left out.");
    return String.join("\n", lines);
  }
}
