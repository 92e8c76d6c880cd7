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
 * Writes {@code man1/varve*.1} and {@code man5/varve.conf.5}, the same compressed in {@code man1gz}
 * and {@code man5gz}, {@code completions/varve} and {@code varve.conf} into a folder. Its arguments
 * are the folder, the version and the date of the pages. Runs on the main thread.
 */
final class Documentation {

  private Documentation() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    CommandLine varve = Main.commandLine();
    String date = arguments[2].substring(0, 10);
    write(varve, folder, arguments[1], date);
    var configuration = new ConfigTexts();
    write("varve.conf", 5, configuration.page(arguments[1], date), folder);
    Files.writeString(folder.resolve("varve.conf"), configuration.file());
    Path completions = Files.createDirectories(folder.resolve("completions"));
    Files.writeString(completions.resolve("varve"), completion(varve));
  }

  private static void write(CommandLine command, Path folder, String version, String date)
      throws IOException {
    var page = new ManPage(command.getCommandSpec(), version, date);
    write(page.name(), 1, page.text(), folder);
    for (CommandLine each : command.getSubcommands().values()) write(each, folder, version, date);
  }

  private static void write(String name, int section, String page, Path folder) throws IOException {
    String file = name + "." + section;
    Path plain = Files.createDirectories(folder.resolve("man" + section)).resolve(file);
    Files.writeString(plain, page);
    Path compressed = Files.createDirectories(folder.resolve("man" + section + "gz"));
    try (var out = new GZIPOutputStream(Files.newOutputStream(compressed.resolve(file + ".gz")))) {
      out.write(page.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** For bash, and for zsh with bashcompinit; it is read and not run. */
  static String completion(CommandLine varve) {
    return AutoComplete.bash("varve", varve).replaceFirst("^#!.*\n", "");
  }
}
