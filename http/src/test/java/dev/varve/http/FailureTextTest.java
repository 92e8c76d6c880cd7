package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import org.junit.jupiter.api.Test;

class FailureTextTest {

  @Test
  void aFailureIsOneLineInItsOwnWords() {
    assertEquals(
        "the disk is full; free some",
        FailureText.of(new IOException("the disk is full\n  free some\n")));
  }

  @Test
  void aFileIsNamedWithWhatIsWrongWithIt() {
    assertEquals("/a: permission denied", FailureText.of(new AccessDeniedException("/a")));
  }

  @Test
  void whatNobodyExpectedIsCalledAnInternalError() {
    assertEquals(
        "internal error: java.lang.IllegalStateException: x; VARVE_DEBUG=1 shows where",
        FailureText.of(new IllegalStateException("x")));
  }
}
