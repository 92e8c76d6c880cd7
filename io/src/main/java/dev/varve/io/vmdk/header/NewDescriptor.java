package dev.varve.io.vmdk.header;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The descriptor of an image to make, in the order of lines that VirtualBox requires. Immutable.
 *
 * @param createType such as monolithicSparse
 * @param cid a number that other programs compare, which never changes
 * @param adapterType such as ide
 * @param parent null for a base
 */
public record NewDescriptor(
    String createType,
    int cid,
    List<ExtentLine> extents,
    String adapterType,
    UUID id,
    @Nullable UUID modifyId,
    @Nullable UUID parent,
    @Nullable UUID parentModifyId) {

  private static final UUID NIL = new UUID(0, 0);

  public NewDescriptor {
    extents = List.copyOf(extents);
    if (cid == -1) cid = -2; // all ones stands for none
  }

  /** The text in UTF-8. */
  public byte[] bytes() {
    var text = new StringBuilder();
    text.append("# Disk DescriptorFile\nversion=1\n");
    text.append("CID=%08x\nparentCID=ffffffff\n".formatted(cid));
    text.append("createType=\"%s\"\n\n# Extent description\n".formatted(createType));
    for (ExtentLine extent : extents) text.append(extent.text()).append('\n');
    text.append("\n# The disk Data Base \n#DDB\n\nddb.virtualHWVersion = \"4\"\n");
    text.append("ddb.adapterType=\"%s\"\n".formatted(adapterType));
    text.append(uuid("image", id)).append(uuid("parent", parent));
    text.append(uuid("modification", modifyId)).append(uuid("parentmodification", parentModifyId));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String uuid(String key, @Nullable UUID id) {
    return "ddb.uuid.%s=\"%s\"\n".formatted(key, id == null ? NIL : id);
  }
}
