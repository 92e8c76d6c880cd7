package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/** {@code varve serve} for a state folder, in a process of its own, and the commands for it. */
final class RunningServer implements AutoCloseable {

  private final Path folder;
  private final VarveProcess process;
  private final ControlTool commands;
  private final String page;

  private RunningServer(Path folder, VarveProcess process, String page) {
    this.folder = folder;
    this.process = process;
    this.page = page;
    this.commands = new ControlTool(folder.resolve("state"));
  }

  /** Starts it for {@code state} in {@code folder}, from which relative paths start. */
  static RunningServer start(Path folder) throws IOException {
    return start(folder, "off");
  }

  /** The same, with the page at a port of this machine. */
  static RunningServer startWithPage(Path folder) throws IOException {
    return start(folder, "127.0.0.1:0");
  }

  /** The same, with the page at this address, such as {@code 127.0.0.1:8080}. */
  static RunningServer startWithPage(Path folder, String address) throws IOException {
    return start(folder, address);
  }

  private static RunningServer start(Path folder, String api) throws IOException {
    var process = VarveProcess.start(folder, "serve", "--state", "state", "--api-tcp", api);
    String page = "";
    String line;
    do {
      line = process.line().strip();
      if (line.startsWith("api ")) page = line.replaceFirst("api +", "").replace("api/v1", "");
    } while (!line.startsWith("nbd "));
    return new RunningServer(folder, process, page);
  }

  /** Where a browser finds the page. */
  String page() {
    return page;
  }

  /** The address of the page, such as {@code 127.0.0.1:8080}. */
  String address() {
    return page.replaceAll("^http://|/$", "");
  }

  String ownersToken() throws IOException {
    return Files.readString(folder.resolve("state/token")).strip();
  }

  /** Makes a token of a scope. */
  String token(String scope) {
    return run("token", "create", scope, "--scope", scope).getString("token");
  }

  /** Makes a machine with a SATA and an IDE controller. */
  void create(String machine) {
    run("machine", "create", machine);
    run("machine", "controller", "add", machine, "SATA", "--bus", "SATA");
    run("machine", "controller", "add", machine, "IDE", "--bus", "IDE");
  }

  /** The same, with a new disk in the first port of the SATA controller; returns its image. */
  Path createWithDisk(String machine, String size) {
    create(machine);
    Path image = folder.resolve(machine + ".vdi");
    run("medium", "create", image, "--size", size);
    run("machine", "attach", machine, "SATA:0", image);
    return image;
  }

  /** Runs a command, which must not fail. */
  JsonObject run(Object... arguments) {
    return commands.run(arguments);
  }

  /** Runs a command, which must fail, and returns why it did. */
  String failure(Object... arguments) {
    return commands.failure(arguments);
  }

  /** The device in a slot. */
  JsonObject attachment(String machine, String controller, int port) {
    return run("machine", "show", machine)
        .getJsonObject("hardware")
        .getJsonArray("attachments")
        .stream()
        .map(JsonObject.class::cast)
        .filter(each -> each.getString("controller").equals(controller))
        .filter(each -> each.getInteger("port") == port)
        .findFirst()
        .orElseThrow();
  }

  /** Where a disk is served. */
  String uri(String machine, String controller, int port) {
    return "nbd+unix:///%s/%s/%d/0?socket=%s"
        .formatted(machine, controller, port, folder.resolve("state/nbd.sock"));
  }

  /** Has {@code qemu-io} carry out commands on a disk, and flush it. */
  String qemuIo(String uri, String... requests) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "raw", "-d", "unmap"));
    for (String request : requests) command.addAll(List.of("-c", request));
    command.addAll(List.of("-c", "flush", uri));
    return tool(command.toArray(String[]::new));
  }

  /** Runs a program of the machine; fails if it does. */
  String tool(Object... command) throws IOException, InterruptedException {
    String[] words = Arrays.stream(command).map(Object::toString).toArray(String[]::new);
    return VarveProcess.tool(folder, words);
  }

  /** Ends it, which must leave everything clean. */
  void stop() throws Exception {
    stopTelling(_ -> false);
  }

  /** The same, but the log has told of wrong tokens and failed jobs. */
  void stopAfterFailures() throws Exception {
    stopTelling(line -> line.contains("refused") || line.contains("job failed"));
  }

  /** The same, but the log has told of a lost disk. */
  void stopAfterLosing(String disk) throws Exception {
    stopTelling(line -> line.contains("disk '" + disk + "'"));
  }

  /** The same, but the log may have told of one image. */
  void stopAfterTellingOf(Path image) throws Exception {
    stopTelling(line -> line.contains(image.toString()));
  }

  private void stopTelling(Predicate<String> expected) throws Exception {
    process.signal("TERM");
    assertEquals(0, process.exitStatus(), process::errors);
    for (String line : process.errors().lines().toList()) assertTrue(expected.test(line), line);
  }

  @Override
  public void close() {
    process.close();
  }
}
