package dev.varve.bench;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;

/** The borders between modules and packages, as the design draws them. */
@AnalyzeClasses(
    packages = "dev.varve",
    importOptions = {ImportOption.DoNotIncludeTests.class, BordersTest.NoTestJars.class})
final class BordersTest {

  /**
   * Test jars hold what tests share; in the reactor they are folders that the stock option
   * recognises, as jars not.
   */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(com.tngtech.archunit.core.importer.Location location) {
      return !location.contains("-tests.jar");
    }
  }

  @ArchTest
  static void allModulesAreSeen(JavaClasses classes) {
    for (String module : List.of("core", "io", "http")) {
      assertTrue(
          classes.stream().anyMatch(c -> c.getPackageName().startsWith("dev.varve." + module)),
          module);
    }
  }

  /** Of Varve's packages, one uses itself and these only. */
  private static ArchRule ofVarveOnlyKnows(String place, String... known) {
    return noClasses()
        .that()
        .resideInAPackage(place)
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.varve..")
                .and(not(resideInAPackage(place)))
                .and(not(resideInAnyPackage(known))));
  }

  private static ArchRule knowsNothingOf(String place, String... unknown) {
    return noClasses()
        .that()
        .resideInAPackage(place)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(unknown);
  }

  @ArchTest
  static final ArchRule coreUsesTheJdkOnly =
      classes()
          .that()
          .resideInAPackage("dev.varve.core..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.varve.core..",
              "java..",
              "javax.xml..",
              "org.w3c.dom..",
              "org.xml.sax..",
              "jdk.jfr..",
              "org.jspecify.annotations..");

  @ArchTest
  static final ArchRule theXmlTreeKnowsNothingOfVarve = ofVarveOnlyKnows("dev.varve.core.xml..");

  @ArchTest
  static final ArchRule theJournalKnowsFilesNotMachines =
      knowsNothingOf(
          "dev.varve.core.journal..",
          "dev.varve.core.settings..",
          "dev.varve.core.inventory..",
          "dev.varve.core.machine..",
          "dev.varve.core.xml..");

  @ArchTest
  static final ArchRule ioKnowsNoControlPlane =
      knowsNothingOf(
          "dev.varve.io..", "dev.varve.http..", "dev.varve.bench..", "io.vertx.ext..", "picocli..");

  @ArchTest
  static final ArchRule nobodyUsesTheBenchmarks =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.varve.bench..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.varve.bench..");

  @ArchTest
  static final ArchRule nbdSeesDevicesNotImages =
      ofVarveOnlyKnows(
          "dev.varve.io.nbd..",
          "dev.varve.core.device..",
          "dev.varve.core.log..",
          "dev.varve.core.measure..",
          "dev.varve.io.client..",
          "dev.varve.io.loop..",
          "dev.varve.io.polling..");

  @ArchTest
  static final ArchRule pollingKnowsNothingOfWhatIsServed =
      ofVarveOnlyKnows("dev.varve.io.polling..", "dev.varve.core.measure..");

  @ArchTest
  static final ArchRule aClientKnowsNoProtocol =
      ofVarveOnlyKnows(
          "dev.varve.io.client..",
          "dev.varve.core.device..",
          "dev.varve.core.log..",
          "dev.varve.core.measure..",
          "dev.varve.io.loop..");

  @ArchTest
  static final ArchRule vhostUserSeesDevicesNotImages =
      ofVarveOnlyKnows(
          "dev.varve.io.vhost..",
          "dev.varve.core.device..",
          "dev.varve.core.log..",
          "dev.varve.core.measure..",
          "dev.varve.io.client..",
          "dev.varve.io.loop..",
          "dev.varve.io.polling..",
          "dev.varve.io.posix..");

  @ArchTest
  static final ArchRule imagesKnowNoNetwork =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.varve.io.posix..",
              "dev.varve.io.file..",
              "dev.varve.io.image..",
              "dev.varve.io.vdi..",
              "dev.varve.io.vmdk..",
              "dev.varve.io.vhd..",
              "dev.varve.io.qcow..",
              "dev.varve.io.encoded..",
              "dev.varve.io.zstd..",
              "dev.varve.io.chain..",
              "dev.varve.io.host..",
              "dev.varve.io.storage..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.varve.io.nbd..",
              "dev.varve.io.vhost..",
              "dev.varve.io.client..",
              "dev.varve.io.loop..",
              "dev.varve.io.running..",
              "io.vertx..",
              "io.netty..");

  @ArchTest
  static final ArchRule aRawDiskKnowsNoImageFormat =
      knowsNothingOf(
          "dev.varve.io.host..",
          "dev.varve.io.chain..",
          "dev.varve.io.vdi..",
          "dev.varve.io.vmdk..",
          "dev.varve.io.vhd..");

  @ArchTest
  static final ArchRule anImageKnowsNoChain =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.varve.io.posix..",
              "dev.varve.io.file..",
              "dev.varve.io.image..",
              "dev.varve.io.encoded..",
              "dev.varve.io.zstd..",
              "dev.varve.io.qcow..",
              "dev.varve.io.vdi..",
              "dev.varve.io.vmdk..",
              "dev.varve.io.vhd..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.varve.io.chain..");

  @ArchTest
  static final ArchRule aLayerKnowsNoFormatAndNoChain =
      knowsNothingOf(
          "dev.varve.io.layer..",
          "dev.varve.io.vdi..",
          "dev.varve.io.vmdk..",
          "dev.varve.io.vhd..",
          "dev.varve.io.host..",
          "dev.varve.io.chain..",
          "dev.varve.io.running..",
          "dev.varve.io.nbd..");

  @ArchTest
  static final ArchRule formatsDoNotKnowEachOther =
      knowsNothingOf("dev.varve.io.vdi..", "dev.varve.io.host..");

  @ArchTest
  static final ArchRule aChainReachesItsImagesAsLayers =
      noClasses()
          .that()
          .resideInAPackage("dev.varve.io.chain..")
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "dev\\.varve\\.io\\.vdi\\.(VdiImage|VdiLayerWriter|BlockMap|BlockEntry|BlockAllocator|FileBlocks)");

  @ArchTest
  static final ArchRule theWiringKnowsNoCommand =
      knowsNothingOf(
          "dev.varve.http.server..", "dev.varve.http", "dev.varve.http.command..", "picocli..");

  @ArchTest
  static final ArchRule thePagesFilesKnowNeitherMachinesNorTheApi =
      ofVarveOnlyKnows("dev.varve.http.page..", "dev.varve.core.hash..");

  @ArchTest
  static final ArchRule serversAreWiredInOnePackage =
      noClasses()
          .that()
          .resideInAPackage("dev.varve.http..")
          .and()
          .resideOutsideOfPackage("dev.varve.http.server..")
          .should()
          .dependOnClassesThat()
          .haveNameMatching("dev\\.varve\\.io\\.(nbd\\.NbdServer|running\\.MachineDisks)");

  @ArchTest
  static final ArchRule theControlPlaneNeverTouchesADiskByte =
      noClasses()
          .that()
          .resideInAPackage("dev.varve.http..")
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.lang\\.foreign\\.MemorySegment|java\\.nio\\.MappedByteBuffer|io\\.netty\\.buffer\\..*")
          .orShould()
          .dependOnClassesThat(
              resideInAPackage("dev.varve.io.posix..")
                  // who asks, what the program may reach, and failures: no calls that read or write
                  .and(
                      not(
                          nameMatching(
                              ".*\\.(Accounts|PeerCredentials|PosixException|Landlock(\\$.*)?)"))));

  @ArchTest
  static final ArchRule systemCallsAreInOnePackage =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.varve.io.posix..")
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.foreign.Linker");

  @ArchTest
  static void internalsOfVertxAreUsedByOneAdapterOfEachModule(JavaClasses classes) {
    var users =
        classes.stream()
            .filter(
                c ->
                    c.getDirectDependenciesFromSelf().stream()
                        .anyMatch(
                            d ->
                                d.getTargetClass()
                                    .getPackageName()
                                    .matches(
                                        "io\\.vertx\\.core\\.(.*\\.)?(internal|impl)(\\..*)?")))
            .map(c -> c.getName().replaceFirst("\\$.*", ""))
            .distinct()
            .toList();

    // An upgrade then breaks these classes, and no other.
    assertTrue(
        List.of(
                "dev.varve.io.loop.VertxLoops",
                "dev.varve.io.nbd.VertxInside",
                "dev.varve.http.api.RequestSource")
            .containsAll(users),
        users::toString);
  }

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("dev.varve.(**)").should().beFreeOfCycles();

  /**
   * Files that know each other because they are one thing in several files. Nothing is added here
   * without a reason that is better than this one; what is cut goes.
   */
  private static final List<Set<String>> ONE_THING =
      List.of(
          // A port, and what it does by itself for those who implement it.
          Set.of("core.device.BlockDevice", "core.device.StagedRequests"),
          Set.of("core.journal.DurableFile", "core.journal.HostFiles", "core.journal.RealFiles"),
          Set.of("io.file.ImageFile", "io.file.Prefault"),
          // A whole and its parts, which tell it what has become of them.
          Set.of("core.journal.Changes", "core.journal.IntendedChange"),
          Set.of(
              "core.limit.Alarm",
              "core.limit.FairQueue",
              "core.limit.Flow",
              "core.limit.LimitGroup",
              "core.limit.LimitMember"),
          Set.of("io.chain.LiveChain", "io.chain.LiveMerge", "io.chain.RunningTop"),
          Set.of("io.client.Clients", "io.client.Visit"),
          Set.of(
              "io.chain.ChainReader",
              "io.chain.TopBlocks",
              "io.chain.TopImage",
              "io.chain.WritesInPlace"),
          Set.of("io.file.FileOpening", "io.file.FileSpace", "io.file.MappedFile"),
          Set.of("io.nbd.BufferPool", "io.nbd.LoopBuffer", "io.nbd.SharedBuffers"),
          Set.of("io.nbd.Connection", "io.nbd.PartialRequest"),
          Set.of(
              "io.vdi.BlockMap",
              "io.vdi.DenseFile",
              "io.vdi.FileBlocks",
              "io.vdi.MapScan",
              "io.vdi.VdiGrowth",
              "io.vdi.VdiImage",
              "io.vdi.VdiLayerWriter"),
          Set.of("io.vmdk.VmdkGrowth", "io.vmdk.VmdkImage", "io.vmdk.VmdkLayerWriter"),
          // A file that is read, its rules, and what is said of one that breaks them.
          Set.of("io.vdi.HeaderNotes", "io.vdi.HeaderRules", "io.vdi.VdiHeader"),
          Set.of(
              "core.settings.MachineFile",
              "core.settings.MistakenFile",
              "core.settings.PreviousVersion",
              "core.settings.SettingsFile",
              "core.settings.SettingsFormat",
              "core.settings.SnapshotTree"));

  @ArchTest
  static void filesHaveNoCyclesButWithinOneThing(JavaClasses classes) {
    List<Set<String>> others =
        new FileCycles(classes)
            .found().stream()
                .filter(files -> ONE_THING.stream().noneMatch(one -> one.containsAll(files)))
                .toList();

    assertEquals(List.of(), others);
  }
}
