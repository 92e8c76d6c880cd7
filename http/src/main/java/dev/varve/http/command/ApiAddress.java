package dev.varve.http.command;

import dev.varve.http.server.TcpAddress;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;

/**
 * The TCP address on which the API answers.
 *
 * @param tcp null for nowhere
 */
record ApiAddress(@Nullable TcpAddress tcp) {

  private static final int PORT = 10810;

  /** Where none is named. */
  static final TcpAddress USUAL = new TcpAddress(TcpAddress.LOOPBACK, PORT);

  static ApiAddress parse(String text) {
    return new ApiAddress(
        text.equalsIgnoreCase("off") ? null : TcpAddressConverter.parse(text, PORT));
  }

  /** How picocli reads one. */
  static final class Converter implements ITypeConverter<ApiAddress> {
    @Override
    public ApiAddress convert(String text) {
      return parse(text);
    }
  }
}
