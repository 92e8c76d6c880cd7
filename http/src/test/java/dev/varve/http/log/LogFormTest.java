package dev.varve.http.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogFormTest {

  @TempDir Path folder;

  @Test
  void aFileGetsTheTimeByUtcInMillisecondsTheLevelAndThePartOfTheProgram() {
    assertEquals(
        "2026-11-27T12:24:02.120Z WARNING nbd: the text",
        LogForm.FILE.line(line(LogLevel.WARNING, "the text")));
    assertEquals(
        "2026-11-27T12:24:02.000Z INFO nbd: the text",
        LogForm.FILE.line(
            new LogLine(Instant.parse("2026-11-27T12:24:02Z"), LogLevel.INFO, "nbd", "the text")));
  }

  @Test
  void journaldGetsThePriorityOfEachLineAndNoTime() {
    assertEquals("<3>nbd: a\n<3>b", LogForm.JOURNAL.line(line(LogLevel.ERROR, "a\nb")));
    assertEquals("<4>nbd: a", LogForm.JOURNAL.line(line(LogLevel.WARNING, "a")));
    assertEquals("<6>nbd: a", LogForm.JOURNAL.line(line(LogLevel.INFO, "a")));
    assertEquals("<7>nbd: a", LogForm.JOURNAL.line(line(LogLevel.DEBUG, "a")));
  }

  @Test
  void aPersonGetsTheTimeOfHisClockAndAWordForWhatIsWrong() {
    String info = LogForm.TERMINAL.line(line(LogLevel.INFO, "the text"));
    String error = LogForm.TERMINAL.line(line(LogLevel.ERROR, "the text"));

    assertTrue(info.matches("\\d\\d:\\d\\d:02 the text"), info);
    assertTrue(error.matches("\\d\\d:\\d\\d:02 error: the text"), error);
    assertTrue(
        LogForm.COLOURS
            .line(line(LogLevel.WARNING, "the text"))
            .endsWith(" \033[33mwarning:\033[0m the text"));
  }

  @Test
  void aFileAndAPipeAreNoTerminal() throws Exception {
    Path file = Files.createFile(folder.resolve("log"));

    assertEquals(LogForm.FILE, LogForm.ofServer(Map.of("TERM", "xterm"), link(file.toString())));
    assertEquals(LogForm.FILE, LogForm.ofServer(Map.of("TERM", "xterm"), link("pipe:[4711]")));
  }

  @ParameterizedTest
  @CsvSource({
    "/dev/pts/3,xterm,,COLOURS",
    "/dev/pts/3,xterm,1,TERMINAL",
    "/dev/pts/3,dumb,,TERMINAL",
    "/dev/tty1,linux,,COLOURS",
    "/dev/console,linux,,COLOURS",
    "/dev/null,xterm,,FILE"
  })
  void aTerminalIsOneForPeople(String device, String term, String noColor, LogForm form)
      throws Exception {
    var environment =
        noColor == null ? Map.of("TERM", term) : Map.of("TERM", term, "NO_COLOR", noColor);

    assertEquals(form, LogForm.ofServer(environment, link(device)));
  }

  @Test
  void theStreamThatSystemdHasOpenedIsForJournald() throws Exception {
    Path stream = Files.createFile(folder.resolve("stream"));
    Map<String, Object> file = Files.readAttributes(stream, "unix:dev,ino");
    String named = file.get("dev") + ":" + file.get("ino");

    assertEquals(
        LogForm.JOURNAL,
        LogForm.ofServer(Map.of("JOURNAL_STREAM", named), link(stream.toString())));
    for (String another : new String[] {"1:1", "", "x"})
      assertEquals(
          LogForm.FILE,
          LogForm.ofServer(Map.of("JOURNAL_STREAM", another), link(stream.toString())),
          another);
  }

  @Test
  void aLevelLetsPassWhatIsWorse() {
    assertTrue(LogLevel.WARNING.admits(System.Logger.Level.ERROR));
    assertTrue(LogLevel.WARNING.admits(System.Logger.Level.WARNING));
    assertFalse(LogLevel.WARNING.admits(System.Logger.Level.INFO));
    assertFalse(LogLevel.DEBUG.admits(System.Logger.Level.OFF));
  }

  private Path link(String to) throws Exception {
    Path link = folder.resolve("fd");
    Files.deleteIfExists(link);
    return Files.createSymbolicLink(link, Path.of(to));
  }

  private static LogLine line(LogLevel level, String text) {
    return new LogLine(Instant.parse("2026-11-27T12:24:02.120Z"), level, "nbd", text);
  }
}
