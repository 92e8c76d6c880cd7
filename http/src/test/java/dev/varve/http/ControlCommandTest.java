package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that talk to a server, with one that answers as the test says. */
class ControlCommandTest {

  private static final String ID = "d753a53c-e5a7-4910-ad4b-a297422fde94";
  private static final String DISK = "30076df8-6b87-4066-96a6-f6fddcd37388";

  private Path state;
  private AnsweringServer server;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void listen() throws IOException {
    state = Files.createTempDirectory("varve"); // short: the path of a socket has 107 bytes
    server = new AnsweringServer(state);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    Files.deleteIfExists(state.resolve("api.sock"));
    Files.delete(state);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          machine list                                  | GET /machines
          machine show mail --copy working              | GET /machines/mail?copy=working
          machine create mail                           | POST /machines {'name':'mail'}
          machine open /vm/a.vbox                       | POST /machines/open {'settingsFile':'/vm/a.vbox'}
          machine import /vm/a.ova --no-wait            | POST /machines/import {'file':'/vm/a.ova','name':null,'keepFormat':false}
          machine import /vm/a.box --name b --keep-format --no-wait | POST /machines/import {'file':'/vm/a.box','name':'b','keepFormat':true}
          machine export mail /vm/a.ova --no-wait       | POST /machines/mail/export {'file':'/vm/a.ova','snapshot':null,'replace':false,'manifest':false}
          machine export mail /vm/a.ova --snapshot S1 --force --manifest --no-wait | POST /machines/mail/export {'file':'/vm/a.ova','snapshot':'S1','replace':true,'manifest':true}
          machine unregister mail --mode full           | DELETE /machines/mail?mode=Full
          machine start a%20/                           | POST /machines/a%2520%2F/start
          machine start m --read-only --without SATA:1 --without a:b:3.1 | POST /machines/m/start {'readOnly':true,'without':[{'controller':'SATA','port':1,'device':0},{'controller':'a:b','port':3,'device':1}],'force':false}
          machine powerdown ..                          | POST /machines/%2E%2E/powerdown
          machine discard-state mail --session s        | POST /machines/mail/discard-state in s
          machine exports                               | GET /exports
          machine exports mail                          | GET /machines/mail/exports
          machine attach m SATA:1 /vm/b.vdi --discard on --non-rotational off --no-bandwidth-group --session s | POST /machines/m/attachments in s {'nonRotational':false,'discard':true,'bandwidthGroup':null,'controller':'SATA','port':1,'device':0,'type':'HardDisk','medium':'/vm/b.vdi'}
          machine attach m IDE:1.0 --type dvd           | POST /machines/m/attachments {'controller':'IDE','port':1,'device':0,'type':'DVD','medium':null}
          machine set m SATA:0 --hot-pluggable on --bandwidth-group slow | PATCH /machines/m/attachments/SATA/0/0 {'hotPluggable':true,'bandwidthGroup':'slow'}
          machine detach m a:b:3.1 --session s          | DELETE /machines/m/attachments/a%3Ab/3/1 in s
          machine mount m IDE:1.0 /vm/cd.iso            | PUT /machines/m/attachments/IDE/1/0/medium {'medium':'/vm/cd.iso'}
          machine unmount m IDE:1.0                     | DELETE /machines/m/attachments/IDE/1/0/medium
          machine eject m IDE:1.0                       | POST /machines/m/attachments/IDE/1/0/guest-eject
          machine controller list m                     | GET /machines/m/controllers
          machine controller add m SATA --bus sata --type intelahci --port-count 4 --bootable on | POST /machines/m/controllers {'type':'IntelAhci','portCount':4,'bootable':true,'name':'SATA','bus':'SATA'}
          machine controller set m SATA --use-host-io-cache on | PATCH /machines/m/controllers/SATA {'useHostIoCache':true}
          machine controller rename m SATA disks        | PATCH /machines/m/controllers/SATA {'name':'disks'}
          machine controller remove m SATA              | DELETE /machines/m/controllers/SATA
          machine bandwidth list m                      | GET /machines/m/bandwidth-groups
          machine bandwidth show m slow                 | GET /machines/m/bandwidth-groups/slow
          machine bandwidth create m slow --max-bytes-per-second 20M | POST /machines/m/bandwidth-groups {'maxBytesPerSecond':20971520,'name':'slow','kind':'Disk'}
          machine bandwidth create m calm --kind network --max-write-operations-per-second 50 --max-read-bytes-per-second 1G | POST /machines/m/bandwidth-groups {'maxReadBytesPerSecond':1073741824,'maxWriteOperationsPerSecond':50,'name':'calm','kind':'Network'}
          machine bandwidth set m slow --max-bytes-per-second 0 | PATCH /machines/m/bandwidth-groups/slow {'maxBytesPerSecond':0}
          machine bandwidth set m slow --max-operations-per-second 500 --burst-milliseconds 20 | PATCH /machines/m/bandwidth-groups/slow {'maxOperationsPerSecond':500,'burstMilliseconds':20}
          machine bandwidth delete m slow               | DELETE /machines/m/bandwidth-groups/slow
          machine snapshot list m                       | GET /machines/m/snapshots
          machine snapshot show m S1                    | GET /machines/m/snapshots/S1
          machine snapshot take m S1 --description d    | POST /machines/m/snapshots {'name':'S1','description':'d'}
          machine snapshot restore m S1                 | POST /machines/m/snapshots/S1/restore
          machine snapshot delete m S1 --no-wait        | DELETE /machines/m/snapshots/S1
          machine session list                          | GET /sessions
          machine session lock m --type shared          | POST /machines/m/sessions {'type':'Shared','leaseSeconds':3600}
          machine session save s                        | POST /sessions/s/save
          machine session discard s                     | POST /sessions/s/discard
          machine session unlock s                      | DELETE /sessions/s
          medium list --device dvd                      | GET /media?device=DVD
          medium list --unused                          | GET /media?unused=true
          medium show /vm/b.vdi                         | GET /media/%2Fvm%2Fb.vdi
          medium show 30076DF8-6b87-4066-96a6-f6fddcd37388 | GET /media/30076DF8-6b87-4066-96a6-f6fddcd37388
          medium create /vm/b.vdi --capacity 1G --variant fixed --type shareable | POST /media {'location':'/vm/b.vdi','variant':'Fixed','capacity':1073741824,'type':'Shareable'}
          medium open /vm/cd.iso --device dvd           | POST /media/open {'location':'/vm/cd.iso','device':'DVD'}
          medium close /vm/b.vdi                        | DELETE /media/%2Fvm%2Fb.vdi
          medium delete /vm/b.vdi                       | DELETE /media/%2Fvm%2Fb.vdi?deleteStorage=true
          medium set /vm/b.vdi --type immutable         | PATCH /media/%2Fvm%2Fb.vdi {'type':'Immutable'}
          medium set /vm/b.vdi --auto-reset off         | PATCH /media/%2Fvm%2Fb.vdi {'autoReset':false}
          medium diff /vm/b.vdi /vm/c.vdi               | POST /media/%2Fvm%2Fb.vdi/children {'location':'/vm/c.vdi'}
          medium reset /vm/c.vdi                        | POST /media/%2Fvm%2Fc.vdi/reset
          medium resize /vm/c.vdi --capacity 2G          | POST /media/%2Fvm%2Fc.vdi/resize {'capacity':2147483648}
          medium refresh /vm/c.vdi                      | POST /media/%2Fvm%2Fc.vdi/refresh
          medium merge /vm/c.vdi /vm/b.vdi --no-wait    | POST /media/%2Fvm%2Fc.vdi/merge {'target':'/vm/b.vdi'}
          medium clone /vm/c.vdi /vm/d.raw --format raw --no-wait | POST /media/%2Fvm%2Fc.vdi/clone {'location':'/vm/d.raw','format':'RAW'}
          medium check /vm/c.vdi                        | GET /media/%2Fvm%2Fc.vdi/check
          medium lock /vm/b.vdi --kind read             | POST /media/%2Fvm%2Fb.vdi/locks {'kind':'Read'}
          medium unlock l                               | DELETE /locks/l
          host drives                                   | GET /host/drives
          job list                                      | GET /jobs
          job show 7                                    | GET /jobs/7
          job cancel 7                                  | POST /jobs/7/cancel
          """)
  void aCommandAsksForWhatTheDocumentDescribesAndProgramsGetTheAnswerAsItIs(
      String command, String expected) {
    var answer = new JsonObject().put("answered", true);
    String request = expected.replaceFirst(" (in|\\{).*", "");
    server.answers(request, answer);

    assertEquals(0, varve(command + " --output json"), err::toString);

    assertEquals(answer.encode() + "\n", out.toString());
    assertEquals(List.of(expected.replace('\'', '"')), server.asked());
  }

  @Test
  void severalMediaAreDeletedUntilOneCannotBe() {
    server
        .answers("DELETE /media/%2Fa?deleteStorage=true", new JsonObject())
        .answers("DELETE /media/%2Fb?deleteStorage=true", new JsonObject());

    assertEquals(1, varve("medium delete /a /b /c /d"), out::toString);

    assertEquals(
        List.of(
            "DELETE /media/%2Fa?deleteStorage=true",
            "DELETE /media/%2Fb?deleteStorage=true", "DELETE /media/%2Fc?deleteStorage=true"),
        server.asked());
  }

  @Test
  void aMapIsAskedForPartByPartAndPrintedAsOne() {
    server
        .answers("GET /media/%2Fa/map?limit=10000", part("[1,2]", 4096L))
        .answers("GET /media/%2Fa/map?limit=10000&offset=4096", part("[3]", null));

    assertEquals(0, varve("medium map /a --output json"), err::toString);

    assertEquals(
        new JsonArray("[1,2,3]"),
        new JsonObject(out.toString())
            .getJsonArray("extents").stream()
                .map(each -> ((JsonObject) each).getInteger("offset"))
                .collect(JsonArray::new, JsonArray::add, JsonArray::addAll));
  }

  private static JsonObject part(String offsets, Long next) {
    var extents = new JsonArray();
    for (Object offset : new JsonArray(offsets))
      extents.add(new JsonObject().put("offset", offset).put("file", "/a"));
    return new JsonObject()
        .put("capacity", 8192)
        .put("images", new JsonArray().add("/a"))
        .put("extents", extents)
        .put("next", next);
  }

  @Test
  void checkOfADamagedMediumEndsWithThree() {
    server.answers(
        "GET /media/%2Fa/check",
        new JsonObject(
            """
            {"file":"/a","status":"damaged","served":true,
             "findings":[{"kind":"header","severity":"damage","message":"it is gone"}]}
            """));

    assertEquals(3, varve("medium check /a"), err::toString);
    assertTrue(
        out.toString().startsWith("/a: damaged\n  damage: it is gone\n  note: "), out::toString);
    assertEquals(3, varve("medium check /a --output json"), err::toString);
  }

  @Test
  void pathsAreTheUsersAndNotTheServers() {
    server.answers("POST /media/open", 201, new JsonObject());

    varve("medium open x/../disk.vdi --output json");

    String body = "{\"location\":\"" + Path.of("disk.vdi").toAbsolutePath() + "\",";
    assertTrue(server.asked().getFirst().contains(body), server.asked()::toString);
  }

  @Test
  void aRefusalIsOneLineWithTheApisSentenceAndItsName() {
    server.answers(
        "GET /machines/mail",
        404,
        new JsonObject()
            .put("detail", "there is no machine 'mail'; varve machine list shows all")
            .put("error", "VBOX_E_OBJECT_NOT_FOUND"));

    assertEquals(1, varve("machine show mail"));

    assertEquals("", out.toString());
    assertEquals(
        "varve: there is no machine 'mail'; varve machine list shows all (VBOX_E_OBJECT_NOT_FOUND)\n",
        err.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          machine create x               | POST /machines           | 'name' of the body is empty                             | NAME is empty
          machine open /a                | POST /machines/open      | 'settingsFile' of the body has half of a surrogate pair in it | FILE.vbox has half of a surrogate pair in it
          machine snapshot take m s      | POST /machines/m/snapshots | 'name' of the body is longer than 255 characters      | NAME is longer than 255 characters
          medium create /a --size 1      | POST /media              | 'capacity' of the body: 1 is less than 512               | --capacity: 1 is less than 512
          medium open /a --device dvd    | POST /media/open         | 'location' of the body is longer than 4096 characters    | FILE is longer than 4096 characters
          medium open /a --format raw    | POST /media/open         | the body has no member 'format'; it can have device, location | the server does not know --format: the server and this command are of different versions
          machine attach m SATA:9        | POST /machines/m/attachments | 'port' of the body: 900 is more than 255             | SLOT: 900 is more than 255
          machine bandwidth set m g --max-bytes-per-second 1 | PATCH /machines/m/bandwidth-groups/g | 'maxBytesPerSecond' of the body: x | --max-bytes-per-second: x
          machine show m                 | GET /machines/m          | the parameter 'machine' is longer than 100 characters    | MACHINE is longer than 100 characters
          machine bandwidth set m g      | PATCH /machines/m/bandwidth-groups/g | the body is empty; name a member to change   | no option says what to change; 'varve machine bandwidth set --help' lists them
          clients --disconnect 99        | DELETE /clients/99       | there is no client 99; GET /api/v1/clients lists them    | there is no client 99; 'varve clients' lists them
          machine create x               | POST /machines           | the body is longer than the 1048576 bytes that are taken | the request is longer than the 1048576 bytes that are taken
          """)
  void aRefusalSpeaksOfTheOptionsAndArgumentsOfTheCommand(
      String command, String request, String detail, String expected) {
    server.answers(
        request, 400, new JsonObject().put("detail", detail).put("error", "E_INVALIDARG"));

    assertEquals(1, varve(command));

    assertEquals("varve: " + expected + " (E_INVALIDARG)\n", err.toString());
  }

  @Test
  void whereNoServerListensTheUserIsToldHowToStartOne() {
    server.close();

    assertEquals(1, varve("machine list"));

    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(
        err.toString().startsWith("varve: no server listens on " + state.resolve("api.sock")),
        err::toString);
    assertTrue(err.toString().endsWith("varve serve --state " + state + "\n"), err::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          machine attach m SATA                        | 'SATA' is not a slot
          machine attach m SATA:x                      | 'SATA:x' is not a slot
          machine attach m SATA:0 --type tape          | 'tape' is none of HardDisk, DVD, Floppy
          machine attach m SATA:0 --bandwidth-group g --no-bandwidth-group | exclusive
          machine controller add m SATA                | --bus
          machine bandwidth create m g --max-bytes-per-second fast | 'fast' is not a size
          medium set /a --type normal --auto-reset on  | exclusive
          medium set /a                                | --auto-reset
          medium create /a                             | --capacity
          job wait 7                                   | Unmatched argument
          """)
  void whatCannotBeMeantIsWrongUsageAndSendsNoRequest(String command, String said) {
    assertEquals(2, varve(command));

    assertTrue(err.toString().contains(said), err::toString);
    assertEquals(List.of(), server.asked());
  }

  @Test
  void peopleSeeMachinesAsATable() {
    server.answers(
        "GET /machines",
        new JsonObject()
            .put(
                "machines",
                new JsonArray()
                    .add(summary("mail", "Running", "Shared", false))
                    .add(summary("a longer name", "PoweredOff", null, true)))
            .put(
                "bad",
                new JsonArray()
                    .add(new JsonObject().put("settingsFile", "/vm/x.vbox").put("why", "no XML")))
            .put("warnings", new JsonArray()));

    assertEquals(0, varve("machine list"), err::toString);

    assertEquals(
        """
        name           state       lock    modified  settings file
        mail           Running     Shared  no        /vm/mail.vbox
        a longer name  PoweredOff  -       yes       /vm/a longer name.vbox
        cannot be read: /vm/x.vbox: no XML
        """,
        out.toString());
  }

  @Test
  void peopleSeeWhatIsLeftOfAMachineThatCannotBeRead() {
    server.answers(
        "DELETE /machines/%2Fvm%2Fx.vbox",
        new JsonObject()
            .put("settingsFile", "/vm/x.vbox")
            .put("media", new JsonArray())
            .put("images", new JsonArray().add("/vm/top.vdi"))
            .put("work", new JsonArray().add("merge medium a into b")));
    server.answers("GET /media", new JsonObject().put("media", new JsonArray()));

    assertEquals(0, varve("machine unregister /vm/x.vbox"), err::toString);

    assertEquals(
        """
        unregistered: /vm/x.vbox
        kept: /vm/top.vdi (the machine's settings file may refer to it; if not, it can be deleted)
        given up: merge medium a into b
        """,
        out.toString());
  }

  @Test
  void peopleSeeAMachineWithTheNamesOfThingsInsteadOfTheirUuids() {
    var hardware =
        new JsonObject()
            .put(
                "controllers",
                new JsonArray()
                    .add(
                        new JsonObject(
                            """
                            {"name":"SATA","bus":"SATA","type":"IntelAhci","portCount":4,
                             "bootable":true,"useHostIoCache":false}
                            """)))
            .put(
                "attachments",
                new JsonArray()
                    .add(
                        new JsonObject(
                            """
                            {"controller":"SATA","port":0,"device":0,"type":"HardDisk",
                             "medium":"%s","bandwidthGroup":null,"passthrough":false,
                             "temporaryEject":false,"ejected":false,"nonRotational":true,
                             "discard":true,"hotPluggable":false,"implicit":false,
                             "effects":{"nonRotational":{"effective":true,"why":null},
                                        "discard":{"effective":false,"why":"no holes"},
                                        "passthrough":{"effective":false,"why":"no DVD"}},
                             "reclaimed":4096}
                            """
                                .formatted(DISK))))
            .put("bandwidthGroups", new JsonArray());
    server
        .answers(
            "GET /machines/mail",
            new JsonObject()
                .put("id", ID)
                .put("name", "mail")
                .put("settingsFile", "/vm/mail.vbox")
                .put("snapshotFolder", "/vm/Snapshots")
                .put("chipset", "PIIX3")
                .put("state", "Running")
                .put("lock", null)
                .put("modified", false)
                .put("hardware", hardware)
                .put("snapshots", new JsonArray().add(snapshot("1", null)).add(snapshot("2", "1")))
                .put("currentSnapshot", "2")
                .put("currentStateModified", true)
                .put("lastStateChange", "2026-11-23T15:40:40Z"))
        .answers(
            "GET /media",
            new JsonObject()
                .put(
                    "media",
                    new JsonArray()
                        .add(new JsonObject().put("id", DISK).put("location", "/vm/B.vdi"))))
        .answers(
            "GET /machines/" + ID + "/exports",
            new JsonObject(
                """
                {"exports":[{"machine":"m","controller":"SATA","port":0,"device":0,
                             "uris":["nbd+unix:///mail/SATA/0/0?socket=/s"]}]}
                """));

    assertEquals(0, varve("machine show mail"), err::toString);

    assertEquals(
        """
        mail
          id                 d753a53c-e5a7-4910-ad4b-a297422fde94
          state              Running
          settings file      /vm/mail.vbox
          snapshot folder    /vm/Snapshots
          chipset            PIIX3
          current snapshot   S2
          differs from it    yes
          last state change  2026-11-23T15:40:40Z
          controllers
            name  bus   type       ports  bootable  host io cache
            SATA  SATA  IntelAhci  4      yes       no
          attachments
            slot    type      flags                  bandwidth group  reclaimed               medium
            SATA:0  HardDisk  nonRotational,discard  -                4.000 KiB (4096 bytes)  /vm/B.vdi
          no effect          SATA:0 discard: no holes
          snapshots
            name    taken at              id  description
            S1      2026-11-23T15:00:00Z  1   -
              S2 *  2026-11-23T15:00:00Z  2   -
          exports
            slot    uri
            SATA:0  nbd+unix:///mail/SATA/0/0?socket=/s
        """,
        out.toString());
  }

  @Test
  void peopleSeeWhatPassesThroughABandwidthGroup() {
    JsonObject slow =
        group("slow", 20 << 20, 500, 2, 250)
            .put("traffic", traffic(20_971_000, 300, 3))
            .put(
                "members",
                new JsonArray()
                    .add(member(0).put("traffic", traffic(20_971_000, 300, 3)))
                    .add(member(1).put("traffic", traffic(0, 0, 0))));
    server
        .answers("GET /machines/mail/bandwidth-groups/slow", slow)
        .answers(
            "GET /machines/mail/bandwidth-groups",
            new JsonObject()
                .put(
                    "bandwidthGroups", new JsonArray().add(slow).add(group("free", 0, 0, 0, 100))));

    assertEquals(0, varve("machine bandwidth show mail slow"), err::toString);
    assertEquals(0, varve("machine bandwidth list mail"), err::toString);

    assertEquals(
        """
        slow
          kind               Disk
          limits             20.00 MiB/s, read 500 requests/s, burst 250 ms
          attachments        2
          traffic
            slot    now                          waiting         throttled  read       written  requests
            SATA:0  20.00 MiB/s, 300 requests/s  3 of 12.00 KiB  1500 ms    1.000 GiB  0 bytes  9000
            SATA:1  0 bytes/s, 0 requests/s      -               1500 ms    1.000 GiB  0 bytes  9000
            all     20.00 MiB/s, 300 requests/s  3 of 12.00 KiB  1500 ms    1.000 GiB  0 bytes  9000
        name  kind  limits                                          attachments  now                          waiting
        slow  Disk  20.00 MiB/s, read 500 requests/s, burst 250 ms  2            20.00 MiB/s, 300 requests/s  3 of 12.00 KiB
        free  Disk  none                                            0            -                            -
        """,
        out.toString());
  }

  private static JsonObject group(
      String name, long bytes, long reads, int attachments, int burstMilliseconds) {
    return new JsonObject()
        .put("name", name)
        .put("kind", "Disk")
        .put("maxBytesPerSecond", bytes)
        .put("maxReadBytesPerSecond", 0)
        .put("maxWriteBytesPerSecond", 0)
        .put("maxOperationsPerSecond", 0)
        .put("maxReadOperationsPerSecond", reads)
        .put("maxWriteOperationsPerSecond", 0)
        .put("burstMilliseconds", burstMilliseconds)
        .put("attachments", attachments);
  }

  private static JsonObject member(int port) {
    return new JsonObject().put("controller", "SATA").put("port", port).put("device", 0);
  }

  private static JsonObject traffic(long bytesPerSecond, long operationsPerSecond, int waiting) {
    return new JsonObject()
        .put("bytesPerSecond", bytesPerSecond)
        .put("operationsPerSecond", operationsPerSecond)
        .put("bytesRead", 1 << 30)
        .put("bytesWritten", 0)
        .put("operations", 9000)
        .put("waitingRequests", waiting)
        .put("waitingBytes", waiting * 4096)
        .put("throttledMilliseconds", 1500);
  }

  @Test
  void aJobIsWaitedForAndThenPeopleAreToldNothing() {
    server
        .answers("DELETE /machines/m/snapshots/S1", 202, job("Running", 0))
        .answers("GET /jobs/7?waitSeconds=1", job("Running", 500))
        .answers("GET /jobs/7?waitSeconds=1", job("Done", 1000));

    assertEquals(0, varve("machine snapshot delete m S1"), err::toString);

    assertEquals("", out.toString() + err);
    assertEquals(3, server.asked().size(), server.asked()::toString);
  }

  @Test
  void whoDoesNotWaitGetsTheIdOfTheJob() {
    server.answers("DELETE /machines/m/snapshots/S1", 202, job("Running", 0));

    assertEquals(0, varve("machine snapshot delete m S1 --no-wait"), err::toString);

    assertEquals("7\n", out.toString());
  }

  @Test
  void aJobThatFailsIsAFailureForItsOwnReason() {
    server.answers(
        "GET /jobs/7",
        job("Failed", 300)
            .put(
                "problem",
                new JsonObject()
                    .put("detail", "/vm/b.vdi: no space left")
                    .put("error", "VBOX_E_FILE_ERROR")));

    assertEquals(1, varve("job await 7"));

    assertEquals("varve: /vm/b.vdi: no space left (VBOX_E_FILE_ERROR)\n", err.toString());
  }

  @Test
  void whoIsInterruptedCancelsTheJobAndWaitsForItsEnd() {
    Thread user = Thread.currentThread();
    server
        .answers("POST /media/%2Fa/merge", 202, job("Running", 0))
        .answers("GET /jobs/7?waitSeconds=1", job("Running", 500))
        .answers("POST /jobs/7/cancel", 202, job("Running", 500))
        .watch(
            request -> {
              boolean first = server.asked().size() == 2;
              if (first) user.interrupt();
              if (request.startsWith("POST /jobs")) {
                server.answers("GET /jobs/7?waitSeconds=1", job("Cancelled", 500));
              }
            });

    assertEquals(1, varve("medium merge /a /b"));

    assertEquals(
        "varve: merge /a into /b: cancelled; everything is as it was before\n", err.toString());
    assertTrue(server.asked().contains("POST /jobs/7/cancel"), server.asked()::toString);
  }

  private static JsonObject job(String state, int permille) {
    return new JsonObject()
        .put("id", "7")
        .put("description", "merge /a into /b")
        .put("state", state)
        .put("permille", permille)
        .put("problem", null);
  }

  private static JsonObject summary(String name, String state, String lock, boolean modified) {
    return new JsonObject()
        .put("name", name)
        .put("state", state)
        .put("lock", lock)
        .put("modified", modified)
        .put("settingsFile", "/vm/" + name + ".vbox");
  }

  private static JsonObject snapshot(String id, String parent) {
    return new JsonObject()
        .put("id", id)
        .put("name", "S" + id)
        .put("description", "")
        .put("takenAt", "2026-11-23T15:00:00Z")
        .put("parent", parent);
  }

  /** Runs a command line, in which blanks separate arguments, on the state folder of the test. */
  private int varve(String line) {
    String words = line + " --state " + state;
    return CommandLines.VARVE.run(out, err, (Object[]) words.split(" +"));
  }
}
