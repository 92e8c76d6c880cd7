package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TextTableTest {

  @Test
  void aCellIsOneLineAndOrdersATerminalNothing() {
    var table = new TextTable("name", "file").row("a\nb", "/c\u001b[31m").row(null, "/d");

    assertEquals(
        List.of("name      file", "a\\u000ab  /c\\u001b[31m", "-         /d"), table.lines());
  }
}
