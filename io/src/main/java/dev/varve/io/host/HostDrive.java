package dev.varve.io.host;

import dev.varve.core.medium.DeviceType;
import dev.varve.io.file.MappedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A block device of the host, and whether a machine can read and write it now. The check neither
 * claims the device nor opens it for writing, so a claim by a program that has not mounted the
 * device shows only when the machine starts. Immutable.
 *
 * @param path its device file
 * @param device the kind of device that it is for a machine
 * @param model the name that its driver reports; may be empty
 * @param capacity in bytes; 0 where there is no disc
 * @param whyNotRead null if it can be read
 * @param whyNotWritten null if it can be written
 */
public record HostDrive(
    Path path,
    DeviceType device,
    String model,
    long capacity,
    int sectorSize,
    int physicalSectorSize,
    boolean removable,
    boolean rotational,
    @Nullable String whyNotRead,
    @Nullable String whyNotWritten) {

  private static final Path BLOCK_DEVICES = Path.of("/sys/class/block");
  private static final Path DEVICE_FILES = Path.of("/dev");
  private static final int SECTOR_IN_SYSFS = 512;

  /** All block devices of the host in the order of their names, partitions too. May block. */
  public static List<HostDrive> all() throws IOException {
    List<HostDrive> drives = new ArrayList<>();
    HostUses uses = HostUses.read();
    for (Path facts : listed(BLOCK_DEVICES)) {
      try {
        drives.add(of(facts, uses));
      } catch (NoSuchFileException _) {
        // It has been removed.
      }
    }
    return drives;
  }

  private static List<Path> listed(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) return List.of();
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }

  private static HostDrive of(Path facts, HostUses uses) throws IOException {
    String name = facts.getFileName().toString().replace('!', '/');
    Path path = DEVICE_FILES.resolve(name);
    Path queue = facts.resolve("queue");
    if (!Files.exists(queue)) queue = facts.toRealPath().resolveSibling("queue"); // its disk's
    long capacity = number(facts.resolve("size")) * SECTOR_IN_SYSFS;
    @Nullable String whyNotRead = whyNotRead(path, capacity);
    return new HostDrive(
        path,
        device(name),
        text(facts.resolve("device/model")),
        capacity,
        (int) number(queue.resolve("logical_block_size")),
        (int) number(queue.resolve("physical_block_size")),
        number(facts.resolve("removable")) != 0,
        number(queue.resolve("rotational")) != 0,
        whyNotRead,
        whyNotRead != null
            ? whyNotRead
            : whyNotWritten(path, number(facts.resolve("ro")) != 0, uses.of(facts, path)));
  }

  private static DeviceType device(String name) {
    if (name.startsWith("sr")) return DeviceType.DVD;
    return name.startsWith("fd") ? DeviceType.FLOPPY : DeviceType.HARD_DISK;
  }

  private static @Nullable String whyNotRead(Path path, long capacity) {
    if (!Files.exists(path)) return "there is no device file " + path;
    if (capacity == 0)
      return path + " has 0 bytes: it is an empty drive, or a device that is not set up";
    return refusal(path, false);
  }

  private static @Nullable String whyNotWritten(Path path, boolean readOnly, @Nullable String use) {
    if (use != null) return "%s is %s: free it there first".formatted(path, use);
    if (readOnly) return path + " can only be read, according to its driver: attach it as a DVD";
    return Files.isWritable(path)
        ? refusal(path, true)
        : path + " may not be written by the user that Varve runs as";
  }

  private static @Nullable String refusal(Path path, boolean write) {
    try {
      MappedFile.checkFree(path, write);
      return null;
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  /** Whether a machine can use it: a hard disk must be writable, a disc only readable. */
  public boolean isUsable() {
    return (device == DeviceType.HARD_DISK ? whyNotWritten : whyNotRead) == null;
  }

  /** The reason why it cannot be used or written; null if it can. */
  public @Nullable String why() {
    return whyNotRead != null ? whyNotRead : whyNotWritten;
  }

  private static long number(Path file) throws IOException {
    String text = text(file);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private static String text(Path file) throws IOException {
    return Files.exists(file) ? Files.readString(file).strip() : "";
  }
}
