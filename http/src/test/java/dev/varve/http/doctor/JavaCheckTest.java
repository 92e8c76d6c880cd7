package dev.varve.http.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaCheckTest {

  @TempDir Path folder;

  @Test
  void mappedFileIsFoundByALinkToo() throws Exception {
    Path file =
        Files.write(Files.createDirectory(folder.resolve("real")).resolve("cache"), new byte[9]);
    Path link = Files.createSymbolicLink(folder.resolve("link"), file.getParent()).resolve("cache");
    assertFalse(JavaCheck.isMapped(link.toString()));
    try (FileChannel channel = FileChannel.open(file)) {
      MappedByteBuffer mapped = channel.map(MapMode.READ_ONLY, 0, 9);
      assertTrue(JavaCheck.isMapped(link.toString()));
      assertTrue(JavaCheck.isMapped(file.toString()));
      assertEquals(9, mapped.capacity()); // it is mapped until here
    }
  }
}
