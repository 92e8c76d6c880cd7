package dev.varve.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WrittenPathTest {

  @ParameterizedTest
  @CsvSource({
    "E:/VMs/x.vdi, x.vdi",
    "e:\\VMs\\x y.vdi, x y.vdi",
    "E:, ''",
    "E:\\, ''",
    "\\\\server\\share\\x.vdi, x.vdi",
    "//server/share/x.vdi, x.vdi",
  })
  void aPathOfWindowsIsRecognised(String text, String fileName) {
    var path = new WrittenPath(text);

    assertTrue(path.isOfWindows());
    assertEquals(fileName, path.fileName());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/Users/x/y.vdi",
        "x.vdi",
        "Snapshots/x.vdi",
        "Snapshots\\x.vdi",
        "ee:/x",
        "1:/x",
        "E",
        "E:x",
        "/E:/x",
        "///x"
      })
  void anyOtherPathMayBeOneOfThisSystem(String text) {
    assertFalse(new WrittenPath(text).isOfWindows());
  }

  @ParameterizedTest
  @CsvSource({"Snapshots\\x.vdi, Snapshots/x.vdi, x.vdi", "/a/b, /a/b, b", "a/, a/, ''"})
  void bothStrokesAreRead(String text, String slashed, String fileName) {
    assertEquals(slashed, new WrittenPath(text).slashed());
    assertEquals(fileName, new WrittenPath(text).fileName());
  }
}
