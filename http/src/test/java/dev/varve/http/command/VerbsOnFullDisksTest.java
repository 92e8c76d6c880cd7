package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.varve.core.testing.NeedsTools;
import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.ReplyStyle;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every verb of {@code varve machine} and {@code varve medium}, while the state folder or the
 * folder of the images takes nothing: it works or is refused as a whole, the other machine goes on,
 * and the server starts again, with the same machines and media.
 */
@NeedsTools("mount")
class VerbsOnFullDisksTest {

  /** What takes nothing, and how. */
  enum Fault {
    STATE_BLOCKS,
    STATE_INODES,
    STATE_READ_ONLY,
    IMAGES_BLOCKS,
    IMAGES_INODES,
    IMAGES_READ_ONLY;

    boolean isReadOnly() {
      return name().endsWith("READ_ONLY");
    }
  }

  /** These change nothing on disk. */
  private static final Set<String> NEED_NO_ROOM =
      Set.of("list", "show", "check", "map", "lock", "unlock", "refresh", "reload");

  @TempDir Path folder;

  private SmallFileSystem states;
  private SmallFileSystem images;
  private Path state;
  private Path healthy;
  private StateServer server;
  private ApiClient api;
  private ControlTool tool;

  @BeforeEach
  void furnish() throws Exception {
    states = SmallFileSystem.mount(folder.resolve("s"), "size=16M,nr_inodes=400");
    images = SmallFileSystem.mount(folder.resolve("i"), "size=64M,nr_inodes=400");
    healthy = Files.createDirectory(folder.resolve("h"));
    state = states.path().resolve("state");
    tool = new ControlTool(state);
    start();
    run("medium create %i/loose.vdi --size 4M");
    run("medium diff %i/loose.vdi %i/x.vdi");
    run("medium diff %i/x.vdi %i/y.vdi");
    for (String own :
        List.of("own1", "own2", "own3", "own4", "spare", "free-m", "free-s", "hot-m", "hot-s"))
      run("medium create %i/" + own + ".vdi --size 4M");
    run("medium close %i/spare.vdi");
    Files.write(images.path().resolve("disc.iso"), new byte[4096]);
    run("medium open %i/disc.iso --device DVD");
    machine("m");
    moveToImages("m");
    machine("s");
    machine("extra");
    run("machine unregister extra");
    Files.createDirectory(healthy.resolve("extra"));
    Path extra = state.resolve("machines/extra/extra.vbox");
    Files.copy(extra, healthy.resolve("extra/extra.vbox"));
    Files.delete(extra);
    run("machine create left");
    run("machine create imm");
    run("machine controller add imm SATA --bus SATA");
    run("medium create %i/imm.vdi --size 4M --type Immutable");
    run("machine attach imm SATA:0 %i/imm.vdi");
    machine("asleep");
    run("machine create run");
    run("machine controller add run SATA --bus SATA");
    run("medium create %h/run.vdi --size 4M");
    run("machine attach run SATA:0 %h/run.vdi");
    stop();
    Path settings = state.resolve("machines/asleep/asleep.vbox");
    String text = Files.readString(settings);
    Files.writeString(settings, text.replace("OSType=", "stateFile=\"a.sav\" OSType="));
    Files.write(settings.resolveSibling("a.sav"), new byte[100]);
  }

  private void machine(String name) throws IOException {
    run("machine create " + name);
    run("machine controller add %n SATA --bus SATA".replace("%n", name));
    run("machine controller add %n IDE --bus IDE".replace("%n", name));
    run("machine controller add %n Extra --bus SAS".replace("%n", name));
    run("machine controller add %n Gone --bus Floppy".replace("%n", name));
    run("machine bandwidth create %n G --max-bytes-per-second 1M".replace("%n", name));
    run("machine bandwidth create %n Old --max-bytes-per-second 1M".replace("%n", name));
    run("medium create %i/%n-0.vdi --size 4M".replace("%n", name));
    run("medium create %i/%n-1.vdi --size 4M".replace("%n", name));
    run("machine attach %n SATA:0 %i/%n-0.vdi".replace("%n", name));
    run("machine attach %n SATA:1 %i/%n-1.vdi".replace("%n", name));
    run("machine attach %n IDE:0 %i/disc.iso --type dvd".replace("%n", name));
    if (name.equals("asleep") || name.equals("extra")) return;
    run("machine snapshot take %n S1".replace("%n", name));
    run("machine snapshot take %n S2".replace("%n", name));
  }

  /** Its settings and snapshots go where the images are. */
  private void moveToImages(String machine) throws Exception {
    run("machine unregister " + machine);
    VarveProcess.tool(
        folder,
        "mv",
        state.resolve("machines/" + machine).toString(),
        images.path().resolve(machine).toString());
    run("machine open %i/m/m.vbox");
  }

  @AfterEach
  void end() throws Exception {
    if (server != null) stop();
    if (states != null) states.close();
    if (images != null) images.close();
  }

  private void start() throws IOException {
    server = new StateServer(state, ServerSockets.USUAL, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED);
    api = new ApiClient(state);
  }

  private void stop() throws IOException {
    api.close();
    server.close();
  }

  private Object[] words(String line) {
    return line.replace("%i", images.path().toString())
        .replace("%h", healthy.toString())
        .split(" ");
  }

  private JsonObject run(String line) {
    return tool.run(words(line));
  }

  // ---- the verbs

  /** Each can be done on its own, and all of them in this order. */
  private static List<String> verbs() {
    List<String> verbs = new ArrayList<>();
    for (String machine : List.of("m", "s")) {
      for (String verb :
          List.of(
              "machine show %n",
              "machine controller list %n",
              "machine controller add %n New --bus SCSI",
              "machine controller set %n SATA --port-count 8",
              "machine controller rename %n Extra Other",
              "machine controller remove %n Gone",
              "machine bandwidth list %n",
              "machine bandwidth show %n G",
              "machine bandwidth create %n New --max-bytes-per-second 1M",
              "machine bandwidth set %n G --max-bytes-per-second 2M",
              "machine bandwidth delete %n Old",
              "machine set %n SATA:0 --non-rotational on",
              "machine detach %n SATA:1",
              "machine attach %n SATA:2 %i/free-%n.vdi",
              "machine unmount %n IDE:0",
              "machine mount %n IDE:0 %i/disc.iso",
              "machine reload %n",
              "machine snapshot list %n",
              "machine snapshot show %n S1",
              "machine snapshot take %n S3",
              "machine snapshot delete %n S1",
              "machine snapshot restore %n S2",
              "machine start %n --read-only",
              "machine powerdown %n",
              "machine start %n",
              "machine attach %n SATA:5 %i/hot-%n.vdi",
              "machine detach %n SATA:5",
              "machine unmount %n IDE:0",
              "machine mount %n IDE:0 %i/disc.iso",
              "machine eject %n IDE:0",
              "machine snapshot take %n S4",
              "machine snapshot delete %n S4",
              "machine powerdown %n",
              "machine session lock %n",
              "machine controller add %n Held --bus SCSI --session $1",
              "machine attach %n SATA:4 %i/loose.vdi --session $1",
              "machine session discard $1",
              "machine controller rename %n IDE Ide --session $1",
              "machine session save $1",
              "machine session end $1")) verbs.add(verb.replace("%n", machine));
    }
    verbs.addAll(
        List.of(
            "machine session list",
            "machine create fresh",
            "machine open %h/extra/extra.vbox",
            "machine discard-state asleep",
            "machine start imm",
            "machine powerdown imm",
            "medium list",
            "medium create %i/new.vdi --size 4M",
            "medium create %i/fixed.vdi --size 1M --variant Fixed",
            "medium create %i/new.img --size 1M --format RAW",
            "medium open %i/spare.vdi",
            "medium show %i/loose.vdi",
            "medium check %i/loose.vdi",
            "medium map %i/y.vdi",
            "medium refresh %i/y.vdi",
            "medium lock %i/y.vdi --kind Write",
            "medium unlock $1",
            "medium diff %i/own1.vdi %i/z.vdi",
            "medium clone %i/y.vdi %i/copy.vdi",
            "medium clone %i/y.vdi %i/copy.img --format RAW",
            "medium reset %i/y.vdi",
            "medium merge %i/x.vdi %i/y.vdi",
            "medium set %i/own2.vdi --type Writethrough",
            "medium close %i/own3.vdi",
            "medium delete %i/own4.vdi",
            "machine unregister left"));
    return verbs;
  }

  /** What the last verb gave that is named by later ones. */
  private String handle = "";

  @ParameterizedTest
  @EnumSource
  void aVerbIsDoneOrRefusedAsAWholeAndTheServerStartsAgain(Fault fault) throws Exception {
    if (fault.isReadOnly()) begin(fault); // nothing is open yet
    start();
    tool.run("machine", "start", "run");
    if (!fault.isReadOnly()) begin(fault);

    List<String> refused = new ArrayList<>();
    boolean begun = false;
    for (String verb : verbs()) {
      String before = everything();
      String why = outcome(verb);
      theOtherMachineGoesOn();
      if (why.isEmpty()) continue;
      List<String> words = List.of(verb.split(" "));
      assertFalse(words.subList(1, 3).stream().anyMatch(NEED_NO_ROOM::contains), verb + ": " + why);
      refused.add(verb);
      begun |= why.contains("a part is done"); // it goes on at the next start
      assertSame(before, everything(), verb);
    }
    tool.run("machine", "powerdown", "run");
    String before = everything();
    stop();

    start();
    if (!begun) assertSame(before, everything(), "started while it lasts");
    stop();
    end(fault);
    start();
    if (!begun) assertSame(before, everything(), "started when it is over");
    assertEquals(new JsonArray(), tool.run("machine", "list").getJsonArray("warnings"));
    for (String verb : refused) {
      boolean later =
          verb.contains("$1")
              || verb.contains(" eject ")
              || begun && verb.contains("snapshot delete");
      if (!later) assertEquals("", outcome(verb), verb);
    }
  }

  private void begin(Fault fault) throws Exception {
    SmallFileSystem place = fault.name().startsWith("STATE") ? states : images;
    if (fault.isReadOnly()) place.remount("ro");
    else if (fault.name().endsWith("BLOCKS")) place.fillBlocks();
    else place.fillInodes();
  }

  private void end(Fault fault) throws Exception {
    SmallFileSystem place = fault.name().startsWith("STATE") ? states : images;
    if (fault.isReadOnly()) place.remount("rw");
    else place.empty();
  }

  /** Why a verb was refused; empty if it was done. */
  private String outcome(String verb) {
    ControlTool.Outcome outcome = tool.attempt(words(verb.replace("$1", handle)));
    if (verb.contains(" lock ")) handle = outcome.answer().getString("id", handle);
    String why = outcome.refusal();
    if (why.isEmpty()) return "";
    assertFalse(why.matches("(?s).*(Exception|\\tat |\\b(java|dev|io)\\.[a-z]+\\.).*"), why);
    return why;
  }

  private void theOtherMachineGoesOn() throws IOException {
    String socket = server.nbdAddresses().getFirst();
    try (var disk = new NbdSocket(Path.of(socket), "run/SATA/0/0")) {
      disk.request(NbdSocket.FUA, NbdSocket.WRITE, 1, 0, 512);
      disk.send(ByteBuffer.allocate(512));
      assertEquals(new NbdSocket.Reply(1, 0), disk.reply());
    }
  }

  /** What differs is told, and not all of it. */
  private static void assertSame(String before, String after, String when) {
    if (before.equals(after)) return;
    List<String> gone = new ArrayList<>(before.lines().toList());
    List<String> come = new ArrayList<>(after.lines().toList());
    gone.removeAll(after.lines().toList());
    come.removeAll(before.lines().toList());
    assertEquals(String.join("\n", gone), String.join("\n", come), when);
  }

  /** All machines and media. */
  private String everything() throws IOException {
    var text = new StringBuilder();
    for (Object each : api.send(ApiRequest.get("machines")).getJsonArray("machines"))
      text.append(sorted(api.send(ApiRequest.get("machines", ((JsonObject) each).getString("id")))))
          .append('\n');
    for (Object each : api.send(ApiRequest.get("media")).getJsonArray("media"))
      text.append(each).append('\n');
    return text.toString();
  }

  /** Settings files keep attachments controller by controller, and in no other order. */
  private static JsonObject sorted(JsonObject machine) {
    JsonObject hardware = machine.getJsonObject("hardware");
    List<String> attachments =
        hardware.getJsonArray("attachments").stream().map(Object::toString).sorted().toList();
    return machine.put("hardware", hardware.put("attachments", new JsonArray(attachments)));
  }
}
