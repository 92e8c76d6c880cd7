package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.server.TcpAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TcpAddressConverterTest {

  @ParameterizedTest
  @CsvSource({
    "1234, 127.0.0.1, 1234",
    ":1234, 127.0.0.1, 1234",
    "host, host, 10809",
    "host:0, host, 0",
    "0.0.0.0:1234, 0.0.0.0, 1234",
    "[::1]:1234, ::1, 1234",
    "[::1], ::1, 10809"
  })
  void whatIsLeftOutIsLoopbackAndThePortOfNbd(String text, String host, int port) {
    assertEquals(new TcpAddress(host, port), TcpAddressConverter.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"host:", "host:65536", "host:x", "host:-1", "::1:1234", "[]:1"})
  void whatIsNoAddressIsRefused(String text) {
    assertThrows(TypeConversionException.class, () -> TcpAddressConverter.parse(text));
  }

  @Test
  void anIpv6AddressIsWrittenInBrackets() {
    assertEquals("[::1]:1", new TcpAddress("::1", 1).toString());
  }

  @Test
  void onlyLoopbackIsOutOfReachForOthers() {
    assertTrue(TcpAddressConverter.parse("1").isLoopback());
    assertTrue(TcpAddressConverter.parse("[::1]").isLoopback());
    assertFalse(TcpAddressConverter.parse("0.0.0.0").isLoopback());
    assertFalse(TcpAddressConverter.parse("127.example.com").isLoopback()); // may lead anywhere
  }
}
