package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * nbdkit with its rate filter, which has no groups: so each group is a process, and its exports
 * share the process's limit. The filter limits reads and writes separately, and takes new limits
 * from a file that it polls.
 */
final class NbdkitGroups implements GroupServer {

  private final Path folder;
  private final List<Path> images;
  private final List<ServerProcess> processes = new ArrayList<>();

  private NbdkitGroups(Path folder, List<Path> images) {
    this.folder = folder;
    this.images = images;
  }

  static NbdkitGroups start(Path folder, List<Path> images)
      throws IOException, InterruptedException {
    var server = new NbdkitGroups(folder, images);
    try {
      for (int group = 0; group < GROUPS; group++) {
        server.limit(group, 0);
        server.processes.add(server.startProcess(group));
      }
      return server;
    } catch (Throwable e) {
      server.close();
      throw e;
    }
  }

  private ServerProcess startProcess(int group) throws IOException, InterruptedException {
    int disk = 2 * group;
    Path socket = socket(disk);
    List<String> command =
        List.of(
            "nbdkit",
            "--foreground",
            "--unix",
            socket.toString(),
            "--filter=rate",
            "file",
            "dir=" + images.get(disk).getParent(),
            "rate-file=" + file(group));
    return ServerProcess.start(
        name(), command, socket, () -> NbdSession.open(socket, export(disk)).close());
  }

  private Path file(int group) {
    return folder.resolve("rate" + group);
  }

  @Override
  public String name() {
    return "nbdkit, rate filter";
  }

  @Override
  public Path socket(int disk) {
    return folder.resolve("group" + GroupServer.group(disk) + ".sock");
  }

  @Override
  public String export(int disk) {
    return images.get(disk).getFileName().toString();
  }

  /** In bits; 0 is no limit here too. */
  @Override
  public void limit(int group, long bytesPerSecond) throws IOException {
    Path next = folder.resolve("next");
    Files.writeString(next, 8 * bytesPerSecond + "\n");
    Files.move(next, file(group), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public Duration cpu() {
    return processes.stream().map(ServerProcess::cpu).reduce(Duration.ZERO, Duration::plus);
  }

  @Override
  public void close() throws IOException {
    for (ServerProcess process : processes) process.close();
  }
}
