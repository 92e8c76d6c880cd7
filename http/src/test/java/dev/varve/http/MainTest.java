package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void versionAndHelpGoToStandardOutputAndAreDone() {
    assertEquals(0, run("--version"));
    assertTrue(out.toString().startsWith("varve "), out::toString);

    assertEquals(0, run("serve", "--help"));
    assertTrue(out.toString().contains("--chain=BASE,...,IMAGE"), out::toString);
    assertEquals("", err.toString());
  }

  @Test
  void helpIsShownOfAllCommandsAndOfEach() {
    assertEquals(0, main("help"));
    assertTrue(
        out.toString().contains("serve") && out.toString().contains("machine"), out::toString);
    assertEquals(0, main("help", "machine"));
    assertTrue(out.toString().contains("Usage: varve machine"), out::toString);
    assertEquals(0, main("help", "machine", "snapshot", "take"));
    assertTrue(out.toString().contains("Usage: varve machine snapshot take"), out::toString);
    assertEquals("", err.toString());

    assertEquals(2, main("help", "machine", "fly"));
    assertTwoLines("varve: 'fly' is not a command of 'varve machine'; its commands are: ");
  }

  /** With the commands that the program gets ready for this line. */
  private int main(String... arguments) {
    return new CommandLines(() -> Main.commandLine(arguments)).run(out, err, (Object[]) arguments);
  }

  @Test
  void noCommandIsWrongUsage() {
    assertEquals(2, run());
    assertTwoLines("varve: Missing required subcommand");
  }

  @Test
  void anUnknownOptionIsWrongUsageAndSaysWhereHelpIs() {
    assertEquals(2, run("serve", "--speed", "high", "a.vdi"));
    assertTwoLines("varve: Unknown option");
    assertTrue(err.toString().contains("Try 'varve serve --help'."), err::toString);
  }

  @Test
  void whatIsForImagesIsWrongUsageWithoutOne() {
    assertEquals(2, run("serve", "--non-rotational"));
    assertTwoLines("varve: --discard and --non-rotational are for images");
  }

  @Test
  void readOnlyIsForAnImageOrAMachine() {
    assertEquals(2, run("serve", "--read-only"));
    assertTwoLines("varve: --read-only needs an IMAGE or a --machine");
  }

  @Test
  void whatIsLeftOutIsOfOneMachine() {
    assertEquals(2, run("serve", "--without", "SATA:1"));
    assertTwoLines("varve: --without goes with one --machine");
  }

  @Test
  void whatIsForMachinesIsWrongUsageWithAnImage() {
    assertEquals(2, run("serve", "a.vdi", "--machine", "a.vbox"));
    assertTwoLines(
        "varve: --machine, --start-machines, --without, --api-tcp, --media-root, --socket-mode, --socket-group and --socket-scope are for machines");
  }

  @Test
  void anImageNeedsNoStateFolder() {
    assertEquals(2, run("serve", "a.vdi", "--state", "x"));
    assertTwoLines("varve: --state is for machines and the demo");
  }

  @Test
  void aStateFolderWhoseSocketsTheKernelCannotTakeIsWrongUsage() {
    assertEquals(2, run("serve", "--state", "/tmp/" + "x".repeat(77)));
    assertTwoLines("may have at most 81 bytes, because sockets are in it, and this path has 82");
  }

  @Test
  void theDemoIsServedAlone() {
    assertEquals(2, run("serve", "--demo", "a.vdi"));
    assertTwoLines("varve: --demo serves a disk of its own");
  }

  @Test
  void moreNamesThanDisksAreWrongUsage() {
    assertEquals(2, run("serve", "--name", "a", "--name", "b", "a.vdi"));
    assertTwoLines("varve: there are 2 names for 1 disks");
  }

  @Test
  void aSocketPathThatTheKernelCannotTakeIsWrongUsage() {
    assertEquals(2, run("serve", "--unix", "/tmp/" + "x".repeat(103), "a.vdi"));
    assertTwoLines("may have at most 107 bytes, and this path has 108");
  }

  @Test
  void aMissingImageFailsWithOneLine(@TempDir Path folder) {
    Path image = folder.resolve("missing.vdi");

    assertEquals(1, run("serve", image.toString()));

    assertEquals("varve: " + image + ": there is no such file", err.toString().strip());
  }

  @Test
  void whatIsNoImageFailsWithOneLine(@TempDir Path folder) throws IOException {
    Path image = Files.writeString(folder.resolve("text.vdi"), "no image".repeat(1000));

    assertEquals(1, run("serve", image.toString()));

    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().startsWith("varve: " + image), err::toString);
  }

  private int run(String... arguments) {
    return CommandLines.VARVE.run(out, err, (Object[]) arguments);
  }

  private void assertTwoLines(String beginning) {
    assertEquals(2, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().lines().findFirst().orElseThrow().contains(beginning), err::toString);
  }
}
