package dev.varve.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a\nb", "a\rb", "\t", "\u0000", "\u0085", "a\u2028b", "\ud800"})
  void aNameThatIsEmptyOrBreaksLinesIsNone(String name) {
    assertNotNull(Names.fault(name));
    assertNotNull(Names.faultOfPart(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "..", "a/b", "/"})
  void whatChangesAPathIsNoPartOfOne(String name) {
    assertNull(Names.fault(name));
    assertNotNull(Names.faultOfPart(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mail", "a b", "...", "\u00dc\ud83d\ude00", "C:\\x", "<&\"'>", "-"})
  void anythingElseCanBeAName(String name) {
    assertNull(Names.faultOfPart(name));
  }

  @Test
  void whatBreaksLinesIsShownInOne() {
    assertEquals("a&#10;b\ud83d\ude00", Names.shown("a\nb\ud83d\ude00"));
  }
}
