package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.vmdk.header.Descriptor;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the first file of an image says. Immutable.
 *
 * @param descriptor of the image
 * @param header of the file, if the descriptor is embedded in a sparse extent; else null
 */
record VmdkHead(Descriptor descriptor, @Nullable SparseHeader header) {

  /** Longer than the longest first line. */
  private static final int HEAD_LENGTH = 64;

  /** Whether a file begins as a sparse extent, an extent of ESX or a descriptor. Blocks. */
  static boolean isIn(Path file) throws IOException {
    if (!Files.isRegularFile(file)) return false;
    byte[] head = head(file);
    return SparseHeader.begins(head) || isCowd(head) || Descriptor.begins(head);
  }

  private static byte[] head(Path file) throws IOException {
    try (InputStream bytes = Files.newInputStream(file)) {
      return bytes.readNBytes(HEAD_LENGTH);
    }
  }

  private static boolean isCowd(byte[] head) {
    return head.length >= 4 && head[0] == 'C' && head[1] == 'O' && head[2] == 'W' && head[3] == 'D';
  }

  static VmdkHead read(ImageFile file) throws IOException {
    if (!beginsSparse(file)) return new VmdkHead(Descriptor.read(file), null);
    SparseHeader header = SparseHeader.read(file);
    return new VmdkHead(Descriptor.read(file, header), header);
  }

  private static boolean beginsSparse(ImageFile file) throws IOException {
    if (file.length() < 4) return false;
    try (var arena = Arena.ofConfined()) {
      var head = arena.allocate(4);
      file.read(0, head);
      byte[] bytes = head.toArray(ValueLayout.JAVA_BYTE);
      if (isCowd(bytes)) throw isOnlyAnExtent(file.name());
      return SparseHeader.begins(bytes);
    }
  }

  private static IOException isOnlyAnExtent(String name) {
    return new IOException(
        name
            + " is one extent of an image of ESX (COWD): name the descriptor, a text file in the"
            + " same folder, in its place");
  }

  /** The same of a file that is not open here. Takes no lock. */
  static VmdkHead peek(Path file) throws IOException {
    try (ImageFile opened = MappedFile.openUnlocked(file)) {
      return read(opened);
    }
  }

  /** Whether a link of this name leads elsewhere. */
  static boolean isPlainFile(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }
}
