package dev.varve.http.command;

import dev.varve.http.doctor.Installation;
import dev.varve.http.doctor.Report;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code varve doctor}: what is wrong on this host, and how to mend it. Runs on the main thread.
 */
@Command(
    name = "doctor",
    description = {
      "Looks at this host, the server's settings and files, and tells what is wrong and how to mend it.",
      "",
      "It needs no server and no permission, and changes nothing: what a file system can do is tried with files without a"
          + " name. Run it as root to try what the server's user may do.",
      "",
      "Exit status: 0 nothing is wrong (there may be warnings), 1 something is."
    })
public final class DoctorCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private InstallationOptions installation;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..*",
      description = "Look also at this image, settings file (.vbox) or folder.")
  private List<Path> files = List.of();

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() throws IOException {
    Installation looked = installation.of(files, System.getenv());
    Report report = Report.of(looked);
    answer.print(spec.commandLine().getOut(), report::json, report::text);
    return report.isGood() ? 0 : 1;
  }
}
