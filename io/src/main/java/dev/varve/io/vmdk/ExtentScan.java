package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What all tables of a sparse extent say, and whether that can be true. Takes time in proportion to
 * the tables, which lie in the file: if two of them share bytes, it reads none. Takes a few bits of
 * memory for each grain. Not thread-safe; blocks.
 *
 * <p>Where the two copies of a table differ, an entry that one of them has and the other has not is
 * taken: a crash came between the two (FORMATS.md section 2.7). Two different entries for one grain
 * contradict each other.
 */
final class ExtentScan {

  /** What can be wrong. */
  enum Problem {
    TABLE_OUTSIDE("grain tables lie outside the file"),
    OVERLAPPING_TABLES("grain tables lie in the place of other tables, directories or the header"),
    CONTRADICTING_COPIES("entries differ in the two copies of the grain tables"),
    OUTSIDE_FILE("grains lie outside the file"),
    OVER_METADATA("grains lie in the place of tables, directories or the header"),
    SHARED_PLACE("grains lie in the place of other grains"),
    ZEROED("entries have the value 1, which only an image with zeroed grains has");

    private final String text;

    Problem(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** How many, and the first of them. */
  record Count(int number, String first) {}

  /** The most tables that are read at once. */
  private static final int TABLES_AT_ONCE = 64;

  private static final int SECTOR = GrainDirectory.SECTOR;

  private final ImageFile file;
  private final SparseHeader header;
  private final long length;
  private final GrainDirectory directory;
  private final long fileLength;
  private final int tableLength;
  private final MetadataAreas metadata;
  private final GrainPlaces places;
  private final Map<Problem, Count> problems = new EnumMap<>(Problem.class);

  /** Pages of entries that differ in the two copies. */
  private final BitSet unequal = new BitSet();

  /** Tables that have no copy, or are missing where there is a copy. */
  private final BitSet single = new BitSet();

  /** Grains whose entries cannot be right. */
  private final BitSet lost = new BitSet();

  private long usedEnd;

  private ExtentScan(ImageFile file, SparseHeader header, long length) throws IOException {
    this.file = file;
    this.header = header;
    this.length = length;
    this.directory = GrainDirectory.read(file, header);
    this.fileLength = file.length();
    this.tableLength = header.tableSectors() * SECTOR;
    this.metadata = MetadataAreas.ofHeader(header);
    this.places = new GrainPlaces(header.grainSectors());
  }

  /**
   * Reads all tables.
   *
   * @param length of the piece of the disk, in bytes
   */
  static ExtentScan of(ImageFile file, SparseHeader header, long length) throws IOException {
    var scan = new ExtentScan(file, header, length);
    scan.placeTables();
    if (scan.count(Problem.OVERLAPPING_TABLES) == null) scan.readTables();
    return scan;
  }

  private void found(Problem problem, String what) {
    problems.merge(problem, new Count(1, what), (old, _) -> new Count(old.number + 1, old.first));
  }

  // ---- the directories

  private void placeTables() {
    for (int i = 0; i < directory.tables.length; i++) {
      long table = directory.table(i);
      long copy = directory.copyOfTable(i);
      place("grain table " + i, table);
      if (!directory.hasCopies()) continue;
      place("the copy of grain table " + i, copy);
      if ((table == EntryTable.NOWHERE) != (copy == EntryTable.NOWHERE)) single.set(i);
    }
    int overlapping = metadata.sort();
    if (overlapping > 0)
      problems.put(
          Problem.OVERLAPPING_TABLES, new Count(overlapping, overlapping + " areas of metadata"));
    usedEnd = Math.min(metadata.end(), fileLength);
  }

  private void place(String what, long at) {
    if (at == EntryTable.NOWHERE) return;
    if (isInFile(at)) metadata.addTable(at);
    else found(Problem.TABLE_OUTSIDE, what + " at byte " + at);
  }

  private boolean isInFile(long table) {
    return table + tableLength <= fileLength;
  }

  // ---- the tables

  private void readTables() throws IOException {
    int tables = directory.tables.length;
    try (Arena arena = Arena.ofConfined()) {
      long most = (long) Math.min(TABLES_AT_ONCE, tables) * tableLength;
      MemorySegment one = arena.allocate(most);
      MemorySegment other = arena.allocate(most);
      for (int i = 0, run; i < tables; i += run) {
        run = 1;
        while (i + run < tables && run < TABLES_AT_ONCE && follows(i + run)) run++;
        readRun(
            i,
            run,
            one.asSlice(0, (long) run * tableLength),
            other.asSlice(0, (long) run * tableLength));
      }
    }
  }

  /** Whether a table and its copy lie behind those of the table before it. */
  private boolean follows(int index) {
    return follows(directory.tables, index) && follows(directory.copies, index);
  }

  private boolean follows(int[] sectors, int index) {
    long before = Integer.toUnsignedLong(sectors[index - 1]);
    return before != 0 && Integer.toUnsignedLong(sectors[index]) == before + header.tableSectors();
  }

  private void readRun(int first, int count, MemorySegment one, MemorySegment other)
      throws IOException {
    boolean hasOne = read(directory.table(first), one);
    boolean hasOther = directory.hasCopies() && read(directory.copyOfTable(first), other);
    if (hasOne && hasOther && one.mismatch(other) >= 0)
      compare(first * header.tableEntries(), one, other);
    if (!hasOne && !hasOther) return;
    MemorySegment entries = hasOne ? one : other;
    int grain = first * header.tableEntries();
    int grains = count * header.tableEntries();
    for (int i = 0; i < grains; i++) {
      int entry = entries.get(GrainDirectory.ENTRY, 4L * i);
      if (entry != 0) judge(grain + i, entry);
    }
  }

  private boolean read(long at, MemorySegment destination) throws IOException {
    if (at == EntryTable.NOWHERE || at + destination.byteSize() > fileLength) return false;
    file.read(at, destination);
    return true;
  }

  /** Notes the pages that differ, and leaves in {@code one} what both shall have. */
  private void compare(int firstGrain, MemorySegment one, MemorySegment other) {
    int pageEntries = directory.pageEntries();
    for (long page = 0; page < one.byteSize() / SECTOR; page++) {
      MemorySegment mine = one.asSlice(page * SECTOR, SECTOR);
      MemorySegment copy = other.asSlice(page * SECTOR, SECTOR);
      if (mine.mismatch(copy) < 0) continue;
      int first = firstGrain + (int) page * pageEntries;
      for (int i = 0; i < pageEntries; i++) contradiction(first + i, mine, copy, i);
      join(mine, copy);
      unequal.set(first / pageEntries);
    }
  }

  private void contradiction(int grain, MemorySegment mine, MemorySegment copy, int index) {
    int entry = mine.get(GrainDirectory.ENTRY, 4L * index);
    int second = copy.get(GrainDirectory.ENTRY, 4L * index);
    if (entry == second || entry == 0 || second == 0) return;
    found(
        Problem.CONTRADICTING_COPIES,
        "grain %d: sector %s and sector %s"
            .formatted(grain, Integer.toUnsignedString(entry), Integer.toUnsignedString(second)));
  }

  /** Leaves in {@code one} what both copies of a page shall have. */
  private static void join(MemorySegment one, MemorySegment copy) {
    for (long at = 0; at < one.byteSize(); at += 4)
      if (one.get(GrainDirectory.ENTRY, at) == 0)
        one.set(GrainDirectory.ENTRY, at, copy.get(GrainDirectory.ENTRY, at));
  }

  private void judge(int grain, int entry) {
    Problem problem = problem(grain, entry);
    if (problem == null) return;
    lost.set(grain);
    found(problem, "grain %d at sector %s".formatted(grain, Integer.toUnsignedString(entry)));
  }

  private @Nullable Problem problem(int grain, int entry) {
    if (entry == 1) return header.hasZeroedGrains() ? null : Problem.ZEROED;
    long place = Integer.toUnsignedLong(entry) * SECTOR;
    long visible = visible(grain);
    if (place + visible > fileLength) return visible > 0 ? Problem.OUTSIDE_FILE : null;
    if (metadata.touch(place, place + header.grain())) return Problem.OVER_METADATA;
    if (!places.add(place / SECTOR)) return Problem.SHARED_PLACE;
    usedEnd = Math.max(usedEnd, place + header.grain());
    return null;
  }

  /** How many bytes of a grain the guest sees. */
  private long visible(int grain) {
    return Math.clamp(length - (long) grain * header.grain(), 0L, (long) header.grain());
  }

  // ---- what was found

  Map<Problem, Count> problems() {
    return problems;
  }

  /** Fails if a write could damage something. */
  void requireWritable() throws ImageFormatException {
    if (problems.isEmpty()) return;
    Map.Entry<Problem, Count> first = problems.entrySet().iterator().next();
    throw new ImageFormatException(
        file.name(),
        "the number of " + first.getKey().name().toLowerCase(Locale.ROOT).replace('_', ' '),
        first.getValue().number,
        "an image can be written only if no "
            + first.getKey()
            + " ("
            + first.getValue().first
            + ")",
        "the image is damaged: run 'varve image check' to see what is lost; it can still be read");
  }

  /** Whether copies of tables differ as after a crash, so that they can be made equal. */
  boolean isMendable() {
    return !unequal.isEmpty() || !single.isEmpty();
  }

  /** The numbers of the pages of entries that differ in the two copies. */
  BitSet unequalPages() {
    return unequal;
  }

  /** Reads the entries of a page that both copies shall have, or the one that there is. */
  void readPage(int page, MemorySegment destination) throws IOException {
    long at = directory.offset(page);
    long copy = directory.copy(page);
    file.read(at >= 0 ? at : copy, destination);
    if (at < 0 || copy < 0 || !unequal.get(page)) return;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment other = arena.allocate(SECTOR);
      file.read(copy, other);
      join(destination, other);
    }
  }

  /** The places in the directory of tables that exist only once. */
  BitSet singleTables() {
    return single;
  }

  /** The directories as they are in the file. */
  GrainDirectory directory() {
    return directory;
  }

  long fileLength() {
    return fileLength;
  }

  /** Where the last grain or table ends, in bytes. */
  long usedEnd() {
    return usedEnd;
  }

  /** How many bytes of the file follow the last grain and table; 0 if the tables were not read. */
  long trailingBytes() {
    if (count(Problem.OVERLAPPING_TABLES) != null) return 0;
    long needed = Math.max(usedEnd, header.overheadSectors() * SECTOR);
    return fileLength > needed && needed > 0 ? fileLength - needed : 0;
  }

  /** The grains whose entries name no place that they can have. */
  BitSet lost() {
    return lost;
  }

  int usedGrains() {
    return places.count();
  }

  int grains() {
    return (int) Math.ceilDiv(length, (long) header.grain());
  }

  @Nullable Count count(Problem problem) {
    return problems.get(problem);
  }
}
