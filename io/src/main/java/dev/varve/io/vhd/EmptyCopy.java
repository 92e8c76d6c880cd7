package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes a differencing image again, without its blocks: header, locators and everything else in
 * front of the blocks stay. Stateless; blocks.
 */
final class EmptyCopy {

  private EmptyCopy() {}

  static void write(Path from, ImageFile to) throws IOException {
    try (var opened = FileChannel.open(from, StandardOpenOption.READ)) {
      HeadSource source = HeadSource.of(opened, from.toString());
      VhdHead head = VhdHead.read(source);
      VhdFooter footer = head.footer().isChanging() ? head.footer().changed() : head.footer();
      var locators = head.dynamic().locators(head.fileLength());
      long table = SECTOR + DynamicHeader.SIZE;
      DynamicHeader header = head.dynamic().withTable(table, head.blocks());
      long end = NewVhd.writeTable(to, header);
      for (DynamicHeader.Space locator : locators) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment text = arena.allocate(locator.length());
          source.read(locator.offset(), text);
          to.write(end, text);
        }
        header = header.withLocatorAt(locator.index(), end);
        end = Math.ceilDiv(end + locator.length(), SECTOR) * (long) SECTOR;
      }
      VhdFooter sealed = footer.withHeaderOffset(SECTOR);
      to.write(SECTOR, header.bytes());
      to.write(0, sealed.bytes());
      to.write(end, sealed.bytes());
    }
  }
}
