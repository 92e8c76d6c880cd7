package dev.varve.http.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LogOutputTest {

  private static final long LONG = 60_000;

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  @Test
  void linesComeInOrderAndADrainWaitsForThem() {
    var output = new LogOutput(written, 100);
    for (int i = 0; i < 50; i++) output.line("line " + i);

    output.drain(LONG);

    var lines = written.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(50, lines.size());
    assertEquals("line 49", lines.getLast());
  }

  @Test
  void aPipeWithoutAReaderHoldsUpNoThreadAndTheMissingLinesAreCounted() throws Exception {
    var stuck = new CountDownLatch(1);
    var readAgain = new CountDownLatch(1);
    var output =
        new LogOutput(
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                throw new IOException("only whole lines");
              }

              @Override
              public void write(byte[] bytes) throws IOException {
                stuck.countDown();
                try {
                  readAgain.await();
                } catch (InterruptedException e) {
                  throw new IOException(e);
                }
                written.write(bytes);
              }
            },
            2);
    output.line("first");
    stuck.await();

    for (int i = 0; i < 5; i++) output.line("line " + i);
    output.drain(1);
    readAgain.countDown();
    output.drain(LONG);

    assertEquals(
        "first\nvarve: 3 or more lines of the log are missing here: they could not be written, or"
            + " not fast enough\nline 0\nline 1\n",
        written.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aFullDiskUnderTheLogIsToldWhenThereIsRoomAgain() {
    var full = new boolean[] {true};
    var output =
        new LogOutput(
            new OutputStream() {
              @Override
              public void write(int b) {
                written.write(b);
              }

              @Override
              public void write(byte[] bytes) throws IOException {
                if (full[0]) throw new IOException("No space left on device");
                written.write(bytes);
              }
            },
            10);
    output.line("lost");
    output.drain(LONG);

    full[0] = false;
    output.line("kept");
    output.drain(LONG);

    String log = written.toString(StandardCharsets.UTF_8);
    assertTrue(log.startsWith("varve: 1 or more lines of the log are missing here"), log);
    assertTrue(log.endsWith("\nkept\n"), log);
  }
}
