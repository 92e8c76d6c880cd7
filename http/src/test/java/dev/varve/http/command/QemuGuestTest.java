package dev.varve.http.command;

import static dev.varve.http.command.ImageTool.image;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A machine of QEMU boots from a chain and works on it, by the disk drivers of its firmware. */
@NeedsTools("qemu-system-x86_64")
class QemuGuestTest {

  private static final int SECTOR = 512;
  private static final int CAPACITY = 8 << 20;
  private static final int READ_SECTOR = 5;
  private static final int WRITTEN_SECTOR = 6145;

  /**
   * The first sector, at 0x7C00: says that it runs, reads sector 5, inverts it, writes it to sector
   * 6145, says that it is done, and powers off.
   *
   * <pre>
   * 7C00         cld
   *              xor   ax, ax
   *              mov   ds, ax
   *              mov   ss, ax
   *              mov   sp, 7C00h
   *              mov   si, booted
   *              call  print
   *              mov   si, packet
   *              mov   ah, 42h              ; read what the packet says; the drive is in dl
   *              int   13h
   *              jc    off
   *              mov   bx, 8000h
   * 7C1C next:   not   byte [bx]
   *              inc   bx
   *              cmp   bh, 82h
   *              jne   next
   *              mov   word [packet + 8], 6145
   *              mov   ax, 4300h            ; write it
   *              int   13h
   *              jc    off
   *              mov   si, done
   *              call  print
   * 7C37 off:    mov   dx, 604h             ; PM1a control: sleep enable, soft off
   *              mov   ax, 2000h
   *              out   dx, ax
   * 7C3E halt:   hlt
   *              jmp   halt
   * 7C41 print:  push  dx                   ; the line at si, to COM1
   * 7C42 wait:   mov   dx, 3FDh
   *              in    al, dx
   *              test  al, 20h              ; the transmitter is empty
   *              jz    wait
   *              mov   dx, 3F8h
   *              lodsb
   *              out   dx, al
   *              cmp   al, 0Ah
   *              jne   wait
   *              pop   dx
   *              ret
   * 7C55 packet: db    16, 0
   *              dw    1, 8000h, 0          ; one sector at 0000:8000
   *              dq    5
   * 7C65 booted: db    'booted', 0Ah
   * 7C6C done:   db    'done', 0Ah
   * </pre>
   */
  private static final byte[] CODE =
      HexFormat.of()
          .parseHex(
              "fc31c08ed88ed0bc007cbe657ce83100"
                  + "be557cb442cd13721ebb0080f6174380"
                  + "ff8275f8c7065d7c0118b80043cd1372"
                  + "06be6c7ce80a00ba0406b80020eff4eb"
                  + "fd52bafd03eca82074f8baf803acee3c"
                  + "0a75ef5ac31000010000800000050000"
                  + "0000000000626f6f7465640a646f6e65"
                  + "0a");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"ide", "virtio", "vhost-user"})
  void itBootsFromTheBaseAndItsWriteIsInTheChild(String way) throws Exception {
    byte[] contents = bootableContents();
    Path base = path("base.vdi");
    image("convert", Files.write(path("base.raw"), contents), base);
    image("create", path("child.vdi"), "--parent", base);
    byte[] baseBefore = Files.readAllBytes(base);

    String option = way.equals("vhost-user") ? "--vhost-user" : "--unix";
    try (var varve = VarveProcess.start(folder, "serve", "child.vdi", option, "s");
        var machine = startMachine(varve, way)) {
      assertEquals("booted\ndone\n", machine.run());
      String left = varve.log().await(" left disk 'child' after ");
      String requests = left.replaceFirst(".*; (\\d+ requests), .*", "$1");
      varve.terminate();
      assertEquals(0, varve.exitStatus(), varve::errors);
      assertTrue(varve.log().await("stopped after ").contains(", " + requests + ", "), left);
    }

    image("convert", path("child.vdi"), path("after.raw"));
    for (int i = 0; i < SECTOR; i++) {
      contents[WRITTEN_SECTOR * SECTOR + i] = (byte) ~contents[READ_SECTOR * SECTOR + i];
    }
    assertArrayEquals(contents, Files.readAllBytes(path("after.raw")));
    assertArrayEquals(baseBefore, Files.readAllBytes(base));
    assertEquals(1, RawHeader.sound(path("child.vdi")).count(), "blocks in the child");
    assertEquals("clean", ImageTool.status(path("child.vdi")));
  }

  /** The code, and bytes around what it reads and writes that must stay. */
  private static byte[] bootableContents() {
    byte[] contents = new byte[CAPACITY];
    new Random(1).nextBytes(contents);
    System.arraycopy(CODE, 0, contents, 0, CODE.length);
    contents[510] = 0x55;
    contents[511] = (byte) 0xAA;
    return contents;
  }

  private QemuMachine startMachine(VarveProcess varve, String way) throws IOException {
    varve.line(); // the disk is served
    return way.equals("vhost-user")
        ? QemuMachine.overVhostUser(folder, path("s"))
        : QemuMachine.overNbd(folder, "nbd+unix:///child?socket=s", way);
  }

  private Path path(String name) {
    return folder.resolve(name);
  }
}
