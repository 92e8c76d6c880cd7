package dev.varve.http.command;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where virtual machines can connect whose memory is mapped (vhost-user-blk). For one thread. */
final class GuestOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--vhost-user",
      paramLabel = "PATH",
      description =
          "Serve the image to a virtual machine on this vhost-user-blk socket, which QEMU, cloud-hypervisor and crosvm"
              + " know: faster than NBD.")
  @CommandLineOnly
  private @Nullable Path socket;

  @Option(
      names = "--vhost-user-dir",
      paramLabel = "FOLDER",
      description =
          "Serve each disk of machines on a vhost-user-blk socket too, FOLDER/MACHINE/CONTROLLER/PORT/DEVICE.sock. The"
              + " umask decides which users may connect.")
  private @Nullable Path folder;

  /** Null for nowhere. */
  @Nullable Path socket() {
    return socket;
  }

  /** Absolute; null for none. */
  @Nullable Path folder() {
    return folder == null ? null : folder.toAbsolutePath().normalize();
  }

  /** Listens on this socket if no other is given. */
  void orOn(Path usual) {
    if (socket == null) socket = usual;
  }

  /**
   * @param disks how many images are served
   */
  void checkForImages(int disks) {
    if (folder != null)
      throw wrong("--vhost-user-dir is for machines: use --vhost-user PATH, or name no image");
    if (socket == null) return;
    if (disks > 1)
      throw wrong(
          "--vhost-user is for one disk, and there are %d: start a server for each"
              .formatted(disks));
    int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > ListenOptions.MAX_SOCKET_PATH)
      throw wrong(
          "%s: the path of a socket may have at most %d bytes, and this path has %d; choose another with --vhost-user"
              .formatted(socket, ListenOptions.MAX_SOCKET_PATH, length));
  }

  void checkForMachines() {
    if (socket != null)
      throw wrong("--vhost-user is for images: use --vhost-user-dir FOLDER, or name an image");
  }

  private ParameterException wrong(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
