package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.refusal;
import static dev.varve.core.inventory.Bench.sata;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;
import static dev.varve.core.medium.ErrorCode.VBOX_E_XML_ERROR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks and machines that VirtualBox has encrypted. */
class EncryptedMediaTest {

  private static final String KEY =
      "<Property name=\"CRYPT/KeyId\" value=\"k\"/>"
          + "<Property name=\"CRYPT/KeyStore\" value=\"U0NORQAB&#13;&#10;AAAA\"/>";

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MachineId machine;
  private MediumId base;
  private MediumId plain;

  /** The base of SATA:0, which has a snapshot, is encrypted; SATA:1 is not. */
  @BeforeEach
  void machine() throws IOException {
    bench = new Bench(folder);
    machine = bench.machine("mail");
    base = bench.disk("secret");
    plain = bench.disk("plain");
    String session = bench.lock(machine);
    bench.attach(session, 0, base);
    bench.attach(session, 1, plain);
    bench.inventory.save(session);
    bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.unlock(session);
    String uuid = "uuid=\"{%s}\"".formatted(base);
    bench.rewrite(
        machine,
        text -> text.replaceFirst("(<HardDisk [^>]*\\Q" + uuid + "\\E[^>]*>)", "$1" + KEY));
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  @Test
  void anEncryptedDiskAndWhatBuildsOnItAreShownAsSuch() {
    MediumId top = bench.attached(machine, 0);

    assertTrue(bench.inventory.view().media().get(base).encrypted());
    assertTrue(bench.inventory.view().media().get(top).encrypted());
    assertFalse(bench.inventory.view().media().get(plain).encrypted());
    assertTrue(bench.machine(machine).encrypted());
  }

  @Test
  void aMachineWithAnEncryptedDiskStartsOnlyWithoutIt() {
    ModelException refused = refusal(() -> bench.inventory.start(machine));

    assertEquals(VBOX_E_NOT_SUPPORTED, refused.code());
    String message = refused.getMessage();
    assertTrue(message.contains("SATA:0: "), message);
    assertTrue(message.contains("encrypted"), message);
    assertTrue(
        message.contains("VBoxManage encryptmedium '%s'".formatted(bench.medium(base).location())),
        message);
    assertEquals(
        VBOX_E_NOT_SUPPORTED,
        Bench.refused(() -> bench.inventory.start(machine, new StartOptions(true, Set.of()))));

    bench.inventory.start(machine, new StartOptions(false, Set.of(sata(0))));

    assertEquals(Set.of(sata(1)), bench.disks.of(machine).keySet());
  }

  @Test
  void nothingThatNeedsItsContentsIsDoneWithAnEncryptedDisk() throws IOException {
    MediumId top = bench.attached(machine, 0);
    MachineId other = bench.machine("web");
    String session = bench.lock(other);
    String own = bench.lock(machine);
    bench.inventory.detach(own, sata(0));
    bench.inventory.save(own);

    for (Runnable use :
        List.<Runnable>of(
            () -> bench.attach(session, 0, top),
            () -> bench.attach(session, 0, base),
            () -> bench.inventory.createDiff(base, bench.at("child.vdi")),
            () ->
                bench.inventory.cloneMedium(
                    base, bench.at("copy.vdi"), ImageFormat.VDI, MediumVariant.STANDARD),
            () ->
                bench.inventory.restoreSnapshot(
                    own, bench.machine(machine).saved().currentSnapshot()))) {
      ModelException refused = refusal(use);
      assertEquals(VBOX_E_NOT_SUPPORTED, refused.code());
      assertTrue(refused.getMessage().contains("VBoxManage encryptmedium"), refused.getMessage());
    }
  }

  @Test
  void snapshotsOfAnEncryptedDiskAreNeitherTakenNorMerged() {
    String session = bench.lock(machine);

    assertEquals(
        VBOX_E_NOT_SUPPORTED, Bench.refused(() -> bench.inventory.takeSnapshot(session, "S2", "")));
    assertEquals(
        VBOX_E_NOT_SUPPORTED,
        Bench.refused(
            () ->
                bench.inventory.deleteSnapshot(
                    session, bench.machine(machine).saved().currentSnapshot())));
  }

  @Test
  void theKeyStaysInTheFileWhenOtherThingsAreSaved() throws IOException {
    String session = bench.lock(machine);
    bench.inventory.setDiscard(session, sata(1), true);
    bench.inventory.save(session);

    String settings = Files.readString(bench.machine(machine).saved().settingsFile());
    assertTrue(settings.contains(KEY), settings);
  }

  @Test
  void anImageIsOpenedWithTheKeyThatAMachineBesideItLists() throws IOException {
    Path disks = bench.folder.resolve("disks");
    Files.copy(
        bench.machine(machine).saved().settingsFile(), disks.resolve("copy of the machine.vbox"));
    bench.inventory.unregister(machine, UnregisterMode.UNREGISTER_ONLY);

    MediumId opened =
        bench.inventory.openMedium(bench.folder.resolve("disks/secret.vdi"), DeviceType.HARD_DISK);

    assertTrue(bench.inventory.view().media().get(opened).encrypted());
  }

  @Test
  void aMachineWhoseSettingsAreEncryptedIsRefusedAsSuch() throws IOException {
    Path settings = folder.resolve("sealed.vbox");
    Files.writeString(
        settings,
        """
        <?xml version="1.0"?>
        <VirtualBox xmlns="http://www.virtualbox.org/" version="1.19-linux">
          <MachineEncrypted uuid="{d753a53c-e5a7-4910-ad4b-a297422fde94}" name="sealed" keyId="k" keyStore="U0N">QUJD</MachineEncrypted>
        </VirtualBox>
        """);

    ModelException refused = refusal(() -> bench.inventory.openMachine(settings));

    assertEquals(VBOX_E_XML_ERROR, refused.code());
    assertTrue(refused.getMessage().contains("are encrypted"), refused.getMessage());
    assertTrue(refused.getMessage().contains("VBoxManage encryptvm"), refused.getMessage());
  }
}
