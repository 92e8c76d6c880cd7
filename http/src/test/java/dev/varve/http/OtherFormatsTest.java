package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Files of other formats, as their own programs make them, where an image or a disk is expected.
 */
class OtherFormatsTest {

  private static final int CAPACITY = 4 << 20;

  @TempDir Path folder;

  private Path raw;

  @BeforeEach
  void makeADisk() throws IOException {
    byte[] contents = new byte[CAPACITY];
    new Random(1).nextBytes(contents);
    Arrays.fill(contents, 1 << 20, 2 << 20, (byte) 0);
    raw = Files.write(path("disk"), contents);
  }

  /** Made by {@code make} of {@code $raw}, as {@code $file}. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a.vhdx    | qemu-img convert -f raw -O vhdx $raw $file                        | a VHDX image",
        "a.qed     | qemu-img convert -f raw -O qed $raw $file                         | a QED image",
        "a.hdd     | qemu-img convert -f raw -O parallels $raw $file                   | a Parallels image",
        "a.raw.gz  | gzip -c $raw > $file                                              | gzip",
        "a.xz      | xz -c $raw > $file                                                | xz",
        "a.bz2     | bzip2 -c $raw > $file                                             | bzip2",
        "a.zst     | zstd -q $raw -o $file                                             | zstd",
      })
  @NeedsTools({"qemu-img", "bash", "gzip", "xz", "bzip2", "zstd"})
  void aContainerIsRefusedEverywhereAndTheRecommendedCommandMakesTheDiskOfIt(
      String name, String make, String what) throws Exception {
    Path file = path(name);
    bash(make.replace("$raw", raw.toString()).replace("$file", file.toString()));
    Path there = Files.writeString(path(name.replaceFirst("\\.[^.]*$", "") + ".vdi"), "precious");
    List<String> before = files();

    String message = refused(1, "image", "convert", file, path("out.vdi"));

    assertTrue(message.contains(what), message);
    assertTrue(message.endsWith("use --from raw\n"), message);
    for (String command : new String[] {"info", "map", "check"})
      assertTrue(refused(1, "image", command, file).contains(what));
    refused(1, "image", "check", "--repair", file);
    assertTrue(refused(1, "serve", file, "--unix", path("socket")).contains(what));
    refused(1, "image", "info", "--chain", file + "," + path("x.vdi"));
    refused(1, "image", "create", path("x.vdi"), "--parent", file);
    assertEquals(before, files());

    bash(command(message));

    assertEquals("precious", Files.readString(there));
    Path made = added(before);
    varve(0, "image", "convert", made, path("back.raw"));
    assertArrayEquals(Files.readAllBytes(raw), Files.readAllBytes(path("back.raw")));
  }

  /** Made by {@code make} of {@code $raw}, as {@code $file}. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a.vmdk    | qemu-img convert -f raw -O vmdk $raw $file",
        "b.vmdk    | qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat $raw $file",
        "c.vmdk    | qemu-img convert -f raw -O vmdk -o subformat=streamOptimized $raw $file",
        "d.vmdk    | qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentSparse $raw $file",
        "a.qcow    | qemu-img convert -f raw -O qcow $raw $file",
        "a.qcow2   | qemu-img convert -f raw -O qcow2 $raw $file",
        "b.qcow2   | qemu-img convert -f raw -O qcow2 -c $raw $file",
        "a.vhd     | qemu-img convert -f raw -O vpc -o force_size $raw $file",
        "b.vhd     | qemu-img convert -f raw -O vpc -o force_size,subformat=fixed $raw $file",
        "a,b c.img | qemu-img convert -f raw -O vpc -o force_size,subformat=fixed $raw \"$file\"",
      })
  @NeedsTools({"qemu-img", "bash"})
  void anImageOfAnotherFormatIsReadLikeAnyOther(String name, String make) throws Exception {
    Path file = path(name);
    bash(make.replace("$raw", raw.toString()).replace("$file", file.toString()));
    byte[] before = Files.readAllBytes(file);

    for (String command : new String[] {"info", "map", "check"}) varve(0, "image", command, file);
    varve(0, "image", "convert", file, path("copy.vdi"));
    varve(0, "image", "convert", path("copy.vdi"), path("back.raw"));

    assertArrayEquals(Files.readAllBytes(raw), Files.readAllBytes(path("back.raw")));
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  @ParameterizedTest
  @CsvSource({
    "x.vmdk, '', vmdk",
    "x.vmdk, --fixed, vmdk",
    "x.vmdk, --stream-optimized, vmdk",
    "x.vhd, '', 'vpc,force_size_calc=current_size'",
    "x.vhd, --fixed, 'vpc,force_size_calc=current_size'",
  })
  @NeedsTools({"qemu-img", "bash"})
  void aCopyInAnotherFormatShowsTheSameAndIsReadByQemu(String name, String option, String driver)
      throws Exception {
    Object[] command = {"image", "convert", raw, path(name)};
    if (!option.isEmpty()) {
      command = Arrays.copyOf(command, 5);
      command[4] = option;
    }
    varve(0, command);

    varve(0, "image", "convert", path(name), path("back.raw"));
    assertArrayEquals(Files.readAllBytes(raw), Files.readAllBytes(path("back.raw")));
    String image = "driver=%s,file.filename=%s".formatted(driver, path(name));
    bash("qemu-img convert --image-opts -O raw %s %s".formatted(image, path("qemu.raw")));
    assertArrayEquals(Files.readAllBytes(raw), Files.readAllBytes(path("qemu.raw")));
    List<String> before = files();
    assertTrue(refused(1, command).contains("--force replaces it"));
    assertEquals(before, files());
    command = Arrays.copyOf(command, command.length + 1);
    command[command.length - 1] = "--force";
    varve(0, command);
    assertEquals(before, files());
  }

  @ParameterizedTest
  @CsvSource({"a.vmdk, b.vmdk", "a.vhd, b.vhd", "a.vmdk, b.vhd", "a.vhd, b.vdi", "a.vdi, b.vmdk"})
  void imagesOfAnyFormatsAreMadeOnEachOther(String base, String child) throws Exception {
    varve(0, "image", "convert", raw, path(base));
    varve(0, "image", "create", path(child), "--parent", path(base));

    assertTrue(varve(0, "image", "info", path(child))[0].contains(base));
    varve(0, "image", "convert", path(child), path("back.raw"));

    assertArrayEquals(Files.readAllBytes(raw), Files.readAllBytes(path("back.raw")));
    varve(0, "image", "create", path("empty" + base), "--capacity", "4M");
    assertTrue(refused(1, "image", "map", path("empty" + child)).length() > 0);
  }

  @Test
  void noImageSpeaksToTheTerminal() throws IOException {
    String descriptor =
        """
        # Disk DescriptorFile
        version=1
        CID=12345678
        parentCID=ffffffff
        createType="monolithicFlat"
        RW 2048 FLAT "\033]0;title\007" 0
        """;
    Path vmdk = Files.writeString(path("a.vmdk"), descriptor);
    varve(0, "image", "create", path("a.vdi"), "--capacity", "4M", "--comment", "\033[31mred");

    String said = refused(1, "image", "info", vmdk);
    said += String.join("", varve(3, "image", "check", vmdk));
    said += String.join("", varve(0, "image", "info", path("a.vdi")));

    assertTrue(said.contains("'\\u001b]0;title\\u0007'"), said);
    assertTrue(said.contains("\\u001b[31mred"), said);
    assertTrue(said.chars().noneMatch(c -> c == 033 || c == 7), said);
  }

  /** The command that a message recommends. */
  private static String command(String message) {
    Matcher quoted = Pattern.compile("'([^']+)'").matcher(message);
    assertTrue(quoted.find(), message);
    return quoted.group(1);
  }

  private Path added(List<String> before) throws IOException {
    List<String> after = new java.util.ArrayList<>(files());
    after.removeAll(before);
    assertEquals(1, after.size(), after::toString);
    return path(after.getFirst());
  }

  @Test
  @NeedsTools({"tar", "bash", "qemu-img"})
  void anApplianceIsRefusedAndItsDiskCanBeTakenOut() throws Exception {
    bash(
        "cd %s && qemu-img convert -O vmdk disk d.vmdk && echo '<Envelope/>' > m.ovf"
            .formatted(folder));
    bash("cd %s && tar cf m.ova m.ovf d.vmdk && rm d.vmdk m.ovf".formatted(folder));

    String message = refused(1, "image", "convert", path("m.ova"), path("out.vdi"));

    bash("cd %s && %s".formatted(folder, command(message)));
    assertTrue(Files.exists(path("d.vmdk")));
    assertTrue(refused(1, "image", "convert", path("m.ovf"), path("out.vdi")).contains("OVF"));
  }

  @Test
  void whatIsMeantToBeRawIsCopiedAsItIs() throws IOException {
    byte[] bytes = Files.readAllBytes(raw);
    System.arraycopy("vhdxfile".getBytes(StandardCharsets.ISO_8859_1), 0, bytes, 0, 8);
    Files.write(raw, bytes);

    assertTrue(refused(1, "image", "convert", raw, path("a.vdi")).contains("VHDX"));
    varve(0, "image", "convert", raw, path("a.vdi"), "--from", "raw");
    varve(0, "image", "convert", path("a.vdi"), path("b.raw"));

    assertArrayEquals(bytes, Files.readAllBytes(path("b.raw")));
  }

  @Test
  void theBaseOfAListedChainMayBeSaidToBeRaw() throws IOException {
    Path base = path("base.vdi");
    Path top = path("top.vdi");
    varve(0, "image", "create", base, "--capacity", "4M");
    varve(0, "image", "create", top, "--parent", base);
    byte[] bytes = Files.readAllBytes(raw);
    System.arraycopy("vhdxfile".getBytes(StandardCharsets.ISO_8859_1), 0, bytes, 0, 8);
    Files.write(raw, bytes);
    String chain = raw + "," + top;

    for (String command : new String[] {"info", "map"}) {
      String message = refused(1, "image", command, "--chain", chain);
      assertTrue(message.contains("VHDX") && message.contains("--base-format raw"), message);
      varve(0, "image", command, "--chain", chain, "--base-format", "raw");
    }
    varve(0, "image", "convert", "--chain", chain, "--base-format", "raw", path("out.raw"));

    assertArrayEquals(bytes, Files.readAllBytes(path("out.raw")));
  }

  @Test
  void aDamagedVdiImageIsNoRawDisk() throws IOException {
    varve(0, "image", "convert", raw, path("a.vdi"));
    byte[] bytes = Files.readAllBytes(path("a.vdi"));
    Arrays.fill(bytes, 0, 512, (byte) 0);
    Files.write(path("a.vdi"), bytes);

    assertTrue(refused(1, "image", "convert", path("a.vdi"), path("b.vdi")).contains("damaged"));
    assertFalse(refused(1, "image", "info", path("a.vdi")).contains("image convert"));
    assertFalse(Files.exists(path("b.vdi")));
  }

  @Test
  @NeedsTools("bash")
  void whatMayBeARawDiskCanBeConvertedAsTheMessageSays() throws Exception {
    String message = refused(1, "image", "info", raw);

    String[] words = command(message).split(" ");
    assertEquals("varve", words[0], message);
    varve(0, (Object[]) Arrays.copyOfRange(words, 1, words.length));
    varve(0, "image", "info", path("disk.vdi"));
  }

  @ParameterizedTest
  @CsvSource({"x.qcow2", "x.vhdx", "x.qed", "x.hdd", "x.dmg", "x.qcow", "x.ova"})
  void noImageIsMadeUnderANameOfAnotherFormat(String name) throws IOException {
    List<String> before = files();

    assertTrue(refused(2, "image", "create", path(name), "--capacity", "1M").contains("x.vdi"));
    assertTrue(refused(2, "image", "convert", raw, path(name)).contains("x.vdi"));
    assertTrue(refused(2, "image", "convert", raw, path(name), "--to", "vdi").contains("x.vdi"));
    assertTrue(refused(2, "image", "convert", raw, path(name), "--to", "raw").contains("x.raw"));

    assertEquals(before, files());
  }

  @Test
  void aNameOfARawDiskIsForOneUnlessTheUserSaysOtherwise() throws IOException {
    assertTrue(
        refused(2, "image", "create", path("x.img"), "--capacity", "1M").contains("raw disk"));
    varve(0, "image", "convert", raw, path("x.img"));
    assertEquals(CAPACITY, Files.size(path("x.img")));
    varve(0, "image", "convert", raw, path("y.img"), "--to", "vdi");
    varve(0, "image", "info", path("y.img"));
    varve(0, "image", "convert", raw, path("y.iso"), "--to", "raw");
    assertTrue(refused(2, "image", "convert", raw, path("z.iso")).contains("'" + path("z.vdi")));
    assertTrue(refused(2, "image", "convert", raw, path("z.vdi"), "--to", "raw").contains("z.raw"));
  }

  private Path path(String name) {
    return folder.resolve(name);
  }

  private List<String> files() throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  private static void bash(String command) throws Exception {
    Process process = new ProcessBuilder("bash", "-euc", command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), () -> command + ": " + said);
  }

  /** Runs a command, which must end with this status, and returns what it said of the failure. */
  private static String refused(int status, Object... arguments) {
    return varve(status, arguments)[1];
  }

  private static String[] varve(int status, Object... arguments) {
    CommandLines.Run run = CommandLines.VARVE.run(arguments);
    assertEquals(
        status, run.status(), () -> Arrays.toString(arguments) + ": " + run.out() + run.err());
    return new String[] {run.out(), run.err()};
  }
}
