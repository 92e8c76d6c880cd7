package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCommandTest {

  private static final String UUID = "12345678-1234-4234-8234-123456789abc";

  @TempDir Path folder;

  /** What a command said and how it ended. */
  private record Result(int status, String out, String err) {
    Result ended(int expected) {
      assertEquals(expected, status, this::toString);
      return this;
    }

    Result says(String text) {
      assertTrue((out + err).contains(text), this::toString);
      return this;
    }

    JsonObject json() {
      return new JsonObject(out);
    }
  }

  private static Result varve(Object... arguments) {
    CommandLines.Run run = CommandLines.VARVE.run(arguments);
    return new Result(run.status(), run.out(), run.err());
  }

  private static Result image(Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = "image";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return varve(all);
  }

  private Path path(String name) {
    return folder.resolve(name);
  }

  @Test
  void createdBaseIsWhatWasAskedFor() {
    JsonObject facts =
        image(
                "create",
                path("a.vdi"),
                "--capacity",
                "10M",
                "--block-size",
                "256K",
                "--comment",
                "für mich",
                "--uuid",
                UUID,
                "--output",
                "json")
            .ended(0)
            .json();

    assertEquals("dynamic", facts.getString("type"));
    assertEquals(10 << 20, facts.getLong("capacity"));
    assertEquals(256 << 10, facts.getInteger("blockSize"));
    assertEquals(40, facts.getInteger("blockCount"));
    assertEquals(0, facts.getInteger("allocatedBlocks"));
    assertEquals("für mich", facts.getString("comment"));
    assertEquals(UUID, facts.getString("uuid"));
    assertEquals(null, facts.getValue("parentUuid"));
    image("info", path("a.vdi")).ended(0).says("10.00 MiB (10485760 bytes)").says("für mich");
    image("check", path("a.vdi")).ended(0).says("clean");
  }

  @Test
  void createdFixedImageHasItsSpace() throws IOException {
    image("create", path("a.vdi"), "--size", "3M", "--fixed").ended(0).says("fixed");

    assertEquals(5 << 20, Files.size(path("a.vdi")));
  }

  @Test
  void createWarnsOfADiskThatVirtualBoxCannotSnapshot() {
    Result small = image("create", path("a.vdi"), "--size", "512K").ended(0);
    Result enough = image("create", path("b.vdi"), "--size", "1M").ended(0);

    assertTrue(small.err.startsWith("varve: warning: the disk has 524288 bytes"), small.err);
    assertTrue(small.err.contains("VirtualBox takes snapshots only of disks of 1048576"));
    assertEquals("", enough.err);
  }

  @Test
  void createWarnsOfAChildWithOtherBlocksThanItsDifferencingParent() {
    image("create", path("base.vdi"), "--size", "8M", "--block-size", "512K").ended(0);
    image("create", path("one.vdi"), "--parent", path("base.vdi"), "--block-size", "2M").ended(0);

    Result other =
        image("create", path("two.vdi"), "--parent", path("one.vdi"), "--block-size", "1M")
            .ended(0);
    Result same =
        image("create", path("three.vdi"), "--parent", path("one.vdi"), "--output", "json")
            .ended(0);

    assertTrue(other.err.startsWith("varve: warning: "), other.err);
    assertTrue(other.err.contains("1048576") && other.err.contains("2097152"), other.err);
    assertTrue(other.err.contains("VirtualBox loses data"), other.err);
    assertEquals("", same.err);
    assertEquals(2 << 20, same.json().getInteger("blockSize"));
  }

  @Test
  void createdChildFormsAChainWithItsParents() {
    image("create", path("base.vdi"), "--capacity", "4M").ended(0);
    image("create", path("middle.vdi"), "--parent", path("base.vdi")).ended(0);
    image("create", path("leaf.vdi"), "--parent", path("middle.vdi"), "--capacity", "6M").ended(0);

    JsonObject info = image("info", path("leaf.vdi"), "--output", "json").ended(0).json();

    JsonArray images = info.getJsonArray("images");
    assertEquals(6 << 20, info.getLong("capacity"));
    assertEquals(3, images.size());
    assertEquals(path("base.vdi").toString(), images.getJsonObject(0).getString("file"));
    assertEquals(
        images.getJsonObject(0).getString("uuid"), images.getJsonObject(1).getString("parentUuid"));
    assertEquals("differencing", images.getJsonObject(2).getString("type"));
    assertEquals(1, info.getJsonArray("warnings").size(), "the leaf is longer than its parent");
  }

  @Test
  void wrongUsageOfCreateIsToldAndNothingIsCreated() throws IOException {
    image("create", path("base.vdi"), "--capacity", "1M").ended(0);

    image("create", path("a.vdi")).ended(2).says("--capacity");
    image("create", path("a.vdi"), "--capacity", "0").ended(2).says("capacity 0");
    image("create", path("a.vdi"), "--capacity", "1000").ended(2).says("sectors of 512");
    image("create", path("a.vdi"), "--capacity", "12X").ended(2).says("'12X' is not a size");
    image("create", path("a.vdi"), "--capacity", "9999P").ended(2).says("is not a size");
    image("create", path("a.vdi"), "--capacity", "1M", "--block-size", "3M").ended(2);
    image("create", path("a.vdi"), "--capacity", "1M", "--block-size", "64G").ended(2);
    image("create", path("a.vdi"), "--capacity", "1M", "--comment", "x".repeat(256)).ended(2);
    image("create", path("a.vdi"), "--capacity", "1M", "--uuid", "no").ended(2);
    image("create", path("a.vdi"), "--parent", path("base.vdi"), "--fixed").ended(2);
    image("create", "--capacity", "1M").ended(2);
    image("create", path("a.vdi"), "--capacity", "1M", "--output", "xml").ended(2);
    image().ended(2);
    image("destroy").ended(2);

    assertEquals(List.of("base.vdi"), files());
  }

  @Test
  void createOverwritesNothingAndNeedsAGoodParent() throws IOException {
    Path precious = Files.writeString(path("a.vdi"), "precious");

    image("create", precious, "--capacity", "1M").ended(1).says("exists");
    image("create", path("b.vdi"), "--parent", precious).ended(1).says("a.vdi");
    image("create", path("b.vdi"), "--parent", path("none.vdi")).ended(1).says("none.vdi");
    image("create", path("no/such/b.vdi"), "--capacity", "1M").ended(1);

    assertEquals("precious", Files.readString(precious));
    assertEquals(List.of("a.vdi"), files());
  }

  @Test
  void infoOfAnImageWithoutItsParentShowsTheImageAndFails() throws IOException {
    image("create", path("base.vdi"), "--capacity", "1M").ended(0);
    image("create", path("leaf.vdi"), "--parent", path("base.vdi")).ended(0);
    Files.createDirectory(path("else"));
    Files.move(path("base.vdi"), path("else/base.vdi"));

    Result alone = image("info", path("leaf.vdi"), "--output", "json").ended(1);
    assertEquals(1, alone.json().getJsonArray("images").size());
    assertTrue(alone.json().getString("error").contains("was not found"));
    assertTrue(alone.err().contains("--search"));

    image("info", path("leaf.vdi"), "--search", path("else")).ended(0);
    image("info", "--chain", path("else/base.vdi") + "," + path("leaf.vdi")).ended(0);
    image("info", "--chain", path("leaf.vdi") + "," + path("else/base.vdi")).ended(1);
    image("info").ended(2);
    image("info", path("leaf.vdi"), "--chain", path("leaf.vdi")).ended(2);
  }

  @Test
  void convertedDiskComesBackTheSameAndSparse() throws IOException {
    byte[] contents = disk();
    Path raw = Files.write(path("a.raw"), contents);

    JsonObject done =
        image("convert", raw, path("b.vdi"), "--comment", "kept", "--output", "json")
            .ended(0)
            .json();
    image("convert", path("b.vdi"), path("c.vdi"), "--fixed", "--block-size", "128K").ended(0);
    image("convert", path("c.vdi"), path("d.img")).ended(0);

    assertEquals(2, done.getJsonObject("image").getInteger("allocatedBlocks"));
    assertEquals(List.of(raw.toString()), done.getJsonArray("sources").getList());
    image("info", path("c.vdi")).ended(0).says("fixed").says("kept");
    assertArrayEquals(contents, Files.readAllBytes(path("d.img")));
    image("check", path("b.vdi"), path("c.vdi")).ended(0);
  }

  /** 5 MiB and a sector, of which two pieces hold something. */
  private static byte[] disk() {
    var contents = new byte[(5 << 20) + 512];
    Arrays.fill(contents, 1 << 20, (1 << 20) + 5000, (byte) 'a');
    Arrays.fill(contents, 5 << 20, (5 << 20) + 512, (byte) 'z');
    return contents;
  }

  @Test
  void rawFileOfAnOddLengthIsPaddedToASector() throws IOException {
    Files.write(path("a.raw"), "only this".getBytes(StandardCharsets.UTF_8));

    image("convert", path("a.raw"), path("b.vdi")).ended(0);
    image("convert", path("b.vdi"), path("c.raw")).ended(0);

    assertEquals(512, Files.size(path("c.raw")));
    assertTrue(Files.readString(path("c.raw")).startsWith("only this\0"));
  }

  @Test
  void mapSaysWhichImageHoldsWhat() throws IOException {
    Files.write(path("a.raw"), disk());
    image("convert", path("a.raw"), path("base.vdi")).ended(0);
    image("create", path("leaf.vdi"), "--parent", path("base.vdi")).ended(0);

    JsonObject map = image("map", path("leaf.vdi"), "--output", "json").ended(0).json();

    JsonArray extents = map.getJsonArray("extents");
    assertEquals((5 << 20) + 512, map.getLong("capacity"));
    assertEquals(4, extents.size(), extents::encode);
    assertExtent(extents.getJsonObject(0), 0, 1 << 20, 0, null);
    assertExtent(extents.getJsonObject(1), 1 << 20, 1 << 20, 2, path("base.vdi"));
    assertExtent(extents.getJsonObject(2), 2 << 20, 3 << 20, 0, null);
    assertExtent(extents.getJsonObject(3), 5 << 20, 512, 2, path("base.vdi"));
    image("map", path("leaf.vdi")).ended(0).says("base.vdi");
    image("map", path("none.vdi")).ended(1);
  }

  private static void assertExtent(
      JsonObject extent, long offset, long length, int depth, @Nullable Path file) {
    assertEquals(offset, extent.getLong("offset"), extent::encode);
    assertEquals(length, extent.getLong("length"), extent::encode);
    assertEquals(depth, extent.getInteger("depth"), extent::encode);
    assertEquals(depth == 0, extent.getBoolean("zero"), extent::encode);
    assertEquals(depth != 0, extent.getBoolean("data"), extent::encode);
    assertEquals(file == null ? null : file.toString(), extent.getString("file"));
  }

  @Test
  void convertReplacesOnlyWithForceAndNeverItsSource() throws IOException {
    Files.write(path("a.raw"), disk());
    Files.writeString(path("b.vdi"), "precious");

    image("convert", path("a.raw"), path("b.vdi")).ended(1).says("--force");
    image("convert", path("a.raw"), path("a.raw"), "--force").ended(1);
    assertEquals("precious", Files.readString(path("b.vdi")));
    assertArrayEquals(disk(), Files.readAllBytes(path("a.raw")));

    image("convert", path("a.raw"), path("b.vdi"), "--force").ended(0);
    image("check", path("b.vdi")).ended(0);
    assertEquals(List.of("a.raw", "b.vdi"), files());
  }

  @Test
  void aCommaInANameOfAListedChainIsPartOfTheName() throws IOException {
    Path base = path("a,b.vdi");
    Path leaf = path("leaf,.vdi");
    image("create", base, "--capacity", "1M").ended(0);
    image("create", leaf, "--parent", base).ended(0);
    String escaped = base.toString().replace(",", "\\,") + "," + path("leaf\\,.vdi");

    for (String chain : new String[] {escaped, base + "," + leaf}) {
      JsonObject info = image("info", "--chain", chain, "--output", "json").ended(0).json();
      assertEquals(2, info.getJsonArray("images").size());
      image("map", "--chain", chain).ended(0);
    }
    image("create", path("a"), "--capacity", "1M").ended(0); // now a bare comma ends a name
    image("info", "--chain", escaped).ended(0);
    image("info", "--chain", base + "," + leaf).ended(1).says("b.vdi");
  }

  @Test
  void wrongUsageOfConvertIsTold() throws IOException {
    Files.write(path("a.raw"), disk());

    image("convert", path("a.raw")).ended(2).says("SOURCE and TARGET");
    image("convert", path("a.raw"), path("b")).ended(2).says("--to");
    image("convert", path("a.raw"), path("b.raw"), "--comment", "x").ended(2);
    image("convert", path("a.raw"), path("b.vdi"), "--block-size", "5").ended(2);
    image("convert", "--chain", "a,b", path("a.raw"), path("b.vdi")).ended(2);
    image("convert", path("none.raw"), path("b.vdi")).ended(1).says("none.raw");
    image("convert", path("a.raw"), path("b.vdi"), "--from", "vdi")
        .ended(1)
        .says("no signature of a disk image");

    assertEquals(List.of("a.raw"), files());
  }

  @Test
  void formatIsToldFromTheContentsUnlessGiven() throws IOException {
    Files.write(path("a.raw"), disk());
    image("convert", path("a.raw"), path("b"), "--to", "vdi").ended(0);

    image("convert", path("b"), path("c.raw")).ended(0);
    image("convert", path("b"), path("d.raw"), "--from", "raw").ended(0);

    assertArrayEquals(disk(), Files.readAllBytes(path("c.raw")));
    assertArrayEquals(Files.readAllBytes(path("b")), Files.readAllBytes(path("d.raw")));
  }

  @Test
  void checkFailsOnDamageAndRepairsIt() throws IOException {
    Files.write(path("a.raw"), disk());
    image("convert", path("a.raw"), path("a.vdi")).ended(0);
    try (var file = new RandomAccessFile(path("a.vdi").toFile(), "rw")) {
      file.setLength(3 << 20); // the second block is gone
    }

    JsonObject damaged =
        image("check", path("a.vdi"), "--output", "json")
            .ended(3)
            .json()
            .getJsonArray("images")
            .getJsonObject(0);
    assertEquals("damaged", damaged.getString("status"));
    JsonObject finding = damaged.getJsonArray("findings").getJsonObject(0);
    assertEquals("outsideFile", finding.getString("kind"));
    assertEquals("damage", finding.getString("severity"));

    image("check", path("a.vdi"), "--repair").ended(0).says("repaired: lost, now zeroes: 1 block");
    image("check", path("a.vdi")).ended(0).says("clean");
  }

  @Test
  void checkSaysWhetherVirtualBoxMayOpenWhatACrashLeft() throws IOException {
    Files.write(path("a.raw"), disk());
    image("convert", path("a.raw"), path("a.vdi")).ended(0);
    try (var file = new RandomAccessFile(path("a.vdi").toFile(), "rw")) {
      file.setLength(file.length() + 4096); // reserved, and not used yet
    }
    image("check", path("a.vdi")).ended(0).says("leaks").says("VirtualBox: may open");

    setCount(path("a.vdi"), 1);
    image("check", path("a.vdi")).ended(0).says("leaks").says("VirtualBox: must not open");
    assertEquals("repairFirst", checked("a.vdi").getString("virtualBox"));
    image("check", path("a.vdi"), "--repair").ended(0).says("VirtualBox: may open");
    assertEquals("mayOpen", checked("a.vdi").getString("virtualBox"));

    setCount(path("a.vdi"), 1 << 20);
    image("check", path("a.vdi")).ended(3).says("damaged").says("VirtualBox: refuses the image");
    image("info", path("a.vdi")).ended(1).says("'varve image check --repair' corrects the count");
    image("check", path("a.vdi"), "--repair").ended(0).says("corrected from").says("may open");
    image("convert", path("a.vdi"), path("b.raw")).ended(0);
    assertArrayEquals(disk(), Files.readAllBytes(path("b.raw")));
  }

  private JsonObject checked(String name) {
    return image("check", path(name), "--output", "json")
        .json()
        .getJsonArray("images")
        .getJsonObject(0);
  }

  /** Adds to the header's number of allocated blocks. */
  private static void setCount(Path image, int more) throws IOException {
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(388);
      int counted = Integer.reverseBytes(file.readInt());
      file.seek(388);
      file.writeInt(Integer.reverseBytes(counted + more));
    }
  }

  @Test
  void checkTellsWhatIsDamagedFromWhatCannotBeChecked() throws IOException {
    Files.writeString(path("text.vdi"), "no image");
    Files.write(path("headless.vdi"), new byte[8]);
    image("create", path("good.vdi"), "--capacity", "1M").ended(0);

    image("check", path("good.vdi")).ended(0).says("clean");
    image("check", path("headless.vdi")).ended(3).says("damaged").says("file length is 8");
    image("check", path("headless.vdi"), "--repair").ended(3);
    assertArrayEquals(new byte[8], Files.readAllBytes(path("headless.vdi")));
    image("check", path("text.vdi")).ended(1).says("text.vdi: not checked").says("text file");
    image("check", path("none.vdi")).ended(1).says("varve: " + path("none.vdi") + ": there is no");
    image("info", path("headless.vdi")).ended(1).says("file length is 8");
    image("check").ended(2);
    image("check", "--help").ended(0).says("3").says("damaged");
  }

  @Test
  void checkOfSeveralImagesGoesOnAndEndsWithTheWorst() throws IOException {
    Path headless = Files.write(path("headless.vdi"), new byte[8]);
    Path missing = path("none.vdi");
    Path good = path("good.vdi");
    image("create", good, "--capacity", "1M").ended(0);

    image("check", missing, good).ended(1).says("good.vdi: clean");
    image("check", headless, good).ended(3).says("good.vdi: clean");
    Result all = image("check", headless, missing, good, "--output", "json").ended(3);

    assertEquals(3, all.json().getInteger("exitStatus"));
    assertEquals(
        List.of("damaged", "notChecked", "clean"),
        all.json().getJsonArray("images").stream()
            .map(each -> ((JsonObject) each).getString("status"))
            .toList());
  }

  @Test
  @NeedsTools("qemu-img")
  void qemuAgreesOnWhatIsCreatedAndConverted() throws Exception {
    var contents = new byte[6 << 20];
    new Random(1).nextBytes(contents);
    Arrays.fill(contents, 1 << 20, 4 << 20, (byte) 0);
    Files.write(path("a.raw"), contents);
    image("convert", path("a.raw"), path("a.vdi")).ended(0);
    image("convert", path("a.raw"), path("fixed.vdi"), "--fixed").ended(0);
    image("create", path("empty.vdi"), "--capacity", "1G").ended(0);

    assertSucceeds("qemu-img", "check", path("a.vdi"));
    assertSucceeds("qemu-img", "check", path("fixed.vdi"));
    assertSucceeds("qemu-img", "check", path("empty.vdi"));
    assertSucceeds("qemu-img", "compare", path("a.raw"), path("a.vdi"));
    assertSucceeds("qemu-img", "compare", path("a.raw"), path("fixed.vdi"));
    assertSucceeds("qemu-img", "convert", "-O", "vdi", path("a.raw"), path("q.vdi"));
    image("check", path("q.vdi")).ended(0).says("clean");
    image("convert", path("q.vdi"), path("q.raw")).ended(0);
    assertArrayEquals(contents, Files.readAllBytes(path("q.raw")));
    String info = assertSucceeds("qemu-img", "info", "--output=json", path("empty.vdi"));
    assertEquals(1 << 30, new JsonObject(info).getLong("virtual-size"));
  }

  private static String assertSucceeds(Object... command) throws Exception {
    var words = Arrays.stream(command).map(Object::toString).toList();
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), words::toString);
    assertEquals(0, process.exitValue(), () -> words + ": " + said);
    return said;
  }

  @Test
  void sizesAreReadAsPeopleWriteThem() {
    assertCapacity(1536, "1.5K");
    assertCapacity(2 << 20, "2MiB");
    assertCapacity(2 << 20, "2mb");
    assertCapacity(1L << 40, "1T");
    assertCapacity(1024, "1024");
    image("create", path("x.vdi"), "--capacity", "1.0001K").ended(2);
    image("create", path("x.vdi"), "--capacity", "-1").ended(2);
    assertFalse(Files.exists(path("x.vdi")));
  }

  private void assertCapacity(long bytes, String text) {
    Path file = path(text + ".vdi");
    JsonObject facts =
        image("create", file, "--capacity", text, "--output", "json").ended(0).json();
    assertEquals(bytes, facts.getLong("capacity"));
  }

  private List<String> files() throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }
}
