package dev.varve.http.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFileTest {

  @TempDir Path folder;

  private Path path;

  @Test
  void everyValueIsTheTextThatStandsThereAndKnowsItsLine() throws Exception {
    write("# comment\nmode = 0660\n\nname = \"a b\" # more\nlist = [one,\n  2]\nword = off\n");

    assertEquals(
        List.of(
            new Setting("mode", List.of("0660"), false, 2),
            new Setting("name", List.of("a b"), false, 4),
            new Setting("list", List.of("one", "2"), true, 5),
            new Setting("word", List.of("off"), false, 7)),
        ConfigFile.read(path).settings());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\uFEFFa = 1\r\nb = 2\r\n", "{\n\"a\": 1, \"b\": 2\n}", "a:1,b:2", "b=2,a=1"})
  void linesMayEndAsOnWindowsAndJsonIsRead(String text) throws Exception {
    write(text);

    assertEquals(2, ConfigFile.read(path).settings().size());
  }

  @Test
  void bracketsWithoutEndAreRefusedInWords() throws Exception {
    for (String text :
        List.of(
            "a = " + "[".repeat(200_000),
            "a.".repeat(100_000) + "b = 1",
            "a = " + "{b = ".repeat(100_000))) {
      write(text);

      String said =
          assertThrows(ConfigFileException.class, () -> ConfigFile.read(path)).getMessage();

      assertTrue(said.contains("brackets within brackets"), said);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n\n", "# nothing\n", "\uFEFF"})
  void aFileWithoutKeysHasNone(String text) throws Exception {
    write(text);

    assertEquals(List.of(), ConfigFile.read(path).settings());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a = 1;a = 2                     | :2: 'a': it stands in line 1 too
          a = 1;b = 2;a = 3               | :3: 'a': it stands in line 1 too
          {;a = 1;a = 2;}                 | :3: 'a': it stands in line 2 too
          a = 1, a = 2                    | :1: 'a': it stands in line 1 too
          {a = 1, a = 2}                  | :1: 'a': it stands in line 1 too
          a = ${b}                        | :1: 'a': ${...} and += refer to other values
          b = 1;a = ${b}                  | :2: 'a': ${...} and += refer to other values
          a = ${?HOME}                    | :1: 'a': ${...} and += refer to other values
          a += 1                          | :1: 'a': ${...} and += refer to other values
          include "/etc/passwd"           | 'include "/etc/passwd"': this file includes no other one
          include file("/etc/passwd")     | include file(/etc/passwd)': this file includes no other one
          include url("http://localhost") | include url(http://localhost)': this file includes no other one
          a.b = 1                         | :1: 'a': keys have no parts
          a { b = 1 }                     | :1: 'a': keys have no parts
          a = null                        | :1: 'a': null is no value
          a = [[1]]                       | :1: 'a': a list has words or numbers
          a = [null]                      | :1: 'a': a list has words or numbers
          a = 127.0.0.1:1                 | :1: Expecting end of input or a comma, got ':'
          ;a = [1,                        | :2: List
          ;a = "b;c = 1                   | :2: a value begins with a quotation mark and does not end
          a = "b                          | :1: a value begins with a quotation mark and does not end
          a = ;b = 1                      | :1: the key has no value
          ;a = # none;;b = 1              | :2: the key has no value
          a = 1;b =                       | :2: the key has no value
          [1]                             | has type LIST
          """)
  void whatWouldMakeOtherThingsCountIsRefusedWithItsLine(String text, String problem)
      throws Exception {
    write(text.replace(';', '\n'));

    String said = assertThrows(ConfigFileException.class, () -> ConfigFile.read(path)).getMessage();

    assertTrue(said.startsWith(path.toString()) && said.contains(problem), said);
  }

  @Test
  void allProblemsAreTold() throws Exception {
    write("a = null\nb = ${c}\nd { }\n");

    var refused = assertThrows(ConfigFileException.class, () -> ConfigFile.read(path));

    assertEquals(3, refused.problems().size(), refused.problems()::toString);
  }

  @Test
  void whatIsNoTextFileIsRefused() throws Exception {
    assertRefused(folder, "is a folder");
    assertRefused(folder.resolve("none"), "there is no such file");
    assertRefused(Path.of("/dev/zero"), "is no regular file");
    Path large = folder.resolve("large");
    try (var file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(100 << 20);
    }
    assertRefused(large, "has more than 1 MiB");
    Path keys = folder.resolve("keys");
    Files.write(keys, IntStream.range(0, 50_000).mapToObj(i -> "key" + i + " = 1").toList());
    assertRefused(keys, "has more than 200 keys");
    Path latin = Files.write(folder.resolve("latin"), new byte[] {'a', '=', (byte) 0xE4});
    assertRefused(latin, "is not in UTF-8");
  }

  @Test
  void whatTheHostRefusesIsToldWithThePathOnce() throws Exception {
    Path link = folder.resolve("link");
    Files.createSymbolicLink(link, link);

    String said = assertThrows(ConfigFileException.class, () -> ConfigFile.read(link)).getMessage();

    assertTrue(said.startsWith(link + ": "), said);
    assertEquals(said.indexOf(link.toString()), said.lastIndexOf(link.toString()), said);
  }

  private static void assertRefused(Path file, String why) {
    String said = assertThrows(ConfigFileException.class, () -> ConfigFile.read(file)).getMessage();
    assertTrue(said.startsWith(file.toString()) && said.contains(why), said);
  }

  private void write(String text) throws IOException {
    path = Files.writeString(folder.resolve("varve.conf"), text);
  }
}
