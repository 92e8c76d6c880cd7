package dev.varve.http.bundle;

import dev.varve.http.client.FolderProcess;
import dev.varve.http.doctor.Installation;
import dev.varve.http.doctor.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a bundle, and what has to be taken out of them. Immutable; making one looks for the
 * server.
 *
 * @param report the doctor's
 */
public record Parts(Installation installation, Report report) {

  private static final String NO_SERVER = "no server runs that this user can see";

  /**
   * All parts.
   *
   * @param version of the program
   * @param configuration each value, and where it comes from
   */
  public List<Part> all(String version, Part.Source configuration) {
    List<Part> parts = new ArrayList<>();
    parts.add(new Part("version.txt", "the program, its build and its Java", () -> version));
    parts.add(new Part("doctor.txt", "what 'varve doctor' has found", () -> report.text() + "\n"));
    parts.add(
        new Part(
            "doctor.json", "the same for programs", () -> report.json().encodePrettily() + "\n"));
    parts.add(
        new Part("config.txt", "what 'varve config show' tells, without secrets", configuration));
    parts.add(new Part("host.txt", "kernel, memory, load, mounts", ProcessFacts::host));
    Long process = FolderProcess.of(installation.stateFolder());
    parts.add(new Part("log.txt", "the end of the server's log", new ServerLog(process)::text));
    parts.addAll(new ServerDocuments(installation.stateFolder(), new Questions()).parts());
    parts.add(
        new Part(
            "process/facts.txt",
            "the server's process: memory, limits, open files",
            () -> ProcessFacts.process(known(process))));
    var jvm = new Questions(); // one that still answers tells why the API does not
    parts.add(
        new Part(
            "process/threads.txt",
            "what each thread of the server does",
            () -> jvm.ask(() -> new ServerJvm(known(process)).threads())));
    parts.add(
        new Part(
            "process/heap.txt",
            "its memory, as Java sees it",
            () -> jvm.ask(() -> new ServerJvm(known(process)).heap())));
    parts.add(
        new Part(
            "process/recording.txt",
            "a JFR recording, if one runs",
            () -> jvm.ask(() -> new ServerJvm(known(process)).recording())));
    return parts;
  }

  private static long known(@Nullable Long process) throws IOException {
    if (process == null) throw new IOException(NO_SERVER);
    return process;
  }

  /** Takes out what this user and the settings name, and all that looks like a secret. */
  public Redaction redaction(Map<String, String> environment) {
    return new Redaction(
        KnownSecrets.of(installation, environment),
        KnownSecrets.hosts(installation),
        KnownSecrets.users(installation, report.serverUser()));
  }
}
