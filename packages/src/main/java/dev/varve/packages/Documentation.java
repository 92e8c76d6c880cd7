package dev.varve.packages;

import dev.varve.http.Main;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import picocli.AutoComplete;
import picocli.CommandLine;

/**
 * Writes {@code man1/varve*.1}, the same compressed in {@code man1gz}, and {@code
 * completions/varve} into a folder. Its arguments are the folder, the version and the date of the
 * pages. Runs on the main thread.
 */
final class Documentation {

  private Documentation() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    CommandLine varve = Main.commandLine();
    Files.createDirectories(folder.resolve("man1"));
    Files.createDirectories(folder.resolve("man1gz"));
    write(varve, folder, arguments[1], arguments[2].substring(0, 10));
    Path completions = Files.createDirectories(folder.resolve("completions"));
    Files.writeString(completions.resolve("varve"), completion(varve));
  }

  private static void write(CommandLine command, Path folder, String version, String date)
      throws IOException {
    var page = new ManPage(command.getCommandSpec(), version, date);
    Files.writeString(folder.resolve("man1").resolve(page.name() + ".1"), page.text());
    Path compressed = folder.resolve("man1gz").resolve(page.name() + ".1.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(compressed))) {
      out.write(page.text().getBytes(StandardCharsets.UTF_8));
    }
    for (CommandLine each : command.getSubcommands().values()) write(each, folder, version, date);
  }

  /** For bash, and for zsh with bashcompinit; it is read and not run. */
  static String completion(CommandLine varve) {
    return AutoComplete.bash("varve", varve).replaceFirst("^#!.*\n", "");
  }
}
