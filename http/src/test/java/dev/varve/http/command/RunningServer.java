package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
    var process = VarveProcess.start(folder, "serve", "--state", "state", "--api-tcp", "off");
    process.line();
    process.line();
    process.line();
    return new RunningServer(folder, process, "");
  }

  /** The same, with a port of this machine. */
  static RunningServer startWithPage(Path folder) throws IOException {
    return startWithPage(folder, "127.0.0.1:0");
  }

  /** The same, at this address. */
  static RunningServer startWithPage(Path folder, String at) throws IOException {
    var process = VarveProcess.start(folder, "serve", "--state", "state", "--api-tcp", at);
    process.line();
    process.line();
    String address = process.line().strip().replaceFirst("api *", "").replace("api/v1", "");
    process.line();
    return new RunningServer(folder, process, address);
  }

  /** Where a browser finds the page. */
  String page() {
    return page;
  }

  /** Makes a machine with a SATA and an IDE controller. */
  void create(String machine) {
    run("machine", "create", machine);
    run("machine", "controller", "add", machine, "SATA", "--bus", "SATA");
    run("machine", "controller", "add", machine, "IDE", "--bus", "IDE");
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
    process.signal("TERM");
    assertEquals(0, process.exitStatus(), process::errors);
    assertEquals("", process.errors());
  }

  /** Ends it, which must leave everything clean but what the log has told of a wrong token. */
  void stopAfterRefusing() throws Exception {
    process.signal("TERM");
    assertEquals(0, process.exitStatus(), process::errors);
    for (String line : process.errors().lines().toList())
      assertTrue(line.contains("refused"), line);
  }

  /** Ends it, which must leave everything clean but what the log has told of a lost disk. */
  void stopAfterLosing(String disk) throws Exception {
    process.signal("TERM");
    assertEquals(0, process.exitStatus(), process::errors);
    for (String line : process.errors().lines().toList())
      assertTrue(line.contains("disk '" + disk + "'"), line);
  }

  /** Ends it, which must leave everything clean but what the log may have told of one image. */
  void stopAfterTellingOf(Path image) throws Exception {
    process.signal("TERM");
    assertEquals(0, process.exitStatus(), process::errors);
    for (String line : process.errors().lines().toList())
      assertTrue(line.contains(image.toString()), line);
  }

  @Override
  public void close() {
    process.close();
  }
}
