package dev.varve.http;

import dev.varve.http.command.ClientsCommand;
import dev.varve.http.command.ConfigCommand;
import dev.varve.http.command.DoctorCommand;
import dev.varve.http.command.EnumConverters;
import dev.varve.http.command.HelpCommand;
import dev.varve.http.command.HostCommand;
import dev.varve.http.command.ImageCommand;
import dev.varve.http.command.JobCommand;
import dev.varve.http.command.MachineCommand;
import dev.varve.http.command.MediumCommand;
import dev.varve.http.command.RemoteOptions;
import dev.varve.http.command.ServeCommand;
import dev.varve.http.command.SupportBundleCommand;
import dev.varve.http.command.TokenCommand;
import dev.varve.http.command.TopCommand;
import dev.varve.http.log.ProgramLog;
import dev.varve.http.server.BuildFacts;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Predicate;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/**
 * The program {@code varve}: reads the command line, runs a command, and ends with its exit status.
 * Runs on the main thread.
 *
 * <p>0: done. 1: the command failed, and one line on standard error says why. 2: the command line
 * is wrong. 3: {@code image check} has found damage.
 */
@Command(
    name = "varve",
    scope = CommandLine.ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Serves the virtual disks of VirtualBox machines, live, over NBD and vhost-user.",
    footer = {
      "",
      "Exit status: 0 done, 1 failed, 2 wrong usage; 'varve image check' also: 3 an image is damaged.",
      "If VARVE_DEBUG is set, failures show stack traces, and the log has the messages of libraries."
    })
public final class Main {

  @SuppressWarnings("unused") // the commands that ask a server look for it
  @Mixin
  private RemoteOptions remote;

  private Main() {}

  public static void main(String[] arguments) {
    int status = execute(arguments);
    ProgramLog.drain();
    System.exit(status);
  }

  static int execute(String... arguments) {
    if (arguments.length != 1 || !arguments[0].equals("--version"))
      return commandLine(arguments).execute(arguments);
    System.out.println(version()); // reading picocli's classes would take most of the time
    return CommandLine.ExitCode.OK;
  }

  /**
   * The commands that this command line may mean, with this program's reports of failures. Making
   * all of them takes longer than most of them run; without arguments there are all.
   */
  public static CommandLine commandLine(String... arguments) {
    var varve = new CommandLine(new Main());
    List<Class<?>> commands =
        List.of(
            ServeCommand.class,
            MachineCommand.class,
            MediumCommand.class,
            HostCommand.class,
            JobCommand.class,
            TopCommand.class,
            ClientsCommand.class,
            TokenCommand.class,
            ConfigCommand.class,
            DoctorCommand.class,
            SupportBundleCommand.class,
            ImageCommand.class,
            HelpCommand.class);
    Predicate<Class<?>> meant =
        command -> arguments[0].equals(name(command)) && command != HelpCommand.class;
    boolean one = arguments.length > 0 && commands.stream().anyMatch(meant);
    commands.stream().filter(one ? meant : _ -> true).forEach(varve::addSubcommand);
    return EnumConverters.registerOn(varve)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionStrategy(Main::run)
        .setParameterExceptionHandler(Main::wrongUsage)
        .setExecutionExceptionHandler(Main::failed);
  }

  private static int run(CommandLine.ParseResult parsed) {
    RemoteOptions.check(parsed);
    return new CommandLine.RunLast().execute(parsed);
  }

  private static String name(Class<?> command) {
    return command.getAnnotation(Command.class).name();
  }

  private static int wrongUsage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("varve: " + FailureText.line(e.getMessage()));
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return CommandLine.ExitCode.USAGE;
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    command.getErr().println("varve: " + FailureText.of(e));
    if (ProgramLog.debugging()) e.printStackTrace(command.getErr());
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static String version() {
    BuildFacts build = BuildFacts.ofThisProgram();
    if (build.version() == null) return "varve (not packaged)";
    return "varve %s (%sJDK %s)"
        .formatted(
            build.version(),
            build.commit() == null ? "" : "commit " + build.commit() + ", ",
            Runtime.version());
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {version()};
    }
  }
}
