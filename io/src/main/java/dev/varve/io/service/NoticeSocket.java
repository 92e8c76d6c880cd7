package dev.varve.io.service;

import dev.varve.io.posix.UnixDatagram;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where systemd hears of the services that it has started, sd_notify(3). Immutable; any thread.
 *
 * @param address an absolute path, or {@code @} and a name in the abstract namespace
 */
public record NoticeSocket(String address) {

  /** The one that the environment of a service names; null for none. */
  public static @Nullable NoticeSocket of(Map<String, String> environment) {
    String address = environment.getOrDefault("NOTIFY_SOCKET", "");
    return address.startsWith("/") || address.startsWith("@") ? new NoticeSocket(address) : null;
  }

  /**
   * Sends one notice, without waiting.
   *
   * @param notice lines such as {@code READY=1}
   * @throws IOException systemd does not take it
   */
  public void send(String notice) throws IOException {
    UnixDatagram.send(address, notice);
  }
}
