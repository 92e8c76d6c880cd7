package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.core.testing.TestCertificates;
import dev.varve.http.CommandLines;
import dev.varve.http.doctor.Finding;
import dev.varve.http.doctor.Grade;
import dev.varve.http.doctor.Installation;
import dev.varve.http.doctor.Report;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.http.server.TcpAddress;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.ReplyStyle;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve doctor}, each finding on a host that has what it tells. */
class DoctorTest {

  private static final String USER = System.getProperty("user.name");

  /** Each of them stays open. */
  private static final int LIBRARIES =
      (int)
          Stream.of(System.getProperty("java.class.path").split(":"))
              .filter(path -> path.endsWith(".jar"))
              .count();

  @TempDir Path folder;

  private Path state;
  private final Map<String, List<String>> settings = new HashMap<>();
  private final Map<String, TcpAddress> addresses = new HashMap<>();
  private final List<Path> named = new ArrayList<>();
  private List<String> problems = List.of();

  @BeforeEach
  void makeState() throws IOException {
    state = Files.createDirectory(folder.resolve("state"));
  }

  private Report report() {
    return Report.of(new Installation(USER, null, problems, state, settings, addresses, named));
  }

  private static List<Finding> of(Report report, String subject) {
    return report.findings().stream().filter(each -> each.subject().equals(subject)).toList();
  }

  /** The one finding that is not good. */
  private static Finding trouble(Report report, String subject, Grade grade) {
    List<Finding> found =
        of(report, subject).stream().filter(each -> each.grade() != Grade.GOOD).toList();
    assertEquals(1, found.size(), report::text);
    assertEquals(grade, found.getFirst().grade(), report::text);
    assertFalse(found.getFirst().remedy().isEmpty(), report::text);
    return found.getFirst();
  }

  @Test
  void onAHostInOrderNothingIsWrongAndNothingIsLeftBehind() throws IOException {
    Report report = report();

    assertTrue(report.isGood(), report::text);
    for (String subject : List.of("kernel", "open files", "java", "state folder", "permissions"))
      for (Finding each : of(report, subject)) assertEquals(Grade.GOOD, each.grade(), report::text);
    try (Stream<Path> left = Files.list(state)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void aStateFolderThatWillBeMadeIsLookedAtWhereItWillBe() {
    state = folder.resolve("state/not/yet");

    Report report = report();

    assertTrue(report.isGood(), report::text);
    assertTrue(report.text().contains("not/yet will be made, in "), report::text);
    assertFalse(Files.exists(folder.resolve("state/not")));
  }

  @Test
  void aMediaRootThatIsMissingIsWrongAndASingleImageIsNot() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    settings.put("media-root", List.of(folder.resolve("no") + ""));
    assertTrue(trouble(report(), "media root", Grade.WRONG).what().startsWith("there is no "));

    settings.put("media-root", List.of(file + ""));
    assertTrue(of(report(), "media root").getFirst().what().contains("single file or device"));

    state = file;
    assertTrue(trouble(report(), "state folder", Grade.WRONG).what().contains("not a folder"));
  }

  @Test
  void aFolderThatTheServersUserMayNotUseIsWrong() throws Exception {
    Path root = Files.createDirectory(folder.resolve("root"));
    settings.put("media-root", List.of(root + ""));
    if (USER.equals("root")) { // who may use everything: the server is another user's
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      VarveProcess.tool(folder, "chown", "nobody", state.toString());
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
    } else {
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("r-xr-xr-x"));
    }

    Finding found = trouble(report(), "media root", Grade.WRONG);

    assertTrue(found.what().contains("may not use " + root), found::what);
    assertTrue(found.remedy().contains("chown"), found::remedy);
  }

  @Test
  void aFileThatTheServersUserCannotReadIsWrong() throws Exception {
    assumeTrue(USER.equals("root"), "only root can look for another user");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    VarveProcess.tool(folder, "chown", "nobody", state.toString());
    Path key = Files.createFile(folder.resolve("key.pem"));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    settings.put("tls-client-ca", List.of(key + ""));

    Finding found = trouble(report(), "permissions", Grade.WRONG);

    assertTrue(found.what().contains("the user 'nobody' cannot read " + key), found::what);
  }

  @Test
  void aTokenThatOtherUsersCanReadIsWrong() throws IOException {
    Path token = Files.writeString(state.resolve("token"), "x".repeat(43));
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-r--r--"));

    assertTrue(trouble(report(), "permissions", Grade.WRONG).what().contains("other users"));
  }

  @Test
  void tokensThatCannotBeReadAreAWarningSinceTheServerGoesOnWithoutThem() throws IOException {
    Path tokens = Files.writeString(state.resolve("tokens.json"), "{\"version\": 1, \"tok");
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw-------"));

    Finding found = trouble(report(), "permissions", Grade.WARNING);

    assertTrue(found.what().contains(tokens + " is damaged"), found::what);
  }

  @Test
  @NeedsTools("openssl")
  void theFilesOfTlsAreOpenedAsTheServerOpensThem() throws IOException {
    TestCertificates made =
        TestCertificates.authority(folder, "ca").server("server", "localhost").client("alice");
    settings.put("tls-certificate", List.of(made.certificate("server") + ""));
    settings.put("tls-key", List.of(made.key("server") + ""));
    settings.put("tls-client-ca", List.of(made.authority() + ""));
    Report good = report();
    assertTrue(good.isGood(), good::text);
    assertEquals(Grade.GOOD, of(good, "certificate").getFirst().grade(), good::text);

    settings.put("tls-client-ca", List.of(made.certificate("alice") + ""));
    String said = trouble(report(), "certificate", Grade.WARNING).what();
    assertTrue(said.startsWith("CN=alice in "), said);

    Path broken = Files.writeString(folder.resolve("broken.pem"), "nothing");
    for (String key : List.of("tls-client-ca", "tls-certificate", "tls-key")) {
      List<String> before = settings.put(key, List.of(broken + ""));
      Finding found = trouble(report(), "certificate", Grade.WRONG);
      assertTrue(found.what().startsWith(broken + " has no "), found::what);
      assertTrue(found.remedy().contains("--" + key), found::remedy);
      settings.put(key, key.equals("tls-client-ca") ? List.of(made.authority() + "") : before);
    }
  }

  @Test
  void aUserOrGroupThatIsNotThereIsWrong() {
    settings.put("socket-scope", List.of("user=root:admin", "user=no-such-user:read"));
    String said = trouble(report(), "permissions", Grade.WRONG).what();
    assertEquals("--socket-scope: there is no user 'no-such-user'", said);

    settings.put("socket-scope", List.of("group=4711:read"));
    settings.put("socket-group", List.of("no-such-group"));
    said = trouble(report(), "permissions", Grade.WRONG).what();
    assertEquals("--socket-group: there is no group 'no-such-group'", said);
  }

  @Test
  void aPlaceWhereNoSocketCanBeMadeIsWrong() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    settings.put("unix", List.of(file + ""));
    assertTrue(trouble(report(), "permissions", Grade.WRONG).what().contains("is not a socket"));

    settings.put("unix", List.of(folder.resolve("no/nbd.sock") + ""));
    String said = trouble(report(), "permissions", Grade.WRONG).what();
    assertTrue(said.contains("cannot make a socket in " + folder.resolve("no")), said);

    settings.remove("unix");
    settings.put("vhost-user-dir", List.of(file.resolve("guests") + ""));
    assertTrue(
        trouble(report(), "permissions", Grade.WRONG).what().contains(file + " is not a folder"));

    settings.put("vhost-user-dir", List.of(folder.resolve("made/later") + ""));
    assertTrue(report().isGood());
  }

  @Test
  @NeedsTools({"mount", "umount"})
  void aReadOnlyAFullAndAVolatileFileSystemAreTold() throws Exception {
    assumeTrue(USER.equals("root"), "only root can mount");
    try (var small = SmallFileSystem.mount(folder.resolve("small"), "size=1m,nr_inodes=20")) {
      settings.put("media-root", List.of(small.path() + ""));
      String text = report().text();
      assertTrue(text.contains("is gone after the host restarts"), text);
      assertTrue(text.contains("has room for"), text);

      small.fillBlocks();
      Report full = report();
      assertFalse(full.isGood());
      assertTrue(full.text().contains("disks that need room get write errors"), full::text);

      small.empty();
      small.fillInodes();
      Report crowded = report();
      assertTrue(crowded.text().contains("has room for 0 more files"), crowded::text);
      assertFalse(crowded.isGood());

      small.remount("ro");
      Report fixed = report();
      assertTrue(fixed.text().contains("is on a read-only file system"), fixed::text);
      assertTrue(fixed.text().contains("remount,rw"), fixed::text);
    }
  }

  @Test
  @NeedsTools({"mount", "umount", "mkfs.ext4", "fsfreeze"})
  void aFileSystemThatHangsIsToldInBoundedTime() throws Exception {
    assumeTrue(USER.equals("root"), "only root can mount");
    Path image = folder.resolve("image");
    VarveProcess.tool(folder, "truncate", "-s", "16M", image.toString());
    VarveProcess.tool(folder, "mkfs.ext4", "-q", image.toString());
    Path frozen = Files.createDirectory(folder.resolve("frozen"));
    VarveProcess.tool(folder, "mount", "-o", "loop", image.toString(), frozen.toString());
    try {
      VarveProcess.tool(folder, "fsfreeze", "-f", frozen.toString());
      named.add(frozen);

      Finding found = trouble(report(), "folder", Grade.WRONG);

      assertTrue(found.what().contains("does not answer within"), found::what);
      assertTrue(found.remedy().contains("fsfreeze -u"), found::remedy);
    } finally {
      VarveProcess.tool(folder, "fsfreeze", "-u", frozen.toString());
      VarveProcess.tool(folder, "umount", "-l", frozen.toString());
    }
  }

  @Test
  void aPortThatAnotherProgramHasIsWrongAndTheProgramIsNamed() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      addresses.put("tcp", new TcpAddress(TcpAddress.LOOPBACK, socket.getLocalPort()));

      Finding found = trouble(report(), "address", Grade.WRONG);

      assertTrue(found.what().contains("process " + ProcessHandle.current().pid()), found::what);
      assertTrue(found.remedy().contains("--tcp"), found::remedy);
    }
    addresses.put("tcp", new TcpAddress(TcpAddress.LOOPBACK, 0));
    assertTrue(report().isGood());
  }

  @Test
  void anImageThatAnotherProcessUsesIsAWarningAndOneOfTheServerIsNone() throws Exception {
    Path image = folder.resolve("disk.vdi");
    named.add(image);
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run("medium", "create", image, "--size", "4M");
      server.run("machine", "attach", "m", "SATA:0", image);
      server.run("machine", "start", "m");

      Report own = report();
      assertTrue(own.text().contains("the server uses " + image), own::text);
      assertTrue(own.text().contains("it answers, process "), own::text);

      state = Files.createDirectory(folder.resolve("other"));
      Finding found = trouble(report(), "file", Grade.WARNING);
      assertTrue(found.what().contains(image + " is "), found::what);
      server.stop();
    }
    assertTrue(of(report(), "file").getFirst().what().contains("no program uses it"));
  }

  @Test
  void theDisksOfAMachineAreLookedAt() throws Exception {
    Path settingsFile = folder.resolve("m.vbox");
    Files.writeString(
        settingsFile,
        """
        <VirtualBox><Machine><MediaRegistry><HardDisks>
        <HardDisk location="base.vdi"><HardDisk location="Snapshots/child.vdi"/></HardDisk>
        </HardDisks></MediaRegistry></Machine></VirtualBox>
        """);
    Files.createFile(folder.resolve("base.vdi"));
    named.add(settingsFile);

    assertTrue(trouble(report(), "file", Grade.WRONG).what().contains("Snapshots/child.vdi"));
  }

  @Test
  void aMachineThatStartsWithTheServerByItsFileIsLookedAt() {
    Path settingsFile = folder.resolve("no.vbox");
    settings.put("start-machines", List.of("mail", settingsFile + ""));

    assertTrue(trouble(report(), "file", Grade.WRONG).what().contains(settingsFile + ","));
  }

  @Test
  void aServerThatDoesNotAnswerAndOneThatDoesNotRunAreTold() throws Exception {
    assertTrue(trouble(report(), "server", Grade.WARNING).what().startsWith("none runs"));

    try (var _ =
        new StateServer(state, ServerSockets.USUAL, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED)) {
      Files.delete(state.resolve("api.sock"));
      Finding found = trouble(report(), "server", Grade.WRONG);
      assertTrue(found.what().contains("does not listen on"), found::what);
    }
  }

  @Test
  void theProblemsOfAConfigurationFileAreToldEach() {
    problems = List.of("a:1: one", "a:2: two");

    Report report = report();

    assertFalse(report.isGood());
    assertEquals(2, of(report, "configuration").size());
    assertTrue(report.text().endsWith("2 things are wrong, " + warnings(report)), report::text);
  }

  @Test
  void onlyAProblemOfALineIsMendedInTheLine() {
    problems = List.of("/a.conf:1: one");
    String said = trouble(report(), "configuration", Grade.WRONG).remedy();
    assertTrue(said.startsWith("mend the line"), said);

    problems = List.of("/a.conf: there is no such file");
    said = trouble(report(), "configuration", Grade.WRONG).remedy();
    assertTrue(said.startsWith("name a file"), said);
  }

  private static String warnings(Report report) {
    int count = report.json().getInteger("warnings");
    return count + (count == 1 ? " warning" : " warnings");
  }

  @Test
  void aFileFromTheFutureTellsThatTheClockHasJumped() throws IOException {
    Path file = Files.createFile(state.resolve("journal"));
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(3600)));

    assertTrue(
        of(report(), "clock").stream().anyMatch(each -> each.what().contains("jumped back")));
  }

  @Test
  void theCommandReadsTheConfigurationAndEndsWithOneIfSomethingIsWrong() throws Exception {
    Path config = folder.resolve("varve.conf");
    Files.writeString(
        config, "state = \"%s\"\nmedia-root = [\"/nowhere\"]\napi-tcp = off\n".formatted(state));

    var run = CommandLines.VARVE.run("doctor", "--config=" + config, "--output=json", state);

    JsonObject report = new JsonObject(run.out());
    assertEquals(1, run.status());
    assertEquals(USER, report.getString("user"));
    assertEquals(1, report.getInteger("wrong"), report::encodePrettily);
  }

  @Test
  void tooFewOpenFilesAreWrong() throws Exception {
    try (var doctor =
        VarveProcess.startWithFiles(
            LIBRARIES + 30, folder, "doctor", "--config=none", "--state=state")) {
      String text = doctor.rest();

      assertEquals(1, doctor.exitStatus(), text);
      assertTrue(text.contains("wrong    open files"), () -> text + doctor.errors());
      assertTrue(text.contains("LimitNOFILE"), text);
    }
  }

  @Test
  void checksThatLogAtOnceSayNothingOfTheLog() throws Exception {
    List<String> arguments = new ArrayList<>(List.of("doctor", "--config=none", "--state=state"));
    for (int i = 0; i < 8; i++) arguments.add("no" + i);

    try (var server = VarveProcess.start(folder, "serve", "--state=state", "--api-tcp=off")) {
      for (int i = 0; i < 3; i++) server.line();
      try (var doctor = VarveProcess.start(folder, arguments.toArray(String[]::new))) {
        String text = doctor.rest();

        assertTrue(text.contains("it answers"), text);
        assertEquals("", doctor.errors());
      }
    }
  }

  @Test
  void anAddressIsOfTheServerThatRunsOnlyIfItListensThere() throws Exception {
    int free;
    try (var _ =
            new StateServer(state, ServerSockets.USUAL, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED);
        var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
      settings.put("tcp", List.of(free + ""));
      addresses.put("tcp", new TcpAddress(TcpAddress.LOOPBACK, free)); // of the same process
      assertTrue(of(report(), "address").getFirst().what().contains(" listens on 127.0.0.1:"));

      socket.close();
      Finding found = trouble(report(), "address", Grade.WARNING);
      assertTrue(found.what().contains("does not listen on 127.0.0.1:" + free), found::what);

      settings.remove("tcp");
      Finding usual = of(report(), "address").getFirst();
      assertEquals(Grade.GOOD, usual.grade(), usual::what);
      assertTrue(usual.what().contains("does not listen on"), usual::what);
    }
  }

  @Test
  void aUserWhoCannotTryWhatTheServersUserMayDoIsToldSo() {
    Report report =
        Report.of(new Installation("another", null, problems, state, settings, addresses, named));

    String said = trouble(report, "permissions", Grade.WARNING).what();
    assertTrue(said.contains("cannot try whether that one can read"), said);
  }
}
