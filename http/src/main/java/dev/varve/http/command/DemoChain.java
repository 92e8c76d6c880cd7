package dev.varve.http.command;

import dev.varve.core.device.Stages;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.http.server.ServedDisk;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.chain.RawImport;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A chain for a demo: an ext4 file system on Monday in the base, and its changes on Tuesday and
 * Wednesday in two differencing images. The state of each evening can be served.
 *
 * @param folder where the images are
 */
record DemoChain(Path folder) {

  private static final List<String> DAYS = List.of("monday", "tuesday", "wednesday");
  private static final long CAPACITY = 64L << 20;

  /** Less than the disk, so that there is room to write without damaging it. */
  private static final String FILE_SYSTEM_SIZE = "60M";

  private static final int PHOTO = 3 << 20;

  /**
   * The chain in {@code folder}; made there if the folder is empty or not there yet, which takes
   * seconds. It appears whole or not at all.
   */
  static DemoChain in(Path folder) throws IOException {
    var demo = new DemoChain(folder);
    if (DAYS.stream().map(demo::image).allMatch(Files::exists)) return demo;
    if (Files.exists(folder) && !isEmpty(folder)) {
      throw new IOException(
          folder + " is not empty and has no demo in it; choose another folder with --state");
    }
    Path parent = Files.createDirectories(folder.toAbsolutePath().getParent());
    try (Workshop workshop = Workshop.in(parent, ".varve-demo-")) {
      var made = new DemoChain(Files.createDirectory(workshop.folder().resolve("demo")));
      made.make(workshop.folder());
      Files.deleteIfExists(folder);
      Files.move(made.folder, folder);
    }
    return demo;
  }

  /** The disk as it is now, which can be written, then as it was on the evenings before. */
  List<ServedDisk> disks(boolean readOnly, boolean discard, boolean rotational) {
    List<ServedDisk> disks = new ArrayList<>();
    disks.add(
        new ServedDisk(
            List.of(DAYS.getLast(), ""), chain(DAYS.size()), readOnly, discard, rotational));
    for (int day = DAYS.size() - 1; day > 0; day--) {
      disks.add(new ServedDisk(List.of(DAYS.get(day - 1)), chain(day), true, false, rotational));
    }
    return disks;
  }

  /** Three commands to try. */
  static String suggestions(List<PublishedDisk> published) {
    String wednesday = published.get(0).uris().getFirst();
    String tuesday = published.get(1).uris().getFirst();
    String nbd =
        """
        Try in another terminal: which image holds what, the diary as it was on Tuesday, and a write that is read back.
          nbdinfo --map=qemu:allocation-depth '%s'
          nbdcopy '%s' tuesday.raw && /sbin/debugfs -R 'cat /diary.txt' tuesday.raw
          qemu-io -f raw -c 'write -P 7 61M 1M' -c flush -c 'read -P 7 61M 1M' '%s'
        """
            .formatted(wednesday, tuesday, wednesday);
    Path guests = published.getFirst().guests();
    return guests == null ? nbd : nbd + guestSuggestion(guests);
  }

  private static String guestSuggestion(Path socket) {
    return """
        The same disk for a virtual machine of QEMU, which shares its memory with Varve:
          qemu-system-x86_64 -machine memory-backend=m -m 1G -object memory-backend-memfd,id=m,size=1G,share=on \\
            -chardev socket,id=d,path='%s' -device vhost-user-blk-pci,chardev=d ...
        """
        .formatted(socket);
  }

  private Path image(String day) {
    return folder.resolve(day + ".vdi");
  }

  private ImageChain chain(int count) {
    return ImageChain.of(ImageFormat.VDI, DAYS.stream().limit(count).map(this::image).toList());
  }

  private void make(Path workshop) throws IOException {
    Path raw = workshop.resolve("disk.raw");
    var threads = new StorageThreads(1);
    try {
      for (int day = 0; day < DAYS.size(); day++) {
        changeFiles(workshop, raw, day);
        VdiCreator.create(image(DAYS.get(day)), newImage(day));
        var disk = DifferencingChain.open(chain(day + 1), false, threads);
        try {
          new RawImport(disk).from(raw);
        } finally {
          Stages.join(disk.close());
        }
      }
    } finally {
      threads.close();
    }
  }

  private NewImage newImage(int day) throws IOException {
    if (day == 0) return NewImage.dynamic(CAPACITY, UUID::randomUUID);
    return NewImage.childOf(VdiHeader.peek(image(DAYS.get(day - 1))), UUID::randomUUID);
  }

  /** What a user does on that day: a diary grows, photos come, and on Wednesday one goes. */
  private static void changeFiles(Path workshop, Path raw, int day) throws IOException {
    String name = DAYS.get(day);
    Path files = Files.createDirectories(workshop.resolve("files"));
    Path diary = files.resolve("diary.txt");
    String entry = "On " + name + " it rained.\n";
    Files.writeString(diary, day == 0 ? entry : Files.readString(diary) + entry);
    Files.write(files.resolve(name + ".photo"), photo(day));
    if (day == 0) {
      Files.writeString(
          files.resolve("README"), "A disk of a virtual machine, as it was on three days.\n");
      run(
          "mke2fs",
          "-q",
          "-t",
          "ext4",
          "-L",
          "varve-demo",
          "-d",
          files.toString(),
          raw.toString(),
          FILE_SYSTEM_SIZE);
      return;
    }
    List<String> edits = new ArrayList<>();
    edits.add("rm diary.txt");
    edits.add("write " + diary + " diary.txt");
    edits.add("write " + files.resolve(name + ".photo") + " " + name + ".photo");
    if (day == 2) edits.add("rm monday.photo");
    Path script = Files.write(workshop.resolve("edits"), edits, StandardCharsets.UTF_8);
    run("debugfs", "-w", "-f", script.toString(), raw.toString());
  }

  /** Nothing that could be compressed, the same each time. */
  private static byte[] photo(int seed) {
    byte[] photo = new byte[PHOTO];
    new Random(seed).nextBytes(photo);
    return photo;
  }

  private static void run(String tool, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(find(tool).toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) throw new IOException(tool + " failed: " + said);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** The path of users other than root often lacks the folder of such tools. */
  private static Path find(String tool) throws IOException {
    String path = Objects.requireNonNullElse(System.getenv("PATH"), "") + ":/usr/sbin:/sbin";
    return Arrays.stream(path.split(":"))
        .map(folder -> Path.of(folder, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () ->
                new IOException(
                    "the demo needs " + tool + ", which is not installed: install e2fsprogs"));
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isEmpty();
    }
  }
}
