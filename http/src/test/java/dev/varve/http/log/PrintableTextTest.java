package dev.varve.http.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

final class PrintableTextTest {

  @Test
  void whatAPersonWritesStaysAsItIs() {
    String text = "Größe '磁盘' \uD83D\uDCBE";

    assertSame(text, PrintableText.of(text));
  }

  @Test
  void whatTurnsTheOrderOfLettersIsShownAsNumbers() {
    assertEquals("a\\u202eidv.b\\u2066c", PrintableText.of("a\u202eidv.b\u2066c"));
  }

  @Test
  void linesStayLines() {
    assertEquals("a\nb\\u001b[2J\n\nc", PrintableText.lines("a\nb\u001b[2J\n\nc"));
  }
}
