package dev.varve.io.vmdk.header;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.vmdk.header.ExtentLine.Type;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DescriptorTest {

  private static final UUID ID = new UUID(1, 2);
  private static final UUID PARENT = new UUID(3, 4);

  private static String text() {
    return new String(child(128).bytes(), StandardCharsets.UTF_8);
  }

  private static NewDescriptor child(long sectors) {
    return new NewDescriptor(
        "monolithicSparse",
        0x1234,
        List.of(new ExtentLine(true, sectors, Type.SPARSE, "disk.vmdk", 0)),
        "ide",
        ID,
        null,
        PARENT,
        null);
  }

  private static Descriptor parse(String text) throws ImageFormatException {
    return Descriptor.parse("a.vmdk", text.getBytes(StandardCharsets.UTF_8));
  }

  private static String print(Descriptor descriptor) {
    return new String(descriptor.bytes(), StandardCharsets.UTF_8);
  }

  @Test
  void newDescriptorSaysWhatItWasMadeOf() throws Exception {
    Descriptor read = parse(text());

    assertEquals("monolithicSparse", read.createType());
    assertEquals(List.of(child(128).extents().getFirst()), read.extents());
    assertEquals(ID, read.id());
    assertNull(read.modifyId());
    assertEquals(PARENT, read.parent());
    assertNull(read.parentModifyId());
    assertTrue(read.isDifferencing());
    assertEquals("ide", read.adapterType());
    assertEquals(128, read.capacitySectors());
  }

  @Test
  void parentChangesInPlace() throws Exception {
    Descriptor read = parse(text());

    Descriptor changed = read.withParent(ID, PARENT);

    assertEquals(text().length(), print(changed).length());
    assertEquals(ID, changed.parent());
    assertEquals(PARENT, changed.parentModifyId());
    assertFalse(read.withParent(null, null).isDifferencing());
  }

  @Test
  void imageOfQemuGetsKeysForItsParent() throws Exception {
    Descriptor read =
        parse(
            """
            # Disk DescriptorFile
            version=1
            CID=1
            parentCID=c944be08
            createType="monolithicSparse"
            RW 8192 SPARSE "a.vmdk"
            """);
    assertTrue(read.isDifferencing());
    assertNull(read.parent());

    assertEquals(PARENT, read.withParent(PARENT, null).parent());
    assertFalse(read.withParent(null, null).isDifferencing());
    assertEquals(print(read), print(read.withModifyId(ID)));
  }

  @Test
  void firstOccurrenceOfAKeyCounts() throws Exception {
    assertEquals(ID, parse(text() + "ddb.uuid.image=\"" + PARENT + "\"\n").id());
  }

  @Test
  void textEndsAtTheFirstNul() throws Exception {
    assertEquals(text(), print(parse(text() + "\0garbage \n = ")));
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 128, 999_999, 1L << 38})
  void sizeOfAnExtentChangesWithoutMovingTheRest(long sectors) throws Exception {
    Descriptor changed = parse(text()).withExtentSectors(0, sectors);

    assertEquals(sectors, changed.capacitySectors());
    assertEquals(text().length(), print(changed).length());
    assertEquals(text().indexOf("SPARSE"), print(changed).indexOf("SPARSE"));
  }

  @Test
  void linesMayEndAsOnWindows() throws Exception {
    assertEquals(PARENT, parse(text().replace("\n", "\r\n")).parent());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../a.vmdk",
        "/dev/sda",
        "sub/a.vmdk",
        "..",
        ".",
        "",
        "a\\b.vmdk",
        "a\u0001b",
        "\uFFFD"
      })
  void extentLiesInTheFolderOfItsDescriptor(String name) throws Exception {
    String changed = text().replace("disk.vmdk", name);
    assertThrows(
        ImageFormatException.class, () -> parse(changed).extents().getFirst().plainName("a.vmdk"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "RW 0 SPARSE \"b\"",
        "RW -1 SPARSE \"b\"",
        "RW 0x10 SPARSE \"b\"",
        "RW 9223372036854775808 SPARSE \"b\"",
        "RW 549755813888 SPARSE \"b\"",
        "RW 549755813887 SPARSE \"b\"",
        "RW 128 SPARSE",
        "RW 128 SPARSE b",
        "RW 128 SPARSE \"b\" 1",
        "RW 128 FLAT \"b\" -1",
        "RW 128 FLAT \"b\" 99999999999999999999",
        "RW 128 SESPARSE \"b\"",
        "RW 128 sparse \"b\"",
        "RW 128 ZERO \"b\"",
        "RW 128 FLAT \"disk.vmdk\"",
        "NOACCESS 128 FLAT \"b\"",
        "RW 128",
        "no key",
        "=value",
      })
  void lineThatLiesIsRefused(String line) {
    assertThrows(ImageFormatException.class, () -> parse(text() + line + "\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"version=2", "version=", "createType=\"fullDevice\"", "CID=xyz", "parentCID=\"\""})
  void valueThatLiesIsRefused(String line) {
    String key = line.substring(0, line.indexOf('='));
    String changed = text().replaceFirst("(?m)^" + key + "=.*$", line);
    assertThrows(ImageFormatException.class, () -> parse(changed));
  }

  @Test
  void anythingBetweenRightAndWrongIsReadOrRefused() {
    var random = new Random(12);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = text().getBytes(StandardCharsets.UTF_8);
      for (int n = random.nextInt(4); n >= 0; n--)
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      try {
        Descriptor read = Descriptor.parse("a.vmdk", bytes);
        assertTrue(read.capacitySectors() > 0);
        assertEquals(PARENT, read.withParent(PARENT, ID).parent());
        assertEquals(77, read.withExtentSectors(0, 77).extents().getFirst().sectors());
      } catch (ImageFormatException _) {
        // refused
      }
    }
  }
}
