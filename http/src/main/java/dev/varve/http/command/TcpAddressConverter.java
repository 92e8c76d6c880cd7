package dev.varve.http.command;

import dev.varve.http.server.TcpAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads an address as the user writes it: {@code PORT}, {@code HOST}, {@code HOST:PORT} or {@code
 * [IPV6]:PORT}.
 */
final class TcpAddressConverter implements ITypeConverter<TcpAddress> {

  @Override
  public TcpAddress convert(String text) {
    return parse(text);
  }

  /** Reads one for NBD. */
  static TcpAddress parse(String text) {
    return parse(text, TcpAddress.NBD_PORT);
  }

  /** Reads one; {@code usualPort} is meant where none is given. */
  static TcpAddress parse(String text, int usualPort) {
    if (text.matches("\\d+")) return new TcpAddress(TcpAddress.LOOPBACK, port(text));
    int colon = text.lastIndexOf(':');
    boolean bracketed = text.startsWith("[");
    if (colon < 0 || (bracketed && text.endsWith("]")))
      return new TcpAddress(host(text), usualPort);
    if (!bracketed && text.indexOf(':') < colon) {
      throw new TypeConversionException(
          "'%s': an IPv6 address is written in brackets, [::1]:%d".formatted(text, usualPort));
    }
    String host = text.substring(0, colon);
    return new TcpAddress(
        host.isEmpty() ? TcpAddress.LOOPBACK : host(host), port(text.substring(colon + 1)));
  }

  private static String host(String text) {
    String host =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    if (host.isEmpty()) throw new TypeConversionException("'" + text + "' names no host");
    return host;
  }

  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 65535) return port;
    } catch (NumberFormatException _) {
      // said below
    }
    throw new TypeConversionException("port '" + text + "': ports are 0 to 65535");
  }
}
