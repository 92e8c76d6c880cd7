package dev.varve.http.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import dev.varve.core.inventory.Warnings;
import dev.varve.io.chain.LiveChain;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.running.MachineDisks;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogAppenderTest {

  private static final String OURS = "dev.varve.io.nbd.NbdConnection";

  private final List<String> lines = new ArrayList<>();

  @Test
  void aFailureOfTheWorldIsOneLineThatSaysWhy() {
    logger(OURS, false).error("the disk 'a' is closed", new IOException("No space left on device"));

    assertEquals(List.of("varve: the disk 'a' is closed: No space left on device"), lines);
  }

  @Test
  void whatTheMessageSaysAlreadyIsNotSaidTwice() {
    logger(OURS, false).error("closed: no space", new IOException("no space"));
    logger(OURS, false).warn("closed", new IOException());

    assertEquals(
        List.of(
            "varve: closed: no space", "varve: closed: it failed, and the system does not say why"),
        lines);
  }

  @Test
  void aMissingFileIsNotOnlyNamed() {
    logger(OURS, false).error("a disk is not served", new NoSuchFileException("/a.vdi"));

    assertEquals(List.of("varve: a disk is not served: /a.vdi: there is no such file"), lines);
  }

  @Test
  void clientsThatCannotBeAcceptedAreTheProgramsOwnLineOnceAMinute() {
    var netty = logger("io.netty.channel.DefaultChannelPipeline", false);
    for (int i = 0; i < 3; i++)
      netty.warn(
          "An exceptionCaught() event was fired, and it reached at the tail of the pipeline.",
          new IOException("accept(..) failed with error(-24): Too many open files"));

    assertEquals(
        List.of(
            "varve: new NBD or HTTP clients have to wait: this process has as many files and sockets"
                + " open as it may; allow more with 'ulimit -n', or with LimitNOFILE= in a systemd"
                + " unit. They are accepted as soon as others have disconnected"),
        lines);
  }

  @Test
  void aBugOfOursComesWithItsStackTraceAndOneOfALibraryWithout() {
    logger(OURS, false).error("a bug", new IllegalStateException("it is closed"));
    logger("io.vertx.core.impl.ContextImpl", false)
        .error("Unhandled exception", new IllegalStateException("it is closed"));

    assertTrue(
        lines
            .getFirst()
            .startsWith(
                "varve: a bug: it is closed\njava.lang.IllegalStateException: it is closed\n\tat "),
        lines::toString);
    assertEquals("varve: Unhandled exception: it is closed", lines.getLast());
  }

  @Test
  void debuggingShowsEverything() {
    logger(OURS, true).debug("gone", new IOException("reset"));

    assertTrue(
        lines.getFirst().startsWith("varve: gone: reset\njava.io.IOException: reset\n\tat "),
        lines::toString);
  }

  @Test
  void aNameCannotMakeALineOfItsOwnOrColourIt() {
    logger(OURS, false).warn("no machine 'a\nvarve: b\033[31m\u0085\u2028'");

    assertEquals(List.of("varve: no machine 'a\\u000avarve: b\\u001b[31m\\u0085\\u2028'"), lines);
  }

  @ParameterizedTest
  @CsvSource({
    "io.vertx.core.impl.ContextImpl,vertx",
    "io.netty.channel.AbstractChannel,netty",
    "java.lang.Runtime,lang",
    "x,x",
    "dev.varve.http.Main,varve"
  })
  void aLibraryHasItsOwnName(String logger, String source) {
    assertEquals(source, LogAppender.source(logger));
  }

  @Test
  void apartOfVarveHasAWordForItsUser() {
    assertEquals("machines", LogAppender.source(Warnings.class.getName()));
    assertEquals("nbd", LogAppender.source(NbdServer.class.getName()));
    assertEquals("disks", LogAppender.source(MachineDisks.class.getName()));
    assertEquals("disks", LogAppender.source(LiveChain.class.getName()));
  }

  @Test
  void valuesTakeTheirPlacesBetweenQuotationMarksTooAndNumbersAreWrittenAsTheyAre() {
    assertEquals("disk 'a' has 12345", SystemLoggers.filled("disk '{0}' has {1}", "a", 12345));
    assertEquals("disk 'a'", SystemLoggers.filled("disk ''{0}''", "a"));
    assertEquals("{1} {x} { null", SystemLoggers.filled("{1} {x} { {0}", new Object[] {null}));
    assertEquals("it's {0}", SystemLoggers.filled("it's {0}"));
    assertEquals("a {0}", SystemLoggers.filled("{0}", "a {0}"));
  }

  private ch.qos.logback.classic.Logger logger(String name, boolean debugging) {
    var context = new LoggerContext();
    var appender = new LogAppender(LogForm.COMMAND, debugging, lines::add, _ -> {});
    appender.setContext(context);
    appender.start();
    var logger = context.getLogger(name);
    logger.setLevel(Level.DEBUG);
    logger.addAppender(appender);
    return logger;
  }
}
