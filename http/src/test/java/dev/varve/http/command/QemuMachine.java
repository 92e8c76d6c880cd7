package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A virtual machine of QEMU, without KVM. What it says on its serial line is in a file. */
final class QemuMachine implements AutoCloseable {

  private final Path folder;
  private final Process process;

  private QemuMachine(Path folder, Process process) {
    this.folder = folder;
    this.process = process;
  }

  /** One with a disk that it reaches over NBD. */
  static QemuMachine overNbd(Path folder, String uri, String bus) throws IOException {
    return start(folder, "pc,accel=tcg", "-drive", "file=" + uri + ",format=raw,if=" + bus);
  }

  /** One that reaches its disk over vhost-user, and connects again when it is sent away. */
  static QemuMachine overVhostUser(Path folder, Path socket) throws IOException {
    return start(
        folder,
        "pc,accel=tcg,memory-backend=ram",
        "-object",
        "memory-backend-memfd,id=ram,size=16M,share=on",
        "-chardev",
        "socket,id=disk,reconnect=1,path=" + socket,
        "-device",
        "vhost-user-blk-pci,chardev=disk");
  }

  private static QemuMachine start(Path folder, String machine, String... disk) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("qemu-system-x86_64", "-machine", machine, "-m", "16M"));
    command.addAll(List.of("-nodefaults", "-display", "none", "-no-reboot"));
    command.addAll(List.of("-serial", "file:console"));
    command.addAll(List.of(disk));
    return new QemuMachine(
        folder,
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("qemu.log").toFile())
            .start());
  }

  long pid() {
    return process.pid();
  }

  /** What the machine says until it powers off. */
  String run() throws IOException, InterruptedException {
    boolean off = process.waitFor(60, TimeUnit.SECONDS);
    String log = Files.readString(folder.resolve("qemu.log"));
    assertTrue(off, () -> "the machine does not power off: " + log);
    assertEquals(0, process.exitValue(), log);
    return Files.readString(folder.resolve("console"));
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
