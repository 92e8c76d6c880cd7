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
  void whatATerminalWouldObeyIsSpelledOut() {
    assertEquals(
        "/a: the name is '\\u001b[31mred'; \\u0007",
        FailureText.of(new IOException("/a: the name is '\033[31mred'\n\7")));
  }

  @Test
  void aFileIsNamedWithWhatIsWrongWithIt() {
    assertEquals("/a: permission denied", FailureText.of(new AccessDeniedException("/a")));
  }

  @Test
  void anUnexpectedFailureIsAnInternalErrorWithoutTheWordsOfProgrammers() {
    assertEquals(
        "internal error: this is a bug in Varve. Please report it with the stack trace that VARVE_DEBUG=1 in the environment shows",
        FailureText.of(new IllegalStateException("Cannot invoke java.lang.Object.x()")));
  }
}
