package dev.varve.io.ova;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.PackedMachine.NewDisk;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import dev.varve.core.ovf.OvfDisk;
import dev.varve.core.ovf.OvfDrive;
import dev.varve.core.ovf.OvfFile;
import dev.varve.core.ovf.OvfMachine;
import dev.varve.core.ovf.OvfReader;
import dev.varve.core.ovf.OvfWriter;
import dev.varve.io.chain.FormatFixtures;
import dev.varve.io.chain.PackedDisk;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackageFileTest {

  private static final long MIB = 1 << 20;
  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  // ---- what is imported

  /** Imports a package; returns the raw contents of its first disk. */
  private byte[] imported(Path packed) throws IOException {
    try (var opened = new PackageFile(packed, threads)) {
      Path scratch = Files.createDirectories(folder.resolve("scratch"));
      opened.open(scratch, Progress.NONE);
      Path target = Files.createDirectories(folder.resolve("machine"));
      opened.check(target, Progress.NONE);
      OvfDisk disk = opened.machine().disks().getFirst();
      var id = new MediumId(UUID.randomUUID());
      Path image = target.resolve(id + ".vdi");
      opened.copy(
          new NewDisk(disk, image, id, ImageFormat.VDI, Announcement.UNHEARD), Progress.NONE);
      assertEquals(List.of(), names(scratch));
      return raw(new ImageChain(List.of(new Image(image, ImageFormat.VDI, id))));
    }
  }

  private byte[] raw(ImageChain chain) throws IOException {
    Path raw = folder.resolve(UUID.randomUUID() + ".raw");
    try (var disk = PackedDisk.open(chain, threads)) {
      disk.copyTo(
          raw, new MediumId(UUID.randomUUID()), ImageFormat.RAW, Announcement.UNHEARD, _ -> {});
    }
    byte[] bytes = Files.readAllBytes(raw);
    Files.delete(raw);
    return bytes;
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private byte[] fixture(FormatFixtures.Chain chain) throws IOException {
    return Files.readAllBytes(chain.unpack(folder.resolve("fixture")).files().getFirst());
  }

  private static String hash(byte[] bytes) {
    return HexFormat.of().formatHex(PackageMaker.sha256(bytes));
  }

  /** Images in one file of every format, at an odd place of an archive. */
  static Stream<FormatFixtures.Chain> disksInOneFile() {
    return Stream.of(
            "vm-ova-disk",
            "vmdk-sparse",
            "vmdk-stream",
            "q-vmdk-stream",
            "hm-vmdk-stream1",
            "hm-vmdk-stream2",
            "vhd-dyn",
            "vhd-fixed",
            "clone-vdi",
            "qcow2-comp",
            "qcow2-v3")
        .map(FormatFixtures::chain);
  }

  @ParameterizedTest
  @MethodSource("disksInOneFile")
  void anImageOfEachFormatIsReadInPlace(FormatFixtures.Chain chain) throws IOException {
    Path ova =
        new PackageMaker()
            .file("m.ovf", PackageMaker.ovf("m", "disk"))
            .file("note", "x")
            .file("disk", fixture(chain))
            .file("behind", new byte[5000])
            .writeTo(folder.resolve("m.ova"));

    byte[] found = imported(ova);

    assertEquals(chain.capacity(), found.length);
    assertEquals(chain.sha256(), hash(found));
  }

  @Test
  void whatVirtualBoxExportedIsRead() throws IOException {
    FormatFixtures.Chain disk = FormatFixtures.chain("vm-ova-disk");
    byte[] ovf;
    try (var in = OvfReader.class.getResourceAsStream("/ovf/exported.ovf")) {
      ovf = in.readAllBytes();
    }
    Path ova =
        new PackageMaker()
            .file("t1.ovf", ovf)
            .file("mvmdk-disk001.vmdk", fixture(disk))
            .writeTo(folder.resolve("t1.ova"));

    assertEquals(disk.sha256(), hash(imported(ova)));
  }

  private byte[] someDisk() {
    byte[] disk = new byte[(int) (3 * MIB)];
    new Random(7).nextBytes(disk);
    Arrays.fill(disk, 70_000, 1_900_000, (byte) 0);
    return disk;
  }

  @Test
  void aDescriptorIsReadWithTheDisksBesideIt() throws IOException {
    Path beside = Files.createDirectories(folder.resolve("beside"));
    Files.writeString(beside.resolve("m.ovf"), PackageMaker.ovf("m", "a%20disk.raw"));
    Files.write(beside.resolve("a disk.raw"), someDisk());

    assertArrayEquals(someDisk(), imported(beside.resolve("m.ovf")));
  }

  /** A guest can write the signature of any format. */
  @Test
  void aDiskThatTheDescriptorCallsRawIsNotLookedInto() throws IOException {
    Path beside = Files.createDirectories(folder.resolve("beside"));
    Files.writeString(
        beside.resolve("m.ovf"),
        PackageMaker.ovf("m", "d.img").replace("fileRef=", "format=\"http://a/raw\" fileRef="));
    byte[] disk = someDisk();
    byte[] qcow = fixture(FormatFixtures.chain("qcow2-v3"));
    System.arraycopy(qcow, 0, disk, 0, 512);
    Files.write(beside.resolve("d.img"), disk);

    assertArrayEquals(disk, imported(beside.resolve("m.ovf")));
  }

  /** As VMware writes one: with prefixes, a manifest, and a disc that is no hard disk. */
  @Test
  void aDescriptorOfAnotherMakerIsReadWithItsManifest() throws IOException {
    Path beside = Files.createDirectories(folder.resolve("beside"));
    String ovf =
        PackageMaker.ovf("m", "d.raw")
            .replaceAll("<(/?)(?=[A-Z])", "<$1ovf:")
            .replace("xmlns=", "xmlns:ovf=");
    byte[] disc = {1, 2, 3};
    var lines = new StringBuilder();
    for (var file :
        Map.of("m.ovf", ovf.getBytes(StandardCharsets.UTF_8), "d.raw", someDisk(), "a.iso", disc)
            .entrySet()) {
      Files.write(beside.resolve(file.getKey()), file.getValue());
      lines.append("SHA256(%s)= %s\n".formatted(file.getKey(), hash(file.getValue())));
    }
    Files.writeString(beside.resolve("m.mf"), lines);
    assertArrayEquals(someDisk(), imported(beside.resolve("m.ovf")));

    Files.write(beside.resolve("a.iso"), new byte[] {1, 2, 4});
    String said = refusal(beside.resolve("m.ovf"));

    assertTrue(said.contains("a.iso has the SHA-256 checksum"), said);
  }

  @Test
  void anImageInSeveralFilesIsReadBesideItsDescriptor() throws IOException {
    FormatFixtures.Chain chain = FormatFixtures.chain("vmdk-split5g");
    Path beside = folder.resolve("beside");
    String name = chain.unpack(beside).files().getFirst().getFileName().toString();
    Files.writeString(beside.resolve("m.ovf"), PackageMaker.ovf("m", name));

    try (var opened = new PackageFile(beside.resolve("m.ovf"), threads)) {
      opened.open(folder, Progress.NONE);
      opened.check(folder, Progress.NONE);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBoxIsRead(boolean packed) throws IOException {
    var maker =
        new PackageMaker()
            .vagrant()
            .file("./disk.img", someDisk())
            .file("./box.ovf", PackageMaker.ovf("packer-123", "disk.img"));
    Path box = folder.resolve("m.box");
    if (packed) maker.writePackedTo(box);
    else maker.writeTo(box);

    assertArrayEquals(someDisk(), imported(box));
  }

  @Test
  void aDiskThatGzipHasPackedIsUnpacked() throws IOException {
    String ovf =
        PackageMaker.ovf("m", "disk.raw.gz")
            .replace("href", "compression=\"gzip\" href")
            .replace(
                "diskId=\"d0\"", "diskId=\"d0\" capacity=\"3\" capacityAllocationUnits=\"MB\"");
    Path ova =
        new PackageMaker()
            .file("m.ovf", ovf)
            .file("disk.raw.gz", PackageMaker.gzip(someDisk()))
            .writeTo(folder.resolve("m.ova"));

    assertArrayEquals(someDisk(), imported(ova));
  }

  @Test
  void theSizeOfAMemberIsNotThatOfItsLongName() throws IOException {
    byte[] disk = someDisk();
    String record = " size=" + disk.length + "\n";
    String size = (record.length() + 2) + record;
    byte[] name = "d.raw\0".getBytes(StandardCharsets.UTF_8);
    Path ova =
        good()
            .entry("h", 'x', size.getBytes(StandardCharsets.UTF_8))
            .entry("l", 'L', name)
            .entry("cut", '0', disk)
            .writeTo(folder.resolve("m.ova"));

    assertArrayEquals(disk, imported(ova));
  }

  @Test
  void aManifestIsChecked() throws IOException {
    byte[] disk = someDisk();
    PackageMaker good =
        new PackageMaker().file("m.ovf", PackageMaker.ovf("m", "d.raw")).file("d.raw", disk);
    byte[] archive = good.manifest("m.mf").bytes();
    assertArrayEquals(disk, imported(Files.write(folder.resolve("good.ova"), archive)));

    archive[archive.length / 2] ^= 1;
    Path bad = Files.write(folder.resolve("bad.ova"), archive);
    String said = refusal(bad);

    assertTrue(said.contains("'d.raw' in " + bad), said);
    assertTrue(said.contains("SHA-256 checksum"), said);
  }

  // ---- what is refused

  private String refusal(Path packed) {
    return assertThrows(IOException.class, () -> imported(packed)).getMessage();
  }

  private static PackageMaker good() {
    return new PackageMaker().file("m.ovf", PackageMaker.ovf("m", "d.raw"));
  }

  private static byte[] small() {
    return new byte[1024];
  }

  /** A bad archive, and a part of what is said of it. */
  record Bad(byte[] archive, String said) {
    @Override
    public String toString() {
      return said;
    }
  }

  static Stream<Bad> badArchives() {
    byte[] whole = good().file("d.raw", new byte[100_000]).bytes();
    byte[] wrongSum = whole.clone();
    wrongSum[0] ^= 1;
    byte[] sparse = "22 GNU.sparse.major=1\n".getBytes(StandardCharsets.UTF_8);
    return Stream.of(
        new Bad(Arrays.copyOf(whole, 50_000), "is not whole: the member 'd.raw' has 100000 bytes"),
        new Bad(Arrays.copyOf(whole, 2000), "is not whole"),
        new Bad(wrongSum, "its checksum is wrong"),
        new Bad(good().file("x", small()).file("x", small()).bytes(), "two members named 'x'"),
        new Bad(good().file("./x", small()).file("x", small()).bytes(), "two members named 'x'"),
        new Bad(good().file("a/d.raw", small()).bytes(), "'a/d.raw', which is in a folder"),
        new Bad(good().file("../d.raw", small()).bytes(), "'../d.raw', whose name leads out"),
        new Bad(good().file("a/../../d", small()).bytes(), "whose name leads out"),
        new Bad(good().file("/etc/d.raw", small()).bytes(), "'/etc/d.raw', whose name leads out"),
        new Bad(good().file("a\\d.raw", small()).bytes(), "whose name leads out"),
        new Bad(good().file("a\nd.raw", small()).bytes(), "holds the control character"),
        new Bad(good().entry("", '0', small()).bytes(), "whose name leads out"),
        new Bad(good().entry("d.raw", '0', 1L << 40, small()).bytes(), "has 1099511627776 bytes"),
        new Bad(good().entry("d.raw", '0', Long.MAX_VALUE, small()).bytes(), "bytes"),
        new Bad(good().entry("h", 'x', sparse).file("d.raw", small()).bytes(), "holes (sparse)"),
        new Bad(
            good().entry("h", 'x', "9 size=x\n".getBytes(StandardCharsets.UTF_8)).bytes(),
            "with the length 'x'"),
        new Bad(
            good().entry("h", 'x', "99 path=x\n".getBytes(StandardCharsets.UTF_8)).bytes(),
            "cannot be read"),
        new Bad(
            good().entry("h", 'x', "7 path=".getBytes(StandardCharsets.UTF_8)).bytes(),
            "cannot be read"),
        new Bad(good().entry("h", 'L', new byte[1 << 20]).bytes(), "at most 65536 are read"),
        new Bad(good().bytes(), "names the file 'd.raw' for disk 'd0'"),
        new Bad(new PackageMaker().file("a", small()).bytes(), "has no descriptor"),
        new Bad(good().file("n.ovf", small()).bytes(), "has 2 descriptors"),
        new Bad(good().file("d.raw", new byte[0]).bytes(), "d.raw"),
        new Bad(good().file("m.mf", "x").file("d.raw", small()).bytes(), "has the line 'x'"),
        new Bad(
            good().file("m.mf", "SHA1(y)= " + "0".repeat(40)).file("d.raw", small()).bytes(),
            "lists the file 'y'"));
  }

  @ParameterizedTest
  @MethodSource("badArchives")
  void aBadArchiveIsRefusedWithItsMemberAndRule(Bad bad) throws IOException {
    Path ova = Files.write(folder.resolve("bad.ova"), bad.archive());

    String said = refusal(ova);

    assertTrue(said.contains(bad.said()), said);
    assertArrayEquals(bad.archive(), Files.readAllBytes(ova));
  }

  static List<Character> otherTypes() {
    return PackageMaker.otherTypes();
  }

  @ParameterizedTest
  @MethodSource("otherTypes")
  void whatIsNoPlainFileIsRefused(char type) throws IOException {
    Path ova = good().entry("d.raw", type, new byte[0]).writeTo(folder.resolve("bad.ova"));

    String said = refusal(ova);

    assertTrue(said.contains("has the member 'd.raw', which"), said);
  }

  static Stream<Bad> noPackages() {
    return Stream.of(
        new Bad(new byte[] {'P', 'K', 3, 4, 0, 0}, "a zip archive"),
        new Bad("text\n".getBytes(StandardCharsets.UTF_8), "a text file"),
        new Bad(new byte[5000], "no signature"),
        new Bad(PackageMaker.gzip(new byte[5000]), "in it is no archive"),
        new Bad(Arrays.copyOf(PackageMaker.gzip(good().bytes()), 200), "gzip says"),
        new Bad(Arrays.copyOf(PackageMaker.gzip(good().bytes()), 5), "gzip says that it ends"));
  }

  @ParameterizedTest
  @MethodSource("noPackages")
  void whatIsNoPackageIsRefusedByItsName(Bad bad) throws IOException {
    Path file = Files.write(folder.resolve("any"), bad.archive());

    String said = refusal(file);

    assertTrue(said.contains(bad.said()), said);
  }

  @Test
  void aCapacityThatTheDiskHasNotIsRefused() throws IOException {
    String ovf = PackageMaker.ovf("m", "d.raw");
    for (String capacity :
        List.of("capacity=\"7000000\"", "capacity=\"9\" capacityAllocationUnits=\"GB\"")) {
      Path ova =
          new PackageMaker()
              .file("m.ovf", ovf.replace("diskId", capacity + " diskId"))
              .file("d.raw", someDisk())
              .writeTo(folder.resolve("m.ova"));

      String said = refusal(ova);

      assertTrue(said.contains("disk 'd0' has"), said);
      assertTrue(said.contains("has 3145728"), said);
    }
    Path rounded =
        new PackageMaker()
            .file(
                "m.ovf",
                ovf.replace("diskId", "capacity=\"1\" capacityAllocationUnits=\"GB\" diskId"))
            .file("d.raw", someDisk())
            .writeTo(folder.resolve("m.ova"));
    assertArrayEquals(someDisk(), imported(rounded));
  }

  @Test
  void aSizeThatTheFileHasNotIsRefused() {
    Path ova =
        new PackageMaker()
            .file("m.ovf", PackageMaker.ovf("m", "d.raw").replace("href", "size=\"77\" href"))
            .file("d.raw", someDisk())
            .writeTo(folder.resolve("m.ova"));

    String said = refusal(ova);

    assertTrue(said.contains("has 3145728 bytes, and the descriptor says 77"), said);
  }

  @Test
  void aDiskThatShowsAPartOnlyIsRefused() throws IOException {
    ImageChain chain = FormatFixtures.chain("vmdk-d1").unpack(folder.resolve("chain"));
    Path child = chain.files().getLast();
    Path ova =
        new PackageMaker()
            .file("m.ovf", PackageMaker.ovf("m", "d.vmdk"))
            .file("d.vmdk", Files.readAllBytes(child))
            .writeTo(folder.resolve("m.ova"));

    String said = refusal(ova);

    assertTrue(said.contains("shows a part of a disk only"), said);
  }

  @Test
  void aPackedDiskThatNeverEndsIsRefused() {
    String ovf =
        PackageMaker.ovf("m", "d.gz")
            .replace("href", "compression=\"gzip\" href")
            .replace("diskId", "capacity=\"1\" capacityAllocationUnits=\"MB\" diskId");
    Path ova =
        new PackageMaker()
            .file("m.ovf", ovf)
            .file("d.gz", PackageMaker.gzip(new byte[200 << 20]))
            .writeTo(folder.resolve("m.ova"));

    String said = refusal(ova);

    assertTrue(said.contains("unpacks to more than"), said);
  }

  @Test
  void aLinkBesideADescriptorIsRefused() throws IOException {
    Path secret = Files.write(folder.resolve("secret"), someDisk());
    Path beside = Files.createDirectories(folder.resolve("beside"));
    Files.createSymbolicLink(beside.resolve("d.raw"), secret);
    Files.writeString(beside.resolve("m.ovf"), PackageMaker.ovf("m", "d.raw"));

    String said = refusal(beside.resolve("m.ovf"));

    assertTrue(said.contains("is no plain file"), said);
  }

  /** Files can be replaced while others are hashed, which takes long. */
  @Test
  void aDiskThatBecomesALinkIsNotFollowed() throws IOException {
    Path beside = Files.createDirectories(folder.resolve("beside"));
    Path secret = Files.write(folder.resolve("secret"), someDisk());
    Files.writeString(beside.resolve("m.ovf"), PackageMaker.ovf("m", "d.raw"));
    Files.write(beside.resolve("d.raw"), someDisk());
    try (var opened = new PackageFile(beside.resolve("m.ovf"), threads)) {
      opened.open(folder, Progress.NONE);
      Files.delete(beside.resolve("d.raw"));
      Files.createSymbolicLink(beside.resolve("d.raw"), secret);

      IOException refusal =
          assertThrows(IOException.class, () -> opened.check(folder, Progress.NONE));

      assertTrue(refusal.getMessage().contains("is not followed"), refusal.getMessage());
    }
  }

  @Test
  void aPackedDiskOfTheLargestCapacityIsUnpacked() throws IOException {
    String ovf =
        PackageMaker.ovf("m", "disk.raw.gz")
            .replace("href", "compression=\"gzip\" href")
            .replace("diskId=\"d0\"", "diskId=\"d0\" capacity=\"" + Long.MAX_VALUE + "\"");
    Path ova =
        new PackageMaker()
            .file("m.ovf", ovf)
            .file("disk.raw.gz", PackageMaker.gzip(someDisk()))
            .writeTo(folder.resolve("m.ova"));

    String said = refusal(ova);

    assertTrue(said.contains("and its image"), said);
  }

  @Test
  void whateverIsChangedItIsReadOrRefused() throws IOException {
    long seed = Long.getLong("varve.seed", 20261127L);
    var random = new Random(seed);
    byte[] good = good().vagrant().file("d.raw", new byte[3000]).manifest("m.mf").bytes();
    Path ova = folder.resolve("fuzz.ova");
    for (int i = 0; i < 1500; i++) {
      byte[] bad = good.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        int header = random.nextInt(good.length / 512) * 512;
        bad[Math.min(bad.length - 1, header + random.nextInt(345))] = (byte) random.nextInt();
        if (random.nextBoolean()) resum(bad, header);
      }
      if (random.nextInt(4) == 0) bad = Arrays.copyOf(bad, random.nextInt(bad.length));
      Files.write(ova, bad);
      try (var opened = new PackageFile(ova, threads)) {
        opened.open(folder, Progress.NONE);
        opened.check(folder, Progress.NONE);
      } catch (IOException e) {
        // refused
      } catch (RuntimeException e) {
        throw new AssertionError("seed %d, round %d".formatted(seed, i), e);
      }
    }
  }

  private static void resum(byte[] archive, int header) {
    byte[] bytes = Arrays.copyOfRange(archive, header, header + 512);
    System.arraycopy(PackageMaker.summed(bytes), 0, archive, header, 512);
  }

  // ---- exports

  private OvfMachine machineOf(String file, long capacity) throws IOException {
    OvfMachine described =
        OvfReader.read("m", PackageMaker.ovf("m", file).getBytes(StandardCharsets.UTF_8));
    var disk =
        new OvfDisk("d", capacity, 1, OvfWriter.STREAM_OPTIMIZED, new OvfFile(file, -1, false));
    return new OvfMachine(
        described.name(),
        described.parts(),
        described.chipset(),
        described.controllers(),
        described.drives().stream().map(d -> new OvfDrive(d.slot(), d.type(), disk)).toList());
  }

  private void export(Path target, boolean replaces, Path raw, Progress progress)
      throws IOException {
    OvfMachine machine = machineOf("m-disk001.vmdk", Files.size(raw));
    var chain = new ImageChain(List.of(new Image(raw, ImageFormat.RAW, null)));
    new OvaFile(target, replaces, true, threads)
        .pack(machine, Map.of(machine.disks().getFirst(), chain), progress, Announcement.UNHEARD);
  }

  @Test
  void whatIsExportedIsImportedAgain() throws IOException {
    Path raw = Files.write(folder.resolve("disk.raw"), someDisk());
    Path ova = folder.resolve("m.ova");

    export(ova, false, raw, Progress.NONE);

    assertArrayEquals(someDisk(), imported(ova));
    assertThrows(IOException.class, () -> export(ova, false, raw, Progress.NONE));
    export(ova, true, raw, Progress.NONE);
    assertArrayEquals(someDisk(), imported(ova));
  }

  @Test
  void ofAnExportThatIsCancelledNothingIsLeft() throws IOException {
    Path raw = Files.write(folder.resolve("disk.raw"), someDisk());
    Path out = Files.createDirectories(folder.resolve("out"));

    assertThrows(
        CancellationException.class,
        () -> export(out.resolve("m.ova"), false, raw, (done, _) -> done == 0));

    assertEquals(List.of(), names(out));
  }

  @Test
  void anImportThatIsCancelledLeavesNoImage() throws IOException {
    Path ova = good().file("d.raw", someDisk()).writeTo(folder.resolve("m.ova"));
    Path target = Files.createDirectories(folder.resolve("target"));
    try (var opened = new PackageFile(ova, threads)) {
      opened.open(folder, Progress.NONE);
      opened.check(target, Progress.NONE);
      var disk =
          new NewDisk(
              opened.machine().disks().getFirst(),
              target.resolve("d.vdi"),
              new MediumId(UUID.randomUUID()),
              ImageFormat.VDI,
              Announcement.UNHEARD);

      assertThrows(CancellationException.class, () -> opened.copy(disk, (_, _) -> false));
    }
    assertFalse(Files.exists(target.resolve("d.vdi")));
    assertEquals(List.of(), names(target));
  }
}
