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

/**
 * A TCP address on which the server listens: it is listened on, for a moment, if the server does
 * not run.
 *
 * @param key of the setting
 */
record AddressCheck(Installation installation, String key, TcpAddress address) implements Check {

  private static final String ADDRESS = "address";

  @Override
  public String subject() {
    return ADDRESS;
  }

  @Override
  public List<Finding> look() {
    Long server = FolderProcess.of(installation.stateFolder());
    String user = PortUser.of(address.port());
    if (server != null)
      return List.of(
          Finding.good(
              ADDRESS,
              "%s (--%s) is for the server that runs, process %d".formatted(address, key, server)));
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(address.host()), address.port()));
      return List.of(Finding.good(ADDRESS, "%s (--%s) is free".formatted(address, key)));
    } catch (UnknownHostException _) {
      return List.of(
          Finding.wrong(
              ADDRESS,
              "--%s: there is no host '%s'".formatted(key, address.host()),
              "write an address of this host"));
    } catch (IOException e) {
      return List.of(
          Finding.wrong(
              ADDRESS,
              "%s (--%s) cannot be listened on: %s%s"
                  .formatted(
                      address, key, FailureWords.of(e), user == null ? "" : ", it has " + user),
              "end that program, or choose another address with --" + key));
    }
  }
}
