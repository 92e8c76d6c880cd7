package dev.varve.bench.compare;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** QEMU's storage daemon with two throttle groups, which change through its monitor. */
final class QemuGroups implements GroupServer {

  private final ServerProcess process;
  private final Path socket;
  private final Monitor monitor;

  private QemuGroups(ServerProcess process, Path socket, Monitor monitor) {
    this.process = process;
    this.socket = socket;
    this.monitor = monitor;
  }

  static QemuGroups start(Path folder, List<Path> images) throws IOException, InterruptedException {
    Path socket = folder.resolve("nbd.sock");
    Path monitor = folder.resolve("monitor.sock");
    ServerProcess process =
        ServerProcess.start(
            "qemu-storage-daemon",
            command(socket, monitor, images),
            socket,
            () -> NbdSession.open(socket, "disk0").close());
    try {
      return new QemuGroups(process, socket, new Monitor(monitor));
    } catch (Throwable e) {
      process.close();
      throw e;
    }
  }

  private static List<String> command(Path socket, Path monitor, List<Path> images) {
    var command = new ArrayList<>(List.of("qemu-storage-daemon"));
    for (int group = 0; group < GROUPS; group++) {
      command.addAll(List.of("--object", "throttle-group,id=group" + group));
    }
    command.addAll(List.of("--nbd-server", "addr.type=unix,addr.path=" + socket));
    for (int disk = 0; disk < DISKS; disk++) {
      command.add("--blockdev");
      command.add(
          "driver=file,node-name=file%d,filename=%s,aio=threads".formatted(disk, images.get(disk)));
      command.add("--blockdev");
      command.add(
          "driver=throttle,node-name=disk%d,throttle-group=group%d,file=file%d"
              .formatted(disk, GroupServer.group(disk), disk));
      command.add("--export");
      command.add("nbd,id=export%1$d,node-name=disk%1$d,name=disk%1$d,writable=on".formatted(disk));
    }
    command.add("--chardev");
    command.add("socket,id=monitor,path=" + monitor + ",server=on,wait=off");
    command.addAll(List.of("--monitor", "chardev=monitor"));
    return command;
  }

  @Override
  public String name() {
    return "QEMU, throttle group";
  }

  @Override
  public Path socket(int disk) {
    return socket;
  }

  @Override
  public String export(int disk) {
    return "disk" + disk;
  }

  @Override
  public void limit(int group, long bytesPerSecond) throws IOException {
    monitor.ask(
        "qom-set",
        new JsonObject()
            .put("path", "/objects/group" + group)
            .put("property", "limits")
            .put("value", new JsonObject().put("bps-total", bytesPerSecond)));
  }

  @Override
  public Duration cpu() {
    return process.cpu();
  }

  @Override
  public void close() throws IOException {
    monitor.close();
    process.close();
  }

  /** QEMU's monitor protocol: a JSON object on each line. */
  private static final class Monitor {
    private final SocketChannel channel;
    private final BufferedReader answers;

    Monitor(Path socket) throws IOException {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      Reader reader = Channels.newReader(channel, StandardCharsets.UTF_8);
      answers = new BufferedReader(reader);
      try {
        answers.readLine(); // the greeting
        ask("qmp_capabilities", new JsonObject());
      } catch (Throwable e) {
        channel.close();
        throw e;
      }
    }

    void ask(String command, JsonObject arguments) throws IOException {
      String text =
          new JsonObject().put("execute", command).put("arguments", arguments).encode() + "\n";
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
      while (bytes.hasRemaining()) channel.write(bytes);
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        var answer = new JsonObject(line);
        if (answer.containsKey("return")) return;
        if (answer.containsKey("error"))
          throw new IOException("QEMU refuses " + text.strip() + ": " + line);
      }
      throw new IOException("QEMU's monitor has gone");
    }

    void close() throws IOException {
      channel.close();
    }
  }
}
