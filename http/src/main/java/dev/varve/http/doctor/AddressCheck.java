package dev.varve.http.doctor;

import dev.varve.core.device.FailureWords;
import dev.varve.http.client.FolderProcess;
import dev.varve.http.server.TcpAddress;
import dev.varve.io.trial.PortUser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;

/**
 * A TCP address on which the server listens. If the server does not run, it is listened on, for a
 * moment; a server that runs may have been started with other settings than these.
 *
 * @param key of the setting
 */
record AddressCheck(Installation installation, String key, TcpAddress address) implements Check {

  private static final String ADDRESS = "address";
  private static final String END = "end that program, or choose another address with --";

  @Override
  public String subject() {
    return ADDRESS;
  }

  @Override
  public List<Finding> look() {
    Long server = FolderProcess.of(installation.stateFolder());
    return List.of(server == null ? free() : used(server));
  }

  private Finding used(long server) {
    String which = "%s (--%s)".formatted(address, key);
    if (address.port() == 0) return Finding.good(ADDRESS, which + " is any free port");
    Set<Long> users = PortUser.processes(address.port());
    if (users.contains(server))
      return Finding.good(
          ADDRESS, "the server that runs, process %d, listens on %s".formatted(server, which));
    if (users.isEmpty() && PortUser.isUsed(address.port()))
      return Finding.warning(
          ADDRESS,
          "this user cannot see whether it is the server that listens on " + which,
          "run 'varve doctor' as root or as the server's user");
    if (!users.isEmpty())
      return Finding.warning(
          ADDRESS,
          "the server that runs, process %d, does not listen on %s: it has %s"
              .formatted(server, which, PortUser.of(address.port())),
          END + key);
    String unused =
        "the server that runs, process %d, does not listen on %s".formatted(server, which);
    return installation.values(key).isEmpty()
        ? Finding.good(ADDRESS, unused + ", the usual address: its own settings are others")
        : Finding.warning(
            ADDRESS,
            unused + ": it was started with other settings",
            "name its configuration file with --config, or start it again with this one");
  }

  private Finding free() {
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(address.host()), address.port()));
      return Finding.good(ADDRESS, "%s (--%s) is free".formatted(address, key));
    } catch (UnknownHostException _) {
      return Finding.wrong(
          ADDRESS,
          "--%s: there is no host '%s'".formatted(key, address.host()),
          "write an address of this host");
    } catch (IOException e) {
      String user = PortUser.of(address.port());
      return Finding.wrong(
          ADDRESS,
          "%s (--%s) cannot be listened on: %s%s"
              .formatted(address, key, FailureWords.of(e), user == null ? "" : ", it has " + user),
          END + key);
    }
  }
}
