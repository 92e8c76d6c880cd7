package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each thing that makes a settings file one that is not read, and what is said of it. */
class SettingsRefusalTest {

  /**
   * A sample with one thing wrong.
   *
   * @param replaced its first occurrence in the sample becomes {@code replacement}
   * @param at where the fault is, in the changed sample: the line that the message must name
   * @param says parts of the message
   */
  private record Wrong(
      String rule, String sample, String replaced, String replacement, String at, String... says) {

    String text() {
      String text = Samples.text(sample);
      int start = text.indexOf(replaced);
      assertTrue(start >= 0, replaced);
      return text.substring(0, start) + replacement + text.substring(start + replaced.length());
    }

    int line() {
      int start = at.isEmpty() ? Samples.text(sample).indexOf(replaced) : text().indexOf(at);
      assertTrue(start >= 0, at);
      return (int) text().substring(0, start).lines().count();
    }
  }

  private static Stream<Wrong> wrongs() {
    String one = Samples.ATTACHED;
    String two = Samples.TWO_SNAPSHOTS;
    return Stream.of(
        new Wrong("a wrong namespace", one, "http://www.virtualbox.org/", "urn:x", "", "namespace"),
        new Wrong(
            "an older version",
            one,
            "1.19-linux",
            "1.10-linux",
            "",
            "version=\"1.10-linux\"",
            "1.11 and newer"),
        new Wrong("a version that is none", one, "1.19-linux", "1", "", "is no version"),
        new Wrong(
            "a machine without a name", one, " name=\"a1-sample\"", "", "", "<Machine>", "name"),
        new Wrong(
            "a uuid that is none", one, "{d753a53c-", "{d753a53-", "", "<Machine>", "is no uuid"),
        new Wrong("a time that is none", one, "2026-11-23T15", "2026-13-23T15", "", "is no time"),
        new Wrong(
            "a medium without a uuid",
            one,
            "<HardDisk uuid=\"{3",
            "<HardDisk x=\"{3",
            "",
            "uuid is missing"),
        new Wrong(
            "a medium's uuid that is none", one, "\"{30076df8-", "\"30076df8-", "", "is no uuid"),
        new Wrong(
            "a medium without a place",
            one,
            "location=\"/vm/samp/d/B.vdi\"",
            "location=\"\"",
            "",
            "name a file"),
        new Wrong(
            "a medium twice",
            one,
            "{ff9dcbd6-f3ba-4432-baf9-76c39931dc17}",
            "{30076df8-6b87-4066-96a6-f6fddcd37388}",
            "",
            "in the registry already"),
        new Wrong(
            "a type that is none",
            one,
            "type=\"Immutable\"",
            "type=\"Const\"",
            "",
            "type=\"Const\"",
            "MultiAttach"),
        new Wrong(
            "a flag that is none",
            one,
            "autoReset=\"true\"",
            "autoReset=\"maybe\"",
            "",
            "true or false"),
        new Wrong(
            "a controller type that is none",
            one,
            "type=\"AHCI\"",
            "type=\"Fast\"",
            "",
            "type=\"Fast\"",
            "VirtioSCSI"),
        new Wrong(
            "a port count that is none",
            one,
            "PortCount=\"6\"",
            "PortCount=\"six\"",
            "",
            "from 1 to 30"),
        new Wrong("too many ports", one, "PortCount=\"6\"", "PortCount=\"31\"", "", "from 1 to 30"),
        new Wrong(
            "a port that is none",
            one,
            "port=\"0\" device=\"0\" b",
            "port=\"30\" device=\"0\" b",
            "",
            "from 0 to 29"),
        new Wrong("a negative device", one, "device=\"0\" b", "device=\"-1\" b", "", "from 0 to 0"),
        new Wrong(
            "two controllers of a name",
            one,
            "name=\"IDE\"",
            "name=\"SATA\"",
            "",
            "two controllers"),
        new Wrong(
            "two devices in a slot",
            one,
            "<AttachedDevice type=\"HardDisk\" hotpluggable=\"false\" port=\"1\"",
            "<AttachedDevice type=\"HardDisk\" hotpluggable=\"false\" port=\"0\"",
            "",
            "is taken already"),
        new Wrong(
            "a device of no kind",
            one,
            "type=\"DVD\" ",
            "type=\"Tape\" ",
            "",
            "HardDisk, DVD or Floppy"),
        new Wrong(
            "a floppy on a disk controller",
            one,
            "type=\"DVD\" ",
            "type=\"Floppy\" ",
            "",
            "SATA controller"),
        new Wrong(
            "a hard disk in a DVD drive",
            one,
            "<Image uuid=\"{c9ac9ace-05da-4d39-a461-642afd6b9112}\"/>",
            "<Image uuid=\"{4029ca90-e3fe-49a5-8ab3-98caf5db6bfb}\"/>",
            "",
            "of kind HardDisk"),
        new Wrong(
            "an unknown hard disk",
            one,
            "<Image uuid=\"{30076df8-",
            "<Image uuid=\"{40076df8-",
            "",
            "no hard disk that is known"),
        new Wrong(
            "an immutable disk attached directly",
            one,
            "<Image uuid=\"{e6baab6c-2649-4bf2-8128-0ccf4ce6c201}\"",
            "<Image uuid=\"{ff9dcbd6-f3ba-4432-baf9-76c39931dc17}\"",
            "",
            "of type Immutable"),
        new Wrong(
            "a disk of several attached directly",
            one,
            "type=\"Normal\"",
            "type=\"MultiAttach\"",
            "<Image uuid=\"{30076df8",
            "of type MultiAttach"),
        new Wrong(
            "an immutable disk in a snapshot",
            two,
            "<Image uuid=\"{e6baab6c-2649-4bf2-8128-0ccf4ce6c201}\"",
            "<Image uuid=\"{ff9dcbd6-f3ba-4432-baf9-76c39931dc17}\"",
            "",
            "of type Immutable"),
        new Wrong(
            "a disk with children attached",
            two,
            "<Image uuid=\"{7ca5c962-2ec0-4e16-94cc-e1f279a837c8}\"",
            "<Image uuid=\"{1640e360-e098-428a-b216-1f49114d67c3}\"",
            "",
            "differencing images on it"),
        new Wrong(
            "a disk twice",
            one,
            "<Image uuid=\"{7d37a4cc-af9e-4d37-9e2e-1feb5be4f44f}\"",
            "<Image uuid=\"{30076df8-6b87-4066-96a6-f6fddcd37388}\"",
            "<AttachedDevice type=\"HardDisk\" hotpluggable=\"false\" port=\"3\"",
            "attached twice"),
        new Wrong(
            "a hard disk without a disk",
            one,
            "<Image uuid=\"{30076df8-6b87-4066-96a6-f6fddcd37388}\"/>",
            "<!-- -->",
            "<AttachedDevice nonrot",
            "without an Image"),
        new Wrong(
            "an unknown bandwidth group",
            one,
            "bandwidthGroup=\"Limit\"",
            "bandwidthGroup=\"limit\"",
            "",
            "no bandwidth group"),
        new Wrong(
            "a bandwidth group twice",
            one,
            "name=\"Net\"",
            "name=\"Limit\"",
            "",
            "two bandwidth groups"),
        new Wrong(
            "a kind of group that is none",
            one,
            "type=\"Network\" max",
            "type=\"Net\" max",
            "",
            "Disk or Network"),
        new Wrong(
            "a negative limit",
            one,
            "maxBytesPerSec=\"2",
            "maxBytesPerSec=\"-2",
            "",
            "must be a number"),
        new Wrong(
            "a limit beyond all numbers",
            one,
            "maxBytesPerSec=\"2",
            "maxBytesPerSec=\"99999999999999999999",
            "",
            "must be a number"),
        new Wrong(
            "an unknown current snapshot",
            two,
            "currentSnapshot=\"{83",
            "currentSnapshot=\"{84",
            "",
            "is no snapshot"),
        new Wrong(
            "a snapshot twice",
            two,
            "<Snapshot uuid=\"{83ecb58f-fe77-491e-965c-fbc9e942a572}\"",
            "<Snapshot uuid=\"{cd1454ef-6e30-4088-b8ae-fce6ac03f209}\"",
            "",
            "two snapshots"),
        new Wrong(
            "a snapshot of no time",
            two,
            "timeStamp=\"2026-11-23T",
            "timeStamp=\"yesterday ",
            "",
            "is no time"));
  }

  @TestFactory
  Stream<DynamicTest> aFileIsRefusedFor() {
    return wrongs()
        .map(
            wrong ->
                DynamicTest.dynamicTest(
                    wrong.rule(),
                    () -> assertRefused(wrong.text(), wrong.line(), List.of(wrong.says()))));
  }

  @Test
  void aFileOfAnotherKindIsRefused() {
    assertRefused("<settings version=\"1.19\"/>", 1, List.of("<settings>", "another kind of file"));
    assertRefused(root("<Other/>"), 2, List.of("the element Machine is missing"));
  }

  @Test
  void aMachineWithoutHardwareIsRefused() {
    String uuid = "{d753a53c-e5a7-4910-ad4b-a297422fde94}";
    assertRefused(
        root("\n<Machine uuid='%s' name='m'/>".formatted(uuid)),
        3,
        List.of("the element Hardware is missing"));
    assertRefused(
        root(
            "\n<Machine uuid='%s' name='m'>\n<Snapshot uuid='%s' name='S' timeStamp='2026-01-01T00:00:00Z'/>\n<Hardware/></Machine>"
                .formatted(uuid, uuid)),
        4,
        List.of("<Snapshot>", "the element Hardware is missing"));
  }

  @Test
  void aTruncatedFileIsRefusedAtItsEnd() {
    String text = Samples.text(Samples.ATTACHED);
    int cut = text.indexOf("<BandwidthGroups>");

    assertRefused(
        text.substring(0, cut),
        (int) text.substring(0, cut).lines().count(),
        List.of("not well-formed XML", "saved copy"));
  }

  private static String root(String content) {
    return "\n<VirtualBox xmlns='http://www.virtualbox.org/' version='1.19-linux'>%s</VirtualBox>"
        .formatted(content);
  }

  private static void assertRefused(String text, int line, List<String> says) {
    var refused = assertThrows(SettingsException.class, () -> Samples.settings(Samples.utf8(text)));

    String message = refused.getMessage();
    assertTrue(message.startsWith(Samples.HOME + ", line " + line), line + ": " + message);
    for (String part : says) assertTrue(message.contains(part), message);
    assertEquals(1, message.lines().count(), message);
  }
}
