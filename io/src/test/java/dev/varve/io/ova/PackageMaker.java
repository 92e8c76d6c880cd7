package dev.varve.io.ova;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Makes packages, good ones and bad ones. */
public final class PackageMaker {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final StringBuilder checksums = new StringBuilder();

  /** A descriptor of a machine with such files as disks on SATA. */
  public static String ovf(String name, String... files) {
    var references = new StringBuilder();
    var disks = new StringBuilder();
    var items = new StringBuilder();
    for (int i = 0; i < files.length; i++) {
      references.append("<File id=\"f%d\" href=\"%s\"/>\n".formatted(i, files[i]));
      disks.append("<Disk diskId=\"d%d\" fileRef=\"f%d\"/>\n".formatted(i, i));
      items.append(
          """
          <Item><InstanceID>%d</InstanceID><ResourceType>17</ResourceType><Parent>1</Parent><HostResource>ovf:/disk/d%d</HostResource></Item>
          """
              .formatted(i + 2, i));
    }
    return """
        <?xml version="1.0"?>
        <Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1">
        <References>%s</References>
        <DiskSection>%s</DiskSection>
        <VirtualSystem id="%s"><VirtualHardwareSection>
        <Item><InstanceID>1</InstanceID><ResourceType>20</ResourceType><ResourceSubType>AHCI</ResourceSubType></Item>
        %s</VirtualHardwareSection></VirtualSystem>
        </Envelope>
        """
        .formatted(references, disks, name, items);
  }

  /** Adds a plain file. */
  public PackageMaker file(String name, byte[] contents) {
    String checksum = HexFormat.of().formatHex(sha256(contents));
    checksums.append("SHA256(%s)= %s\n".formatted(name, checksum));
    return entry(name, '0', contents);
  }

  public PackageMaker file(String name, String contents) {
    return file(name, contents.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds the checksums of all files so far, under that name. */
  public PackageMaker manifest(String name) {
    return entry(name, '0', checksums.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Adds an entry of any type. */
  PackageMaker entry(String name, char type, byte[] contents) {
    return entry(name, type, contents.length, contents);
  }

  /** The same with any length in its header. */
  PackageMaker entry(String name, char type, long length, byte[] contents) {
    byte[] header = TarHeader.of(name, length).bytes();
    header[156] = (byte) type;
    return raw(summed(header)).raw(contents).raw(new byte[-contents.length & 511]);
  }

  /** A header with the right checksum. */
  static byte[] summed(byte[] header) {
    int sum = 0;
    for (int i = 0; i < 512; i++) sum += i >= 148 && i < 156 ? ' ' : Byte.toUnsignedInt(header[i]);
    byte[] text = "%06o\0 ".formatted(sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, header, 148, text.length);
    return header;
  }

  PackageMaker raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  /** The archive. */
  public byte[] bytes() {
    var all = new ByteArrayOutputStream();
    all.writeBytes(out.toByteArray());
    all.writeBytes(new byte[1024]);
    return all.toByteArray();
  }

  public Path writeTo(Path file) {
    return write(file, bytes());
  }

  /** The archive packed by gzip, as many boxes are. */
  public Path writePackedTo(Path file) {
    return write(file, gzip(bytes()));
  }

  private static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static byte[] gzip(byte[] bytes) {
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }

  public static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a Vagrant box has beside its descriptor and its disks. */
  public PackageMaker vagrant() {
    return file("./metadata.json", "{\"provider\": \"virtualbox\"}")
        .file("./Vagrantfile", "Vagrant.configure(\"2\") {}")
        .entry("./include/", '5', new byte[0])
        .file("./include/_Vagrantfile", "# more");
  }

  /** All types of entries that are no plain file. */
  static List<Character> otherTypes() {
    return List.of('1', '2', '3', '4', '6', 'S', 'K', 'V');
  }
}
